/** Documents by address: from publishers of law, from feeds, from anywhere by https. */
export { Downloads } from './downloads.ts';
export type { HttpAnswer, HttpClient, HttpRequest } from './http-client.ts';
export { SOURCE_FORMS, isSourceName, sourceNamed } from './names.ts';
export { NETWORK_OFF, NetworkPolicy } from './network.ts';
export type { NetworkSettings } from './network.ts';
export { NodeHttpClient } from './node-http-client.ts';
export type { Feed } from './records.ts';
export { Sources } from './sources.ts';
export type { ListedVersion } from './sources.ts';
export { SourceTimer } from './timer.ts';
export { Web } from './web.ts';
export type { WebRequest } from './web.ts';

export { createApp } from './app.ts';
export { PRINCIPAL_HEADER } from './caller.ts';
export { listenFlight } from './flight/listen.ts';
export type { FlightListenOptions, FlightListening } from './flight/listen.ts';
export type { HttpApp } from './app.ts';
export type { AppOptions, Door } from './context.ts';
export {
  DEFAULT_HOST,
  DEFAULT_PORT,
  alreadyRunning,
  listen,
  loopbackAddress,
  socketAnswers,
} from './listen.ts';
export type { ListenOptions, Listening } from './listen.ts';
export { socketPathOf } from './socket-path.ts';
export { clearUploads } from './import-handler.ts';
export { RemoteNode } from './remote-node.ts';
export type { RemoteNodeOptions } from './remote-node.ts';
export { openApi } from './openapi.ts';
export { ROUTES } from './routes.ts';
export type { Route } from './routes.ts';
export { readRows } from './rows.ts';
export type { Column, RowReader } from './rows.ts';
export type { JsonValue } from './arrow-values.ts';

/** Defined terms, with where they count. English texts. */
export { findDefinitions } from './find.ts';
export type { Definition, DefinitionInput } from './find.ts';
export type { Scope } from './scope.ts';

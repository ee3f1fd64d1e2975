export type {
  AccessDecision,
  AccessPolicy,
  AccessRequest,
  Embedder,
  ModelIdentity,
  Principal,
} from './ports.ts';
export { SectionSearch } from './search/search.ts';
export type { SearchMode, SectionHit, SectionQuery } from './search/search.ts';
export {
  SECTION_TABLE,
  closeSections,
  quote as quoteSql,
  sectionBatch,
  supersedeSections,
} from './search/section-table.ts';
export type { IndexedSection } from './search/section-table.ts';
export { authorize, type AuthorizedQuery } from './sql/authorize.ts';
export { executeQuery, explainQuery } from './sql/execute.ts';
export { parseStatement, type Statement } from './sql/statement.ts';

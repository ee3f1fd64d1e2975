export { ComplianceCache } from './compliance/cache.ts';
export { droppable } from './sql/desk/droppable.ts';
export type { ComplianceStatus, Gap, SiteCompliance } from './compliance/cache.ts';
export { gapDetails, type GapDetail } from './compliance/details.ts';
export { complianceRule, sitesSql } from './compliance/rights.ts';
export { isDerived, scopeOf, type DomainScope } from './sql/domain.ts';
export { FACT_COLUMNS, FACT_TABLES, factsSql } from './compliance/facts.ts';
export type { FactKind, Severity } from './compliance/facts.ts';
export { MASK, maskedText } from './mask.ts';
export type {
  AccessDecision,
  AccessPolicy,
  AccessRequest,
  Action,
  Attribute,
  Embedder,
  ModelIdentity,
  Principal,
  ReadScope,
  ReadableColumn,
  ReadableTable,
  TermVectors,
  WriteDecision,
} from './ports.ts';
export { ancestorsOf, childrenOf, citedBySome, definitionsIn } from './law/context.ts';
export type { Ancestor, ContextProvision, Defining, ProvisionKey } from './law/context.ts';
export { citedBy, citesOf, definitionsFor } from './law/references.ts';
export type { Citation, DefinedTerm, ReferencePorts } from './law/references.ts';
export { compareVersions } from './law/compare.ts';
export type { Change, ChangeKind, Comparison } from './law/compare.ts';
export { diffLaw } from './law/diff.ts';
export type { DiffAnswer, ProvisionChange } from './law/diff.ts';
export { findDocument, listDocuments, versionsOf } from './law/documents.ts';
export type { LawDocument, LawVersion, ListedDocument } from './law/documents.ts';
export { governedSnapshot } from './law/governed-snapshot.ts';
export type { Provision, ReadRows } from './law/provisions.ts';
export { lawObligations } from './law/obligations.ts';
export type { Register, RegisteredObligation } from './law/obligations.ts';
export { showLaw } from './law/show.ts';
export type { ShowAnswer, ShownProvision } from './law/show.ts';
export { newText, oldText, redline } from './redline/redline.ts';
export type { Edit } from './redline/redline.ts';
export { fuse } from './search/fusion.ts';
export type { Evidence, Fused } from './search/fusion.ts';
export { ExternalReader } from './federation/external.ts';
export type { ExternalFile, ExternalTable } from './federation/external.ts';
export { isAuditLog } from './sql/audit-table.ts';
export type { AuditLine } from './sql/audit-table.ts';
export type { AuditLines } from './federation/audit-log.ts';
export type { Federation } from './federation/run.ts';
export { interact } from './search/interaction.ts';
export { namedIn } from './search/named.ts';
export { RERANK_FEATURES, RERANK_WEIGHTS, rerankFeatures } from './search/rerank.ts';
export type { Candidate } from './search/rerank.ts';
export { SectionSearch } from './search/search.ts';
export type { SearchMode, SectionHit, SectionQuery } from './search/search.ts';
export {
  SECTION_TABLE,
  VECTOR_PROBES,
  VECTOR_REFINE,
  closeSections,
  quote as quoteSql,
  passageVectors,
  sectionBatch,
  supersedeSections,
} from './search/section-table.ts';
export type { IndexedSection, PassageVectors } from './search/section-table.ts';
export { authorize, type AuthorizedQuery } from './sql/authorize.ts';
export {
  executeMessages,
  executeQuery,
  explainQuery,
  openQuery,
  type OpenQuery,
  type PinnedViews,
  type TakenConnection,
} from './sql/execute.ts';
export { deskOf, type EndedQuery, type QueryDesk, type RunningQuery } from './sql/desk/desk.ts';
export { cacheOf, keepResults } from './sql/desk/result-cache.ts';
export { textWithoutLiterals } from './sql/statement-text.ts';
export { viewQuery, viewStatements } from './sql/views.ts';
export { EXPLAINED, describeQuery, type StatementShape } from './sql/describe.ts';
export { isWrite, parseSql, parseStatement, type Statement, type WriteStatement } from './sql/statement.ts';
export { ROWS_CHANGED, changedAnswer, explainedAnswer, explainedMessages } from './sql/write/answer.ts';
export { authorizeWrite, seenWhole, type AuthorizedWrite } from './sql/write/authorize.ts';
export { countFound, executeWrite, explainWrite, runWrites } from './sql/write/execute.ts';
export { rewriteQuery } from './sql/rewrite.ts';

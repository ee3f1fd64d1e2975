export { runCases } from './policy/cases.ts';
export type { CaseResult } from './policy/cases.ts';
export { ACTIONS, checkPolicy } from './policy/check.ts';
export { PolicyEngine } from './policy/engine.ts';
export type { RuleInWords } from './policy/words.ts';
export type { PolicyDocument, ValueType } from './policy/document.ts';
export { PrincipalDirectory } from './principals/directory.ts';
export type { Credentials, UserChange, UserRecord } from './principals/directory.ts';
export type { ExternalColumns } from './policy/model.ts';

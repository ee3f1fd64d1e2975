export { AuditLog, sizeOf } from './log.ts';
export type { AuditLogOptions } from './log.ts';
export { verifyLog } from './verify.ts';
export type { LogFault, Verdict } from './verify.ts';
export { openKeys, originOf } from './signer.ts';
export type { AuditKeys } from './signer.ts';
export { decodeEntry } from './entry.ts';
export type { AuditEntry } from './entry.ts';

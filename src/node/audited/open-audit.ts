/** The audit log of a node: opened after its store, told of each commit before it is made, closed last. */
import path from 'node:path';
import { AuditLog, Replicas, Retirement, decodeEntry, openKeys, type Retention } from '../../audit/index.ts';
import { asFractalError, type Limits, type Log } from '../../base/index.ts';
import { MIGRATIONS, type AuditValue } from '../../schema/index.ts';
import type { ContentHash, PendingCommit, Store } from '../../store/index.ts';
import type { NodeAudit, Outside } from '../parts.ts';
import { Recorder } from './recorder.ts';

export const AUDIT_FOLDER = 'audit';
/** Logs of other nodes. */
const REPLICA_FOLDER = 'audit-replicas';

export interface OpenAuditOptions {
  readonly dataDir: string;
  readonly store: Store;
  readonly outside: Outside;
  readonly limits: Limits;
  readonly log: Log;
  readonly retention?: Retention | undefined;
}

export async function openAudit({
  dataDir,
  store,
  outside,
  limits,
  log,
  retention,
}: OpenAuditOptions): Promise<NodeAudit> {
  const { fs, clock, random } = outside;
  const folder = path.join(dataDir, AUDIT_FOLDER);
  await fs.makeFolder(folder);
  const keys = await openKeys(fs, folder, store.nodeId, random);
  const audit = await AuditLog.open({ fs, folder, nodeId: store.nodeId, keys, clock, limits, log });
  try {
    if (audit.damage !== undefined)
      log('error', `the audit log is damaged from entry ${audit.damage.entry} on: ${audit.damage.reason}`);
    const recorder = new Recorder({ sink: audit, keyed: keys.keyed, clock, log });
    if (keys.isNew)
      await audit.record({
        category: 'key',
        action: 'made',
        principal: 'system',
        resource: keys.signer.key.name,
        detail: { key_id: keys.signer.key.id, use: 'checkpoints' },
      });
    await compareCommits(audit, store, log);
    store.guardCommits((commit) => tellCommit(audit, recorder, commit), keys.hashKey);
    const replicas = new Replicas({
      fs,
      folder: path.join(dataDir, REPLICA_FOLDER),
      cosigner: keys.cosigner,
      clock,
      limits,
      sink: audit,
    });
    return { log: audit, keys, recorder, replicas, retirement: new Retirement(audit, retention) };
  } catch (error) {
    await audit.close();
    throw error;
  }
}

/** What a node is made of when it starts: what answers come of later. */
export async function tellStart(
  audit: AuditLog,
  store: Store,
  made: Readonly<Record<string, AuditValue>>,
): Promise<void> {
  await audit.record({
    category: 'lifecycle',
    action: 'start',
    principal: 'system',
    resource: 'node',
    detail: {
      ...made,
      commit_version: Number(store.commitVersion),
      schema_version: MIGRATIONS.length,
      warnings: store.warnings.length,
    },
  });
  if (store.migrated.length > 0)
    await audit.record({
      category: 'lifecycle',
      action: 'migrated',
      principal: 'system',
      resource: 'database',
      detail: { migrations: [...store.migrated] },
    });
}

/** A stop that cannot be logged is no reason to go on; the log shows a start without one. */
export async function tellStop(audit: AuditLog, store: Store): Promise<void> {
  await audit
    .record({
      category: 'lifecycle',
      action: 'stop',
      principal: 'system',
      resource: 'node',
      detail: { commit_version: Number(store.commitVersion) },
    })
    .catch((error: unknown) =>
      store.options.log('error', `the stop was not logged: ${asFractalError(error).message}`),
    );
}

async function tellCommit(
  audit: AuditLog,
  recorder: Recorder,
  commit: PendingCommit,
): Promise<(error: unknown) => Promise<void>> {
  const { stamp, principal, tables } = commit;
  const files = await commit.rows<{
    source_sha256: string;
    source_name: string;
    status: string;
    kind: string;
    documents: number;
    sections: number;
    records: bigint;
    error_code: string | null;
  }>(
    `select source_sha256, source_name, status, kind, documents, sections, records, error_code
       from node.sources where commit_version = $1`,
    [stamp.commitVersion],
  );
  const version = Number(stamp.commitVersion);
  const entry = await audit.record({
    category: 'modification',
    action: 'commit',
    principal,
    resource: tables.map((one) => one.table).join(',') || 'node',
    detail: {
      commit_version: version,
      hlc: String(stamp.hlc),
      tables: tables.map(({ table, after, before }) => ({
        table,
        after: told(after),
        ...(before === undefined ? {} : { before: told(before) }),
      })),
      ...(files.length === 0
        ? {}
        : {
            files: files.map(({ source_name, records, error_code, source_sha256, ...rest }) => ({
              ...rest,
              sha256: source_sha256,
              name_hash: recorder.hidden(source_name),
              records: Number(records),
              ...(error_code === null ? {} : { error_code }),
            })),
          }),
    },
  });
  return async () => {
    await audit.record({
      category: 'modification',
      action: 'not-committed',
      principal,
      resource: 'node',
      detail: { commit_version: version, begun: entry },
    });
  };
}

const told = ({ rows, hash }: ContentHash): AuditValue => ({ rows, hash });

/** The last commit that the log knows against the last one that the database has. */
async function compareCommits(audit: AuditLog, store: Store, log: Log): Promise<void> {
  const known = await lastKnown(audit);
  const last = Number(store.commitVersion);
  if (known === last || (known === undefined && last === 0)) return;
  const detail = { log: known ?? null, database: last };
  const told = (action: string): Promise<number> =>
    audit.record({ category: 'log', action, principal: 'system', resource: 'database', detail });
  // Written down and then not made: the process died between the two.
  if (known !== undefined && known > last) await told('database-behind');
  else if (known === undefined) await told('begun-late');
  else {
    log('error', `the audit log knows of commits up to ${known}, the database has ${last}`);
    await told('database-ahead');
  }
}

async function lastKnown(audit: AuditLog): Promise<number | undefined> {
  const segments = await audit.segments();
  for (const first of segments.reverse()) {
    let known: number | undefined;
    for await (const { bytes } of audit.lines(first)) {
      if (bytes?.includes('"commit_version":') !== true) continue;
      const entry = decodeEntry(bytes);
      const version = entry?.detail['commit_version'];
      const counts = ['modification.commit', 'lifecycle.start'].includes(entry?.event_type ?? '');
      if (counts && typeof version === 'number') known = version;
    }
    if (known !== undefined) return known;
  }
  return undefined;
}

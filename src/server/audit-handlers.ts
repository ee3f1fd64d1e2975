/** The audit log: shown, checked, signed, proved. */
import type {
  AuditExportRequest,
  AuditRequest,
  CosignatureRequest,
  GrowthRequest,
  ReplayRequest,
  ReplicaRequest,
  ReportProofRequest,
  RetentionRequest,
} from '../node/index.ts';
import { usageError } from '../base/index.ts';
import {
  AUDIT_QUERY,
  COSIGNATURE,
  EXPORT_QUERY,
  GROWTH_QUERY,
  REPLAY_REQUEST,
  REPLICA_REQUEST,
  REPORT_REQUEST,
  RETENTION_REQUEST,
} from './audit-routes.ts';
import { jsonBody } from './body.ts';
import type { Handler } from './context.ts';
import { fromQuery, type ObjectSchema } from './json-schema.ts';

export const auditEntries: Handler = async (context, _options, node) => {
  const request = fromQuery(AUDIT_QUERY, new URL(context.req.url).searchParams) as AuditRequest;
  return Response.json(await node.audit(request));
};

export const auditVerify: Handler = async (_context, _options, node) =>
  Response.json(await node.verifyAudit());

export const auditCheckpoint: Handler = async (context, options, node) => {
  await jsonBody(context, { type: 'object', properties: {} }, options.limits.http_json_bytes);
  return Response.json(await node.checkpointAudit());
};

export const auditProof: Handler = async (context, _options, node) =>
  Response.json(await node.proveAudit(Number(context.req.param('id'))));

export const auditReplay: Handler = async (context, options, node) => {
  const request = await jsonBody<ReplayRequest>(context, REPLAY_REQUEST, options.limits.http_json_bytes);
  return Response.json(await node.replayAudit(request, context.req.raw.signal));
};

export const auditReport: Handler = async (context, options, node) =>
  Response.json(
    await node.proveReport(
      await jsonBody<ReportProofRequest>(context, REPORT_REQUEST, options.limits.http_json_bytes),
    ),
  );

export const auditLines: Handler = async (context, _options, node) => {
  const request = fromQuery(
    EXPORT_QUERY,
    new URL(context.req.url).searchParams,
  ) as unknown as AuditExportRequest;
  return Response.json(await node.exportAudit(request));
};

export const auditCosignature: Handler = async (context, options, node) =>
  Response.json(
    await node.cosignedAudit(
      await jsonBody<CosignatureRequest>(context, COSIGNATURE, options.limits.http_json_bytes),
    ),
  );

/** What an action needs beside its name. */
const NEEDS: Readonly<Record<(ReplicaRequest | RetentionRequest)['action'], readonly string[]>> = {
  show: [],
  hold: ['id', 'reason'],
  release: ['id', 'reason'],
  retire: [],
  list: [],
  accept: ['key'],
  verify: ['origin'],
  receive: ['origin', 'from', 'lines', 'checkpoint'],
};

async function withNeeds<T extends ReplicaRequest | RetentionRequest>(
  context: Parameters<Handler>[0],
  options: Parameters<Handler>[1],
  schema: ObjectSchema,
): Promise<T> {
  const request = await jsonBody<T>(context, schema, options.limits.http_json_bytes);
  const absent = NEEDS[request.action].filter((name) => !Object.hasOwn(request, name));
  if (absent.length > 0)
    throw usageError('http.body', `${request.action} needs ${absent.join(', ')}`, 'Send them too.');
  return request;
}

export const auditReplicas: Handler = async (context, options, node) =>
  Response.json(await node.auditReplicas(await withNeeds<ReplicaRequest>(context, options, REPLICA_REQUEST)));

export const auditRetention: Handler = async (context, options, node) =>
  Response.json(
    await node.auditRetention(await withNeeds<RetentionRequest>(context, options, RETENTION_REQUEST)),
  );

export const auditGrowth: Handler = async (context, _options, node) => {
  const request = fromQuery(GROWTH_QUERY, new URL(context.req.url).searchParams) as unknown as GrowthRequest;
  return Response.json(await node.proveGrowth(request));
};

/** The audit log: shown, checked, signed, proved. */
import type { AuditExportRequest, AuditRequest, CosignatureRequest, ReplicaRequest } from '../node/index.ts';
import { usageError } from '../base/index.ts';
import { AUDIT_QUERY, COSIGNATURE, EXPORT_QUERY, REPLICA_REQUEST } from './audit-routes.ts';
import { jsonBody } from './body.ts';
import type { Handler } from './context.ts';
import { fromQuery } from './json-schema.ts';

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
const NEEDS: Readonly<Record<ReplicaRequest['action'], readonly string[]>> = {
  list: [],
  accept: ['key'],
  verify: ['origin'],
  receive: ['origin', 'from', 'lines', 'checkpoint'],
};

export const auditReplicas: Handler = async (context, options, node) => {
  const request = await jsonBody<ReplicaRequest>(context, REPLICA_REQUEST, options.limits.http_json_bytes);
  const absent = NEEDS[request.action].filter((name) => !Object.hasOwn(request, name));
  if (absent.length > 0)
    throw usageError('http.body', `${request.action} needs ${absent.join(', ')}`, 'Send them too.');
  return Response.json(await node.auditReplicas(request));
};

/** The audit log: shown, checked, signed, proved. */
import type { AuditRequest } from '../node/index.ts';
import { AUDIT_QUERY } from './audit-routes.ts';
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

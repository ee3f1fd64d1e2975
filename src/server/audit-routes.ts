/** Routes of the audit log. */
import { AUDIT_CATEGORIES } from '../node/index.ts';
import { NO_BODY, type JsonSchema, type ObjectSchema } from './json-schema.ts';

const JSON_TYPE = 'application/json';
const text = (description: string): JsonSchema => ({ type: 'string', description });
const whole = (description: string): JsonSchema => ({ type: 'integer', description });
const texts = (description: string): JsonSchema => ({
  type: 'array',
  items: { type: 'string' },
  description,
});

const object = (
  properties: Readonly<Record<string, JsonSchema>>,
  optional: readonly string[] = [],
): ObjectSchema => ({
  type: 'object',
  properties,
  required: Object.keys(properties).filter((name) => !optional.includes(name)),
});

export const AUDIT_QUERY: ObjectSchema = {
  type: 'object',
  properties: {
    since: text('YYYY-MM-DD, or ISO 8601 with a time zone: from then on'),
    until: text('the same: before then; a day counts whole'),
    actor: text('id of a principal, or system'),
    category: { type: 'string', enum: [...AUDIT_CATEGORIES] },
    resource: text('what it was done to'),
    limit: whole('the newest so many; 100 when absent'),
  },
  additionalProperties: false,
};

export const GROWTH_QUERY: ObjectSchema = {
  type: 'object',
  properties: {
    from: whole('entries of the older tree: the number in the checkpoint that you hold'),
    to: whole('entries of the newer one; those of the last checkpoint when absent'),
  },
  required: ['from'],
  additionalProperties: false,
};

const ENTRY = object(
  {
    entry_id: whole('its number, from 0'),
    prev_hash: text('leaf hash of the entry before, in hexadecimal'),
    timestamp: text('UTC with nanoseconds'),
    node_id: text('the node'),
    actor_id: text('principal, or system'),
    actor_role: text('roles, joined by commas'),
    event_type: text('category and action'),
    resource: text('what it was done to'),
    detail: { type: 'object', description: 'what was asked, or what came of it' },
    signature: text('on checkpoints: Ed25519 over the note, in base64'),
  },
  ['signature'],
);

const VERDICT = object({
  ok: { type: 'boolean' },
  entries: whole('good ones, from the first on'),
  expired: whole('of these, without their body by a rule that the log tells of'),
  retired: {
    type: 'array',
    items: object({
      first: whole('first entry without its text'),
      last: whole('last of them'),
      on: text('when the log told it'),
    }),
  },
  checkpoints: whole('good ones in the log'),
  root: text('over these entries, in base64'),
  head: text('leaf hash of the last of them, in hexadecimal'),
  faults: {
    type: 'array',
    items: object({
      entry: { type: ['integer', 'null'], description: 'the first bad entry; null when none is' },
      reason: text('what is wrong'),
    }),
  },
});

const CHECKPOINT = object({
  origin: text('the log'),
  size: whole('entries that it covers'),
  root: text('in base64'),
  note: text('C2SP signed note'),
  key: text('to check it with'),
});

const BUNDLE = object({
  format: text('fractal.audit-bundle/1'),
  entry: text('the very text of the entry'),
  proof: texts('hashes from the leaf to the root, in base64'),
  checkpoint: text('C2SP signed note'),
  keys: texts('keys that sign the log'),
});

const GROWTH = object({
  format: text('fractal.audit-growth/2'),
  from: whole('entries of the older tree'),
  from_root: text('its root, in base64'),
  to: whole('entries of the newer tree'),
  to_root: text('its root, in base64'),
  proof: texts('hashes of RFC 9162 2.1.4.1, in base64'),
  checkpoint: {
    type: ['string', 'null'],
    description: 'C2SP signed note over the newer tree, if one is kept',
  },
  keys: texts('of its signatures, in the note format'),
});

export const EXPORT_QUERY: ObjectSchema = {
  type: 'object',
  properties: {
    from: whole('number of the first entry'),
    end: whole('before this one'),
    limit: whole('at most so many'),
  },
  required: ['from', 'end', 'limit'],
  additionalProperties: false,
};

export const COSIGNATURE: ObjectSchema = {
  type: 'object',
  properties: { note: text('C2SP signed note, cosigned'), key: text('of the hub that cosigned') },
  required: ['note', 'key'],
  additionalProperties: false,
};

export const REPLAY_REQUEST: ObjectSchema = {
  type: 'object',
  properties: {
    id: text('number of an entry, or id of a record in ai.inferences'),
    input: { type: 'object', description: 'the request that was answered then' },
  },
  required: ['id'],
  additionalProperties: false,
};

export const REPORT_REQUEST: ObjectSchema = {
  type: 'object',
  properties: {
    id: text('number of an entry, or id of a record in ai.inferences'),
    report: { description: 'the answer, as it was given' },
    evidence: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          name: text('of the file'),
          sha256: text('of its bytes, in hexadecimal'),
          content: text('its bytes in base64'),
        },
        required: ['name'],
        additionalProperties: false,
      },
      description: 'files that are put to it',
    },
  },
  required: ['id', 'report'],
  additionalProperties: false,
};

const REPORT_BUNDLE = object({
  format: text('fractal.audit-report/1'),
  entry: text('the very text of the entry that recorded the report'),
  proof: texts('hashes from the leaf to the root, in base64'),
  checkpoint: text('C2SP signed note'),
  keys: texts('keys that sign the log'),
  report: text('JSON with sorted names'),
  salt: text('of the commitment in the entry'),
  evidence: {
    type: 'array',
    items: object({
      name: text('of the file'),
      sha256: text('of its bytes'),
      content: { type: ['string', 'null'], description: 'its bytes in base64' },
    }),
  },
  attached: {
    type: ['object', 'null'],
    description: 'the entry that wrote down the evidence, proof and salt',
  },
});

const REPLAY = object({
  verdict: { type: 'string', enum: ['identical', 'different', 'not_replayable'] },
  entry: whole('that holds what the answer was made from'),
  kind: { type: ['string', 'null'], description: 'ask, classify or check' },
  asked_by: { type: ['string', 'null'], description: 'who asked then' },
  replayed_as: text('with whose rights it was made again'),
  reasons: { type: 'array', items: object({ code: text('a word'), text: text('in words') }) },
});

export const REPLICA_REQUEST: ObjectSchema = {
  type: 'object',
  properties: {
    action: { type: 'string', enum: ['list', 'accept', 'verify', 'receive'] },
    key: text('for accept: the key that signs the log'),
    origin: text('for verify and receive: the log'),
    from: whole('for receive: number of the first line'),
    lines: texts('for receive: lines of the log, without line ends'),
    checkpoint: text('for receive: C2SP signed note of the log, as of now'),
  },
  required: ['action'],
  additionalProperties: false,
};

export const RETENTION_REQUEST: ObjectSchema = {
  type: 'object',
  properties: {
    action: { type: 'string', enum: ['show', 'hold', 'release', 'retire'] },
    id: text('for hold and release: a code that it is called by'),
    reason: text('for hold and release'),
    since: text('for hold: the first day'),
    until: text('for hold: the last day'),
    dry: { type: 'boolean', description: 'for retire: only tell' },
  },
  required: ['action'],
  additionalProperties: false,
};

const REPLICA = object(
  {
    origin: text('the log'),
    key: text('that signs it'),
    size: whole('entries under a cosigned checkpoint'),
    pending: whole('entries that wait for one'),
    note: text('the last cosigned checkpoint'),
    cosigner: text('key that cosigns'),
  },
  ['note'],
);

export const AUDIT_ROUTES = [
  {
    method: 'GET',
    path: '/v1/audit',
    handler: 'auditEntries',
    summary: 'The newest entries of the audit log that fit, in its order. For those with the right `audit`.',
    query: AUDIT_QUERY,
    response: {
      [JSON_TYPE]: object({
        entries: { type: 'array', items: ENTRY },
        more: { type: 'boolean', description: 'whether older ones fit too' },
      }),
    },
  },
  {
    method: 'GET',
    path: '/v1/audit/verify',
    handler: 'auditVerify',
    summary: 'Reads the whole audit log and names the first bad entry.',
    response: { [JSON_TYPE]: VERDICT },
  },
  {
    method: 'POST',
    path: '/v1/audit/checkpoint',
    handler: 'auditCheckpoint',
    summary: 'Signs the audit log as it is now.',
    request: { [JSON_TYPE]: NO_BODY },
    response: { [JSON_TYPE]: CHECKPOINT },
  },
  {
    method: 'GET',
    path: '/v1/audit/growth',
    handler: 'auditGrowth',
    summary: 'Proof that the audit log only grew between two numbers of entries.',
    query: GROWTH_QUERY,
    response: { [JSON_TYPE]: GROWTH },
  },
  {
    method: 'GET',
    path: '/v1/audit/{id}/proof',
    handler: 'auditProof',
    summary: 'One entry with all that is needed to check it elsewhere.',
    response: { [JSON_TYPE]: BUNDLE },
  },
  {
    method: 'POST',
    path: '/v1/audit/replay',
    handler: 'auditReplay',
    summary:
      'Makes an answer of ask, classify or check again and says whether it is the same, and if not, why.',
    request: { [JSON_TYPE]: REPLAY_REQUEST },
    response: { [JSON_TYPE]: REPLAY },
  },
  {
    method: 'POST',
    path: '/v1/audit/report',
    handler: 'auditReport',
    summary:
      'A report that the caller has, with its evidence and all that shows that it is the recorded one.',
    request: { [JSON_TYPE]: REPORT_REQUEST },
    response: { [JSON_TYPE]: REPORT_BUNDLE },
  },
  {
    method: 'GET',
    path: '/v1/audit/lines',
    handler: 'auditLines',
    summary: 'A part of the audit log as it stands in its files, for a copy.',
    query: EXPORT_QUERY,
    response: { [JSON_TYPE]: object({ lines: texts('of segments, without line ends') }) },
  },
  {
    method: 'POST',
    path: '/v1/audit/cosignature',
    handler: 'auditCosignature',
    summary: 'Keeps a checkpoint of this audit log that a hub has cosigned.',
    request: { [JSON_TYPE]: COSIGNATURE },
    response: { [JSON_TYPE]: object({ kept: { type: 'boolean', description: 'whether it is the newest' } }) },
  },
  {
    method: 'POST',
    path: '/v1/audit/retention',
    handler: 'auditRetention',
    summary: 'How long texts of the audit log are kept; legal holds: set, release; retire what is over.',
    request: { [JSON_TYPE]: RETENTION_REQUEST },
    response: {
      [JSON_TYPE]: object(
        {
          retention: { type: 'object', description: 'months by category' },
          holds: {
            type: 'array',
            items: object(
              { id: text('its name'), by: text('who set it'), from: text('day'), until: text('day') },
              ['from', 'until'],
            ),
          },
          ranges: {
            type: 'array',
            items: object({ first: whole('first entry that went'), end: whole('before this one') }),
          },
        },
        ['ranges'],
      ),
    },
  },
  {
    method: 'POST',
    path: '/v1/audit/replicas',
    handler: 'auditReplicas',
    summary: 'Audit logs of other nodes: list, accept a key, verify one, receive a part and cosign it.',
    request: { [JSON_TYPE]: REPLICA_REQUEST },
    response: {
      [JSON_TYPE]: object({ replicas: { type: 'array', items: REPLICA }, verdict: VERDICT }, ['verdict']),
    },
  },
] as const;

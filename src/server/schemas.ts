/** JSON Schemas of what goes over HTTP: the types of `NodeApi`, written once more for machines. */
import type { JsonSchema, ObjectSchema } from './json-schema.ts';

const text = (description: string): JsonSchema => ({ type: 'string', description });
const whole = (description: string): JsonSchema => ({ type: 'integer', description });
const number = (description: string): JsonSchema => ({ type: 'number', description });
const flag = (description: string): JsonSchema => ({ type: 'boolean', description });
const maybeNumber: JsonSchema = { type: ['number', 'null'] };
const maybeDate: JsonSchema = { type: ['string', 'null'], format: 'date' };
const date = (description: string): JsonSchema => ({ type: 'string', format: 'date', description });
const strings: JsonSchema = { type: 'array', items: { type: 'string' } };

/** Every property is required. */
const record = (properties: Readonly<Record<string, JsonSchema>>): ObjectSchema => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
});

export const PROBLEM: ObjectSchema = {
  ...record({
    type: text('a URI for the code'),
    title: text('the kind of error, in words'),
    status: whole('the HTTP status'),
    detail: text('what happened, without data'),
    code: text('stable and dotted: `sql.syntax`'),
    kind: {
      type: 'string',
      enum: ['internal', 'usage', 'denied', 'not_found', 'bad_input', 'unavailable', 'integrity'],
    },
    cure: text('what the reader can do'),
  }),
};

export const HEALTH: ObjectSchema = record({ status: { type: 'string', enum: ['ok'] } });

const STATUS_ALWAYS: ObjectSchema = record({
  node: record({
    id: text('node id'),
    name: text('its name'),
    role: text('hub or edge'),
    region: text('region'),
  }),
  version: text('version of Fractal'),
  mode: { type: 'string', enum: ['single-user', 'users'] },
  data_dir: text('the data directory'),
  running: flag('whether a server runs on the directory'),
  uptime_s: number('seconds since the node opened'),
  commit_version: whole('version of the last commit'),
  tables: {
    type: 'array',
    items: record({ name: text('schema.table'), class: text('how it merges'), rows: whole('rows') }),
  },
  search: record({
    sections: whole('provisions that can be found'),
    model: text('embedding model'),
    text_index: flag('whether the text index is there'),
    vector_index: { type: 'string', enum: ['flat', 'ivf-rq'] },
    unindexed_rows: whole('rows not yet in the index'),
  }),
  storage: record({ duckdb_bytes: whole('bytes'), lance_bytes: whole('bytes') }),
  memory: record({ rss_bytes: whole('resident set size') }),
  queue: record({
    queued: whole('jobs that wait'),
    running: whole('jobs that run'),
    paused: whole('jobs that were paused'),
    interrupted: whole('unfinished jobs that no process works on'),
    files_left: whole('files of unfinished jobs'),
    files_at_fault: whole('rejected and failed files of the jobs remembered'),
    watches: whole('watched folders'),
    files_missing: whole('watched files that are not there any more'),
  }),
  warnings: strings,
});

export const STATUS: ObjectSchema = {
  ...STATUS_ALWAYS,
  properties: {
    ...STATUS_ALWAYS.properties,
    queries: {
      type: 'object',
      description:
        'figures of SQL: running, waiting, ended, failed, slow, cache; for those who may administer',
    },
  },
};

export const DOCTOR: ObjectSchema = record({
  checks: {
    type: 'array',
    items: record({
      name: text('what was tested'),
      ok: flag('whether it is well'),
      detail: text('what was found'),
      cure: text('what to do; empty when well'),
    }),
  },
});

export const SQL_REQUEST: ObjectSchema = {
  type: 'object',
  properties: {
    sql: text('one statement'),
    params: {
      type: 'array',
      items: { type: ['string', 'number', 'boolean', 'null'] },
      description: 'values for $1, $2, …',
    },
    timeout_s: number('seconds until the statement is interrupted'),
    read_only: flag('refuse a statement that writes'),
  },
  required: ['sql'],
  additionalProperties: false,
};

export const SQL_ROWS: ObjectSchema = {
  ...record({
    columns: { type: 'array', items: record({ name: text('name'), type: text('SQL type') }) },
    rows: {
      type: 'array',
      items: { type: 'array' },
      description:
        'One array per row, in column order. Integers beyond 2^53 - 1 and decimals are strings; floats that JSON lacks ' +
        'are "NaN", "Infinity" and "-Infinity"; dates and timestamps are ISO 8601, timestamps in UTC; binary is ' +
        'base64; maps are arrays of {key, value}. If the statement fails after the first row the connection is cut, ' +
        'so that a part is never taken for the whole.',
    },
  }),
};

export const EXPLAIN_ANSWER: ObjectSchema = record({ plan: text('the plan, for people') });

export const SEARCH_REQUEST: ObjectSchema = {
  type: 'object',
  properties: {
    query: text('words or a question'),
    k: whole('how many hits'),
    mode: { type: 'string', enum: ['hybrid', 'vector', 'text'], description: 'default hybrid' },
    rerank: flag('takes more time to order more candidates better; for hybrid'),
    at: date('the law as it stood on this day; today when absent'),
    jurisdiction: text('only this jurisdiction'),
    document: text('only this document'),
  },
  required: ['query'],
  additionalProperties: false,
};

export const SEARCH_ANSWER: ObjectSchema = record({
  query: text('as asked'),
  mode: { type: 'string', enum: ['hybrid', 'vector', 'text'] },
  at: date('the day asked for'),
  model: { type: ['string', 'null'], description: 'embedding model, null in text mode' },
  badges: { type: 'array', items: text('a weaker mode answered, and why') },
  hits: {
    type: 'array',
    items: record({
      rank: whole('from 1'),
      section_id: text('stable id of the provision'),
      document_id: text('id of the document'),
      citation: text('how to cite it'),
      heading: text('heading'),
      text: text('text'),
      score: number('what the hits are ordered by'),
      scores: record({ vector: maybeNumber, text: maybeNumber, fused: maybeNumber }),
      in_force_from: maybeDate,
      in_force_to: maybeDate,
    }),
  },
});

export const DOCUMENT = record({
  document_id: text('stable id'),
  citation: text('official short citation'),
  title: text('title in the version first imported'),
  jurisdiction: text('code'),
});

export const VERSION = record({
  version_id: text('id'),
  in_force_from: maybeDate,
  in_force_to: { ...maybeDate, description: 'first day it no longer applies' },
  known_from: text('when this node learned it'),
  known_to: { type: ['string', 'null'], description: 'when it learned better' },
  format: text('reader that parsed it'),
  source_name: text('file name or address'),
  provisions: whole('provisions'),
});

const EDITS: JsonSchema = {
  type: 'array',
  description:
    'In reading order. The old text is every "same" (its "was", when there) and "delete"; the new text every "same" and ' +
    '"insert".',
  items: {
    type: 'object',
    properties: {
      op: { type: 'string', enum: ['same', 'delete', 'insert'] },
      text: text('as printed'),
      was: text('how the old version prints the same words, when otherwise'),
    },
    required: ['op', 'text'],
  },
};

const CHANGE_KINDS = ['added', 'changed', 'renumbered', 'repealed', 'removed', 'moved', 'editorial'];

export const CHECK_QUERY: ObjectSchema = {
  type: 'object',
  properties: { at: date("what today's records say about this day; today when absent") },
  additionalProperties: false,
};

const CHECK_HEAD = {
  site_id: text('site'),
  region: text('its region'),
  name: text('its name'),
  status: { type: 'string', enum: ['compliant', 'at-risk', 'non-compliant', 'unknown'] },
  score: { type: ['integer', 'null'], description: '100 without gaps, 0 at worst, null when unknown' },
  as_of: date('the day asked for'),
} as const;

export const SITE_CHECK: ObjectSchema = record({
  ...CHECK_HEAD,
  counts: { type: 'object', description: 'how many there are of what is no gap, by kind' },
  gaps: {
    type: 'array',
    description: 'worst first',
    items: record({
      kind: text('which rule of docs/compliance.md'),
      severity: { type: 'string', enum: ['low', 'medium', 'high', 'critical'] },
      obligation_id: {
        type: ['string', 'null'],
        description: 'the obligation behind it, when one was found',
      },
      citation: { type: ['string', 'null'], description: 'the provision behind it' },
      requirement: { type: ['string', 'null'], description: 'what was asked' },
      evidence: record({ table: text('table of the record'), key: text('key of the record') }),
      due: maybeDate,
    }),
  },
});

export const CHECKS: ObjectSchema = record({
  sites: { type: 'array', items: record({ ...CHECK_HEAD, gaps: whole('gaps') }) },
});

export const LAW_DIFF_QUERY: ObjectSchema = {
  type: 'object',
  properties: {
    document: text('document id, citation or CELEX number'),
    from: date('the version in force on this day; the one before `to` when absent'),
    to: date('the version in force on this day; today when absent'),
    section: text('only this provision and those below it: citation, number or id'),
    known_at: date('as the node knew the versions at the end of this day; as it knows them now when absent'),
    all: flag('with what only moved or is printed otherwise'),
  },
  required: ['document'],
  additionalProperties: false,
};

export const LAW_DIFF: ObjectSchema = record({
  document: DOCUMENT,
  from: VERSION,
  to: VERSION,
  section: { type: ['string', 'null'], description: 'citation of the provision asked for' },
  counts: record(Object.fromEntries(CHANGE_KINDS.map((kind) => [kind, whole('provisions')]))),
  notes: strings,
  changes: {
    type: 'array',
    items: record({
      kind: { type: 'string', enum: CHANGE_KINDS },
      section_id: text('provision in the later version, or the one that is gone'),
      from_section_id: { type: ['string', 'null'], description: 'provision in the earlier version' },
      citation: text('how to cite it'),
      from_citation: { type: ['string', 'null'] },
      level: text('article, paragraph, …'),
      from_num: { type: ['string', 'null'], description: 'printed number in the earlier version' },
      num: { type: ['string', 'null'], description: 'printed number in the later version' },
      heading: EDITS,
      text: EDITS,
    }),
  },
});

export const LAW_VERSIONS_QUERY: ObjectSchema = {
  type: 'object',
  properties: { document: text('document id, citation or CELEX number') },
  required: ['document'],
  additionalProperties: false,
};

export const LAW_VERSIONS: ObjectSchema = record({
  document: DOCUMENT,
  versions: { type: 'array', items: VERSION },
});

export const LAW_DOCUMENTS: ObjectSchema = record({
  documents: {
    type: 'array',
    items: record({
      ...DOCUMENT.properties,
      versions: whole('versions known at present'),
      first: maybeDate,
      last: maybeDate,
    }),
  },
});

export const LAW_SHOW_QUERY: ObjectSchema = {
  type: 'object',
  properties: {
    citation: text('citation or id of a provision'),
    at: date('as in force on this day; today when absent'),
  },
  required: ['citation'],
  additionalProperties: false,
};

export const LAW_TEXT: ObjectSchema = record({
  document: DOCUMENT,
  version: VERSION,
  at: date('the day asked for'),
  provisions: {
    type: 'array',
    items: record({
      section_id: text('stable id of the provision'),
      depth: whole('0 for the provision asked for'),
      level: text('article, paragraph, …'),
      num: { type: ['string', 'null'] },
      citation: text('how to cite it'),
      heading: { type: ['string', 'null'] },
      text: text('own text'),
    }),
  },
});

const READ_OPTIONS: Readonly<Record<string, JsonSchema>> = {
  kind: text('reader to use; found from the content when absent'),
  jurisdiction: text('for sources that do not say'),
  in_force_from: date('first day the text applies, for sources that do not say'),
  mapping: text('name of a mapping to read record files by'),
};

const IMPORT_OPTIONS: Readonly<Record<string, JsonSchema>> = {
  name: text('what to call the source; its ending helps to choose the reader; for one file only'),
  ...READ_OPTIONS,
  priority: whole('higher goes first; 0 when absent'),
};

export const IMPORT_REQUEST: ObjectSchema = {
  type: 'object',
  properties: {
    paths: {
      ...strings,
      minItems: 1,
      description: 'files or folders on this machine, short names of sources, https addresses',
    },
    ...IMPORT_OPTIONS,
    allow_network: flag('lets this one import use the network when the configuration does not'),
    versions: flag('all versions that a publisher lists and this node does not have'),
    sha256: text('what the one document fetched must hash to'),
    mapping_text: text('a mapping as JSON; `mapping` is then what to call it in errors'),
  },
  required: ['paths'],
  additionalProperties: false,
};

export const WATCH_REQUEST: ObjectSchema = {
  type: 'object',
  properties: {
    path: text('a folder on this machine'),
    kept: flag('whether the watch goes on when the node is started again'),
    ...READ_OPTIONS,
  },
  required: ['path', 'kept'],
  additionalProperties: false,
};

export const UNWATCH_REQUEST: ObjectSchema = {
  type: 'object',
  properties: { path: text('the watched folder') },
  required: ['path'],
  additionalProperties: false,
};

export const NOTHING: ObjectSchema = { type: 'object', properties: {}, additionalProperties: false };

export const RETRY_REQUEST: ObjectSchema = {
  type: 'object',
  properties: {
    items: {
      type: 'array',
      items: { type: 'integer' },
      minItems: 1,
      description: 'numbers of files; all when absent',
    },
  },
  additionalProperties: false,
};

const maybeTime: JsonSchema = { type: ['string', 'null'], format: 'date-time' };
const maybeProblem: JsonSchema = { type: ['object', 'null'], description: 'a problem' };

export const JOB: ObjectSchema = record({
  id: whole('number of the job'),
  kind: { type: 'string', enum: ['import'] },
  state: { type: 'string', enum: ['queued', 'running', 'paused', 'done', 'cancelled', 'failed'] },
  active: flag('whether this process works on it, or will when its turn comes'),
  priority: whole('higher goes first'),
  principal: text('who asked'),
  paths: strings,
  listed: flag('whether all its files are known'),
  files_total: whole('files found'),
  files_done: whole('files that ended, well or not'),
  bytes_total: whole('bytes'),
  bytes_done: whole('bytes'),
  added: whole('files'),
  updated: whole('files'),
  unchanged: whole('files'),
  rejected: whole('files that are at fault themselves'),
  failed: whole('files given up because of the machine or the node'),
  cancelled: whole('files'),
  bytes_per_s: maybeNumber,
  seconds_left: maybeNumber,
  current: { type: ['string', 'null'], description: 'the file that is being read' },
  waiting_until: maybeTime,
  created_at: { type: 'string', format: 'date-time' },
  started_at: maybeTime,
  finished_at: maybeTime,
  error: maybeProblem,
});

export const JOB_DETAIL: ObjectSchema = record({
  ...JOB.properties,
  faults: {
    type: 'array',
    items: record({
      item: whole('number of the file in the job'),
      source: text('file'),
      state: { type: 'string', enum: ['done', 'rejected', 'failed'] },
      attempts: whole('tries'),
      error: { type: 'object', description: 'a problem' },
    }),
  },
  faults_total: whole('also those beyond the bound of `faults`'),
});

export const JOBS: ObjectSchema = record({ jobs: { type: 'array', items: JOB } });

export const WATCH: ObjectSchema = record({
  path: text('the folder'),
  kept: flag('whether it goes on when the node is started again'),
  made_at: { type: 'string', format: 'date-time' },
  files: whole('files handed to the queue'),
  missing: {
    type: 'array',
    items: record({ path: text('file'), since: { type: 'string', format: 'date-time' } }),
  },
  missing_total: whole('files that were there and are not'),
  unsettled: whole('files that something may still be writing to'),
  scanned_at: maybeTime,
  error: maybeProblem,
});

export const WATCHES: ObjectSchema = record({ watches: { type: 'array', items: WATCH } });

export const UPLOAD_QUERY: ObjectSchema = {
  type: 'object',
  properties: IMPORT_OPTIONS,
  required: ['name'],
  additionalProperties: false,
};

export const REINDEX_REQUEST: ObjectSchema = { type: 'object', properties: {}, additionalProperties: false };

export const REINDEX_EVENT: JsonSchema = {
  description: 'One JSON object a line. A line of type "error" is the last one.',
  oneOf: [
    record({
      type: { type: 'string', enum: ['progress'] },
      done: whole('versions indexed again'),
      total: whole('of all there are'),
    }),
    record({ type: { type: 'string', enum: ['error'] }, problem: PROBLEM }),
  ],
};

export const IMPORT_EVENT: JsonSchema = {
  description: 'One JSON object a line. A line of type "error" is the last one: the import stopped there.',
  oneOf: [
    record({
      type: { type: 'string', enum: ['progress'] },
      done: whole('sources done'),
      total: whole('sources found'),
      bytes_done: whole('bytes'),
      bytes_total: whole('bytes'),
      sections: whole('provisions so far'),
      job: { type: ['integer', 'null'], description: 'number of the job, if it is one of the queue' },
      bytes_per_s: maybeNumber,
      seconds_left: maybeNumber,
    }),
    record({
      type: { type: 'string', enum: ['result'] },
      result: record({
        source: text('file'),
        kind: { type: ['string', 'null'] },
        status: { type: 'string', enum: ['added', 'updated', 'unchanged', 'rejected'] },
        documents: whole('documents'),
        sections: whole('provisions'),
        obligations: whole('obligations'),
        records: whole('records'),
        warnings: strings,
      }),
    }),
    record({ type: { type: 'string', enum: ['error'] }, problem: PROBLEM }),
  ],
};

export const USER_REQUEST: ObjectSchema = {
  type: 'object',
  properties: {
    action: { type: 'string', enum: ['list', 'add', 'set', 'remove', 'token', 'revoke'] },
    id: text('name of the user; for every action but list'),
    roles: { ...strings, description: 'for add and set' },
    attributes: { type: 'object', description: 'for add and set: by name, as the policy declares them' },
    password: text('for add and set'),
    label: text('for token: what it is for'),
    days: number('for token: how long it holds'),
    credential: text('for revoke'),
  },
  required: ['action'],
  additionalProperties: false,
};

export const USER_ANSWER: ObjectSchema = {
  type: 'object',
  properties: {
    users: {
      type: 'array',
      items: record({
        id: text('name'),
        roles: strings,
        attributes: { type: 'object' },
        removed: flag('whether they may no longer come in'),
        credentials: {
          type: 'array',
          items: record({
            id: text('id, to revoke it'),
            kind: { type: 'string', enum: ['password', 'token'] },
            label: text('what it is for'),
            expires_at: { type: ['string', 'null'], format: 'date-time' },
          }),
        },
      }),
    },
    token: text('a new token; it is not told again'),
  },
  required: ['users'],
};

export const POLICY_REQUEST: ObjectSchema = {
  type: 'object',
  properties: {
    action: { type: 'string', enum: ['show', 'explain', 'test'] },
    principal: text('for explain: whose statement; the caller when absent'),
    purpose: text('for explain: what the call would be for'),
    sql: text('for explain: one statement'),
    document: { type: 'object', description: 'for test: a policy; the one in use when absent' },
    cases: { type: 'array', description: 'for test: what is expected, as docs/policy.md says' },
  },
  required: ['action'],
  additionalProperties: false,
};

export const POLICY_ANSWER: ObjectSchema = {
  type: 'object',
  properties: {
    policy: { type: 'object', description: 'the policy, as docs/policy.md says' },
    explanation: {
      type: 'object',
      description: 'the rules by table in words and as SQL, and the rewritten statement',
    },
    results: {
      type: 'array',
      items: record({ name: text('of the case'), ok: flag('as expected'), found: text('what was found') }),
    },
  },
};

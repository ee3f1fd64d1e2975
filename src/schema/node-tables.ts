/** The node's own bookkeeping: not part of the ESH model, never synced as it stands. */

export const NODE_TABLES: readonly string[] = [
  // One row per applied migration.
  `CREATE TABLE node.migrations (
  version INTEGER NOT NULL,
  name VARCHAR NOT NULL,
  applied_at TIMESTAMP NOT NULL
)`,
  // Who this node is: node_id, name, role, region.
  `CREATE TABLE node.meta (
  name VARCHAR NOT NULL,
  value VARCHAR NOT NULL
)`,
  // One row per committed transaction: the spine of the change feed.
  `CREATE TABLE node.commits (
  commit_version BIGINT NOT NULL,
  hlc BIGINT NOT NULL,
  node_id VARCHAR NOT NULL,
  committed_at TIMESTAMP NOT NULL,
  principal VARCHAR NOT NULL,
  tables VARCHAR[] NOT NULL,
  changed_rows BIGINT NOT NULL
)`,
  // The Lance version that belongs to the newest commit, per Lance table. Readers open exactly this one.
  `CREATE TABLE node.lance_heads (
  name VARCHAR NOT NULL,
  version BIGINT NOT NULL,
  commit_version BIGINT NOT NULL
)`,
  // Which model made the vectors of a search index. Another model is refused, never mixed in.
  `CREATE TABLE node.search_indexes (
  name VARCHAR NOT NULL,
  model_id VARCHAR NOT NULL,
  model_version VARCHAR NOT NULL,
  model_sha256 VARCHAR NOT NULL,
  dimension INTEGER NOT NULL,
  made_at TIMESTAMP NOT NULL
)`,
  // What was imported, by the hash of its bytes: the same bytes again change nothing. Rejected ones keep the reason.
  `CREATE TABLE node.sources (
  source_sha256 VARCHAR NOT NULL,
  source_name VARCHAR NOT NULL,
  source_bytes BIGINT NOT NULL,
  kind VARCHAR NOT NULL,
  status VARCHAR NOT NULL,
  version_ids VARCHAR[] NOT NULL,
  documents INTEGER NOT NULL,
  sections INTEGER NOT NULL,
  obligations INTEGER NOT NULL,
  records BIGINT NOT NULL,
  error_code VARCHAR,
  error_message VARCHAR,
  imported_at TIMESTAMP NOT NULL,
  commit_version BIGINT NOT NULL
)`,
  // Standing sources. The cursor is never ahead of what is in: it moves in the transaction that took a document in.
  `CREATE TABLE node.feeds (
  name VARCHAR NOT NULL,
  source VARCHAR NOT NULL,
  every_s BIGINT NOT NULL,
  kind VARCHAR,
  jurisdiction VARCHAR,
  since DATE,
  cursor VARCHAR,
  added_at TIMESTAMP NOT NULL,
  due_at TIMESTAMP NOT NULL,
  run_at TIMESTAMP,
  error_code VARCHAR,
  error_message VARCHAR
)`,
  // What was fetched, by feed ('' for a single import) and item: where the bytes came from and what became of them.
  `CREATE TABLE node.fetches (
  feed VARCHAR NOT NULL,
  item VARCHAR NOT NULL,
  url VARCHAR NOT NULL,
  etag VARCHAR,
  last_modified VARCHAR,
  source_sha256 VARCHAR NOT NULL,
  source_name VARCHAR NOT NULL,
  source_bytes BIGINT NOT NULL,
  status VARCHAR NOT NULL,
  error_code VARCHAR,
  tries INTEGER NOT NULL,
  fetched_at TIMESTAMP NOT NULL,
  commit_version BIGINT NOT NULL
)`,
  // Doubts about records that were kept, and reasons of those that were not, by source and line. No value of a row.
  `CREATE TABLE node.record_doubts (
  source_sha256 VARCHAR NOT NULL,
  source_name VARCHAR NOT NULL,
  line BIGINT NOT NULL,
  table_name VARCHAR,
  row_key VARCHAR,
  column_name VARCHAR,
  reason VARCHAR NOT NULL,
  kept BOOLEAN NOT NULL,
  commit_version BIGINT NOT NULL
)`,
  // Work that outlives the process, oldest first by job_id. options: what was asked, as JSON; error: a problem, as JSON.
  `CREATE TABLE node.jobs (
  job_id INTEGER NOT NULL,
  kind VARCHAR NOT NULL,
  state VARCHAR NOT NULL,
  priority INTEGER NOT NULL,
  principal VARCHAR NOT NULL,
  options VARCHAR NOT NULL,
  listed BOOLEAN NOT NULL,
  files INTEGER NOT NULL,
  bytes BIGINT NOT NULL,
  error VARCHAR,
  created_at TIMESTAMP NOT NULL,
  started_at TIMESTAMP,
  finished_at TIMESTAMP
)`,
  // The files of a job, in the order found. finished: place in the order in which they ended.
  `CREATE TABLE node.job_items (
  job_id INTEGER NOT NULL,
  ordinal INTEGER NOT NULL,
  path VARCHAR NOT NULL,
  name VARCHAR NOT NULL,
  bytes BIGINT NOT NULL,
  modified_ms BIGINT,
  state VARCHAR NOT NULL,
  attempts INTEGER NOT NULL,
  next_try TIMESTAMP,
  status VARCHAR,
  result VARCHAR,
  error_code VARCHAR,
  error_message VARCHAR,
  error_line INTEGER,
  finished INTEGER,
  finished_at TIMESTAMP
)`,
  // Folders whose new and changed files are imported. kept: survives the process.
  `CREATE TABLE node.watches (
  path VARCHAR NOT NULL,
  options VARCHAR NOT NULL,
  principal VARCHAR NOT NULL,
  kept BOOLEAN NOT NULL,
  made_at TIMESTAMP NOT NULL
)`,
  // Files below a watched folder as they were last handed to the queue, and since when they are missing.
  `CREATE TABLE node.watched_files (
  watch_path VARCHAR NOT NULL,
  path VARCHAR NOT NULL,
  bytes BIGINT NOT NULL,
  modified_ms BIGINT NOT NULL,
  missing_since TIMESTAMP
)`,
  // Users: who they are, and what policy asks of them, as JSON. Removed ones stay, so that no name is given twice.
  `CREATE TABLE node.principals (
  principal_id VARCHAR NOT NULL,
  roles VARCHAR[] NOT NULL,
  attributes VARCHAR NOT NULL,
  removed BOOLEAN NOT NULL,
  changed_at TIMESTAMP NOT NULL
)`,
  // Hashes of passwords and tokens. No SQL from outside ever reads them.
  `CREATE TABLE node.credentials (
  credential_id VARCHAR NOT NULL,
  principal_id VARCHAR NOT NULL,
  kind VARCHAR NOT NULL,
  hash VARCHAR NOT NULL,
  label VARCHAR NOT NULL,
  created_at TIMESTAMP NOT NULL,
  expires_at TIMESTAMP
)`,
  // Files that SQL reads as ext.NAME. source: the path or pattern as given; files: path, bytes and time of change of each,
  // as JSON; columns: name and type of each, as JSON.
  `CREATE TABLE node.external_tables (
  name VARCHAR NOT NULL,
  source VARCHAR NOT NULL,
  format VARCHAR NOT NULL,
  files VARCHAR NOT NULL,
  columns VARCHAR NOT NULL,
  added_by VARCHAR NOT NULL,
  added_at TIMESTAMP NOT NULL
)`,
];

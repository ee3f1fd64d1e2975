/**
 * Every queue, batch, retry and size has a bound with a name, a unit and a reason. LIMITS.md is written from this list
 * (`npm run docs`), and a test fails when the two differ.
 */

export interface Limit {
  readonly value: number;
  readonly unit: string;
  /** What the bound protects, and what the caller sees when it is reached. */
  readonly why: string;
}

const MiB = 1024 * 1024;

export const LIMITS = {
  // store
  thread_pool_threads: {
    value: 16,
    unit: 'threads',
    why: 'every DuckDB call holds a libuv thread; with the default of 4, four long queries block all file access',
  },
  duckdb_memory_bytes: { value: 1024 * MiB, unit: 'bytes', why: 'DuckDB spills to disk above it' },
  duckdb_spill_bytes: {
    value: 16 * 1024 * MiB,
    unit: 'bytes',
    why: 'what DuckDB may spill; a statement that needs more is refused',
  },
  duckdb_threads: { value: 2, unit: 'threads', why: 'parallel scan threads inside DuckDB' },
  duckdb_connections_idle: {
    value: 8,
    unit: 'connections',
    why: 'idle connections kept for the next stream; more are closed',
  },
  duckdb_connections: { value: 64, unit: 'connections', why: 'open streams at one time; the next one waits' },
  write_retries: {
    value: 8,
    unit: 'tries',
    why: 'a write conflict is tried again with growing pauses, then reported',
  },
  write_retry_pause_ms: {
    value: 10,
    unit: 'milliseconds',
    why: 'first pause after a write conflict; doubles each time',
  },
  append_rows: { value: 2048, unit: 'rows', why: 'rows in one DuckDB data chunk' },
  arrow_batch_rows: { value: 32768, unit: 'rows', why: 'rows in one Arrow batch of a result stream' },
  lance_batch_rows: { value: 1024, unit: 'rows', why: 'sections embedded and staged in Lance at one time' },
  lance_write_rows: {
    value: 4096,
    unit: 'rows',
    why: 'staged rows that wait for one write to Lance: each makes a file and a version',
  },
  lance_commits_between_compactions: {
    value: 100,
    unit: 'commits',
    why: 'small fragments slow every read; compaction runs after this many',
  },
  compaction_memory_bytes: {
    value: 1024 * MiB,
    unit: 'bytes',
    why: 'compaction runs in a process of its own that stops above it and is tried again later',
  },
  compaction_time_ms: {
    value: 600_000,
    unit: 'milliseconds',
    why: 'a compaction that takes longer is stopped',
  },
  compaction_interval_ms: {
    value: 3_600_000,
    unit: 'milliseconds',
    why: 'compaction also runs after this long, however few commits there were, if there was one',
  },
  compaction_pause_ms: {
    value: 60_000,
    unit: 'milliseconds',
    why: 'first pause after a compaction that failed; doubles each time',
  },
  compaction_pause_max_ms: {
    value: 3_600_000,
    unit: 'milliseconds',
    why: 'longest pause between two tries of a compaction',
  },
  lance_keep_versions_ms: {
    value: 600_000,
    unit: 'milliseconds',
    why: 'older Lance versions are removed; a reader may hold one for this long',
  },
  vector_flat_rows: {
    value: 20_000,
    unit: 'rows',
    why: 'below it an exact scan is faster than building an IVF_RQ index',
  },
  unindexed_rows: {
    value: 5000,
    unit: 'rows',
    why: 'after an import that leaves more rows outside the full-text index, compaction takes them in at once',
  },
  salvage_tries: {
    value: 64,
    unit: 'opens',
    why: 'a damaged write-ahead log is cut by bisection; each try opens a copy',
  },
  feed_rows: { value: 10_000, unit: 'rows', why: 'rows in one batch of the change feed' },

  // ingest
  document_bytes: { value: 190_000_000, unit: 'bytes', why: 'a larger file is refused before it is read' },
  xml_depth: { value: 256, unit: 'levels', why: 'deeper markup is refused; real law stays below 60' },
  xml_attribute_bytes: { value: 64 * 1024, unit: 'bytes', why: 'one attribute value' },
  xml_name_bytes: { value: 1024, unit: 'bytes', why: 'one element or attribute name' },
  xml_doctype_bytes: {
    value: 64 * 1024,
    unit: 'bytes',
    why: 'a document type declaration is skipped, never read; a longer one is refused',
  },
  section_text_bytes: { value: 4 * MiB, unit: 'bytes', why: 'text of one provision' },
  sections_per_document: { value: 500_000, unit: 'sections', why: 'provisions of one document' },
  warnings_per_document: { value: 100, unit: 'warnings', why: 'more are counted, not kept' },
  import_files: {
    value: 100_000,
    unit: 'files',
    why: 'files found below the paths of one import, or below a watched folder',
  },
  import_jobs: { value: 1000, unit: 'jobs', why: 'jobs that are not finished; a further one is refused' },
  import_jobs_kept: { value: 100, unit: 'jobs', why: 'finished jobs remembered; older ones are forgotten' },
  import_items_kept: {
    value: 500_000,
    unit: 'files',
    why: 'files of finished jobs remembered; the oldest jobs are forgotten first',
  },
  import_listing_files: {
    value: 1000,
    unit: 'files',
    why: 'found files written to the queue at one time; a crash costs at most these',
  },
  import_batch_files: {
    value: 64,
    unit: 'files',
    why: 'files compared with what is known in one look-up, before each that is new is read',
  },
  import_batch_bytes: { value: 64 * MiB, unit: 'bytes', why: 'bytes of the files of such a look-up' },
  import_attempts: {
    value: 5,
    unit: 'tries',
    why: 'a file is given up after so many tries that the machine failed or the process died in; so is a job in which nothing succeeds between them',
  },
  import_retry_pause_ms: {
    value: 1000,
    unit: 'milliseconds',
    why: 'first pause after a failure of the machine; doubles each time',
  },
  import_retry_pause_max_ms: { value: 60_000, unit: 'milliseconds', why: 'longest such pause' },
  import_rate_window_ms: {
    value: 10_000,
    unit: 'milliseconds',
    why: 'the rate of an import is that of so much of its last work',
  },
  import_faults_shown: {
    value: 1000,
    unit: 'files',
    why: 'rejected and failed files of a job in one answer',
  },
  import_results_read: {
    value: 500,
    unit: 'results',
    why: 'results read at one time by a follower of a job',
  },
  watches: { value: 64, unit: 'folders', why: 'watched folders' },
  watch_settle_ms: {
    value: 2000,
    unit: 'milliseconds',
    why: 'a file that changed is read when its size and time have stood still for so long: it may be half written',
  },
  watch_rescan_ms: {
    value: 60_000,
    unit: 'milliseconds',
    why: 'watched folders are walked this often, for what no event told (network mounts)',
  },
  record_fields: { value: 512, unit: 'columns', why: 'columns of one record file' },
  remark_rows: {
    value: 512,
    unit: 'rows',
    why: 'rows whose free texts are searched for people in one transaction; other writes go between',
  },
  record_doubts: {
    value: 100_000,
    unit: 'doubts',
    why: 'doubts and rejections of one record file that are kept by line; the rest are counted',
  },
  record_bytes: { value: 1 * MiB, unit: 'bytes', why: 'one line of a record file' },

  // sources
  fetch_tries: { value: 5, unit: 'tries', why: 'requests made for one address, redirects not counted' },
  fetch_retry_pause_ms: {
    value: 1000,
    unit: 'milliseconds',
    why: 'first pause after a failed request, with jitter; doubles each time',
  },
  fetch_retry_pause_max_ms: {
    value: 120_000,
    unit: 'milliseconds',
    why: 'longest pause between two tries; a server that asks for more is asked again by a later command',
  },
  fetch_host_pause_ms: {
    value: 1000,
    unit: 'milliseconds',
    why: 'pause between the end of one request to a host and the start of the next',
  },
  fetch_idle_ms: {
    value: 30_000,
    unit: 'milliseconds',
    why: 'a connection that is silent for so long is ended; the request is tried again',
  },
  fetch_time_ms: {
    value: 1_200_000,
    unit: 'milliseconds',
    why: 'one answer, however slowly it comes; a download goes on from there when it is asked for again',
  },
  fetch_sync_bytes: {
    value: 4 * MiB,
    unit: 'bytes',
    why: 'a download is made durable each time so much has come, and goes on from there after a crash',
  },
  fetch_listing_bytes: {
    value: 16 * MiB,
    unit: 'bytes',
    why: 'a feed or list of versions is held whole while it is read',
  },
  fetch_part_age_ms: {
    value: 604_800_000,
    unit: 'milliseconds',
    why: 'a download that nobody went on with for so long is removed',
  },
  source_items: {
    value: 1000,
    unit: 'documents',
    why: 'documents fetched in one run of a source; the next run goes on with the rest',
  },
  source_tick_ms: {
    value: 60_000,
    unit: 'milliseconds',
    why: 'how often a serving node looks for sources that are due',
  },

  // ai
  embed_request_texts: { value: 2048, unit: 'texts', why: 'one request for vectors' },
  mcp_rows: {
    value: 1000,
    unit: 'rows',
    why: 'rows that the tool sql answers; the answer says that there are more',
  },
  generate_wait_ms: {
    value: 120_000,
    unit: 'milliseconds',
    why: 'an endpoint that sends nothing for so long is given up',
  },
  generate_time_ms: {
    value: 600_000,
    unit: 'milliseconds',
    why: 'one generated text; what takes longer is stopped with an error',
  },
  generate_tokens: { value: 4096, unit: 'tokens', why: 'one generated text may ask for so many' },
  generate_messages: { value: 256, unit: 'messages', why: 'one request for a generated text' },
  generate_waiting: {
    value: 8,
    unit: 'requests',
    why: 'requests that wait for the generator, which writes one text at a time; a further one is refused',
  },
  generate_prompts: {
    value: 2,
    unit: 'prompts',
    why: 'prompts that a model run by the node keeps as read, each in a context of its own; fewer when memory has no room',
  },
  model_idle_ms: {
    value: 300_000,
    unit: 'milliseconds',
    why: 'a model that nobody asked for so long gives its memory back; the next request loads it again',
  },
  inference_output_bytes: {
    value: MiB,
    unit: 'bytes',
    why: 'one answer of a model as it is recorded; a longer one is refused',
  },
  classify_texts: { value: 1000, unit: 'texts', why: 'texts in one request to classify' },
  classify_batch_texts: { value: 16, unit: 'texts', why: 'texts in one call of the classifier' },
  classify_text_chars: {
    value: 20_000,
    unit: 'characters',
    why: 'a longer narrative is cut before it is classified',
  },
  classify_labels: { value: 100, unit: 'labels', why: 'labels of the caller in one request to classify' },
  embed_batch_texts: { value: 64, unit: 'texts', why: 'texts in one model call' },
  embed_waiting: {
    value: 512,
    unit: 'batches',
    why: 'batches that wait for the thread of the embedding model; a further one is refused',
  },
  embed_text_chars: {
    value: 20_000,
    unit: 'characters',
    why: 'longer texts are cut before tokenising; the model reads less than that',
  },
  model_bytes: {
    value: 512 * MiB,
    unit: 'bytes',
    why: 'a file of a model for ONNX Runtime, which is held in memory; a larger one is refused',
  },
  model_file_bytes: {
    value: 32 * 1024 * MiB,
    unit: 'bytes',
    why: 'one file of a model that is added or pulled; a larger one is refused',
  },
  models: {
    value: 64,
    unit: 'models',
    why: 'models here, those that ship included; a further one is refused',
  },
  measure_texts: { value: 512, unit: 'texts', why: 'texts that the speed of a model is measured on' },
  measure_tokens: { value: 64, unit: 'tokens', why: 'tokens that the speed of a generator is measured on' },
  ask_k: { value: 50, unit: 'provisions', why: 'provisions that are read for one answer' },
  ask_passage_chars: {
    value: 4000,
    unit: 'characters',
    why: 'text of one provision that is shown beside an answer; quotes are whole',
  },
  ask_answer_tokens: { value: 512, unit: 'tokens', why: 'length of an answer by a generator' },

  // query
  search_k: { value: 1000, unit: 'hits', why: 'hits one search may ask for' },
  search_running: {
    value: 4,
    unit: 'searches',
    why: 'searches of one statement at one time',
  },
  search_scopes: {
    value: 4,
    unit: 'indexes',
    why: 'full-text indexes in memory for readers who may see a part of the law; one per part',
  },
  search_scope_rows: {
    value: 200_000,
    unit: 'provisions',
    why: 'provisions in one of them, with their texts and the index of their words',
  },
  search_query_chars: { value: 4000, unit: 'characters', why: 'length of a search query' },
  law_diff_provisions: {
    value: 20_000,
    unit: 'provisions',
    why: 'changed provisions in one `law diff`; ask for one section of a larger one',
  },
  law_diff_chars: {
    value: 32 * MiB,
    unit: 'characters',
    why: 'text of the changed provisions in one `law diff`, old and new',
  },
  law_versions: {
    value: 1000,
    unit: 'rows',
    why: 'documents or versions in one list; `fractal sql` lists more',
  },
  law_obligations: {
    value: 5000,
    unit: 'rows',
    why: 'obligations in one register; ask for one provision, addressee or topic of a larger one',
  },
  search_candidates: {
    value: 50,
    unit: 'hits',
    why: 'hits taken from each of text and vector before fusion (at least k)',
  },
  rerank_candidates: {
    value: 100,
    unit: 'hits',
    why: 'hits taken from each of text and vector when they are ordered again',
  },
  compliance_sites: {
    value: 500,
    unit: 'sites',
    why: 'sites whose facts are read from the database at one time',
  },
  compliance_facts: {
    value: 10_000_000,
    unit: 'facts',
    why: 'facts about the compliance of all sites, held in memory at some 40 bytes each',
  },
  sql_bytes: { value: 1 * MiB, unit: 'bytes', why: 'length of one SQL statement' },
  sql_timeout_ms: {
    value: 60_000,
    unit: 'milliseconds',
    why: 'a statement is interrupted after it; --timeout changes it',
  },
  sql_timeout_max_ms: { value: 3_600_000, unit: 'milliseconds', why: 'longest timeout a caller may ask for' },

  sql_rows: { value: 50_000_000, unit: 'rows', why: 'a statement that answers more is stopped' },
  sql_write_rows: {
    value: 1_000_000,
    unit: 'rows',
    why: 'rows that one statement writes; other writes wait for it',
  },
  sql_running: {
    value: 32,
    unit: 'statements',
    why: 'statements of one principal at one time; the next one waits, so that nobody takes all connections',
  },
  sql_running_all: {
    value: 56,
    unit: 'statements',
    why: 'statements of all principals at one time: some connections are left to the node itself; the next one waits',
  },
  sql_waiting: {
    value: 64,
    unit: 'statements',
    why: 'statements of one principal that wait for a place; more are refused at once',
  },
  sql_wait_ms: {
    value: 5000,
    unit: 'milliseconds',
    why: 'a statement waits so long for a place, principals in turn; then it is refused',
  },
  sql_slow_ms: {
    value: 1000,
    unit: 'milliseconds',
    why: 'a statement that takes longer is noted in the log of slow queries',
  },
  slow_log_bytes: {
    value: 1 * MiB,
    unit: 'bytes',
    why: 'the log of slow queries; a full one takes the place of the one before it',
  },
  result_cache_bytes: { value: 32 * MiB, unit: 'bytes', why: 'answers kept for the same question, together' },
  result_cache_entries: { value: 1024, unit: 'answers', why: 'answers kept for the same question' },
  result_cache_answer_bytes: { value: 1 * MiB, unit: 'bytes', why: 'a larger answer is not kept' },
  sql_remembered: {
    value: 512,
    unit: 'statements',
    why: 'statements whose parsed form is kept, the one used longest ago goes first',
  },
  sql_calls: {
    value: 1000,
    unit: 'calls',
    why: 'different argument lists that one search function in a statement is asked with, or texts that query_embedding is',
  },
  sql_hits: {
    value: 100_000,
    unit: 'hits',
    why: 'hits of one search function in a statement, over all its calls',
  },
  external_tables: { value: 200, unit: 'tables', why: 'files or sets of files that SQL reads as tables' },
  external_files: { value: 1000, unit: 'files', why: 'files of one external table' },
  external_columns: { value: 1000, unit: 'columns', why: 'columns of one external table' },
  external_rows: {
    value: 5_000_000,
    unit: 'rows',
    why: 'rows that one statement takes over from an external table, after what can be filtered there',
  },
  external_memory_bytes: {
    value: 512 * MiB,
    unit: 'bytes',
    why: 'memory of the engine that reads the files of one external table for one statement',
  },
  external_running: {
    value: 2,
    unit: 'tables',
    why: 'external tables read at one time, each by an engine of its own; the next one waits',
  },
  sql_views: {
    value: 64,
    unit: 'catalogues',
    why: 'sets of views kept for the next statement: one per different set of rights in use',
  },

  // security
  password_checks: {
    value: 4,
    unit: 'passwords',
    why: 'passwords checked at one time; each takes 32 MiB and a thread',
  },
  oidc_fetch_ms: { value: 5_000, unit: 'milliseconds', why: 'fetching the keys of an issuer' },
  oidc_pause_ms: {
    value: 30_000,
    unit: 'milliseconds',
    why: 'between two tries to fetch the keys of one issuer, however many tokens ask for them',
  },
  oidc_refresh_ms: {
    value: 15 * 60_000,
    unit: 'milliseconds',
    why: 'keys of an issuer are fetched again when they are older and a token needs them',
  },
  oidc_age_ms: {
    value: 7 * 24 * 3_600_000,
    unit: 'milliseconds',
    why: 'keys of an issuer that cannot be reached count no longer when they are older',
  },
  login_failures: {
    value: 20,
    unit: 'passwords',
    why: 'wrong passwords under one name before none is looked at for login_window_ms',
  },
  login_failures_address: {
    value: 100,
    unit: 'passwords',
    why: 'wrong passwords from one address before none is looked at for login_window_ms',
  },
  login_window_ms: {
    value: 15 * 60_000,
    unit: 'milliseconds',
    why: 'how long wrong passwords are remembered, and how long too many lock out',
  },
  login_tracked: {
    value: 16_384,
    unit: 'names and addresses',
    why: 'whose wrong passwords are remembered; then the one that failed longest ago is forgotten',
  },
  login_sessions: {
    value: 16,
    unit: 'sessions',
    why: 'login sessions of one user; then the one longest unused ends',
  },
  login_sessions_all: { value: 4096, unit: 'sessions', why: 'login sessions of everybody together' },
  login_idle_ms: {
    value: 30 * 60_000,
    unit: 'milliseconds',
    why: 'a login session that nobody uses for so long ends',
  },
  login_life_ms: {
    value: 12 * 3_600_000,
    unit: 'milliseconds',
    why: 'a login session ends so long after it was opened, however it is used',
  },

  // server
  http_body_bytes: { value: 128 * MiB, unit: 'bytes', why: 'body of one request' },
  http_json_bytes: { value: 2 * MiB, unit: 'bytes', why: 'JSON body of one request' },
  http_headers_ms: {
    value: 10_000,
    unit: 'milliseconds',
    why: 'a client must have sent its headers by then',
  },
  http_connections: { value: 256, unit: 'connections', why: 'open client connections' },
  shutdown_ms: {
    value: 10_000,
    unit: 'milliseconds',
    why: 'running requests get this long when the node stops',
  },

  // flight
  flight_message_bytes: {
    value: 256 * MiB,
    unit: 'bytes',
    why: 'one message of an upload over Flight: a record batch',
  },
  flight_command_bytes: { value: 4 * MiB, unit: 'bytes', why: 'one Flight request that carries no data' },
  flight_batch_bytes: {
    value: 1 * MiB,
    unit: 'bytes',
    why: 'body of one record batch of a Flight answer, unless a single row is larger: the size that travels fastest',
  },
  flight_window_bytes: {
    value: 8 * MiB,
    unit: 'bytes',
    why: 'what a Flight connection may send before it is read; smaller ones slow uploads over a distance',
  },
  flight_header_bytes: { value: 32 * 1024, unit: 'bytes', why: 'headers of one Flight call' },
  flight_streams: { value: 100, unit: 'calls', why: 'open Flight calls of one connection; more are refused' },
  flight_connections: { value: 256, unit: 'connections', why: 'open Flight connections' },
  flight_keepalive_ms: {
    value: 60_000,
    unit: 'milliseconds',
    why: 'a Flight connection is pinged this often and cut when it does not answer before the next',
  },
  flight_request_ms: { value: 30_000, unit: 'milliseconds', why: 'a Flight request must be there by then' },
  flight_stall_ms: {
    value: 600_000,
    unit: 'milliseconds',
    why: 'a Flight call whose caller neither reads nor sends on for so long is ended',
  },
  flight_tickets: {
    value: 4096,
    unit: 'tickets',
    why: 'results of one principal that wait to be fetched; the oldest gives way',
  },
  flight_ticket_ms: { value: 600_000, unit: 'milliseconds', why: 'a Flight ticket is good for so long' },
  flight_statements: {
    value: 1024,
    unit: 'statements',
    why: 'prepared statements of one principal; more are refused',
  },
  flight_statement_ms: {
    value: 3_600_000,
    unit: 'milliseconds',
    why: 'a prepared statement or a session that is not used for so long is dropped',
  },
  flight_tokens: {
    value: 64,
    unit: 'tokens',
    why: 'tokens given to one principal for name and password; the oldest gives way',
  },
  flight_token_ms: {
    value: 43_200_000,
    unit: 'milliseconds',
    why: 'such a token is good for so long, used or not, and no longer than the password it was given for',
  },
  flight_transactions: {
    value: 8,
    unit: 'transactions',
    why: 'open Flight transactions of one principal; each holds a database connection',
  },
  flight_transactions_all: {
    value: 24,
    unit: 'transactions',
    why: 'open Flight transactions of all principals: the other connections are left to everybody else',
  },
  flight_transaction_ms: {
    value: 600_000,
    unit: 'milliseconds',
    why: 'a Flight transaction that is not used for so long is rolled back',
  },
  flight_transaction_wait_ms: {
    value: 5000,
    unit: 'milliseconds',
    why: 'a query waits so long for another one of its transaction to be read to its end',
  },
  flight_transaction_writes: {
    value: 1000,
    unit: 'writes',
    why: 'uploads and statements that wait for the commit of one Flight transaction',
  },
  flight_parameter_rows: {
    value: 10_000,
    unit: 'rows',
    why: 'rows of parameters bound to one statement; they are held until it runs',
  },
  flight_parameter_bytes: {
    value: 16 * MiB,
    unit: 'bytes',
    why: 'parameters bound to one statement, as Arrow data',
  },
  flight_ingest_rows: { value: 20_000_000, unit: 'rows', why: 'rows of one upload over Flight' },
  flight_ingest_bytes: {
    value: 2048 * MiB,
    unit: 'bytes',
    why: 'one upload over Flight; it lies in a file until it is whole',
  },
  // audit
  audit_batch_entries: {
    value: 4096,
    unit: 'entries',
    why: 'entries of an audit log in one part that is sent',
  },
  audit_batch_bytes: {
    value: 1 * MiB,
    unit: 'bytes',
    why: 'entries of an audit log in one part that is sent; half of what a request may hold, since texts are escaped',
  },
  audit_pending_bytes: {
    value: 1024 * MiB,
    unit: 'bytes',
    why: 'entries of one received audit log that wait for a checkpoint, counted in whole parts',
  },
  audit_replicas: { value: 1000, unit: 'logs', why: 'audit logs of other nodes that a hub holds' },
  audit_evidence: {
    value: 100,
    unit: 'files',
    why: 'checkpoints that contradict a received audit log, kept as evidence, of one log',
  },
  audit_sql_rows: {
    value: 500_000,
    unit: 'entries',
    why: 'entries of the audit log that one statement of SQL reads, after its conditions on id and time',
  },
  audit_holds: { value: 1000, unit: 'holds', why: 'legal holds on the audit log at a time' },
  audit_retire_ms: {
    value: 86_400_000,
    unit: 'milliseconds',
    why: 'a running node looks so often for texts of the audit log whose time is over',
  },
  audit_cosigners: { value: 8, unit: 'keys', why: 'hubs whose cosignatures of its audit log a node keeps' },
  audit_push_tries: {
    value: 5,
    unit: 'tries',
    why: 'a part of an audit log that a hub does not answer is sent so often',
  },
  audit_push_pause_ms: {
    value: 200,
    unit: 'milliseconds',
    why: 'pause before a part of an audit log is sent again; doubled each time',
  },
  audit_queue_entries: {
    value: 65_536,
    unit: 'entries',
    why: 'entries of the audit log that wait for the disk; what would be logged beyond it is refused',
  },
  audit_group_entries: {
    value: 4096,
    unit: 'entries',
    why: 'entries of the audit log in one write and fsync',
  },
  audit_segment_bytes: {
    value: 8 * MiB,
    unit: 'bytes',
    why: 'a file of the audit log is sealed above it; the open one is read whole at every start',
  },
  audit_segment_age_ms: {
    value: 86_400_000,
    unit: 'milliseconds',
    why: 'a file of the audit log is sealed after so long: expiry takes whole files',
  },
  audit_checkpoint_ms: {
    value: 300_000,
    unit: 'milliseconds',
    why: 'new entries of the audit log are under a signed checkpoint after so long',
  },
} as const satisfies Record<string, Limit>;

export type LimitName = keyof typeof LIMITS;

/** Bounds as numbers. A node may lower or raise them in `fractal.json` under `limits`. */
export type Limits = Readonly<Record<LimitName, number>>;

export const DEFAULT_LIMITS: Limits = Object.fromEntries(
  Object.entries(LIMITS).map(([name, limit]) => [name, limit.value]),
) as Record<LimitName, number>;

/** Bounds of readers and of what is fetched; a node cannot change them. */
export const FIXED_LIMITS = {
  model_manifest_bytes: { value: 1 * MiB, unit: 'bytes', why: 'the model.json of one model' },
  model_files: { value: 64, unit: 'files', why: 'files of one model' },
  model_card_bytes: {
    value: 1 * MiB,
    unit: 'bytes',
    why: 'the card of a model; a longer one is not taken in',
  },
  model_catalogue_bytes: { value: 8 * MiB, unit: 'bytes', why: 'a list of models that may be pulled' },
  oidc_token_bytes: {
    value: 16 * 1024,
    unit: 'bytes',
    why: 'a token of OpenID Connect; a longer one is not read',
  },
  oidc_jwks_bytes: { value: 256 * 1024, unit: 'bytes', why: 'keys that an issuer answers with' },
  oidc_keys: { value: 100, unit: 'keys', why: 'keys of one issuer; more are not looked at' },
  slow_log_waiting: {
    value: 256,
    unit: 'statements',
    why: 'slow statements that wait to be written down; when the disk is slower, some are left out',
  },
  slow_log_chars: { value: 4000, unit: 'characters', why: 'text of a statement in the log of slow queries' },
  audit_entry_bytes: {
    value: 65_535,
    unit: 'bytes',
    why: 'one entry of the audit log: the public format of entry bundles holds no longer ones',
  },
  audit_spans: {
    value: 100_000,
    unit: 'files',
    why: 'sealed files of the audit log of which it is remembered from when to when their entries are',
  },
  audit_shown_entries: {
    value: 10_000,
    unit: 'entries',
    why: 'entries of the audit log in one answer',
  },
  audit_file_bytes: {
    value: 512 * MiB,
    unit: 'bytes',
    why: 'an exported audit log that is read; export from a later entry on',
  },
  audit_seen_ms: {
    value: 3_600_000,
    unit: 'milliseconds',
    why: 'a credential that is used all the time is written down in the audit log again after so long',
  },
  audit_seen_credentials: {
    value: 4096,
    unit: 'credentials',
    why: 'credentials remembered as written down; one that is forgotten is written down again',
  },
  audit_tiles_cached: {
    value: 512,
    unit: 'tiles',
    why: 'tiles of the tree of the audit log held for proofs, with the hashes above theirs, 16 KiB each',
  },
  audit_named_items: {
    value: 100,
    unit: 'names',
    why: 'paths, sections or inferences that one entry of the audit log names; how many there were is told',
  },
  audit_statement_chars: {
    value: 4000,
    unit: 'characters',
    why: 'a statement without its values in the audit log; of a longer one the beginning, its hash is of all of it',
  },
  audit_verify_threads: {
    value: 4,
    unit: 'threads',
    why: 'files of the audit log that are checked side by side, each in memory; at most one a core',
  },
  audit_verify_inline_entries: {
    value: 100_000,
    unit: 'entries',
    why: 'an audit log of fewer sealed entries is checked without threads',
  },
  audit_bundle_bytes: {
    value: 1024 * 1024,
    unit: 'bytes',
    why: 'a bundle that is checked; one that is made has an entry, 53 hashes at most and a checkpoint',
  },
  audit_push_backoff_ms: {
    value: 21_600_000,
    unit: 'milliseconds',
    why: 'longest pause before a log is sent to a hub that refuses it or does not answer, unless it is sent less often anyway',
  },
  audit_evidence_files: { value: 32, unit: 'files', why: 'files that are put to a report in one bundle' },
  audit_evidence_name_chars: {
    value: 255,
    unit: 'characters',
    why: 'name of a file that is put to a report',
  },
  sql_depth: { value: 3000, unit: 'levels', why: 'nodes inside each other in the tree of one statement' },
  sql_comments: {
    value: 1000,
    unit: 'comments',
    why: "marks of comments in one statement; the engine's parser takes time by their square: 4,000 take 2 s",
  },
  policy_rules: {
    value: 1000,
    unit: 'rules',
    why: 'grants and denials of one policy; each is asked for every statement',
  },
  policy_scopes: {
    value: 256,
    unit: 'scopes',
    why: 'sets of rights kept as SQL, the one made longest ago goes first',
  },
  flight_message_fields: {
    value: 65_536,
    unit: 'fields',
    why: 'fields of one Flight message that carries no data',
  },
  record_json_depth: { value: 64, unit: 'levels', why: 'lists and objects inside each other in a JSON file' },
  mapping_bytes: { value: 1 * MiB, unit: 'bytes', why: 'one mapping file' },
  mapping_depth: {
    value: 32,
    unit: 'levels',
    why: 'rules inside each other, and definitions that use others',
  },
  mapping_parts: { value: 100_000, unit: 'parts', why: 'keys and entries of one mapping' },
  mapping_rules: {
    value: 100_000,
    unit: 'rules',
    why: 'rules of one mapping once its definitions are written out where they are used',
  },
  mapping_files: { value: 256, unit: 'files', why: 'mappings in the folder of a node' },
  state_steps: {
    value: 64,
    unit: 'rows',
    why: 'rows of one key of a state machine in one file; each round of steps is a round of statements',
  },
  personal_spans: {
    value: 256,
    unit: 'spans',
    why: 'places in one free text where people are named; with more of them the whole text is masked',
  },
  record_group_rows: { value: 32_768, unit: 'rows', why: 'rows of one table handed on at one time' },
  record_group_chars: { value: 16 * MiB, unit: 'characters', why: 'text handed on at one time' },
  record_rows: {
    value: 10_000_000,
    unit: 'rows',
    why: 'rows made of one file; their keys are held as hashes',
  },
  zip_entries: { value: 4096, unit: 'entries', why: 'files in a ZIP archive or workbook' },
  zip_ratio: {
    value: 200,
    unit: 'times',
    why: 'how much larger than packed a file of an archive may become',
  },
  zip_bytes: { value: 512 * MiB, unit: 'bytes', why: 'unpacked bytes of one archive, all files together' },
  workbook_bytes: { value: 64 * MiB, unit: 'bytes', why: 'a workbook is held whole while it is read' },
  workbook_cells: { value: 5_000_000, unit: 'cells', why: 'cells of one sheet' },
  workbook_string_bytes: {
    value: 64 * MiB,
    unit: 'bytes',
    why: 'shared strings of a workbook, held while it is read',
  },
  section_name_chars: {
    value: 1000,
    unit: 'characters',
    why: 'eid and citation of one provision: both grow with its depth, and longer ones are cut',
  },
  plain_bytes: {
    value: 16 * MiB,
    unit: 'bytes',
    why: 'a Markdown or HTML file is held whole while it is read',
  },
  citation_list_items: {
    value: 64,
    unit: 'things',
    why: 'things in one printed list or range of citations; the rest is not followed',
  },
  amending_notes: {
    value: 100_000,
    unit: 'notes',
    why: 'notes of amendment beside the text of one document',
  },
  citation_aliases: { value: 1024, unit: 'names', why: 'names one document gives to other acts' },
  citations_per_provision: {
    value: 10_000,
    unit: 'references',
    why: 'references of one provision; what stands behind them is not read',
  },
  citation_row_chars: {
    value: 10_000,
    unit: 'characters',
    why: 'how far back the row of a table is looked for',
  },
  definitions_per_provision: {
    value: 1000,
    unit: 'terms',
    why: 'terms of one kind that one provision defines',
  },
  citation_depth: {
    value: 8,
    unit: 'levels',
    why: 'labels of one citation, and provisions it names around it',
  },
  html_depth: { value: 512, unit: 'levels', why: 'open elements of a web page; real ones stay below 60' },
  pdf_bytes: { value: 128 * MiB, unit: 'bytes', why: 'a PDF file is held whole while it is read' },
  pdf_pages: { value: 5000, unit: 'pages', why: 'pages of one PDF file' },
  pdf_objects: { value: 500_000, unit: 'objects', why: 'objects of one PDF file' },
  pdf_stream_bytes: {
    value: 256 * MiB,
    unit: 'bytes',
    why: 'what the streams of a PDF file unpack to, together',
  },
  pdf_page_items: { value: 200_000, unit: 'items', why: 'pieces of text on one page' },
  obligation_inline_chars: {
    value: 524288,
    unit: 'characters',
    why: 'of a file that are searched for obligations where they are read; more starts a thread',
  },
  obligation_batch_chars: {
    value: 65536,
    unit: 'characters',
    why: 'searched for obligations at one time: what crosses to the thread and back in one message',
  },
  obligation_batches: {
    value: 6,
    unit: 'batches',
    why: 'searched for obligations ahead of writing',
  },
  obligation_heap_mib: { value: 256, unit: 'MiB', why: 'heap of the thread that finds obligations' },
  obligation_young_mib: {
    value: 12,
    unit: 'MiB',
    why: 'new objects of that thread: little of what it makes lives long',
  },
  import_group_chars: {
    value: 524_288,
    unit: 'characters',
    why: 'text that is read before it is asked which of its documents are here already',
  },
  pdf_heap_mib: { value: 512, unit: 'MiB', why: 'heap of the thread that reads a PDF file' },
  pdf_memory_bytes: {
    value: 1024 * MiB,
    unit: 'bytes',
    why: 'growth of the process while a PDF file is read',
  },
  redline_edits: {
    value: 1000,
    unit: 'edits',
    why: 'edits sought word by word in one stretch of text; above it the stretch is split, or shown as replaced',
  },
  redline_steps: {
    value: 20_000_000,
    unit: 'steps',
    why: 'comparisons of words for one text; what is left then is shown as replaced',
  },
  compare_read_chars: {
    value: 8 * MiB,
    unit: 'characters',
    why: 'text of changed provisions held at one time while two versions are compared',
  },
  compare_read_rows: {
    value: 4096,
    unit: 'provisions',
    why: 'changed provisions read at one time while two versions are compared',
  },
  law_depth: {
    value: 64,
    unit: 'levels',
    why: 'provisions above one that are looked at for what it inherits; real law stays below 20 levels',
  },
  law_definitions: {
    value: 5000,
    unit: 'definitions',
    why: 'definitions of one version that the register of obligations knows, in the order of the document; real law has a few hundred',
  },
  severity_chars: {
    value: 20_000,
    unit: 'characters',
    why: 'beginning of a narrative that is read for how badly somebody was hurt',
  },
  align_words: {
    value: 4_000_000,
    unit: 'words',
    why: 'words of one version compared to find provisions that moved; later ones are found only when their text is the same',
  },
  align_node_words: {
    value: 5000,
    unit: 'words',
    why: 'words of one provision and those below it that are compared to find where it moved',
  },
  align_postings: {
    value: 32,
    unit: 'provisions',
    why: 'a pair of words that more provisions share says nothing about where one moved',
  },
  pdf_time_ms: { value: 120_000, unit: 'milliseconds', why: 'a PDF file that takes longer is given up' },
  fetch_redirects: { value: 5, unit: 'redirects', why: 'one request follows' },
  fetch_ratio: {
    value: 200,
    unit: 'times',
    why: 'how much larger than it came over the network a packed answer may become, above 1 MiB',
  },
  fetch_pages: { value: 100, unit: 'pages', why: 'pages of one list of versions or documents' },
  fetch_hosts: {
    value: 256,
    unit: 'hosts',
    why: 'hosts whose pauses and robots.txt are remembered; the oldest is forgotten first',
  },
  robots_bytes: { value: 512 * 1024, unit: 'bytes', why: 'more of a robots.txt is not read (RFC 9309)' },
  robots_age_ms: { value: 86_400_000, unit: 'milliseconds', why: 'a robots.txt is asked for again after it' },
  sources: { value: 256, unit: 'sources', why: 'standing sources of one node' },
  source_every_min_s: { value: 900, unit: 'seconds', why: 'shortest interval of a standing source' },
  source_item_tries: {
    value: 5,
    unit: 'runs',
    why: 'a document that is refused is fetched again by so many runs, then only by hand',
  },
} as const satisfies Record<string, Limit>;

export type FixedLimitName = keyof typeof FIXED_LIMITS;

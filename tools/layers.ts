/**
 * The layer table: which layer may import which. One place; the tsconfig references are checked against it by
 * `test/tidy.test.ts`, and the table in ARCHITECTURE.md is written from it by `npm run docs`.
 */

/** Lowest first. A layer may import only layers before it, and of those only the ones named. `base` is open to all. */
export const LAYERS: Readonly<Record<string, readonly string[]>> = {
  base: [],
  schema: ['base'],
  store: ['base', 'schema'],
  query: ['base', 'schema', 'store'],
  ai: ['base', 'schema', 'store', 'query'],
  ingest: ['base', 'schema', 'store', 'query', 'ai'],
  flight: ['base', 'schema', 'store'],
  audit: ['base', 'schema', 'store'],
  security: ['base', 'schema', 'store', 'query', 'audit'],
  runtime: ['base', 'schema', 'query', 'ai', 'audit', 'security'],
  sync: ['base', 'schema', 'store', 'flight', 'audit', 'security'],
  node: [
    'base',
    'schema',
    'store',
    'query',
    'ai',
    'ingest',
    'flight',
    'audit',
    'security',
    'runtime',
    'sync',
  ],
  server: ['base', 'schema', 'store', 'flight', 'sync', 'node'],
  cli: ['base', 'schema', 'flight', 'node', 'server'],
  web: ['schema', 'server'],
};

/** What each layer is for, in one line. */
export const LAYER_PURPOSE: Readonly<Record<string, string>> = {
  base: 'errors, clock, random, file system, hashing, limits; knows nothing of Fractal',
  schema: 'tables, identities, Arrow mapping, migrations, hybrid logical clock; port AuditSink',
  store: 'DuckDB and Lance files, transactions, change feed, Arrow conversion',
  query: 'SQL from text to batches, searches and files inside it, search; ports AccessPolicy, Embedder',
  ai: 'local models: embeddings, classification, generators; answers with their evidence; port Generator',
  ingest: 'readers of law and records: format → documents → sections',
  flight: 'Arrow Flight and Flight SQL over HTTP/2: messages, gRPC server and client; port FlightBackend',
  audit: 'the append-only log: hash chain, Merkle tree, signed checkpoints; implements AuditSink',
  security:
    'principals, policy as data; credentials down to certificates of clients; implements AccessPolicy',
  runtime: 'WebAssembly component runtime (not built yet)',
  sync: 'hub and edge (not built yet; the audit log already goes to a hub, in `audit`)',
  node: 'composition root: the one place that builds every layer',
  server: 'HTTP and Flight SQL: decode, call node, encode',
  cli: 'flags as data; each command is one call to a node',
  web: 'console (not built yet)',
};

/** Standing sources and what was fetched from where. Frozen: a change of the model is a new migration. */
import type { Migration } from './migration.ts';

export const m0005Sources: Migration = {
  version: 5,
  name: 'sources',
  statements: [
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
  ],
};

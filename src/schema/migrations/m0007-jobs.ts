/**
 * The durable ingest queue: jobs, their files, watched folders. Frozen: a change of the model is a new migration, never
 * an edit here.
 */
import type { Migration } from './migration.ts';

export const m0007Jobs: Migration = {
  version: 7,
  name: 'jobs',
  statements: [
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
    `CREATE TABLE node.watches (
      path VARCHAR NOT NULL,
      options VARCHAR NOT NULL,
      principal VARCHAR NOT NULL,
      kept BOOLEAN NOT NULL,
      made_at TIMESTAMP NOT NULL
    )`,
    `CREATE TABLE node.watched_files (
      watch_path VARCHAR NOT NULL,
      path VARCHAR NOT NULL,
      bytes BIGINT NOT NULL,
      modified_ms BIGINT NOT NULL,
      missing_since TIMESTAMP
    )`,
  ],
};

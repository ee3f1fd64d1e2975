/** What was in doubt, or refused, in the records of a source. Frozen: a change of the model is a new migration. */
import type { Migration } from './migration.ts';

export const m0006RecordDoubts: Migration = {
  version: 6,
  name: 'record doubts',
  statements: [
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
  ],
};

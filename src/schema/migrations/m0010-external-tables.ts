/** Files that SQL reads as tables. Frozen: a change of the model is a new migration, never an edit here. */
import type { Migration } from './migration.ts';

export const m0010ExternalTables: Migration = {
  version: 10,
  name: 'external tables',
  statements: [
    `CREATE TABLE node.external_tables (
      name VARCHAR NOT NULL,
      source VARCHAR NOT NULL,
      format VARCHAR NOT NULL,
      files VARCHAR NOT NULL,
      columns VARCHAR NOT NULL,
      added_by VARCHAR NOT NULL,
      added_at TIMESTAMP NOT NULL
    )`,
  ],
};

/** Users and the hashes of their credentials. Frozen: a change of the model is a new migration, never an edit here. */
import type { Migration } from './migration.ts';

export const m0008Principals: Migration = {
  version: 8,
  name: 'principals',
  statements: [
    `CREATE TABLE node.principals (
      principal_id VARCHAR NOT NULL,
      roles VARCHAR[] NOT NULL,
      attributes VARCHAR NOT NULL,
      removed BOOLEAN NOT NULL,
      changed_at TIMESTAMP NOT NULL
    )`,
    `CREATE TABLE node.credentials (
      credential_id VARCHAR NOT NULL,
      principal_id VARCHAR NOT NULL,
      kind VARCHAR NOT NULL,
      hash VARCHAR NOT NULL,
      label VARCHAR NOT NULL,
      created_at TIMESTAMP NOT NULL,
      expires_at TIMESTAMP
    )`,
  ],
};

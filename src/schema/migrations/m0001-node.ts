/** The node's own bookkeeping. Frozen: a change of the model is a new migration, never an edit here. */
import type { Migration } from './migration.ts';

export const m0001Node: Migration = {
  version: 1,
  name: 'node',
  statements: [
    `CREATE SCHEMA node`,
    `CREATE SCHEMA law`,
    `CREATE SCHEMA esh`,
    `CREATE TABLE node.migrations (
      version INTEGER NOT NULL,
      name VARCHAR NOT NULL,
      applied_at TIMESTAMP NOT NULL
    )`,
    `CREATE TABLE node.meta (
      name VARCHAR NOT NULL,
      value VARCHAR NOT NULL
    )`,
    `CREATE TABLE node.commits (
      commit_version BIGINT NOT NULL,
      hlc BIGINT NOT NULL,
      node_id VARCHAR NOT NULL,
      committed_at TIMESTAMP NOT NULL,
      principal VARCHAR NOT NULL,
      tables VARCHAR[] NOT NULL,
      changed_rows BIGINT NOT NULL
    )`,
    `CREATE TABLE node.lance_heads (
      name VARCHAR NOT NULL,
      version BIGINT NOT NULL,
      commit_version BIGINT NOT NULL
    )`,
    `CREATE TABLE node.search_indexes (
      name VARCHAR NOT NULL,
      model_id VARCHAR NOT NULL,
      model_version VARCHAR NOT NULL,
      model_sha256 VARCHAR NOT NULL,
      dimension INTEGER NOT NULL,
      made_at TIMESTAMP NOT NULL
    )`,
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
  ],
};

/** The record of what models said. Frozen: a change of the model is a new migration, never an edit here. */
import type { Migration } from './migration.ts';

export const m0009Inferences: Migration = {
  version: 9,
  name: 'inferences',
  statements: [
    `CREATE SCHEMA ai`,
    `CREATE TABLE ai.inferences (
      inference_id VARCHAR NOT NULL,
      region VARCHAR NOT NULL,
      site_id VARCHAR NOT NULL,
      use_case VARCHAR NOT NULL,
      risk VARCHAR NOT NULL,
      standing VARCHAR NOT NULL,
      threshold DOUBLE,
      confidence DOUBLE,
      label VARCHAR NOT NULL,
      warnings VARCHAR[] NOT NULL,
      model_id VARCHAR NOT NULL,
      model_version VARCHAR NOT NULL,
      model_sha256 VARCHAR,
      runtime VARCHAR NOT NULL,
      input_sha256 VARCHAR NOT NULL,
      output VARCHAR NOT NULL,
      evidence VARCHAR[] NOT NULL,
      asked_by VARCHAR NOT NULL,
      asked_at TIMESTAMP NOT NULL,
      personal_spans VARCHAR[],
      node_id VARCHAR NOT NULL,
      hlc BIGINT NOT NULL,
      commit_version BIGINT NOT NULL,
      deleted BOOLEAN NOT NULL
    )`,
  ],
};

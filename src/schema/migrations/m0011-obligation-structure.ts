/**
 * Obligations with what they are about, to what they apply, and where each part stands. Frozen: a change of the model is a
 * new migration, never an edit here. The table is made anew: rows are written by position.
 */
import type { Migration } from './migration.ts';

export const m0011ObligationStructure: Migration = {
  version: 11,
  name: 'obligation structure',
  statements: [
    `CREATE TABLE law.obligations_11 (
      obligation_id VARCHAR NOT NULL,
      version_id VARCHAR NOT NULL,
      section_id VARCHAR NOT NULL,
      jurisdiction VARCHAR NOT NULL,
      modality VARCHAR NOT NULL,
      addressee VARCHAR,
      action VARCHAR,
      object VARCHAR,
      condition VARCHAR,
      threshold VARCHAR,
      deadline VARCHAR,
      exception VARCHAR,
      sentence VARCHAR NOT NULL,
      span_start INTEGER NOT NULL,
      span_end INTEGER NOT NULL,
      confidence DOUBLE NOT NULL,
      method VARCHAR NOT NULL,
      threshold_comparison VARCHAR,
      threshold_value DOUBLE,
      threshold_unit VARCHAR,
      topics VARCHAR[],
      sectors VARCHAR[],
      substances VARCHAR[],
      sizes VARCHAR[],
      spans VARCHAR[],
      node_id VARCHAR NOT NULL,
      hlc BIGINT NOT NULL,
      commit_version BIGINT NOT NULL,
      deleted BOOLEAN NOT NULL
    )`,
    `INSERT INTO law.obligations_11 SELECT obligation_id, version_id, section_id, jurisdiction, modality, addressee, action, object, condition, threshold, deadline, exception, sentence, span_start, span_end, confidence, method, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, node_id, hlc, commit_version, deleted FROM law.obligations`,
    `DROP TABLE law.obligations`,
    `ALTER TABLE law.obligations_11 RENAME TO obligations`,
  ],
};

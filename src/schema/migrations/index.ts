import { m0001Node } from './m0001-node.ts';
import { m0002Law } from './m0002-law.ts';
import { m0003Esh } from './m0003-esh.ts';
import { m0004Depth } from './m0004-depth.ts';
import { m0005Sources } from './m0005-sources.ts';
import { m0006RecordDoubts } from './m0006-record-doubts.ts';
import { m0007Jobs } from './m0007-jobs.ts';
import { m0008Principals } from './m0008-principals.ts';
import { m0009Inferences } from './m0009-inferences.ts';
import { m0010ExternalTables } from './m0010-external-tables.ts';
import { m0011ObligationStructure } from './m0011-obligation-structure.ts';
import type { Migration } from './migration.ts';

export const MIGRATIONS: readonly Migration[] = [
  m0001Node,
  m0002Law,
  m0003Esh,
  m0004Depth,
  m0005Sources,
  m0006RecordDoubts,
  m0007Jobs,
  m0008Principals,
  m0009Inferences,
  m0010ExternalTables,
  m0011ObligationStructure,
];
export type { Migration };

/** Every table of the model, in the order they are made. */
import { notFoundError } from '../base/index.ts';
import * as ai from './tables/ai.ts';
import * as esh from './tables/esh.ts';
import * as law from './tables/law.ts';
import { qualifiedName, type Table } from './table.ts';

export const LAW = law;
export const ESH = esh;
export const AI = ai;

export const TABLES: readonly Table[] = [
  law.documents,
  law.versions,
  law.sections,
  law.obligations,
  law.citations,
  law.changes,
  law.definitions,
  law.amendments,
  esh.sites,
  esh.contacts,
  esh.permits,
  esh.permitStatus,
  esh.permitConditions,
  esh.inspections,
  esh.findings,
  esh.audits,
  esh.certifications,
  esh.incidents,
  esh.injuredPersons,
  esh.monitoringPoints,
  esh.monitoringLimits,
  esh.monitoringReadings,
  esh.riskAssessments,
  esh.enforcementActions,
  esh.actionItems,
  esh.evidence,
  esh.humanDecisions,
  ai.inferences,
];

const byName = new Map(TABLES.map((table) => [qualifiedName(table), table]));

/** The table called `schema.name`. */
export function tableNamed(name: string): Table {
  const table = byName.get(name);
  if (table === undefined)
    throw notFoundError(
      'table.unknown',
      `there is no table ${JSON.stringify(name)}`,
      `Tables are ${[...byName.keys()].join(', ')}.`,
    );
  return table;
}

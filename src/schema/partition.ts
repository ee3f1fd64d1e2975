import type { Table } from './table.ts';

/** The four parts by which rows are placed, synced and evicted. Empty where a table has no such part. */
export interface PartitionKey {
  readonly region: string;
  readonly site_id: string;
  readonly category: string;
  /** `YYYY-MM` */
  readonly period: string;
}

/** SQL expressions for the four parts of a table's partition key, over its own columns. */
export function partitionSql(table: Table): PartitionKey {
  const { region, site, category, period } = table.partition;
  return {
    region: region ?? `''`,
    site_id: site ?? `''`,
    category: `'${category}'`,
    period: period === undefined ? `''` : `coalesce(strftime(${period}, '%Y-%m'), '')`,
  };
}

/**
 * A statement for the eyes of others: no literal, no comment, and no quoted name that could be a sentence. The engine
 * reads and writes it, so nothing is taken for a name that the engine takes for a text.
 */
import { FIXED_LIMITS } from '../../base/index.ts';
import type { Store } from '../../store/index.ts';
import { readAstLossless, visitAst, writeAst } from './ast.ts';

const QUOTED = /"(?:[^"]|"")*"/g;
const PLAIN = /^"[A-Za-z_][A-Za-z0-9_]*"$/;
const UNTOLD = '(a statement that cannot be told without its values)';

export async function textWithoutLiterals(store: Store, sql: string): Promise<string> {
  try {
    const [read] = await store.rows<{ tree: string }>('select json_serialize_sql($1::varchar) as tree', [
      sql,
    ]);
    const tree = readAstLossless(read?.tree ?? '{}');
    if (tree['error'] !== false) return UNTOLD;
    visitAst(tree, (node) => {
      if (node['class'] === 'PARAMETER') node['identifier'] = '1';
      if (node['class'] !== 'CONSTANT') return 'enter';
      const { alias, query_location: at } = node;
      for (const key of Object.keys(node)) delete node[key];
      Object.assign(node, {
        class: 'PARAMETER',
        type: 'VALUE_PARAMETER',
        alias,
        query_location: at,
        identifier: '1',
      });
      return 'skip';
    });
    const [row] = await store.rows<{ sql: string }>('select json_deserialize_sql($1::varchar::json) as sql', [
      writeAst(tree),
    ]);
    const text = (row?.sql ?? UNTOLD).replaceAll(/\$1\b/g, '?');
    // Only names are quoted now. What is still quoted as a text, such as the words of an enumeration, stays untold.
    const told = text.replaceAll(QUOTED, (name) => (PLAIN.test(name) ? name : '"…"'));
    return told.includes("'") ? UNTOLD : told.slice(0, FIXED_LIMITS.slow_log_chars.value);
  } catch {
    return UNTOLD;
  }
}

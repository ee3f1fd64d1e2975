/**
 * A statement without its values: what stands in quotes, numbers and remarks are replaced or left out, words stay. It is
 * read by characters, so that a statement that no parser takes is masked too.
 */
import { FIXED_LIMITS } from '../../base/index.ts';

/** One after the other: remark, text, text between dollars, text in double quotes, number, word, anything. */
const TOKEN =
  /--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|(?:\b[a-zA-Z])?'(?:[^']|'')*(?:'|$)|\$(\w*)\$[\s\S]*?(?:\$\1\$|$)|"(?:[^"]|"")*(?:"|$)|\b\d[\w.]*|\$?[\p{L}_][\p{L}\p{N}_]*|\$\d+|[\s\S]/gu;

const PLAIN_NAME = /^"[a-z_][a-z0-9_]{0,62}"$/;

/** `isName` tells names of tables and columns: other texts in double quotes may be anything. */
export function maskSql(sql: string, isName: (name: string) => boolean): string {
  const masked = sql.replaceAll(TOKEN, (token) => {
    if (token.startsWith('--') || token.startsWith('/*')) return ' ';
    if (token.startsWith('"')) return PLAIN_NAME.test(token) && isName(token.slice(1, -1)) ? token : '"?"';
    if (token.includes("'")) return '?';
    if (/^\$\w*\$/.test(token)) return '?';
    if (/^\d/.test(token)) return '?';
    return token;
  });
  const most = FIXED_LIMITS.audit_statement_chars.value;
  const text = masked.replaceAll(/\s+/g, ' ').trim();
  return text.length > most ? `${text.slice(0, most)} …` : text;
}

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { badInputError, usageError } from '../../base/index.ts';
import type { PolicyExplanation, PolicyRequest } from '../../node/index.ts';
import { withNode, writeJson, writeLine, type Run, type Session } from '../session.ts';

const EXIT_NOT_MET = 5;

export const runPolicy: Run<'policy'> = async (session) => {
  const [action = 'show', target] = session.arguments;
  if (action !== 'show' && target === undefined)
    throw usageError(
      'usage.argument',
      `\`fractal policy ${action}\` needs ${action === 'test' ? 'a file with cases' : 'a statement'}`,
      'Run `fractal help policy`.',
    );
  // Here --as says about whom is asked; it is not acted as them.
  const { as: principal, purpose, ...values } = session.values;
  const explains = action === 'explain';
  const asking = {
    ...session,
    values: { ...values, as: undefined, purpose: explains ? undefined : purpose },
  };
  const request: PolicyRequest =
    action === 'explain'
      ? {
          action,
          sql: target ?? '',
          ...(principal === undefined ? {} : { principal }),
          ...(purpose === undefined ? {} : { purpose }),
        }
      : action === 'test'
        ? { action, ...(await casesOf(session, target ?? '')) }
        : { action: 'show' };
  const answer = await withNode(asking, (node) => node.policy(request));
  if (session.values.json) await writeJson(session, answer);
  else if (answer.explanation !== undefined) await writeExplanation(session, answer.explanation);
  else if (answer.policy !== undefined) await writeLine(session, JSON.stringify(answer.policy, null, 2));
  const results = answer.results ?? [];
  if (!session.values.json)
    for (const { name, ok, found } of results)
      await writeLine(session, ok ? `ok    ${name}` : `FAIL  ${name}: ${found}`);
  return results.every((result) => result.ok) ? 0 : EXIT_NOT_MET;
};

async function casesOf(session: Session, file: string): Promise<{ document?: unknown; cases: unknown }> {
  const source = path.resolve(session.io.cwd, file);
  try {
    const { policy, cases } = JSON.parse(await readFile(source, 'utf8')) as Record<string, unknown>;
    return { ...(policy === undefined ? {} : { document: policy }), cases };
  } catch (error) {
    throw badInputError('policy.cases', 'the file cannot be read, or is not JSON', 'Correct the file.', {
      place: { source },
      cause: error,
    });
  }
}

/** For an auditor: who, why rows are shown, what becomes of columns, all in words; then the same as SQL. */
async function writeExplanation(session: Session, explanation: PolicyExplanation): Promise<void> {
  const { style } = session;
  const { principal, role_docs: roles, purpose, policy_version: version } = explanation;
  const line = (text = ''): Promise<void> => writeLine(session, text);
  await line(`${style.bold(principal)}${purpose === null ? '' : ` for ${purpose}`}, by policy ${version}`);
  for (const { name, doc } of roles) await line(`  role ${name}: ${doc}`);
  if (roles.length === 0) await line('  no roles: nothing is allowed');
  if (explanation.write !== null) await writeWrite(session, explanation.write);
  for (const table of explanation.tables) await writeTable(session, table);
  await line();
  await line(style.bold('As SQL'));
  if (explanation.write !== null)
    await line(`  rows that may be written: ${explanation.write.where ?? 'all'}`);
  for (const { name, where, masked } of explanation.tables) {
    await line(`  rows of ${name}: ${where ?? 'all'}`);
    for (const column of masked) await line(`  ${name}.${column.name} = ${column.sql}`);
  }
  await line();
  await line(explanation.rewritten);
}

async function writeTable(
  session: Session,
  { name, where, why, masked, hidden }: PolicyExplanation['tables'][number],
): Promise<void> {
  const line = (text = ''): Promise<void> => writeLine(session, text);
  await line();
  await line(`${session.style.bold(name)}: ${where === null ? 'all rows are shown' : 'some rows are shown'}`);
  await writeRules(session, why, { shows: 'shows', denies: 'hides' });
  for (const column of masked)
    await line(`  column ${column.name} is limited: ${column.how || column.rules.join(', ')}`);
  for (const column of hidden) await line(`  column ${column.name} is not shown (${column.rule})`);
  if (masked.length + hidden.length === 0) await line('  all columns are shown as they are');
}

async function writeRules(
  session: Session,
  rules: PolicyExplanation['tables'][number]['why'],
  verbs: Readonly<Record<'shows' | 'denies', string>>,
): Promise<void> {
  for (const rule of rules) {
    const when = rule.when === null ? '' : `, when ${rule.when}`;
    const now = rule.counts ? '' : ' (does not count now)';
    await writeLine(session, `  rule ${rule.id} ${verbs[rule.effect]}: ${rule.rows}${when}${now}`);
    if (rule.doc !== null) await writeLine(session, `    ${rule.doc}`);
  }
}

const WRITES = { insert: 'rows may be added', update: 'rows may be changed', delete: 'rows may be deleted' };

async function writeWrite(
  session: Session,
  { kind, table, why, columns }: NonNullable<PolicyExplanation['write']>,
): Promise<void> {
  await writeLine(session);
  await writeLine(session, `${session.style.bold(`${kind.toUpperCase()} ${table}`)}: ${WRITES[kind]}`);
  await writeRules(session, why, { shows: 'lets write', denies: 'forbids' });
  if (kind === 'update') await writeLine(session, '  a row must meet this before and after');
  if (kind !== 'delete') await writeLine(session, `  columns that may be written: ${columns.join(', ')}`);
}

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
  const { as: principal, ...values } = session.values;
  const asking = { ...session, values: { ...values, as: undefined } };
  const request: PolicyRequest =
    action === 'explain'
      ? { action, sql: target ?? '', ...(principal === undefined ? {} : { principal }) }
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

/** For an auditor: who, which rules, which rows, which columns, and the statement that comes of it. */
async function writeExplanation(session: Session, explanation: PolicyExplanation): Promise<void> {
  const { style } = session;
  const { principal, roles, policy_version: version } = explanation;
  const line = (text = ''): Promise<void> => writeLine(session, text);
  await line(`${style.bold(principal)} (${roles.join(', ') || 'no roles'}), policy ${version}`);
  for (const table of explanation.tables) {
    await line();
    await line(style.bold(table.name));
    await line(`  rules    ${table.rules.join(', ')}`);
    await line(`  rows     ${table.where ?? 'all'}`);
    for (const column of table.masked)
      await line(`  masked   ${column.name} = ${column.sql}  (${column.rules.join(', ')})`);
    for (const column of table.hidden) await line(`  hidden   ${column.name}  (${column.rule})`);
  }
  await line();
  await line(explanation.rewritten);
}

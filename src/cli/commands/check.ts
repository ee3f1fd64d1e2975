import type { ListedCheck, SiteCheck } from '../../node/index.ts';
import { tableLines, type TableColumn } from '../output/table.ts';
import { countText, oneLine, plural } from '../output/text.ts';
import { withNode, writeJson, writeLine, type Run, type Session } from '../session.ts';

export const runCheck: Run<'check'> = async (session) => {
  const { values } = session;
  const [site] = session.arguments;
  const at = values.at === undefined ? {} : { at: values.at };
  await withNode(session, async (node) => {
    if (site === undefined) {
      const checks = await node.checkAll(at);
      return values.json ? writeJson(session, { sites: checks }) : showAll(session, checks);
    }
    const check = await node.check({ site, ...at });
    return values.json ? writeJson(session, check) : showOne(session, check);
  });
  return 0;
};

const scoreText = (score: number | null): string => (score === null ? '' : countText(score));

function painted(session: Session, status: SiteCheck['status']): string {
  const { style } = session;
  if (status === 'compliant') return style.green(status);
  return status === 'non-compliant' ? style.red(status) : style.yellow(status);
}

async function showOne(session: Session, check: SiteCheck): Promise<void> {
  const { style } = session;
  const score = check.score === null ? 'no record says anything' : `score ${check.score}`;
  await writeLine(
    session,
    `${style.bold(oneLine(check.name))} (${oneLine(check.site_id)}) on ${check.as_of}: ${painted(session, check.status)}, ${score}`,
  );
  for (const gap of check.gaps) {
    const due = gap.due === null ? '' : `, due ${gap.due}`;
    await writeLine(session, '');
    await writeLine(
      session,
      `${gap.severity.padEnd(8)}  ${gap.kind}${due}  ${style.dim(`${gap.evidence.table} ${oneLine(gap.evidence.key)}`)}`,
    );
    if (gap.citation !== null) await writeLine(session, `          ${style.cyan(oneLine(gap.citation))}`);
    if (gap.requirement !== null) await writeLine(session, `          ${oneLine(gap.requirement)}`);
  }
}

const COLUMNS: readonly TableColumn[] = [
  { name: 'site', align: 'left' },
  { name: 'status', align: 'left' },
  { name: 'score', align: 'right' },
  { name: 'gaps', align: 'right' },
  { name: 'region', align: 'left' },
  { name: 'name', align: 'left' },
];

async function showAll(session: Session, checks: readonly ListedCheck[]): Promise<void> {
  const { io, style, values } = session;
  const rows = checks.map((one) => [
    one.site_id,
    one.status,
    scoreText(one.score),
    countText(one.gaps),
    one.region,
    one.name,
  ]);
  const width = io.stdout.columns;
  for await (const line of tableLines(COLUMNS, rows, { style, width })) await writeLine(session, line);
  if (!values.quiet) await writeLine(session, plural(checks.length, 'site'));
}

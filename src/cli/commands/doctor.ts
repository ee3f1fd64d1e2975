import { ERROR_KINDS } from '../../base/index.ts';
import { oneLine, plural } from '../output/text.ts';
import { withNode, writeJson, writeLine, type Run } from '../session.ts';

export const runDoctor: Run<'doctor'> = async (session) => {
  const { style } = session;
  const checks = await withNode(session, (node) => node.doctor());
  const failed = checks.filter((check) => !check.ok);
  if (session.values.json) await writeJson(session, { ok: failed.length === 0, checks });
  else {
    for (const check of checks) {
      const mark = check.ok ? style.green('ok    ') : style.red('FAILED');
      await writeLine(session, `${mark}  ${oneLine(check.name)}: ${oneLine(check.detail)}`);
      if (!check.ok) await writeLine(session, `        cure: ${oneLine(check.cure)}`);
    }
    await writeLine(
      session,
      failed.length === 0
        ? `${plural(checks.length, 'test')}, all is well`
        : `${plural(failed.length, 'test')} of ${checks.length} failed`,
    );
  }
  return failed.length === 0 ? 0 : ERROR_KINDS.unavailable.exit;
};

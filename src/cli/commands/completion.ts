import { completionScript, type Shell } from '../completion.ts';
import type { Run } from '../session.ts';

export const runCompletion: Run<'completion'> = async (session) => {
  await session.io.stdout.write(completionScript(session.arguments[0] as Shell));
  return 0;
};

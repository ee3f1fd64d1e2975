/**
 * The process that is killed: a serving node that works through a stage of the queue and says when it is through.
 * Arguments: data directory, folder of sources, stage. It knows nothing of an earlier run but what the node tells.
 */
import { writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { silentLog } from '../../src/base/index.ts';
import { openNode, type Job } from '../../src/node/index.ts';

const [dataDir = '', sources = '', stage = ''] = process.argv.slice(2);
const say = (line: string): void => void writeSync(1, `${line}\n`);
const node = await openNode({ dataDir, log: silentLog, principal: 'local-operator', serving: true });
say('ready');

const unfinished = (job: Job): boolean => ['queued', 'running', 'paused'].includes(job.state);

async function job(): Promise<Job> {
  const [last] = await node.jobs();
  if (last !== undefined) return last;
  const made = await node.submitImport({ paths: [sources] });
  say(`submitted ${made.id}`);
  return made;
}

/** Waits for the end of the job, with a step of the stage now and then. */
async function through(id: number, step: (now: Job) => Promise<void>): Promise<void> {
  for (;;) {
    const now = await node.job(id);
    if (!unfinished(now)) return;
    await step(now);
    await sleep(5);
  }
}

/** What a person asks for may come a moment too late. */
async function ask(work: Promise<Job>): Promise<void> {
  await work.catch((error: unknown) => {
    if ((error as { code?: string }).code !== 'import.job_state') throw error;
  });
}

switch (stage) {
  case 'read':
  case 'list': {
    const { id } = await job();
    await through(id, () => Promise.resolve());
    break;
  }
  case 'pause': {
    const { id } = await job();
    await through(id, (now) => ask(now.state === 'paused' ? node.resumeJob(id) : node.pauseJob(id)));
    break;
  }
  case 'cancel': {
    // Cancelled again and again, and given again, until all is in.
    for (let last = await job(); ; last = await node.submitImport({ paths: [sources] })) {
      await through(last.id, async (now) => {
        if (now.added >= 3) await ask(node.cancelJob(last.id));
      });
      if ((await node.job(last.id)).state === 'done') break;
    }
    break;
  }
  case 'retry': {
    const { id } = await job();
    for (let round = 0; round < 5; round++) {
      await through(id, () => Promise.resolve());
      await node.retryJob(id);
    }
    await through(id, () => Promise.resolve());
    break;
  }
  case 'watch': {
    if ((await node.watches()).length === 0) await node.watch({ path: sources, kept: true });
    for (;;) {
      const [watch] = await node.watches();
      const jobs = await node.jobs();
      if (watch !== undefined && watch.files === Number(process.env['FILES']) && !jobs.some(unfinished))
        break;
      await sleep(20);
    }
    break;
  }
}
say('through');
await node.close();
process.exit(0);

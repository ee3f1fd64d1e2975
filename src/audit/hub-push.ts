/** A running node sends its log to its hub now and again: later and later while it fails, and it says so. */
import path from 'node:path';
import { FIXED_LIMITS, Serial, asFractalError, integrityError, internalError } from '../base/index.ts';
import { keepCosigned } from './cosigned.ts';
import { linesOf } from './export.ts';
import { sizeOf, type AuditLog } from './log.ts';
import { printNote, type Note } from './note.ts';
import { pushLog } from './push.ts';
import type { ReceivedPart, ReplicaState } from './replica.ts';

/** `audit_hub` of fractal.json. */
export interface HubSetting {
  /** `https://HUB:PORT`; http is for this machine only. */
  readonly url: string;
  readonly every_minutes: number;
}

/** A hub, as somebody reaches it. */
export interface HubDoor {
  receive(part: ReceivedPart): Promise<ReplicaState>;
  close(): Promise<void>;
}

export interface PushState {
  /** When it was tried last. ISO 8601. */
  readonly at: string;
  /** Entries that the hub has cosigned, and when it did; null before the first time. */
  readonly cosigned: { readonly size: number; readonly at: string } | null;
  /** Tries that failed since. */
  readonly failures: number;
  /** Why the last one did. */
  readonly error: { readonly code: string; readonly message: string; readonly cure: string } | null;
}

const STATE_FILE = 'push.json';
const MINUTE_MS = 60_000;
export const PUSH_MINUTES = { least: 1, most: 1440 } as const;

/** An address that a log may be sent to; undefined for any other. */
export function hubAddress(text: unknown): URL | undefined {
  const url = typeof text === 'string' && URL.canParse(text) ? new URL(text) : undefined;
  const isLoopback = ['127.0.0.1', '[::1]', 'localhost'].includes(url?.hostname ?? '');
  return url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback) ? url : undefined;
}

/** What is wrong with `audit_hub` of fractal.json, in words. */
export function hubFault(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  const { url, every_minutes: every, ...more } = (value ?? {}) as Readonly<Record<string, unknown>>;
  const [unknown] = Object.keys(more);
  if (unknown !== undefined) return `audit_hub: ${unknown} is neither url nor every_minutes`;
  if (hubAddress(url) === undefined)
    return 'audit_hub: url must be an https address, or http on this machine';
  const { least, most } = PUSH_MINUTES;
  if (!Number.isInteger(every) || Number(every) < least || Number(every) > most)
    return `audit_hub: every_minutes must be ${least} to ${most}`;
  return undefined;
}

/** What came of pushing so far; undefined before the first time. Throws `audit.push_state` when the file cannot be read. */
export async function readPushState({ options: { fs, folder } }: AuditLog): Promise<PushState | undefined> {
  const file = path.join(folder, STATE_FILE);
  if ((await fs.stat(file)) === undefined) return undefined;
  try {
    return JSON.parse(Buffer.from(await fs.readFile(file)).toString('utf8')) as PushState;
  } catch (cause) {
    throw integrityError(
      'audit.push_state',
      `${STATE_FILE} of the audit log, which holds what came of pushing it, cannot be read`,
      'The next push writes it anew: wait for it.',
      { cause },
    );
  }
}

export class HubPush {
  readonly #log: AuditLog;
  readonly #setting: HubSetting;
  readonly #hub: HubDoor;
  readonly #turns = new Serial();
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;
  /** Entries behind the last push: with no more than these there is nothing to send. */
  #pushedAt: number | undefined;

  constructor(log: AuditLog, setting: HubSetting, hub: HubDoor) {
    this.#log = log;
    this.#setting = setting;
    this.#hub = hub;
  }

  start(): void {
    this.#wait(0);
  }

  #wait(ms: number): void {
    if (this.#isStopped) return;
    this.#timer = setTimeout(() => {
      void this.run()
        .catch((error: unknown) => {
          this.#log.options.log(
            'error',
            `what came of pushing the audit log is not kept: ${asFractalError(error).message}`,
          );
          return undefined;
        })
        .then((state) => this.#wait(pauseAfter(state?.failures ?? 1, this.#setting)));
    }, ms);
    this.#timer.unref();
  }

  /** Pushes once. Failing is an answer. */
  async run(): Promise<PushState> {
    return await this.#turns.run(async () => {
      const { clock, fs, folder } = this.#log.options;
      // One that cannot be read is written anew; what is there to read says so until then.
      const before = await readPushState(this.#log).catch(() => undefined);
      const at = new Date(clock.now()).toISOString();
      let state: PushState;
      try {
        state = { at, cosigned: { size: await this.#push(), at }, failures: 0, error: null };
      } catch (error) {
        if (error === STOPPED) return before ?? { at, cosigned: null, failures: 0, error: null };
        const { code, message, cure } = asFractalError(error);
        const failures = (before?.failures ?? 0) + 1;
        state = { at, cosigned: before?.cosigned ?? null, failures, error: { code, message, cure } };
      }
      await fs.writeDurable(path.join(folder, STATE_FILE), `${JSON.stringify(state)}\n`);
      await this.#tell(before, state);
      if (state.failures === 0) this.#pushedAt = this.#log.size;
      return state;
    });
  }

  async #push(): Promise<number> {
    const log = this.#log;
    const { limits } = log.options;
    const note = await this.#noteOfNow();
    const size = sizeOf(note);
    const state = await pushLog(
      {
        origin: log.options.keys.signer.key.name,
        size,
        checkpoint: printNote(note),
        first: 0,
        lines: (from, most) => linesOf(log, from, size, most),
      },
      async (part) => {
        if (this.#isStopped) throw STOPPED;
        return await this.#hub.receive(part);
      },
      { limits },
    );
    if (state.note !== undefined) await keepCosigned(log, state.note, state.cosigner);
    return state.size;
  }

  /** A checkpoint is an entry itself: where nothing else came, the last one is good enough. */
  async #noteOfNow(): Promise<Note> {
    const { checkpointNote: last, size } = this.#log;
    const isNew = last === undefined || (size > sizeOf(last) + 1 && size !== this.#pushedAt);
    return isNew ? await this.#log.checkpoint() : last;
  }

  /** Only when it changes: a log that told each push would never be whole on the hub. */
  async #tell(before: PushState | undefined, { failures, error, cosigned }: PushState): Promise<void> {
    const { log } = this.#log.options;
    if (error?.code === before?.error?.code && (before !== undefined || error === null)) return;
    if (error === null) log('info', `the hub has cosigned ${cosigned?.size ?? 0} entries of the audit log`);
    else log('error', `the audit log could not be pushed: ${error.message}. ${error.cure}`);
    await this.#log.record({
      category: 'sync',
      action: error === null ? 'push-recovered' : 'push-failed',
      principal: 'system',
      resource: 'audit',
      detail: error === null ? { size: cosigned?.size ?? 0 } : { code: error.code, failures },
    });
  }

  /** A part that is on its way comes to its end; no other is sent. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#turns.run(async () => undefined);
    await this.#hub.close();
  }
}

const STOPPED = internalError('audit.push_stopped', 'the node stops');

/** Doubled with each failure, up to a bound. In milliseconds. */
export function pauseAfter(failures: number, { every_minutes: every }: HubSetting): number {
  const ms = every * MINUTE_MS;
  return failures === 0
    ? ms
    : Math.max(ms, Math.min(ms * 2 ** Math.min(failures, 16), FIXED_LIMITS.audit_push_backoff_ms.value));
}

/** The outside of a command, in memory. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DEFAULT_LIMITS, ManualClock, notFoundError } from '../../src/base/index.ts';
import type { InitOptions, NodeFactory } from '../../src/cli/factory.ts';
import type { Interrupt, Io, Sink } from '../../src/cli/io.ts';
import { main } from '../../src/cli/program.ts';
import type { NodeApi } from '../../src/node/index.ts';
import { memoryFlight } from '../server/memory-flight.ts';
import { MemoryNode } from '../server/memory-node.ts';

class MemorySink implements Sink {
  readonly parts: Buffer[] = [];
  isTty = false;
  columns = 80;
  closed = false;
  /** Called with what was written. */
  onWrite: ((text: string) => void) | undefined;

  async write(chunk: string | Uint8Array): Promise<void> {
    if (this.closed) return;
    this.parts.push(Buffer.from(chunk));
    this.onWrite?.(Buffer.from(chunk).toString());
  }
  get bytes(): Buffer {
    return Buffer.concat(this.parts);
  }
  get text(): string {
    return this.bytes.toString();
  }
}

const MAPPING = {
  name: 'mine',
  description: 'of a user',
  format: 'csv',
  tables: ['esh.sites'],
  shipped: false,
};
const CHECKED = {
  mapping: 'mine',
  records: 3,
  doubtful: 1,
  rejected: 1,
  rows: { 'esh.sites': 2 },
  columns: [
    { table: 'esh.sites', column: 'name', type: 'VARCHAR', rule: '"Name"', filled: 2, sample: 'Works' },
  ],
  doubts: [{ line: 3, table: 'esh.sites', key: 's', column: 'name', reason: 'x' }],
  rejections: [{ line: 4, reason: 'y' }],
};

export interface Desk {
  readonly folder: string;
  readonly node: MemoryNode;
  readonly clock: ManualClock;
  readonly stdout: MemorySink;
  readonly stderr: MemorySink;
  readonly env: Record<string, string>;
  readonly opened: { dataDir: string; principal: string | undefined }[];
  readonly inited: InitOptions[];
  readonly exits: number[];
  /** How often a node that serves was told to run its sources. */
  sourcesStarted: number;
  stdin: string;
  /** Where a running node is said to listen. */
  socketPath: string | undefined;
  /** Thrown when the directory is opened. */
  failOpen: unknown;
  interrupt(signal?: Interrupt): void;
  /** The reader of standard output goes away. */
  hangUp(): void;
  file(name: string, text: string): Promise<string>;
  /** Runs a command on an empty page; answers its exit code. */
  run(...argv: string[]): Promise<number>;
  cleanUp(): Promise<void>;
}

/** Over a node in memory, or over one that is given. */
export async function desk(given?: NodeApi): Promise<Desk> {
  const folder = await mkdtemp(path.join(tmpdir(), 'fractal-cli-'));
  const node = new MemoryNode(folder);
  const clock = new ManualClock(1_000_000);
  const stdout = new MemorySink();
  const stderr = new MemorySink();
  const interrupts = new Set<(signal: Interrupt) => void>();
  const hangUps = new Set<() => void>();
  const made: Desk = {
    folder,
    node,
    clock,
    stdout,
    stderr,
    env: {},
    opened: [],
    inited: [],
    exits: [],
    sourcesStarted: 0,
    stdin: '',
    socketPath: undefined,
    failOpen: undefined,
    interrupt: (signal = 'SIGINT') => {
      for (const listener of interrupts) listener(signal);
    },
    hangUp: () => {
      stdout.closed = true;
      for (const listener of hangUps) listener();
    },
    file: async (name, text) => {
      const file = path.join(folder, name);
      await writeFile(file, text);
      return file;
    },
    run: (...argv) => {
      stdout.parts.length = 0;
      stderr.parts.length = 0;
      return main(argv, io, factory);
    },
    cleanUp: () => rm(folder, { recursive: true, force: true }),
  };
  const io: Io = {
    stdout,
    stderr,
    get stdin() {
      return (async function* () {
        yield Buffer.from(made.stdin);
      })();
    },
    env: made.env,
    cwd: folder,
    clock,
    root: folder,
    version: '9.8.7',
    onInterrupt: (listener) => {
      interrupts.add(listener);
      return () => interrupts.delete(listener);
    },
    onStdoutClosed: (listener) => {
      hangUps.add(listener);
      return () => hangUps.delete(listener);
    },
    exit: (code) => made.exits.push(code),
  };
  const factory: NodeFactory = {
    open: async ({ dataDir, principal }) => {
      made.opened.push({ dataDir, principal });
      if (made.failOpen !== undefined) throw made.failOpen as Error;
      if (dataDir.endsWith('absent')) throw notFoundError('node.absent', 'no node', 'Run `fractal init`.');
      return {
        node: given ?? node,
        limits: { ...DEFAULT_LIMITS, shutdown_ms: 200 },
        startPush: () => undefined,
        startSources: () => {
          made.sourcesStarted++;
        },
        flight: memoryFlight,
      };
    },
    init: async (options) => {
      made.inited.push(options);
      return { nodeId: 'n-1', name: options.name ?? 'node-1' };
    },
    mappings: {
      list: async () => [MAPPING],
      show: async (_, name) => ({ name }),
      check: async () => CHECKED,
    },
    verifyAudit: async () => node.verifyAudit(),
    findRunning: async () => (made.socketPath === undefined ? undefined : { socketPath: made.socketPath }),
  };
  return made;
}

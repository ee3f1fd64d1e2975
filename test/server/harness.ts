/** A served MemoryNode in a temporary folder, on both doors. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DEFAULT_LIMITS, silentLog, type Limits, type Log } from '../../src/base/index.ts';
import { createApp, listen, socketPathOf, type HttpApp, type Listening } from '../../src/server/index.ts';
import { MemoryNode } from './memory-node.ts';

export interface Bench {
  readonly node: MemoryNode;
  readonly app: HttpApp;
  readonly folder: string;
  /** Writes a file below the folder and says where. */
  readonly file: (name: string, text: string) => Promise<string>;
  readonly listen: () => Promise<Listening>;
  readonly cleanUp: () => Promise<void>;
}

export async function bench(options: { limits?: Partial<Limits>; log?: Log } = {}): Promise<Bench> {
  const folder = await mkdtemp(path.join(tmpdir(), 'fractal-test-'));
  const node = new MemoryNode(folder);
  const limits = { ...DEFAULT_LIMITS, shutdown_ms: 200, ...options.limits };
  const log = options.log ?? silentLog;
  const app = createApp(node, {
    dataDir: folder,
    version: '0.1.0',
    limits,
    log,
    principal: 'local-operator',
  });
  const opened: Listening[] = [];
  return {
    node,
    app,
    folder,
    file: async (name, text) => {
      const file = path.join(folder, name);
      await writeFile(file, text);
      return file;
    },
    listen: async () => {
      const listening = await listen({
        app,
        host: '127.0.0.1',
        port: 0,
        socketPath: socketPathOf(folder),
        limits,
        log,
      });
      opened.push(listening);
      return listening;
    },
    cleanUp: async () => {
      for (const listening of opened) await listening.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A plain HTTP call with exactly the headers given: `fetch` would refuse to forge Host. */
export function call(
  at: { port: number } | { socketPath: string },
  options: { method?: string; path: string; headers?: Record<string, string>; body?: string | Uint8Array },
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      {
        ...('port' in at ? { host: '127.0.0.1', port: at.port } : { socketPath: at.socketPath }),
        method: options.method ?? 'GET',
        path: options.path,
        headers: options.headers ?? {},
        agent: false,
      },
      (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('error', reject);
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(parts).toString(),
          }),
        );
      },
    );
    request.on('error', reject);
    request.end(options.body);
  });
}

/** In-process requests as the loopback door sends them. */
export const TCP = { transport: 'tcp', port: 7420 } as const;
export const SOCKET = { transport: 'socket' } as const;
export const HOST = { host: '127.0.0.1:7420' };
export const JSON_BODY = { ...HOST, 'content-type': 'application/json' };

/** Waits until the condition holds; fails after two seconds. */
export async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const end = performance.now() + 2_000;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

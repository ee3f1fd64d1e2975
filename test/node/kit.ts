/** A node in a folder of its own, and small documents in the official formats, written for the tests. */
import { rmSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { silentLog, type FileSystem, type Limits } from '../../src/base/index.ts';
import {
  SYSTEM,
  initNode,
  openNode,
  type FractalNode,
  type ImportRequest,
  type ImportResult,
} from '../../src/node/index.ts';

export class TestNode {
  readonly folder: string;
  readonly dataDir: string;
  node: FractalNode;

  constructor(folder: string, dataDir: string, node: FractalNode) {
    this.folder = folder;
    this.dataDir = dataDir;
    this.node = node;
  }

  /** Writes a file beside the data directory and answers its path. */
  async file(name: string, content: string | Uint8Array): Promise<string> {
    const file = path.join(this.folder, name);
    await writeFile(file, content);
    return file;
  }

  async import(...paths: string[]): Promise<ImportResult[]> {
    return await importAll(this.node, { paths });
  }

  async reopen(): Promise<FractalNode> {
    await this.node.close();
    this.node = await openTestNode(this.dataDir);
    return this.node;
  }

  async rows<T = Record<string, unknown>>(sql: string): Promise<T[]> {
    return await this.node.parts.store.rows<T>(`from (${sql}) where $1 = 1`, [1]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.node.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}

async function openTestNode(dataDir: string): Promise<FractalNode> {
  return await openNode({ dataDir, log: silentLog, principal: 'local-operator' });
}

let initial: Promise<string> | undefined;

/** A data directory as `initNode` leaves it. It is made once in a process and copied, so ids and keys are the same in each. */
async function freshDataDir(folder: string): Promise<string> {
  initial ??= (async () => {
    const made = await mkdtemp(path.join(tmpdir(), 'fractal-test-'));
    process.once('exit', () => rmSync(made, { recursive: true, force: true }));
    await initNode({ dataDir: path.join(made, 'node'), log: silentLog, name: 'test' });
    return made;
  })();
  const dataDir = path.join(folder, 'node');
  await cp(path.join(await initial, 'node'), dataDir, { recursive: true, preserveTimestamps: true });
  return dataDir;
}

export async function testNode(): Promise<TestNode> {
  const folder = await mkdtemp(path.join(tmpdir(), 'fractal-test-'));
  const dataDir = await freshDataDir(folder);
  return new TestNode(folder, dataDir, await openTestNode(dataDir));
}

export async function importAll(node: FractalNode, request: ImportRequest): Promise<ImportResult[]> {
  const results: ImportResult[] = [];
  for await (const event of node.import(request)) if (event.type === 'result') results.push(event.result);
  return results;
}

export interface QueueNode extends TestNode {
  /** Closes the node and opens it again. */
  open(serving: boolean): Promise<void>;
}

/** A node with a file system and bounds of the test's own. */
export async function queueNode(
  options: { fs?: FileSystem; limits?: Partial<Limits> } = {},
): Promise<QueueNode> {
  const folder = await mkdtemp(path.join(tmpdir(), 'fractal-test-'));
  const dataDir = await freshDataDir(folder);
  const config = path.join(dataDir, 'fractal.json');
  const text = JSON.parse(await readFile(config, 'utf8')) as object;
  await writeFile(config, JSON.stringify({ ...text, limits: options.limits ?? {} }));
  const outside = { ...SYSTEM, ...(options.fs === undefined ? {} : { fs: options.fs }) };
  const opened = (serving: boolean): Promise<FractalNode> =>
    openNode({ dataDir, log: silentLog, principal: 'local-operator', outside, serving });
  const made = new TestNode(folder, dataDir, await opened(false)) as QueueNode;
  made.open = async (serving) => {
    await made.node.close();
    made.node = await opened(serving);
  };
  made.reopen = async () => {
    await made.open(false);
    return made.node;
  };
  return made;
}

/** A part of an annual edition: sections by number, each with its paragraphs as printed. */
export function annualPart(
  part: number,
  date: string,
  sections: Readonly<Record<string, readonly string[]>>,
): string {
  const body = Object.entries(sections)
    .map(
      ([num, paragraphs]) =>
        `<SECTION><SECTNO>§ ${num}</SECTNO><SUBJECT>Subject of ${num}.</SUBJECT>${paragraphs.map((text) => `<P>${text}</P>`).join('')}</SECTION>`,
    )
    .join('\n');
  return `<?xml version="1.0"?>
<CFRGRANULE><FDSYS><CFRTITLE>99</CFRTITLE><CFRTITLETEXT>Invented</CFRTITLETEXT><VOL>1</VOL><DATE>${date}</DATE>
<ORIGINALDATE>${date}</ORIGINALDATE><TITLE>INVENTED PART</TITLE><GRANULENUM>${part}</GRANULENUM><HEADING>PART ${part}</HEADING></FDSYS>
<PART><HD SOURCE="HED">PART ${part}—INVENTED PART</HD>
${body}
</PART></CFRGRANULE>`;
}

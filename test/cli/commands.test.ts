import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { vectorFromArray } from 'apache-arrow';
import { deniedError, integrityError, unavailableError } from '../../src/base/index.ts';
import { createApp, listen, socketPathOf, type Listening } from '../../src/server/index.ts';
import { DEFAULT_LIMITS, silentLog } from '../../src/base/index.ts';
import { collectRows } from '../contract/node-api-contract.ts';
import { call, until } from '../server/harness.ts';
import { LONG_ROWS, tableBytes } from '../server/memory-node.ts';
import { desk, type Desk } from './kit.ts';

let d: Desk;
let listening: Listening | undefined;
beforeEach(async () => {
  d = await desk();
});
afterEach(async () => {
  await listening?.stop();
  listening = undefined;
  await d.cleanUp();
});

const json = (): unknown => JSON.parse(d.stdout.text);
const lines = (): unknown[] =>
  d.stdout.text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);

async function serveNode(): Promise<void> {
  const limits = { ...DEFAULT_LIMITS, shutdown_ms: 200 };
  const options = { dataDir: d.folder, version: '1', limits, log: silentLog, principal: 'local-operator' };
  const socketPath = socketPathOf(d.folder);
  listening = await listen({
    app: createApp(d.node, options),
    host: 'localhost',
    port: 0,
    socketPath,
    limits,
    log: silentLog,
  });
  d.socketPath = socketPath;
}

describe('check', () => {
  it('shows one site with its gaps, or all of them', async () => {
    assert.equal(await d.run('check', 'S/1', '--at', '2026-02-01'), 0);
    assert.deepEqual(d.node.seen.at(-1)?.request, { site: 'S/1', at: '2026-02-01' });
    assert.equal(
      d.stdout.text,
      'Works (S/1) on 2026-02-01: at-risk, score 93\n\n' +
        'medium    condition-overdue, due 2025-12-01  esh.permit_conditions PC-1\n' +
        '          Act 1 § 1\n          Keep it clean.\n',
    );
    assert.equal(await d.run('check'), 0);
    assert.match(d.stdout.text, /^S\/1 +at-risk +93 +1 +R +Works$/m);
    assert.equal(await d.run('check', '--json'), 0);
    assert.equal((json() as { sites: unknown[] }).sites.length, 1);
    assert.equal(await d.run('check', 'S/2'), 4);
  });
});

describe('law', () => {
  const change = {
    kind: 'changed',
    section_id: 'a#1',
    from_section_id: 'a#1',
    citation: 'Act 1 § 1',
    from_citation: 'Act 1 § 1',
    level: 'section',
    from_num: '1',
    num: '1',
    heading: [],
    text: [
      { op: 'same', text: `${'before '.repeat(20)}for ` },
      { op: 'delete', text: '3 years \u001b[2J' },
      { op: 'insert', text: '5 years ' },
      { op: 'same', text: 'after <b>that</b>' },
    ],
  } as const;

  it('marks what was taken out and put in, harmlessly, and counts what is no change', async () => {
    d.node.imported.set('act', 'text');
    d.node.changes = [change];
    assert.equal(await d.run('law', 'diff', 'act', '--from', '2020-01-01'), 0);
    assert.deepEqual(d.node.seen.at(-1)?.request, { document: 'act', from: '2020-01-01' });
    assert.match(d.stdout.text, /1 changed; no change: 2 editorial/);
    assert.match(d.stdout.text, /… .*before for \[-3 years \\u001b\[2J-\]\{\+5 years\+\} after <b>that<\/b>/);
    assert.ok(!d.stdout.text.includes('\u001b'));
    assert.match(d.stderr.text, /note: a note/);
  });

  it('writes a page in which no text is markup', async () => {
    d.node.imported.set('act', 'text');
    d.node.changes = [change];
    assert.equal(await d.run('law', 'diff', 'act', '--format', 'html'), 0);
    assert.match(d.stdout.text, /<del>3 years .*<\/del><ins>5 years <\/ins>/);
    assert.match(d.stdout.text, /&#60;b&#62;that/);
    assert.ok(!d.stdout.text.includes('<b>') && !/<script|https?:/.test(d.stdout.text));
  });

  it('lists, shows, and says what is missing', async () => {
    d.node.imported.set('act', 'The text of it.');
    assert.equal(await d.run('law', 'list'), 0);
    assert.match(d.stdout.text, /Act 1/);
    assert.equal(await d.run('law', 'versions', 'act', '--json'), 0);
    assert.match(d.stdout.text, /"in_force_from":"2020-01-01"/);
    assert.equal(await d.run('law', 'show', 'act'), 0);
    assert.match(d.stdout.text, /The text of it\./);
    assert.equal(await d.run('law', 'diff', 'no', 'such', 'act'), 4);
    assert.equal(await d.run('law', 'diff'), 2);
    assert.match(d.stderr.text, /needs a document/);
    assert.equal(await d.run('law', 'impact', 'act'), 6);
    assert.match(d.stderr.text, /`fractal law impact` is not part of this version/);
  });
});

describe('exit codes', () => {
  it('0 done, 2 usage, 4 not found, 6 not built', async () => {
    assert.equal(await d.run('status'), 0);
    assert.equal(await d.run('status', '--jsn'), 2);
    assert.match(d.stderr.text, /^error\[usage\.flag\]: .*\n {2}cure: Did you mean "--json"\?/);
    assert.equal(d.stdout.text, '');
    assert.equal(await d.run('status', '--data', 'absent'), 4);
    assert.equal(await d.run('report', 'S'), 6);
    assert.match(d.stderr.text, /error\[command\.not_built\]: `fractal report` is not part of this version/);
  });

  it('follow the kind of the error', async () => {
    d.node.failAlways = deniedError('p.r', 'no', 'ask');
    assert.equal(await d.run('search', 'x'), 3);
    d.node.failAlways = integrityError('i.c', 'broken', 'restore');
    assert.equal(await d.run('search', 'x'), 7);
    d.node.failAlways = new Error('patient Smith');
    assert.equal(await d.run('search', 'x'), 1);
    assert.doesNotMatch(d.stderr.text, /Smith/);
    assert.equal(d.node.closed, 3);
  });

  it('5 for input that is none, with its place', async () => {
    assert.equal(await d.run('sql', 'selec'), 5);
    assert.match(d.stderr.text, /error\[sql\.syntax\]: .*\n {2}where: line 1:1\n {2}cure: /);
  });
});

describe('JSON', () => {
  it('is the whole of standard output, for every command', async () => {
    const file = await d.file('a.txt', 'noise');
    const commands = [
      ['init'],
      ['import', file],
      ['status'],
      ['doctor'],
      ['search', 'noise'],
      ['sql', 'select 42 as answer'],
      ['sql', 'select 42 as answer', '--explain'],
      ['reindex'],
      ['version'],
      ['--version'],
    ];
    for (const command of commands) {
      assert.equal(await d.run(...command, '--json'), 0, command.join(' '));
      assert.doesNotThrow(json, `${command.join(' ')}: ${d.stdout.text}`);
      assert.ok(d.stdout.text.endsWith('\n'));
    }
  });

  it('holds the error too, which is also told to people', async () => {
    for (const command of [['sql', 'selec'], ['serach'], ['status', '--data', 'absent'], ['report', 'x']]) {
      assert.notEqual(await d.run(...command, '--json'), 0);
      const { error } = json() as { error: { code: string; cure: string; kind: string } };
      assert.match(error.code, /\./);
      assert.notEqual(error.cure, '');
      assert.ok(d.stderr.text.startsWith(`error[${error.code}]: `));
    }
  });

  it('stays one document when a statement fails half way', async () => {
    d.node.failAfterFirstChunk = unavailableError('sql.timeout', 'too slow', 'Ask for less.');
    d.node.answers.set(
      'q',
      tableBytes({ s: vectorFromArray(Array.from({ length: 100 }, (_, i) => `text ${i}`)) }),
    );
    assert.equal(await d.run('sql', 'long', '--json'), 6);
    const document = json() as { columns: unknown; rows: unknown[]; error: { code: string } };
    assert.deepEqual(Object.keys(document), ['columns', 'rows', 'error']);
    assert.equal(document.error.code, 'sql.timeout');
  });

  it('--quiet leaves errors', async () => {
    assert.equal(await d.run('sql', 'selec', '--quiet'), 5);
    assert.match(d.stderr.text, /sql\.syntax/);
    assert.equal(await d.run('sql', 'select 42 as answer', '--quiet'), 0);
    assert.equal(d.stderr.text, '');
  });
});

describe('import', () => {
  it('keeps the good part, names the bad one, exits 5', async () => {
    const good = await d.file('good.txt', 'text');
    const bad = await d.file('bad.txt', 'bad');
    assert.equal(
      await d.run('import', 'good.txt', 'bad.txt', '--jurisdiction', 'EU', '--in-force-from', '2024-01-01'),
      5,
    );
    assert.deepEqual(d.node.seen.at(-1)?.request, {
      paths: [good, bad],
      jurisdiction: 'EU',
      in_force_from: '2024-01-01',
    });
    const { text } = d.stdout;
    assert.match(text, /^added +1 section {2}good\.txt$/m);
    assert.match(
      text,
      /^rejected +bad\.txt\n +error\[xml\.syntax\]: not well formed\n +where: .*bad\.txt:3:5\n +cure: /m,
    );
    assert.match(text, /^1 added, 1 rejected \(1 section\) in /m);
  });

  it('gives one line of JSON per document', async () => {
    const files = await Promise.all([1, 2, 3].map((i) => d.file(`f${i}.txt`, 'text')));
    assert.equal(await d.run('import', '--json', ...files), 0);
    assert.deepEqual(
      lines().map((line) => (line as { source: string; status: string }).source),
      files,
    );
  });

  it('ends its JSON lines with the error that stopped it', async () => {
    const file = await d.file('a.txt', 'text');
    assert.equal(await d.run('import', '--json', file, 'absent.txt'), 4);
    const [first, last] = lines() as [{ status: string }, { error: { code: string } }];
    assert.equal(first.status, 'added');
    assert.equal(last.error.code, 'import.path');
  });

  it('stops on Ctrl-C after saying what is kept, exit 130', async () => {
    const files = await Promise.all(Array.from({ length: 20 }, (_, i) => d.file(`f${i}.txt`, 'text')));
    d.stdout.onWrite = () => d.interrupt();
    assert.equal(await d.run('import', ...files), 130);
    assert.match(d.stderr.text, /^stopped: 1 added \(1 section\); give the command again to go on$/m);
    assert.doesNotMatch(d.stderr.text, /error\[/);
    assert.equal(d.node.imported.size, 1);
    assert.equal(d.node.closed, 1);
    assert.deepEqual(d.exits, []);
  });

  it('a second Ctrl-C ends at once; the same one passed on twice does not', async () => {
    const files = await Promise.all([1, 2].map((i) => d.file(`f${i}.txt`, 'text')));
    d.stdout.onWrite = () => {
      d.interrupt('SIGTERM');
      d.clock.advance(100);
      d.interrupt('SIGTERM');
      assert.deepEqual(d.exits, []);
      d.clock.advance(300);
      d.interrupt('SIGTERM');
    };
    assert.equal(await d.run('import', ...files), 143);
    assert.deepEqual(d.exits, [143]);
  });

  it('passes a mapping by name, or the text of a file', async () => {
    const file = await d.file('a.csv', 'text');
    assert.equal(await d.run('import', file, '--mapping', 'hse-notices'), 0);
    assert.deepEqual(d.node.seen.at(-1)?.request, { paths: [file], mapping: 'hse-notices' });
    const mapping = await d.file('my.json', '{}');
    await d.run('import', file, '--mapping', 'my.json');
    assert.deepEqual(d.node.seen.at(-1)?.request, { paths: [file], mapping, mapping_text: '{}' });
    await d.file('big.json', ' '.repeat(2 ** 20 + 1));
    assert.equal(await d.run('import', file, '--mapping', 'big.json'), 5);
    assert.match(d.stderr.text, /limit\.mapping_bytes/);
  });

  it('hands names of sources and addresses on as they are, and refuses other schemes', async () => {
    d.node.failAlways = new Error('seen');
    await d.run('import', 'ecfr:40/262', 'https://law.example/act.xml', '--allow-network', '--versions');
    assert.deepEqual(d.node.seen[0]?.request, {
      paths: ['ecfr:40/262', 'https://law.example/act.xml'],
      allow_network: true,
      versions: true,
    });
    assert.equal(await d.run('import', 'ftp://law.example/act.xml'), 2);
    assert.match(d.stderr.text, /usage\.address/);
    assert.equal(d.node.seen.length, 1);
  });
});

describe('source', () => {
  it('adds, lists, runs and removes', async () => {
    assert.equal(await d.run('source'), 0);
    assert.equal(
      await d.run('source', 'add', 'waste', 'ecfr:40/262', '--every', '6', '--since', '2024-01-01'),
      0,
    );
    assert.deepEqual(d.node.seen.at(-1)?.request, {
      name: 'waste',
      source: 'ecfr:40/262',
      every_s: 21_600,
      since: '2024-01-01',
    });
    assert.equal(await d.run('source', 'list', '--json'), 0);
    assert.equal((JSON.parse(d.stdout.text) as { sources: { name: string }[] }).sources[0]?.name, 'waste');
    assert.equal(await d.run('source', 'list'), 0);
    assert.match(d.stdout.text, /^waste {2}ecfr:40\/262 {2}every .* {2}0 documents {2}never run/);
    assert.equal(await d.run('source', 'run', await d.file('a.txt', 'text')), 0);
    assert.match(d.stdout.text, /1 added/);
    assert.equal(await d.run('source', 'run', await d.file('b.txt', 'bad')), 5);
    assert.equal(await d.run('source', 'versions', 'ecfr:40/262'), 0);
    assert.equal(d.stdout.text, 'missing              made\nhere     2024-01-01  2024-01-01\n');
    assert.equal(await d.run('source', 'remove', 'waste'), 0);
    assert.equal(await d.run('source', 'remove', 'waste'), 4);
  });

  it('says what is missing', async () => {
    for (const line of [['add'], ['add', 'x'], ['remove'], ['versions'], ['mend'], ['add', 'x', 'y', 'z']])
      assert.equal(await d.run('source', ...line), 2, line.join(' '));
    assert.equal(await d.run('source', 'add', 'x', 'y', '--every', '0.1'), 2);
    assert.equal(d.node.seen.length, 0);
  });
});

describe('mappings', () => {
  it('lists, shows and tries them without opening a node', async () => {
    assert.equal(await d.run('mappings'), 0);
    assert.match(d.stdout.text, /^mine +\* of a user → esh\.sites$/m);
    assert.equal(await d.run('mappings', 'list', '--json'), 0);
    assert.equal((json() as { mappings: unknown[] }).mappings.length, 1);
    assert.equal(await d.run('mappings', 'show', 'mine'), 0);
    assert.deepEqual(json(), { name: 'mine' });
    const file = await d.file('a.csv', 'text');
    assert.equal(await d.run('mappings', 'check', file, '--mapping', 'mine'), 0);
    assert.match(
      d.stdout.text,
      /^esh\.sites: 2 rows\n {2}name +VARCHAR ← "Name"\n +2 filled, first: Works$/m,
    );
    assert.match(d.stdout.text, /^line 3: esh\.sites\.name is in doubt \(x\)\nline 4: rejected \(y\)$/m);
    assert.match(d.stdout.text, /mine: 3 records, 1 in doubt, 1 rejected; nothing was written/);
    assert.equal(await d.run('mappings', 'check'), 2);
    assert.deepEqual(d.opened, []);
  });
});

describe('import: the queue', () => {
  const submitted = async (): Promise<void> => {
    const paths = [await d.file('good.txt', 'text'), await d.file('bad.txt', 'bad')];
    await d.node.submitImport({ paths });
  };

  it('status and list show jobs, for people and for programs', async () => {
    assert.equal(await d.run('import', 'status'), 0);
    assert.match(d.stdout.text, /No import was queued yet/);
    await submitted();
    for (const word of ['status', 'list']) {
      assert.equal(await d.run('import', word), 0);
      assert.match(d.stdout.text, /^ +1 {2}done +100 % +2\/2 +100 B +1 +good\.txt bad\.txt$/m);
      assert.match(d.stdout.text, /`fractal import failed`/);
      assert.equal(await d.run('import', word, '1', '--json'), 0);
      assert.equal((lines()[0] as { jobs: { id: number }[] }).jobs[0]?.id, 1);
    }
    assert.equal(await d.run('import', 'status', '7'), 4);
    assert.equal(await d.run('import', 'status', 'x'), 2);
  });

  it('failed gives each file with line, reason and cure', async () => {
    await submitted();
    assert.equal(await d.run('import', 'failed'), 0);
    assert.match(
      d.stdout.text,
      /^rejected {2}bad\.txt {2}\(job 1, file 2\)\n +error\[xml\.syntax\]: not well formed\n +where: .*bad\.txt:3:5\n +cure: /m,
    );
    assert.equal(await d.run('import', 'failed', '--json'), 0);
    const [fault] = lines() as { job: number; item: number; error: { code: string } }[];
    assert.deepEqual([fault?.job, fault?.item, fault?.error.code], [1, 2, 'xml.syntax']);
  });

  it('pause, resume, retry and cancel say what they did; what cannot be done is refused', async () => {
    await submitted();
    assert.equal(await d.run('import', 'pause'), 2);
    assert.equal(await d.run('import', 'pause', '1'), 5);
    assert.equal(await d.run('import', 'resume'), 4);
    const found = d.node.queue.get(1);
    assert.ok(found);
    found.job = { ...found.job, state: 'running' };
    assert.equal(await d.run('import', 'pause'), 0);
    assert.match(d.stdout.text, /^Job 1 paused/);
    assert.equal(await d.run('import', 'resume'), 0);
    assert.deepEqual(
      d.node.seen.slice(-2).map((one) => one.call),
      ['resumeJob', 'followJob'],
    );
    await d.file('bad.txt', 'mended');
    assert.equal(await d.run('import', 'retry', '1', '2'), 0);
    assert.deepEqual(d.node.seen.at(-2)?.request, { id: 1, items: [2] });
    assert.equal(d.node.queue.get(1)?.job.rejected, 0);
    found.job = { ...found.job, state: 'queued' };
    assert.equal(await d.run('import', 'cancel', '1'), 0);
    assert.match(d.stdout.text, /^Job 1 cancelled/);
  });

  it('--detach needs a running node; --watch excludes it', async () => {
    const file = await d.file('a.txt', 'text');
    assert.equal(await d.run('import', file, '--detach'), 6);
    assert.match(d.stderr.text, /import\.detach/);
    assert.equal(await d.run('import', d.folder, '--watch', '--detach'), 2);
  });

  it('an earlier run that is not finished is told of', async () => {
    await submitted();
    const found = d.node.queue.get(1);
    assert.ok(found);
    found.job = { ...found.job, state: 'queued', files_done: 1 };
    assert.equal(await d.run('import', await d.file('c.txt', 'text')), 0);
    assert.match(
      d.stderr.text,
      /Job 1 of an earlier run is not finished \(1 of 2 files\): `fractal import resume 1`/,
    );
  });

  it('--watch without a running node lasts until Ctrl-C', async () => {
    d.stderr.onWrite = (text) => {
      if (text.includes('Ctrl-C ends it')) setTimeout(() => d.interrupt(), 50);
    };
    assert.equal(await d.run('import', d.folder, '--watch'), 130);
    assert.deepEqual(d.node.seen.at(-2)?.request, { path: d.folder, kept: false });
    assert.equal(d.node.watched.size, 0);
  });

  it('watches and unwatch', async () => {
    assert.equal(await d.run('import', 'watches'), 0);
    assert.match(d.stdout.text, /No folder is watched/);
    await d.node.watch({ path: d.folder, kept: true });
    assert.equal(await d.run('import', 'watches'), 0);
    assert.match(d.stdout.text, /^watching .*: 0 files$/m);
    assert.equal(await d.run('import', 'unwatch', '.'), 0);
    assert.equal(await d.run('import', 'unwatch', '.'), 4);
  });
});

describe('search', () => {
  it('shows rank, citation, heading, text, dates and scores', async () => {
    d.node.imported.set('/a', 'The noise limits at work are strict.');
    assert.equal(await d.run('search', 'noise', 'limits', '-k', '3', '--at', '2025-01-01'), 0);
    assert.deepEqual(d.node.seen[0]?.request, {
      query: 'noise limits',
      k: 3,
      mode: 'hybrid',
      at: '2025-01-01',
    });
    assert.equal(
      d.stdout.text,
      ' 1. Act 1 § 1  Duties\n    The noise limits at work are strict.\n' +
        '    in force from 2020-01-01  score 1.0000 (vector 0.500, text 3.250)\n',
    );
  });

  it('says first that a weaker mode answered, with --quiet too', async () => {
    d.node.imported.set('/a', 'The noise limits at work are strict.');
    d.node.badges = ['Found by words alone.'];
    assert.equal(await d.run('search', 'noise', '--quiet'), 0);
    assert.match(d.stdout.text, /^! Found by words alone\.\n 1\. Act 1/);
    assert.equal(await d.run('search', 'noise', '--json'), 0);
    assert.deepEqual((JSON.parse(d.stdout.text) as { badges: unknown }).badges, ['Found by words alone.']);
  });

  it('says that nothing was found and what to try', async () => {
    assert.equal(await d.run('search', 'x'), 0);
    assert.equal(d.stdout.text, 'Nothing was found.\n');
    assert.match(d.stderr.text, /Nothing has been imported yet/);
    d.node.imported.set('/a', 'text');
    await d.run('search', 'zzz', '--at', '2020-01-01', '--jurisdiction', 'EU', '--mode', 'text');
    assert.match(d.stderr.text, /--at[^]*--jurisdiction[^]*--mode hybrid/);
  });

  it('marks the words on a terminal and keeps escape sequences of the text away from it', async () => {
    d.node.imported.set('/a', 'noise \u001b]0;evil\u0007');
    d.stdout.isTty = true;
    await d.run('search', 'noise');
    assert.match(d.stdout.text, /\u001b\[1m\u001b\[33mnoise/);
    assert.doesNotMatch(d.stdout.text, /\u001b\]/);
  });
});

describe('sql', () => {
  beforeEach(() => {
    d.node.answers.set(
      'q',
      tableBytes({
        name: vectorFromArray(['a,b', null, '']),
        n: vectorFromArray([1n, 9007199254740993n, null]),
      }),
    );
  });

  it('shows a table, with types, count and time', async () => {
    assert.equal(await d.run('sql', 'q'), 0);
    assert.deepEqual(d.stdout.text.split('\n'), [
      'name                    n',
      'varchar            bigint',
      '───────  ────────────────',
      'a,b                     1',
      'NULL     9007199254740993',
      '                     NULL',
      '',
    ]);
    assert.equal(d.stderr.text, '3 rows in 0.00 s\n');
  });

  it('writes CSV, JSON and Arrow', async () => {
    await d.run('sql', 'q', '--format', 'csv');
    assert.equal(d.stdout.text, 'name,n\r\n"a,b",1\r\n,9007199254740993\r\n"",\r\n');
    await d.run('sql', 'q', '--json');
    const wanted = {
      columns: [
        { name: 'name', type: 'VARCHAR' },
        { name: 'n', type: 'BIGINT' },
      ],
      rows: [
        ['a,b', 1],
        [null, '9007199254740993'],
        ['', null],
      ],
    };
    assert.deepEqual(json(), wanted);
    assert.equal(await d.run('sql', 'q', '--format', 'arrow'), 0);
    const { bytes } = d.stdout;
    assert.deepEqual(
      await collectRows(
        (async function* () {
          yield bytes;
        })(),
      ),
      wanted.rows,
    );
  });

  it('counts every row of a long answer', async () => {
    assert.equal(await d.run('sql', 'long'), 0);
    assert.equal(d.stdout.text.trimEnd().split('\n').length, LONG_ROWS + 3);
    assert.match(d.stderr.text, /^20,000 rows in /);
  });

  it('keeps binary off a terminal and one format at a time', async () => {
    d.stdout.isTty = true;
    assert.equal(await d.run('sql', 'q', '--format', 'arrow'), 2);
    assert.match(d.stderr.text, /sql\.arrow_terminal/);
    assert.equal(await d.run('sql', 'q', '--format', 'csv', '--json'), 2);
    assert.equal(d.node.seen.length, 0);
  });

  it('reads the statement from standard input, passes the timeout, explains', async () => {
    d.stdin = 'q';
    assert.equal(await d.run('sql', '-', '--timeout', '1.5'), 0);
    assert.deepEqual(d.node.seen[0]?.request, { sql: 'q', timeout_s: 1.5 });
    assert.equal(await d.run('sql', '--explain', 'select 1'), 0);
    assert.equal(d.stdout.text, 'PROJECTION\n  42\n');
  });

  it('stays one JSON document when stopped', async () => {
    d.stdout.onWrite = () => d.interrupt();
    assert.equal(await d.run('sql', 'long', '--json'), 130);
    const document = json() as { rows: unknown[]; error: { code: string } };
    assert.ok(document.rows.length > 0 && document.rows.length < LONG_ROWS);
    assert.equal(document.error.code, 'cancelled');
  });

  it('is quiet when the reader has had enough', async () => {
    d.stdout.onWrite = () => d.hangUp();
    assert.equal(await d.run('sql', 'long'), 0);
    assert.equal(d.stderr.text, '');
    assert.ok(d.node.aborted.includes('sql'));
    assert.equal(d.node.closed, 1);
  });
});

describe('the way to the node', () => {
  it('opens the directory when no node runs, as nobody else unless asked', async () => {
    await d.run('status');
    await d.run('status', '--as', 'auditor', '--data', 'other');
    assert.deepEqual(d.opened, [
      { dataDir: path.join(d.folder, '.fractal'), principal: undefined },
      { dataDir: path.join(d.folder, 'other'), principal: 'auditor' },
    ]);
  });

  it('goes through a node that runs', async () => {
    await serveNode();
    const file = await d.file('a.txt', 'noise');
    assert.equal(await d.run('import', 'a.txt', '--json'), 0);
    assert.equal((json() as { source: string }).source, file);
    assert.equal(await d.run('status', '--json'), 0);
    assert.equal((json() as { running: boolean }).running, true);
    assert.equal(await d.run('sql', 'long', '--format', 'csv'), 0);
    assert.equal(d.stdout.text.trimEnd().split('\r\n').length, LONG_ROWS + 1);
    assert.equal(await d.run('sql', 'selec'), 5);
    assert.deepEqual(d.opened, []);
    assert.equal(d.node.closed, 0);
  });

  it('does not act as another principal by accident', async () => {
    await serveNode();
    assert.equal(await d.run('status', '--as', 'auditor'), 2);
    assert.match(d.stderr.text, /principal\.unknown/);
    assert.equal(d.node.seen.length, 0);
  });

  it('passes by a socket that nobody answers', async () => {
    await serveNode();
    await listening?.stop();
    assert.equal(await d.run('status'), 0);
    assert.equal(d.opened.length, 1);
  });

  it('says why the directory cannot be opened', async () => {
    d.failOpen = unavailableError('store.locked', 'locked', 'wait');
    assert.equal(await d.run('status'), 6);
    assert.match(d.stderr.text, /store\.locked/);
  });
});

describe('start', () => {
  it('serves until it is asked to stop, and that is no error', async () => {
    await mkdir(path.join(d.folder, 'uploads'));
    const running = d.run('start', '--port', '0', '--json', '--data', d.folder);
    await until(() => d.stdout.text.endsWith('\n'), 'the address is told');
    const { url, socket } = json() as { url: string; socket: string };
    assert.equal((await call({ port: Number(new URL(url).port) }, { path: '/healthz' })).status, 200);
    assert.equal((await call({ socketPath: socket }, { path: '/healthz' })).status, 200);
    assert.ok(!existsSync(path.join(d.folder, 'uploads')), 'what a killed node left is removed');
    d.interrupt();
    assert.equal(await running, 0);
    assert.equal(d.node.closed, 1);
    await assert.rejects(call({ socketPath: socket }, { path: '/healthz' }), { code: 'ENOENT' });
  });

  it('refuses a host that is not loopback without users, and a second node before opening anything', async () => {
    assert.equal(await d.run('start', '--host', '0.0.0.0'), 3);
    assert.match(d.stderr.text, /server\.not_loopback/);
    assert.equal(d.node.closed, 1);
    d.opened.length = 0;
    await serveNode();
    d.opened.length = 0;
    assert.equal(await d.run('start', '--port', '0', '--data', d.folder), 6);
    assert.match(d.stderr.text, /node\.running/);
    assert.deepEqual(d.opened, []);
  });
});

describe('demo', () => {
  const sample = async (): Promise<void> => {
    const folder = path.join(d.folder, 'sample');
    await mkdir(folder);
    await writeFile(
      path.join(folder, 'demo.json'),
      JSON.stringify({ question: 'noise limits', sql: 'select 42 as answer' }),
    );
    d.node.imported.set('/a', 'The noise limits at work.');
  };

  it('answers its question with citations and SQL, in a folder of its own that goes again', async () => {
    await sample();
    d.node.import = async function* () {};
    assert.equal(await d.run('demo', '--once'), 0);
    assert.match(d.stdout.text, /Question: noise limits[^]*Act 1 § 1[^]*extracted[^]*answer[^]*42/);
    assert.match(d.inited[0]?.dataDir ?? '', /fractal-demo-/);
    assert.equal(d.node.closed, 1);
    assert.equal(await d.run('demo', '--once', '--json'), 0);
    const answer = json() as { question: string; claims: unknown[]; sql: { rows: unknown } };
    assert.equal(answer.claims.length, 1);
    assert.deepEqual(answer.sql.rows, [[42]]);
  });

  it('uses a given folder as it is', async () => {
    await sample();
    d.node.import = async function* () {};
    assert.equal(await d.run('demo', '--once', '--data', d.folder), 0);
    assert.deepEqual(d.inited, []);
  });

  it('says that the sample is missing', async () => {
    assert.equal(await d.run('demo', '--once'), 4);
    assert.match(d.stderr.text, /error\[demo\.sample\]: [^]*where: .*sample\/demo\.json/);
  });
});

describe('the others', () => {
  it('doctor tells the cure and exits 6', async () => {
    assert.equal(await d.run('doctor'), 0);
    d.node.checks = [{ name: 'disk', ok: false, detail: 'full', cure: 'Make room.' }];
    assert.equal(await d.run('doctor'), 6);
    assert.match(d.stdout.text, /^FAILED {2}disk: full\n {8}cure: Make room\.$/m);
  });

  it('init passes on what was asked', async () => {
    assert.equal(await d.run('init', '--role', 'edge', '--name', 'n', '--region', 'eu', '--sites', 'a,b'), 0);
    assert.deepEqual(
      { ...d.inited[0], log: undefined },
      {
        log: undefined,
        dataDir: path.join(d.folder, '.fractal'),
        role: 'edge',
        name: 'n',
        region: 'eu',
        sites: ['a', 'b'],
      },
    );
  });

  it('help, version and completion need no node', async () => {
    for (const command of [
      [],
      ['--help'],
      ['help'],
      ['help', 'sql'],
      ['sql', '--help'],
      ['version'],
      ['completion', 'zsh'],
    ])
      assert.equal(await d.run(...command), 0, command.join(' '));
    assert.equal(await d.run('help', 'serach'), 2);
    assert.equal(await d.run('help', 'report'), 6);
    await d.run('help', 'sql');
    const help = d.stdout.text;
    await d.run('sql', '--help');
    assert.equal(d.stdout.text, help);
    assert.deepEqual(d.opened, []);
  });

  it('status shows warnings and no escape sequences', async () => {
    d.node.warnings = ['low\u001b[2J disk'];
    assert.equal(await d.run('status'), 0);
    assert.match(d.stdout.text, /warning: low\\u001b\[2J disk/);
    assert.match(d.stdout.text, /single-user/);
    assert.match(d.stdout.text, /law\.sections +append-only +0/);
  });
});

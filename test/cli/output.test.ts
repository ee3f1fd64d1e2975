import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ManualClock } from '../../src/base/index.ts';
import { csvLine } from '../../src/cli/output/csv.ts';
import { Progress, progressText } from '../../src/cli/output/progress.ts';
import { markWords, snippet } from '../../src/cli/output/snippet.ts';
import { styleFor } from '../../src/cli/output/style.ts';
import { SAMPLE_ROWS, tableLines } from '../../src/cli/output/table.ts';
import { bytesText, cut, durationText, jsonText, oneLine, widthOf, wrap } from '../../src/cli/output/text.ts';
import type { JsonValue } from '../../src/server/index.ts';
import { collect } from '../contract/node-api-contract.ts';

const plain = styleFor(false, {});

describe('text', () => {
  it('is as wide as the terminal shows it', () => {
    const cases: readonly (readonly [string, number])[] = [
      ['abc', 3],
      ['', 0],
      ['漢字', 4],
      ['한글', 4],
      ['ｆｕｌｌ', 8],
      ['é', 1],
      ['e\u0301', 1],
      ['👩‍👩‍👧', 2],
      ['🇩🇪', 2],
      ['❤️', 2],
      ['a\u200bb', 2],
      ['ß§…', 3],
    ];
    for (const [text, width] of cases) assert.equal(widthOf(text), width, JSON.stringify(text));
  });

  it('is cut between what a reader sees as letters', () => {
    assert.equal(cut('abcdef', 6), 'abcdef');
    assert.equal(cut('abcdefg', 6), 'abcde…');
    assert.equal(cut('漢字漢字', 6), '漢字…');
    assert.equal(cut('👩‍👩‍👧👩‍👩‍👧', 3), '👩‍👩‍👧…');
  });

  it('cannot move the cursor or turn the line around', () => {
    assert.equal(oneLine('a\u001b[2Jb\u0007\u009b\u202ec\r\nd'), 'a\\u001b[2Jb\\u0007\\u009b\\u202ec  d');
    assert.equal(oneLine('a\u2028b\u{e0041}\u061cc'), 'a b\\u{e0041}\\u061cc');
  });

  it('leaves out what nobody sees, and keeps what letters and pictures need', () => {
    assert.equal(oneLine('re\u00adqui\u200bred\ufeff a\u200db\ufe01'), 'required ab');
    for (const kept of ['👩\u200d🚒', '❤\ufe0f', 'می\u200cخواهم', 'Ünïté 50 µg/m³'])
      assert.equal(oneLine(kept), kept);
  });

  it('JSON says the same without anything that a terminal obeys or hides', () => {
    const value = { a: 'x\u009b2J\u202e\u{e0041}\u00ad\ufe01 é 漢 😀' };
    const text = jsonText(JSON.stringify(value));
    assert.doesNotMatch(text, /[\p{Cc}\p{Cf}\ufe00-\ufe0f]/u);
    assert.deepEqual(JSON.parse(text), value);
  });

  it('wraps at blanks and never loses a word', () => {
    fc.assert(
      fc.property(
        fc.array(fc.stringMatching(/^[a-z]{1,12}$/)),
        fc.integer({ min: 5, max: 40 }),
        (words, width) => {
          const lines = wrap(words.join(' '), width);
          assert.deepEqual(
            lines.flatMap((line) => line.split(' ')),
            words,
          );
          for (const line of lines) assert.ok(line.length <= width || !line.includes(' '));
        },
      ),
    );
  });

  it('says amounts as people do', () => {
    assert.equal(bytesText(999), '999 B');
    assert.equal(bytesText(1500), '1.5 kB');
    assert.equal(bytesText(123_456_789), '123 MB');
    assert.equal(durationText(420), '0.42 s');
    assert.equal(durationText(185_000), '3 min 05 s');
    assert.equal(durationText(7_620_000), '2 h 07 min');
  });
});

describe('tables', () => {
  const columns = [
    { name: 'name', type: 'varchar', align: 'left' },
    { name: 'n', type: 'bigint', align: 'right' },
  ] as const;

  it('are aligned, with types, also for wide letters', async () => {
    const rows = [
      ['漢字', '1'],
      ['plain', '12345678'],
    ];
    assert.deepEqual(await collect(tableLines(columns, rows, { style: plain, width: undefined })), [
      'name            n',
      'varchar    bigint',
      '───────  ────────',
      '漢字            1',
      'plain    12345678',
    ]);
  });

  it('fit the terminal, the widest column giving way', async () => {
    const rows = [['x'.repeat(200), '7']];
    const lines = await collect(tableLines(columns, rows, { style: plain, width: 40 }));
    for (const line of lines) assert.ok(widthOf(line) <= 40, line);
    assert.match(lines.at(-1) ?? '', /^x+… +7$/);
  });

  it('have a head without rows', async () => {
    const lines = await collect(tableLines(columns, [], { style: plain, width: 80 }));
    assert.equal(lines.length, 3);
  });

  it('begin before the last row is there, and show every row', async () => {
    let made = 0;
    const rows = async function* () {
      for (; made < 10 * SAMPLE_ROWS; made++) yield [`row ${made}`, String(made)];
    };
    const lines = tableLines(columns, rows(), { style: plain, width: 80 });
    await lines.next();
    assert.ok(made <= SAMPLE_ROWS, `${made} rows were read for the head`);
    assert.equal((await collect(lines)).length, 10 * SAMPLE_ROWS + 2);
  });

  it('show no control character of a cell or a name', async () => {
    const evil = [{ name: 'a\u001b[31m', align: 'left' }] as const;
    const text = (
      await collect(tableLines(evil, [['b\u001b]0;x\u0007\nc']], { style: plain, width: 80 }))
    ).join('\n');
    assert.doesNotMatch(text, /[\u0000-\u0009\u000b-\u001f]/);
  });
});

/** RFC 4180, read back without help from the writer. NULL is an empty field without quotes. */
function readCsv(text: string): (string | null)[][] {
  const rows: (string | null)[][] = [];
  let row: (string | null)[] = [];
  let at = 0;
  while (at < text.length) {
    let field: string | null = '';
    if (text[at] === '"') {
      at++;
      for (;;) {
        const end = text.indexOf('"', at);
        field += text.slice(at, end);
        at = end + 1;
        if (text[at] !== '"') break;
        field += '"';
        at++;
      }
    } else {
      const end = /[,\r]/.exec(text.slice(at))?.index ?? 0;
      field = end === 0 ? null : text.slice(at, at + end);
      at += end;
    }
    row.push(field);
    if (text[at] === ',') {
      at++;
      if (text[at] === '\r') row.push(null);
    }
    if (text[at] === '\r') {
      assert.equal(text[at + 1], '\n');
      at += 2;
      rows.push(row);
      row = [];
    }
  }
  return rows;
}

describe('CSV', () => {
  it('comes back as it was', () => {
    const value = fc.oneof(
      fc.constant(null),
      fc.string({ unit: fc.constantFrom('a', '"', ',', '\r', '\n', ' ', '漢') }),
    );
    fc.assert(
      fc.property(fc.array(fc.array(value, { minLength: 2, maxLength: 4 }), { minLength: 1 }), (rows) => {
        assert.deepEqual(readCsv(rows.map(csvLine).join('')), rows);
      }),
    );
  });
  it('writes other values as text', () => {
    const row: JsonValue[] = [1, 1.5, true, null, '', 'a"b', ['x', null], { a: 1 }];
    assert.equal(csvLine(row), '1,1.5,true,,"","a""b","[""x"",null]","{""a"":1}"\r\n');
  });
});

describe('progress', () => {
  const state = { done: 3, total: 10, unit: 'files', bytes_done: 2_500_000, bytes_total: 10_000_000 };

  it('tells part, rate and time left', () => {
    assert.equal(
      progressText(state, 5_000, true),
      '[######..................] 25 %  3/10 files  500 kB/s  15 s left',
    );
    assert.equal(progressText({ done: 0, total: 0, unit: 'files' }, 0, false), '0 %  0/0 files');
    assert.equal(
      progressText({ done: 5, total: 10, unit: 'versions' }, 2_000, false),
      '50 %  5/10 versions  2.5 versions/s  2.00 s left',
    );
  });

  const recorder = (isTty: boolean) => {
    const written: string[] = [];
    return {
      written,
      sink: {
        isTty,
        columns: 60,
        closed: false,
        write: async (text: string | Uint8Array) => void written.push(String(text)),
      },
    };
  };

  it('rewrites one line of a terminal, not too often, and takes it away', async () => {
    const { sink, written } = recorder(true);
    const clock = new ManualClock();
    const progress = new Progress(sink, clock);
    await progress.show(state);
    await progress.show(state);
    clock.advance(100);
    await progress.show(state);
    await progress.clear();
    await progress.clear();
    assert.equal(written.length, 3);
    assert.ok(written.every((text) => text.startsWith('\r\u001b[K')));
    assert.ok(written.slice(0, 2).every((text) => widthOf(text.slice(4)) < 60));
    assert.equal(written[2], '\r\u001b[K');
  });

  it('writes plain lines elsewhere, and none for what is quick', async () => {
    const { sink, written } = recorder(false);
    const clock = new ManualClock();
    const progress = new Progress(sink, clock);
    await progress.show(state);
    clock.advance(4_999);
    await progress.show(state);
    assert.deepEqual(written, []);
    clock.advance(1);
    await progress.show(state);
    await progress.show(state);
    await progress.clear();
    assert.equal(written.length, 1);
    assert.match(written[0] ?? '', /^25 % .*\n$/);
  });
});

describe('snippets', () => {
  const text = `${'filler words here '.repeat(30)}the noise limits at work are strict ${'more filler text '.repeat(30)}`;

  it('show the part that answers', () => {
    const part = snippet(text, 'noise limit', 120);
    assert.ok(part.includes('noise limits at work'), part);
    assert.ok(part.length <= 120 && part.startsWith('…') && part.endsWith('…'));
    assert.equal(snippet('short  text', 'x', 120), 'short text');
    assert.ok(snippet(text, 'absent', 120).startsWith('filler words'));
  });

  it('never grow beyond what was asked, whatever the text', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.integer({ min: 20, max: 80 }), (long, query, chars) => {
        assert.ok(snippet(long.repeat(5), query, chars).length <= chars);
      }),
    );
  });

  it('mark the words of the query, as the terminal allows', () => {
    const colour = styleFor(true, {});
    assert.equal(markWords('Noise limits', 'noise', plain, false), 'Noise limits');
    assert.equal(
      markWords('Noise limits', 'noise', styleFor(true, { NO_COLOR: '1' }), true),
      '*Noise* limits',
    );
    assert.match(markWords('Noise limits', 'the limit', colour, true), /^Noise \u001b\[1m.*limits.*$/);
  });

  it('colour obeys NO_COLOR and TERM', () => {
    assert.equal(styleFor(true, {}).colour, true);
    for (const env of [{ NO_COLOR: '1' }, { TERM: 'dumb' }]) assert.equal(styleFor(true, env).colour, false);
    assert.equal(styleFor(false, {}).colour, false);
  });
});

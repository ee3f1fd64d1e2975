import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FractalError } from '../../src/base/index.ts';
import { editDistance, nearest } from '../../src/base/nearest.ts';
import { parse } from '../../src/cli/parse.ts';

const values = (line: string[], env = {}) => parse(line, env).values;

describe('what is understood', () => {
  const cases: readonly (readonly [string[], string, unknown])[] = [
    [['status'], 'data', '.fractal'],
    [['status', '--data', 'd'], 'data', 'd'],
    [['--data', 'd', 'status'], 'data', 'd'],
    [['--data=d=e', 'status'], 'data', 'd=e'],
    [['status', '--data=-d'], 'data', '-d'],
    [['status', '--data', '-d'], 'data', '-d'],
    [['status'], 'json', false],
    [['status', '--json', '--json'], 'json', true],
    [['status', '-q'], 'quiet', true],
    [['search', 'x'], 'k', 10],
    [['search', 'x', '-k', '5'], 'k', 5],
    [['search', '-k5', 'x'], 'k', 5],
    [['search', '-k=5', 'x'], 'k', 5],
    [['search', 'x'], 'mode', 'hybrid'],
    [['search', 'x', '--mode', 'text'], 'mode', 'text'],
    [['search', 'x', '--at', '2024-02-29'], 'at', '2024-02-29'],
    [['search', 'x'], 'at', undefined],
    [['init', '--sites', 'a,b', '--sites', 'c, d,'], 'sites', ['a', 'b', 'c', 'd']],
    [['init'], 'sites', []],
    [['init'], 'role', 'hub'],
    [['sql', 'x', '--timeout', '.5'], 'timeout', 0.5],
    [['start', '--port', '0'], 'port', 0],
  ];
  for (const [line, name, wanted] of cases)
    it(`${line.join(' ')} → ${name}`, () => assert.deepEqual(values(line)[name], wanted));

  it('the environment stands in for a flag, and the flag wins', () => {
    const env = { FRACTAL_DATA: '/e' };
    assert.equal(values(['status'], env)['data'], '/e');
    assert.equal(values(['status', '--data', '/f'], env)['data'], '/f');
    assert.equal(values(['status'], { FRACTAL_DATA: '' })['data'], '.fractal');
    assert.ok(parse(['status'], env).given.has('data'));
    assert.ok(!parse(['status'], {}).given.has('data'));
  });

  it('words, a dash, and text after -- are arguments; so is SQL that begins with a comment', () => {
    assert.deepEqual(parse(['import', 'a', '--quiet', 'b'], {}).arguments, ['a', 'b']);
    assert.deepEqual(parse(['sql', '-'], {}).arguments, ['-']);
    assert.deepEqual(parse(['import', '--', '--odd', '-x'], {}).arguments, ['--odd', '-x']);
    assert.deepEqual(parse(['sql', '-- all\nselect 1'], {}).arguments, ['-- all\nselect 1']);
  });

  it('help and version ask for no arguments', () => {
    assert.equal(parse(['sql', '--help'], {}).command, 'sql');
    assert.equal(parse(['import', '--version'], {}).command, 'import');
    assert.equal(parse([], {}).command, undefined);
    assert.equal(parse(['--json'], {}).values['json'], true);
  });
});

describe('what is refused', () => {
  const cases: readonly (readonly [string[], string, RegExp])[] = [
    [['serach', 'x'], 'usage.command', /Did you mean "search"/],
    [['xyzzy'], 'usage.command', /fractal help/],
    [['status', '--jsn'], 'usage.flag', /Did you mean "--json"/],
    [['search', 'x', '--jurisdicton', 'EU'], 'usage.flag', /"--jurisdiction"/],
    [['search', 'x', '-j'], 'usage.flag', /fractal search --help/],
    [['--port', '1', 'start'], 'usage.flag', /fractal --help/],
    [['status', '--json=1'], 'usage.value', /alone/],
    [['status', '--data'], 'usage.value', /--data DIR/],
    [['status', '--data', '--json'], 'usage.value', /--data DIR/],
    [['status', '--data', ''], 'usage.value', /--data DIR/],
    [['status', '--data', 'a', '--data', 'b'], 'usage.flag', /once/],
    [['search', 'x', '-k', '0'], 'usage.value', /-k N/],
    [['search', 'x', '-k', '1.5'], 'usage.value', /-k N/],
    [['search', 'x', '-k', 'ten'], 'usage.value', /-k N/],
    [['start', '--port', '65536'], 'usage.value', /--port N/],
    [['search', 'x', '--mode', 'txt'], 'usage.value', /Did you mean "text"/],
    [['search', 'x', '--at', '2023-02-29'], 'usage.value', /--at DATE/],
    [['search', 'x', '--at', 'today'], 'usage.value', /--at DATE/],
    [['search'], 'usage.argument', /search --help/],
    [['sql', 'a', 'b'], 'usage.argument', /sql --help/],
    [['status', 'now'], 'usage.argument', /status --help/],
    [['completion', 'bsh'], 'usage.argument', /Did you mean "bash"/],
  ];
  for (const [line, code, cure] of cases)
    it(line.join(' '), () => {
      assert.throws(
        () => parse(line, {}),
        (error) => {
          assert.ok(error instanceof FractalError);
          assert.deepEqual([error.kind, error.code], ['usage', code]);
          assert.match(error.cure, cure);
          return true;
        },
      );
    });

  for (const line of [
    ['app', 'list'],
    ['sync', 'now', '--anything'],
    ['law', 'impact'],
  ])
    it(`not built: ${line.join(' ')}`, () => {
      assert.throws(() => parse(line, {}), { code: 'command.not_built', kind: 'unavailable' });
    });
});

describe('the nearest word', () => {
  it('counts a swap as one edit', () => {
    assert.equal(editDistance('serach', 'search'), 1);
    assert.equal(editDistance('', 'abc'), 3);
    assert.equal(editDistance('kitten', 'sitting'), 3);
  });
  it('is named only when it is near', () => {
    assert.equal(nearest('stauts', ['start', 'status']), 'status');
    assert.equal(nearest('comp', ['completion', 'import']), 'completion');
    assert.equal(nearest('zzz', ['completion', 'import']), undefined);
  });
});

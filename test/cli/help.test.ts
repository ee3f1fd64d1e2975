import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { COMMANDS, NOT_BUILT, type Command } from '../../src/cli/commands.ts';
import { completionScript } from '../../src/cli/completion.ts';
import { renderCliDocs } from '../../src/cli/docs.ts';
import { GLOBAL_FLAGS, dashed, type Flag } from '../../src/cli/flags.ts';
import { commandHelp, programHelp } from '../../src/cli/help.ts';

const commands: readonly Command[] = COMMANDS;
const flat = (text: string): string => text.replace(/\s+/g, ' ');

describe('help and docs hold every definition', () => {
  it('the program', () => {
    const help = flat(programHelp(80));
    for (const command of commands)
      assert.ok(help.includes(flat(`${command.name} ${command.summary}`)), command.name);
    for (const flag of GLOBAL_FLAGS) assert.ok(help.includes(dashed(flag.name)));
    const later = help.slice(help.indexOf('Not part of this version'));
    for (const [words] of NOT_BUILT) assert.ok(later.includes(words), words);
  });

  it('nothing that is built is said to be missing, for then it would not run', () => {
    const names = new Set(commands.map(({ name }) => name));
    assert.deepEqual(
      NOT_BUILT.map(([words]) => words).filter((words) => names.has(words)),
      [],
    );
  });

  for (const command of commands)
    it(command.name, () => {
      const help = flat(commandHelp(command, 80));
      const docs = flat(renderCliDocs());
      const flags: readonly Flag[] = [...command.flags, ...GLOBAL_FLAGS];
      for (const text of [help, docs]) {
        for (const flag of flags) {
          assert.ok(text.includes(dashed(flag.name)), `${flag.name} is missing`);
          assert.ok(text.includes(flat(flag.doc)), `what ${flag.name} does is missing`);
          for (const value of flag.values ?? []) assert.ok(text.includes(value));
        }
        for (const argument of command.arguments) assert.ok(text.includes(argument.doc));
        for (const [line] of command.examples) assert.ok(text.includes(flat(line)));
      }
    });

  it('help keeps to its width', () => {
    for (const command of commands)
      for (const line of commandHelp(command, 80).split('\n'))
        assert.ok(line.length <= 80 || line.startsWith('  fractal '), line);
  });

  it('names and short names are never given twice', () => {
    for (const command of commands) {
      const all = ([...command.flags, ...GLOBAL_FLAGS] as Flag[]).flatMap((flag) =>
        [flag.name, flag.short ?? []].flat(),
      );
      assert.equal(new Set(all).size, all.length, command.name);
    }
    assert.equal(new Set(commands.map((command) => command.name)).size, commands.length);
  });
});

const has = (shell: string): boolean => spawnSync(shell, ['--version']).status === 0;

/** What bash would offer after the words. */
function complete(...words: string[]): string[] {
  const script = `${completionScript('bash')}
COMP_WORDS=(fractal ${words.map((word) => `'${word}'`).join(' ')})
COMP_CWORD=${words.length}
_fractal 2>/dev/null
printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync('bash', ['--norc', '-c', script], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line !== '');
}

describe('completion', () => {
  it('every script holds every flag', () => {
    for (const shell of ['bash', 'zsh', 'fish'] as const) {
      const script = completionScript(shell);
      for (const command of commands)
        for (const flag of [...command.flags, ...GLOBAL_FLAGS] as Flag[])
          assert.ok(
            script.includes(shell === 'fish' && flag.name.length > 1 ? `-l ${flag.name}` : flag.name),
            `${shell}: ${flag.name}`,
          );
    }
  });

  it('bash offers commands, flags and words', { skip: !has('bash') }, () => {
    assert.deepEqual(complete('st'), ['start', 'status']);
    assert.deepEqual(complete('search', '--j'), ['--jurisdiction', '--json']);
    assert.deepEqual(complete('search', '--mode', 't'), ['text']);
    assert.deepEqual(complete('completion', ''), ['bash', 'zsh', 'fish']);
    assert.deepEqual(complete('--data', 'import', 'stat'), ['status']);
    assert.ok(complete('import', 'package').includes('package.json'));
  });

  for (const shell of ['zsh', 'fish'] as const)
    it(`${shell} can read its script`, { skip: !has(shell) }, () => {
      const run = spawnSync(shell, ['-n'], { input: completionScript(shell) });
      assert.equal(run.status, 0, run.stderr.toString());
    });
});

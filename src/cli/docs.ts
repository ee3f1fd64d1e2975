/** docs/cli.md, written from the definitions. */
import { COMMANDS, NOT_BUILT, type Command } from './commands.ts';
import { GLOBAL_FLAGS, type Flag } from './flags.ts';
import { EXIT_CODES, argumentUsage, flagDoc, flagUsage, usageLine } from './help.ts';

const cell = (text: string): string => text.replaceAll('|', '\\|');

const table = (head: readonly [string, string], rows: readonly (readonly [string, string])[]): string =>
  [head, ['---', '---'] as const, ...rows].map(([a, b]) => `| ${cell(a)} | ${cell(b)} |`).join('\n');

const flagTable = (flags: readonly Flag[]): string =>
  table(
    ['flag', 'meaning'],
    flags.map((flag) => [`\`${flagUsage(flag)}\``, flagDoc(flag)] as const),
  );

function commandDocs(command: Command): string {
  const parts = [
    `## ${command.name}`,
    `\`${usageLine(command)}\``,
    command.summary,
    ...(command.details ?? []),
  ];
  if (command.arguments.length > 0)
    parts.push(
      table(
        ['argument', 'meaning'],
        command.arguments.map((one) => [`\`${argumentUsage(one)}\``, one.doc] as const),
      ),
    );
  if (command.flags.length > 0) parts.push(flagTable(command.flags));
  if (command.examples.length > 0)
    parts.push(['```sh', ...command.examples.map(([line, doc]) => `${line}  # ${doc}`), '```'].join('\n'));
  return parts.join('\n\n');
}

export function renderCliDocs(): string {
  return (
    [
      '# Command line',
      'Written by `npm run docs` from `src/cli/commands.ts` and `src/cli/flags.ts`; change it there.',
      'A command goes through the node that runs on the data directory, or opens the directory itself when none runs.',
      'With `--json`, standard output holds one JSON document, or JSON lines for `import`, and nothing else. An error is ' +
        'the document (or the last line) `{"error": {…}}`, a problem as in RFC 9457; when `sql` fails after its first ' +
        'row, the document gets the member `error` beside `columns` and `rows`. The error is told on standard error too.',
      '## Flags of every command',
      flagTable(GLOBAL_FLAGS),
      ...COMMANDS.map((command) => commandDocs(command)),
      '## Exit codes',
      table(
        ['code', 'meaning'],
        EXIT_CODES.map(([code, doc]) => [String(code), doc] as const),
      ),
      '## Not part of this version',
      'These exit 6 with the code `command.not_built`.',
      table(
        ['command', 'what it will do'],
        NOT_BUILT.map(([words, doc]) => [`\`${words}\``, doc] as const),
      ),
    ].join('\n\n') + '\n'
  );
}

/** `--help`, written from the definitions. */
import { COMMANDS, NOT_BUILT, type Argument, type Command } from './commands.ts';
import { GLOBAL_FLAGS, dashed, type Flag } from './flags.ts';
import { wrap } from './output/text.ts';

export const EXIT_CODES: readonly (readonly [number, string])[] = [
  [0, 'done'],
  [1, 'our fault: a broken invariant'],
  [2, 'usage: unknown command, flag or argument'],
  [3, 'denied by policy'],
  [4, 'not found'],
  [5, 'bad input: nothing was changed, or the good part was kept and the bad part is listed'],
  [6, 'unavailable: something is missing or not running; for `doctor`, a test failed'],
  [7, 'integrity: a checksum, signature or chain does not hold'],
  [130, 'stopped with Ctrl-C (143: by SIGTERM)'],
];

export function argumentUsage(argument: Argument): string {
  const name = argument.name + (argument.repeatable === true ? '…' : '');
  return argument.optional === true ? `[${name}]` : name;
}

export function usageLine(command: Command): string {
  const words = ['fractal', command.name, ...command.arguments.map(argumentUsage)];
  if (command.flags.length > 0) words.push('[flags]');
  return words.join(' ');
}

/** `-q, --quiet`, `--data DIR`. */
export function flagUsage(flag: Flag): string {
  const names = flag.short === undefined ? dashed(flag.name) : `-${flag.short}, ${dashed(flag.name)}`;
  return flag.type === 'boolean' ? names : `${names} ${flag.arg ?? 'VALUE'}`;
}

/** What the flag does, with its words, default and environment variable. */
export function flagDoc(flag: Flag): string {
  const more: string[] = [];
  if (flag.values !== undefined) more.push(`one of ${flag.values.join(', ')}`);
  if (flag.default !== undefined) more.push(`default ${flag.default}`);
  if (flag.env !== undefined) more.push(`environment ${flag.env}`);
  return more.length === 0 ? flag.doc : `${flag.doc} (${more.join('; ')})`;
}

/** Two columns, the right one wrapped. */
function columns(rows: readonly (readonly [string, string])[], width: number): string {
  const left = Math.min(Math.max(...rows.map(([name]) => name.length)), 28);
  return rows
    .map(([name, doc]) => {
      const lines = wrap(doc, Math.max(width - left - 4, 30));
      const head = name.length > left ? `  ${name}\n${' '.repeat(left + 4)}` : `  ${name.padEnd(left)}  `;
      return head + lines.join(`\n${' '.repeat(left + 4)}`);
    })
    .join('\n');
}

const flagRows = (flags: readonly Flag[]): (readonly [string, string])[] =>
  flags.map((flag) => [flagUsage(flag), flagDoc(flag)] as const);

export function programHelp(width: number): string {
  const commands = COMMANDS.map((command) => [command.name, command.summary] as const);
  return [
    'Fractal: a local-first node for environment, safety and health law.',
    '',
    'Usage: fractal COMMAND [flags]',
    '',
    'Commands:',
    columns(commands, width),
    '',
    'Flags of every command:',
    columns(flagRows(GLOBAL_FLAGS), width),
    '',
    'Not part of this version:',
    ...wrap(NOT_BUILT.map(([words]) => words).join(', '), width - 2).map((line) => `  ${line}`),
    '',
    'Exit codes:',
    columns(
      EXIT_CODES.map(([code, doc]) => [String(code), doc] as const),
      width,
    ),
    '',
    '`fractal COMMAND --help` shows the flags of a command.',
    '',
  ].join('\n');
}

export function commandHelp(command: Command, width: number): string {
  const parts = [`Usage: ${usageLine(command)}`, '', ...wrap(command.summary, width)];
  for (const paragraph of command.details ?? []) parts.push('', ...wrap(paragraph, width));
  if (command.arguments.length > 0)
    parts.push(
      '',
      'Arguments:',
      columns(
        command.arguments.map((one) => [argumentUsage(one), one.doc] as const),
        width,
      ),
    );
  if (command.flags.length > 0) parts.push('', 'Flags:', columns(flagRows(command.flags), width));
  parts.push('', 'Flags of every command:', columns(flagRows(GLOBAL_FLAGS), width));
  if (command.examples.length > 0)
    parts.push('', 'Examples:', ...command.examples.flatMap(([line, doc]) => [`  ${line}`, `      ${doc}`]));
  return parts.join('\n') + '\n';
}

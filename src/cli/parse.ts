/** From what was typed to what is meant. Every mistake is a usage error that names the nearest right word. */
import { nearest, type FractalError, unavailableError, usageError } from '../base/index.ts';
import { COMMANDS, NOT_BUILT, type Argument, type Command, type CommandName } from './commands.ts';
import { GLOBAL_FLAGS, dashed, type Flag } from './flags.ts';

export type Values = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

export interface Parsed {
  /** Absent when only global flags were given. */
  readonly command: CommandName | undefined;
  readonly arguments: readonly string[];
  readonly values: Values;
  /** Names of the flags that the caller set, by command line or environment. */
  readonly given: ReadonlySet<string>;
}

type Environment = Readonly<Record<string, string | undefined>>;

export function parse(argv: readonly string[], env: Environment): Parsed {
  const words = [...argv];
  const raw = new Map<Flag, string[]>();
  const front = readWords(words, GLOBAL_FLAGS, raw, 'until-word');
  const [name] = front;
  if (name === undefined) return { command: undefined, arguments: [], ...valuesOf(GLOBAL_FLAGS, raw, env) };
  const command = commandOf(name, words);
  const flags: readonly Flag[] = [...command.flags, ...GLOBAL_FLAGS];
  const typed = readWords(words, flags, raw, 'all', command);
  const values = valuesOf(flags, raw, env);
  if (values.values['help'] !== true && values.values['version'] !== true) checkArguments(command, typed);
  return { command: command.name as CommandName, arguments: typed, ...values };
}

function commandOf(name: string, rest: readonly string[]): Command {
  const found = (COMMANDS as readonly Command[]).find((command) => command.name === name);
  const two = `${name} ${rest[0] ?? ''}`.trim();
  const later = NOT_BUILT.find(([words]) => words === name || words === two);
  if (later !== undefined) throw notBuilt(`fractal ${later[0]}`);
  if (found !== undefined) return found;
  const known = [...COMMANDS.map((command) => command.name), ...NOT_BUILT.map(([words]) => words)].filter(
    (words) => !words.includes(' '),
  );
  throw usageError(
    'usage.command',
    `there is no command "${name}"`,
    cure(nearest(name, known), '`fractal help` lists the commands.'),
  );
}

export const notBuilt = (what: string): FractalError =>
  unavailableError(
    'command.not_built',
    `\`${what}\` is not part of this version`,
    '`fractal help` lists what this version can do.',
  );

const cure = (near: string | undefined, otherwise: string): string =>
  near === undefined ? otherwise : `Did you mean "${near}"? ${otherwise}`;

/** Takes words off the front: flags into `raw`, the others into the answer. */
function readWords(
  words: string[],
  flags: readonly Flag[],
  raw: Map<Flag, string[]>,
  end: 'until-word' | 'all',
  command?: Command,
): string[] {
  const typed: string[] = [];
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (word === '--' && end === 'all') {
      typed.push(...words.splice(0));
    } else if (isFlag(word)) {
      readFlag(word, words, flags, raw, command);
    } else {
      typed.push(word);
      if (end === 'until-word') break;
    }
  }
  return typed;
}

/** A lone dash means standard input; a word with a blank is text, such as an SQL statement that begins with a comment. */
const isFlag = (word: string): boolean =>
  word.length > 1 && word.startsWith('-') && !/^\S*\s/.test(word.split('=')[0] ?? '');

function readFlag(
  word: string,
  rest: string[],
  flags: readonly Flag[],
  raw: Map<Flag, string[]>,
  command: Command | undefined,
): void {
  const { name, inline } = splitFlag(word, flags);
  const flag = flags.find((candidate) => candidate.name === name || candidate.short === name);
  if (flag === undefined) throw unknownFlag(word, name, flags, command);
  const earlier = raw.get(flag) ?? [];
  if (earlier.length > 0 && flag.type !== 'list' && flag.type !== 'boolean')
    throw usageError('usage.flag', `${dashed(flag.name)} is given twice`, 'Give it once.');
  if (flag.type === 'boolean') {
    if (inline !== undefined)
      throw usageError(
        'usage.value',
        `${dashed(flag.name)} takes no value`,
        `Write ${dashed(flag.name)} alone.`,
      );
    raw.set(flag, [...earlier, 'true']);
    return;
  }
  const value = inline ?? (rest[0]?.startsWith('--') === true && isFlag(rest[0]) ? undefined : rest.shift());
  if (value === undefined)
    throw usageError(
      'usage.value',
      `${dashed(flag.name)} needs a value`,
      `Write ${dashed(flag.name)} ${flag.arg ?? 'VALUE'}${flag.values === undefined ? '' : `, one of ${flag.values.join(', ')}`}.`,
    );
  raw.set(flag, [...earlier, value]);
}

/** `--name=value`, `-k=5` and `-k5` hold their value. */
function splitFlag(word: string, flags: readonly Flag[]): { name: string; inline: string | undefined } {
  const isLong = word.startsWith('--');
  const body = word.slice(isLong ? 2 : 1);
  const equals = body.indexOf('=');
  const name = equals < 0 ? body : body.slice(0, equals);
  const inline = equals < 0 ? undefined : body.slice(equals + 1);
  const letter = body[0] ?? '';
  const takesRest =
    !isLong &&
    body.length > 1 &&
    equals !== 1 &&
    flags.some((flag) => (flag.name === letter || flag.short === letter) && flag.type !== 'boolean');
  return takesRest ? { name: letter, inline: body.slice(1) } : { name, inline };
}

function unknownFlag(
  word: string,
  name: string,
  flags: readonly Flag[],
  command: Command | undefined,
): FractalError {
  const where = command === undefined ? 'fractal' : `fractal ${command.name}`;
  if (NOT_BUILT.some(([words]) => `fractal ${words}` === `${where} --${name}`))
    return notBuilt(`${where} --${name}`);
  const near = nearest(
    name,
    flags.map((flag) => flag.name),
  );
  const shown = word.split('=')[0] ?? word;
  return usageError(
    'usage.flag',
    `\`${where}\` has no flag ${shown}`,
    cure(near === undefined ? undefined : dashed(near), `\`${where} --help\` lists its flags.`),
  );
}

function valuesOf(
  flags: readonly Flag[],
  raw: ReadonlyMap<Flag, readonly string[]>,
  env: Environment,
): { values: Values; given: ReadonlySet<string> } {
  const values: Record<string, string | number | boolean | readonly string[] | undefined> = {};
  const given = new Set<string>();
  for (const flag of flags) {
    const fromEnv = flag.env === undefined ? undefined : env[flag.env];
    const texts = raw.get(flag) ?? (fromEnv === undefined || fromEnv === '' ? [] : [fromEnv]);
    if (texts.length > 0) given.add(flag.name);
    values[flag.name] = valueOf(flag, texts);
  }
  return { values, given };
}

function valueOf(
  flag: Flag,
  texts: readonly string[],
): string | number | boolean | readonly string[] | undefined {
  if (flag.type === 'boolean') return texts.length > 0;
  if (flag.type === 'list')
    return texts
      .flatMap((text) => text.split(','))
      .map((text) => text.trim())
      .filter((text) => text !== '');
  const [text] = texts;
  if (text === undefined) return flag.default;
  switch (flag.type) {
    case 'integer':
    case 'number':
      return numberOf(flag, text);
    case 'date':
      if (isDate(text)) return text;
      throw badValue(flag, 'a day as YYYY-MM-DD');
    case 'choice': {
      const choices = flag.values ?? [];
      if (choices.includes(text)) return text;
      throw badValue(flag, `one of ${choices.join(', ')}`, nearest(text, choices));
    }
    case 'path':
    case 'string':
      if (text !== '') return text;
      throw badValue(flag, 'not empty');
  }
}

function numberOf(flag: Flag, text: string): number {
  const pattern = flag.type === 'integer' ? /^[+-]?\d+$/ : /^[+-]?(\d+\.?\d*|\.\d+)$/;
  const value = Number(text);
  const { min = -Infinity, max = Infinity } = flag;
  if (pattern.test(text) && value >= min && value <= max) return value;
  const what = flag.type === 'integer' ? 'a whole number' : 'a number';
  throw badValue(flag, Number.isFinite(min) ? `${what} from ${min} to ${max}` : what);
}

function isDate(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return false;
  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

const badValue = (flag: Flag, wanted: string, near?: string): FractalError =>
  usageError(
    'usage.value',
    `the value of ${dashed(flag.name)} must be ${wanted}`,
    cure(near, `Write ${dashed(flag.name)} ${flag.arg ?? 'VALUE'}.`),
  );

function checkArguments(command: Command, typed: readonly string[]): void {
  const list: readonly Argument[] = command.arguments;
  const isOpen = list.some((argument) => argument.repeatable === true);
  const needed = list.filter((argument) => argument.optional !== true).length;
  const help = `\`fractal ${command.name} --help\` shows how it is used.`;
  if (typed.length < needed)
    throw usageError(
      'usage.argument',
      `\`fractal ${command.name}\` needs ${list[typed.length]?.name ?? ''}`,
      help,
    );
  if (typed.length > list.length && !isOpen)
    throw usageError(
      'usage.argument',
      `\`fractal ${command.name}\` does not take "${typed[list.length] ?? ''}"`,
      help,
    );
  for (const [index, argument] of list.entries()) {
    const word = typed[index];
    if (word === undefined || argument.values === undefined || argument.values.includes(word)) continue;
    throw usageError(
      'usage.argument',
      `${argument.name} must be one of ${argument.values.join(', ')}`,
      cure(nearest(word, argument.values), help),
    );
  }
}

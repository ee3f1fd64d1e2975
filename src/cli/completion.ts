/** Completion scripts, written from the definitions. They call nothing back: completing is instant and works offline. */
import { COMMANDS, type Argument, type Command } from './commands.ts';
import { GLOBAL_FLAGS, dashed, type Flag } from './flags.ts';

export type Shell = 'bash' | 'zsh' | 'fish';

const ALL: readonly Command[] = COMMANDS;
const names = (flag: Flag): string[] =>
  flag.short === undefined ? [dashed(flag.name)] : [dashed(flag.name), `-${flag.short}`];
const flagsOf = (command: Command): readonly Flag[] => [...command.flags, ...GLOBAL_FLAGS];

function wordsOf(argument: Argument, command: Command): readonly string[] {
  return command.name === 'help' ? COMMANDS.map((one) => one.name) : (argument.values ?? []);
}

export function completionScript(shell: Shell): string {
  switch (shell) {
    case 'bash':
      return bash();
    case 'zsh':
      return zsh();
    case 'fish':
      return fish();
  }
}

function bash(): string {
  const valueCases = new Map<string, string>();
  for (const flag of new Set<Flag>([...ALL.flatMap((command) => command.flags), ...GLOBAL_FLAGS])) {
    if (flag.type === 'boolean') continue;
    const action =
      flag.type === 'path'
        ? 'compopt -o dirnames 2>/dev/null; COMPREPLY=($(compgen -d -- "$cur"))'
        : `COMPREPLY=($(compgen -W "${(flag.values ?? []).join(' ')}" -- "$cur"))`;
    valueCases.set(names(flag).join('|'), action);
  }
  const commandCases = ALL.map((command) => {
    const words = command.arguments.flatMap((argument) => wordsOf(argument, command));
    const isFile = command.arguments.some((argument) => argument.file === true);
    return [
      `    ${command.name})`,
      `      flags="${flagsOf(command).flatMap(names).join(' ')}"`,
      `      words="${words.join(' ')}"`,
      `      files=${isFile ? 1 : 0}`,
      '      ;;',
    ].join('\n');
  });
  const takesValue = GLOBAL_FLAGS.filter((flag) => flag.type !== 'boolean').flatMap(names);
  return `# bash completion for fractal
_fractal() {
  local cur prev i command="" flags words files=0
  cur="\${COMP_WORDS[COMP_CWORD]}"
  prev="\${COMP_WORDS[COMP_CWORD-1]}"
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "\${COMP_WORDS[i]}" in
      ${takesValue.join('|')}) ((i++)) ;;
      -*) ;;
      *) command="\${COMP_WORDS[i]}"; break ;;
    esac
  done
  case "$prev" in
${[...valueCases].map(([name, action]) => `    ${name}) ${action}; return ;;`).join('\n')}
  esac
  case "$command" in
${commandCases.join('\n')}
    *)
      flags="${GLOBAL_FLAGS.flatMap(names).join(' ')}"
      words="${ALL.map((command) => command.name).join(' ')}"
      ;;
  esac
  if [[ "$cur" == -* ]]; then
    COMPREPLY=($(compgen -W "$flags" -- "$cur"))
  elif [[ $files == 1 ]]; then
    compopt -o filenames 2>/dev/null
    COMPREPLY=($(compgen -f -- "$cur"))
  else
    COMPREPLY=($(compgen -W "$words" -- "$cur"))
  fi
}
complete -F _fractal fractal
`;
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

function zshFlag(flag: Flag): string[] {
  const doc = flag.doc.replaceAll(/[[\]:]/g, '\\$&');
  const value =
    flag.type === 'boolean'
      ? ''
      : flag.type === 'path'
        ? `:${flag.arg ?? 'value'}:_files -/`
        : `:${flag.arg ?? 'value'}:(${(flag.values ?? []).join(' ')})`;
  return names(flag).map((name) => quoted(`${name}[${doc}]${value}`));
}

function zsh(): string {
  const cases = ALL.map((command) => {
    const specs = flagsOf(command).flatMap(zshFlag);
    for (const argument of command.arguments) {
      const action = argument.file === true ? '_files' : `(${wordsOf(argument, command).join(' ')})`;
      specs.push(quoted(`${argument.repeatable === true ? '*' : ''}:${argument.name}:${action}`));
    }
    return `    ${command.name}) _arguments ${specs.join(' \\\n      ')} ;;`;
  });
  return `#compdef fractal
_fractal() {
  local state
  local -a commands
  commands=(
${ALL.map((command) => `    ${quoted(`${command.name}:${command.summary.replaceAll(':', '\\:')}`)}`).join('\n')}
  )
  _arguments -C ${GLOBAL_FLAGS.flatMap(zshFlag).join(' \\\n    ')} \\
    '1: :->command' '*:: :->rest'
  case $state in
    command) _describe command commands ;;
    rest)
      case $words[1] in
${cases.map((one) => `  ${one}`).join('\n')}
      esac ;;
  esac
}
if [ "$funcstack[1]" = "_fractal" ]; then _fractal "$@"; else compdef _fractal fractal; fi
`;
}

function fishFlag(flag: Flag, condition: string): string {
  const parts = ['complete -c fractal', condition];
  if (flag.name.length > 1) parts.push(`-l ${flag.name}`);
  else parts.push(`-s ${flag.name}`);
  if (flag.short !== undefined) parts.push(`-s ${flag.short}`);
  if (flag.type === 'path') parts.push('-r -a "(__fish_complete_directories)"');
  else if (flag.type !== 'boolean')
    parts.push(`-x${flag.values === undefined ? '' : ` -a "${flag.values.join(' ')}"`}`);
  parts.push(`-d ${quoted(flag.doc)}`);
  return parts.filter((part) => part !== '').join(' ');
}

function fish(): string {
  const lines = ['# fish completion for fractal', 'complete -c fractal -f'];
  for (const flag of GLOBAL_FLAGS) lines.push(fishFlag(flag, ''));
  for (const command of ALL) {
    lines.push(
      `complete -c fractal -n __fish_use_subcommand -a ${command.name} -d ${quoted(command.summary)}`,
    );
    const condition = `-n "__fish_seen_subcommand_from ${command.name}"`;
    for (const flag of command.flags) lines.push(fishFlag(flag, condition));
    for (const argument of command.arguments) {
      if (argument.file === true) lines.push(`complete -c fractal ${condition} -F`);
      const words = wordsOf(argument, command);
      if (words.length > 0) lines.push(`complete -c fractal ${condition} -a "${words.join(' ')}"`);
    }
  }
  return lines.join('\n') + '\n';
}

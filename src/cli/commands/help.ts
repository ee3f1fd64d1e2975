import { parse } from '../parse.ts';
import { COMMANDS, type Command } from '../commands.ts';
import { commandHelp, programHelp } from '../help.ts';
import type { Run } from '../session.ts';

const WIDTH_MAX = 100;

export const runHelp: Run<'help'> = async (session) => {
  const { stdout } = session.io;
  const width = Math.min(stdout.columns, WIDTH_MAX);
  const [name] = session.arguments;
  if (name === undefined) await stdout.write(programHelp(width));
  else {
    // Parsing the name gives the same answers as calling the command: nearest word, not built.
    const found = parse([name, '--help'], {}).command;
    const command = COMMANDS.find((one) => one.name === found) as Command;
    await stdout.write(commandHelp(command, width));
  }
  return 0;
};

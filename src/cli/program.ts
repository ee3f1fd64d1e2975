/** The program without its process: arguments, outside and node come in, an exit code goes out. */
import { asFractalError } from '../base/index.ts';
import { COMMANDS, type Command, type CommandName } from './commands.ts';
import { runAsk } from './commands/ask.ts';
import { runAi } from './commands/ai.ts';
import { runAudit } from './commands/audit.ts';
import { runCheck } from './commands/check.ts';
import { runClassify } from './commands/classify.ts';
import { runCompletion } from './commands/completion.ts';
import { runDecide } from './commands/decide.ts';
import { runDemo } from './commands/demo.ts';
import { runDoctor } from './commands/doctor.ts';
import { runHelp } from './commands/help.ts';
import { runImport } from './commands/import.ts';
import { runInit } from './commands/init.ts';
import { runLaw } from './commands/law.ts';
import { runMappings } from './commands/mappings.ts';
import { runMcp } from './commands/mcp.ts';
import { runModels } from './commands/models.ts';
import { runPolicy } from './commands/policy.ts';
import { runQueries } from './commands/queries.ts';
import { runReindex } from './commands/reindex.ts';
import { runSearch } from './commands/search.ts';
import { runSession } from './commands/session.ts';
import { runSource } from './commands/source.ts';
import { runSql } from './commands/sql.ts';
import { runStart } from './commands/start.ts';
import { runStatus } from './commands/status.ts';
import { runTable } from './commands/table.ts';
import { runUser } from './commands/user.ts';
import { runVersion } from './commands/version.ts';
import type { NodeFactory } from './factory.ts';
import type { GlobalValues } from './flags.ts';
import { commandHelp, programHelp } from './help.ts';
import type { Interrupt, Io } from './io.ts';
import { parse, type Parsed } from './parse.ts';
import { reportError } from './report-error.ts';
import { told } from './told.ts';
import { dataDirOf, logTo, styleOf, type Run, type Session } from './session.ts';

const RUNS: { readonly [N in CommandName]: Run<N> } = {
  init: runInit,
  start: runStart,
  demo: runDemo,
  status: runStatus,
  doctor: runDoctor,
  import: runImport,
  reindex: runReindex,
  source: runSource,
  mappings: runMappings,
  models: runModels,
  search: runSearch,
  ask: runAsk,
  classify: runClassify,
  sql: runSql,
  decide: runDecide,
  ai: runAi,
  mcp: runMcp,
  law: runLaw,
  policy: runPolicy,
  queries: runQueries,
  table: runTable,
  audit: runAudit,
  user: runUser,
  session: runSession,
  check: runCheck,
  completion: runCompletion,
  version: runVersion,
  help: runHelp,
};

const EXIT_OF_SIGNAL: Readonly<Record<Interrupt, number>> = { SIGINT: 130, SIGTERM: 143 };
/** One Ctrl-C can arrive twice: from the terminal and from the launcher that passes it on. */
const SECOND_INTERRUPT_MS = 300;

export async function main(argv: readonly string[], io: Io, factory: NodeFactory): Promise<number> {
  const interrupts = watchInterrupts(io);
  // Until the line is understood, only its words can say whether JSON is wanted.
  let json = argv.includes('--json');
  try {
    const parsed = parse(argv, io.env);
    json = parsed.values['json'] === true;
    const code = await run(parsed, io, factory, interrupts.signal);
    return io.stdout.closed ? 0 : code;
  } catch (thrown) {
    // Nobody reads any more: quiet, as after `| head`.
    if (io.stdout.closed) return 0;
    const interrupted = interrupts.first();
    if (interrupted !== undefined) return EXIT_OF_SIGNAL[interrupted];
    const error = asFractalError(thrown);
    if (json && !told.has(error)) await io.stdout.write(`${JSON.stringify({ error: error.toProblem() })}\n`);
    await reportError(error, io);
    return error.exitCode;
  } finally {
    interrupts.dispose();
  }
}

async function run(parsed: Parsed, io: Io, factory: NodeFactory, signal: AbortSignal): Promise<number> {
  const values = parsed.values as unknown as GlobalValues;
  const command: Command | undefined = COMMANDS.find((one) => one.name === parsed.command);
  if (values.version && parsed.command !== 'version')
    return run({ ...parsed, command: 'version' }, io, factory, signal);
  if (values.help || command === undefined || parsed.command === undefined) {
    await io.stdout.write(
      command === undefined ? programHelp(helpWidth(io)) : commandHelp(command, helpWidth(io)),
    );
    return 0;
  }
  const serves = parsed.command === 'start' || parsed.command === 'demo';
  const session = {
    io,
    factory,
    values: parsed.values,
    arguments: parsed.arguments,
    given: parsed.given,
    signal,
    dataDir: dataDirOf(io, values.data),
    style: styleOf(io),
    log: logTo(io, { quiet: values.quiet, info: serves }),
  };
  // The one place that joins the parsed values to the type that the command's flags say.
  return (RUNS[parsed.command] as (session: Session) => Promise<number>)(session as unknown as Session);
}

const HELP_WIDTH_MAX = 100;
export const helpWidth = (io: Io): number => Math.min(io.stdout.columns, HELP_WIDTH_MAX);

interface Interrupts {
  readonly signal: AbortSignal;
  /** The signal that asked us to stop, if any did. */
  readonly first: () => Interrupt | undefined;
  readonly dispose: () => void;
}

/** The first interrupt stops cleanly, the second at once; a reader that goes away stops the work too. */
function watchInterrupts(io: Io): Interrupts {
  const abort = new AbortController();
  let first: Interrupt | undefined;
  let firstAt = 0;
  const undoInterrupt = io.onInterrupt((signal) => {
    if (first === undefined) {
      first = signal;
      firstAt = io.clock.monotonic();
      abort.abort();
    } else if (io.clock.monotonic() - firstAt >= SECOND_INTERRUPT_MS) io.exit(EXIT_OF_SIGNAL[first]);
  });
  const undoClosed = io.onStdoutClosed(() => abort.abort());
  return {
    signal: abort.signal,
    first: () => first,
    dispose: () => {
      undoInterrupt();
      undoClosed();
    },
  };
}

/** Commands as data, and those that a later version will bring. */
import { AUDIT_CATEGORIES, SOURCE_FORMS } from '../node/index.ts';
import { DEFAULT_HOST, DEFAULT_PORT } from '../server/index.ts';
import type { Flag, FlagValues, GlobalValues } from './flags.ts';

export interface Argument {
  readonly name: string;
  readonly doc: string;
  readonly optional?: boolean;
  readonly repeatable?: boolean;
  /** The words it takes; any text when absent. */
  readonly values?: readonly string[];
  /** Completed as a file. */
  readonly file?: boolean;
}

export interface Command {
  readonly name: string;
  readonly summary: string;
  /** More than the summary says, one paragraph a string. */
  readonly details?: readonly string[];
  readonly arguments: readonly Argument[];
  readonly flags: readonly Flag[];
  /** Command lines with what they do. */
  readonly examples: readonly (readonly [string, string])[];
}

const PORT = {
  name: 'port',
  type: 'integer',
  arg: 'N',
  default: DEFAULT_PORT,
  min: 0,
  max: 65_535,
  doc: 'TCP port; 0 for any free one.',
} as const satisfies Flag;

const MAPPING = {
  name: 'mapping',
  type: 'string',
  arg: 'M',
  doc: 'Mapping to read record files by: a file, or the name of one. Default: found from name and columns.',
} as const;

const FLIGHT_PORT = {
  name: 'flight-port',
  type: 'integer',
  arg: 'N',
  min: 0,
  max: 65_535,
  doc: 'TCP port of Flight SQL; 0 for any free one. Default: the one after --port.',
} as const satisfies Flag;

const FLIGHT_HOST = {
  name: 'flight-host',
  type: 'string',
  arg: 'H',
  doc: 'Address of Flight SQL. Default: that of --host.',
} as const satisfies Flag;

const JURISDICTION = {
  name: 'jurisdiction',
  type: 'string',
  arg: 'J',
  doc: 'Jurisdiction, for example EU or US-CA.',
} as const satisfies Flag;

const ALLOW_NETWORK = {
  name: 'allow-network',
  type: 'boolean',
  doc: 'Open connections for this command, though fractal.json does not allow them.',
} as const satisfies Flag;

const KIND = {
  name: 'kind',
  type: 'string',
  arg: 'K',
  doc: 'Reader to use. Default: found from the content.',
} as const satisfies Flag;

export const COMMANDS = [
  {
    name: 'init',
    summary: 'Make a node: directories and configuration.',
    arguments: [],
    flags: [
      {
        name: 'role',
        type: 'choice',
        values: ['hub', 'edge'],
        default: 'hub',
        arg: 'ROLE',
        doc: 'Place in a fleet.',
      },
      { name: 'name', type: 'string', arg: 'N', doc: 'Name of the node. Default: one of its own.' },
      { name: 'region', type: 'string', arg: 'R', doc: 'Region its data belongs to.' },
      { name: 'sites', type: 'list', arg: 'S,…', doc: 'Sites it serves.' },
    ],
    examples: [['fractal init --name plant-7 --region eu --sites hamburg,kiel', 'A node for two sites.']],
  },
  {
    name: 'start',
    summary: 'Serve HTTP and Flight SQL, until stopped with Ctrl-C.',
    details: [
      'Until the first `fractal user add` the node is in single-user mode: whoever can reach the loopback ports on this ' +
        'machine is the local operator, with all rights. An address that is not loopback is opened only when there are ' +
        'users, and with TLS 1.3 (`tls` in fractal.json).',
    ],
    arguments: [],
    flags: [
      PORT,
      FLIGHT_PORT,
      {
        name: 'host',
        type: 'string',
        arg: 'H',
        default: DEFAULT_HOST,
        doc: 'Address: 127.0.0.1, localhost or ::1; another one with users and TLS.',
      },
      FLIGHT_HOST,
    ],
    examples: [['fractal start --port 0', 'Serve on any free port and say which.']],
  },
  {
    name: 'demo',
    summary: 'Make a node with the sample organisation, ask one question, and serve.',
    details: [
      'Without --data or FRACTAL_DATA the node lives in a temporary folder that is removed when the demo ends.',
    ],
    arguments: [],
    flags: [
      PORT,
      FLIGHT_PORT,
      { name: 'once', type: 'boolean', doc: 'Stop after the question instead of serving.' },
    ],
    examples: [['fractal demo --once', 'See it work and be back at the prompt.']],
  },
  {
    name: 'status',
    summary: 'What runs, sizes, versions and warnings.',
    arguments: [],
    flags: [],
    examples: [['fractal status --json', 'The same for a program.']],
  },
  {
    name: 'doctor',
    summary: 'Test each part and say the cure. Exits 6 when a test fails.',
    arguments: [],
    flags: [],
    examples: [['fractal doctor', 'Test this node.']],
  },
  {
    name: 'import',
    summary: 'Take in law and records from files and folders, or from publishers by name or address.',
    details: [
      `Names of sources: ${SOURCE_FORMS.map(([form, meaning]) => `${form} (${meaning})`).join('; ')}. The network is ` +
        'off unless fractal.json or --allow-network turns it on. docs/sources.md says more.',
      'Exits 5 when a source is refused; the others are kept. Importing again changes nothing. Every import is a job of a ' +
        'durable queue: what a crash left is finished by `fractal import resume`, or by itself when a node runs.',
      'Instead of paths: `status [JOB]` shows what is unfinished and what came last, `list` all jobs, `failed [JOB]` each ' +
        'file that was refused with the reason and the cure, `pause JOB`, `resume [JOB]`, `cancel JOB`, `retry [JOB ' +
        '[FILE…]]` the refused files again, `watches` the watched folders, `unwatch PATH` ends one. A file of such a name ' +
        'is given as ./status.',
    ],
    arguments: [
      {
        name: 'PATH',
        doc: 'File, folder, name of a source or address; or an action and its job.',
        repeatable: true,
        file: true,
      },
    ],
    flags: [
      KIND,
      JURISDICTION,
      {
        name: 'in-force-from',
        type: 'date',
        arg: 'DATE',
        doc: 'First day the text applies, for sources that do not say.',
      },
      ALLOW_NETWORK,
      {
        name: 'versions',
        type: 'boolean',
        doc: 'All versions that the publisher lists and this node lacks.',
      },
      { name: 'sha256', type: 'string', arg: 'HEX', doc: 'What the one document fetched must hash to.' },
      MAPPING,
      {
        name: 'watch',
        type: 'boolean',
        doc: 'Import what is new or changed below the folders from now on: until Ctrl-C, or for good when a node runs.',
      },
      {
        name: 'detach',
        type: 'boolean',
        doc: 'Leave the work to the running node and answer the job at once.',
      },
      {
        name: 'priority',
        type: 'integer',
        arg: 'N',
        default: 0,
        min: -100,
        max: 100,
        doc: 'Jobs of higher priority go first.',
      },
    ],
    examples: [
      ['fractal import law/ --jurisdiction EU', 'Everything below a folder.'],
      ['fractal import --json law/*.xml', 'One line of JSON per document.'],
      ['fractal import --allow-network ecfr:40/262', 'A part of the eCFR as it stands now.'],
      ['fractal import status', 'How the jobs go, and the watched folders.'],
      ['fractal import resume', 'Go on with what was interrupted or paused.'],
      ['fractal import inbox/ --watch', 'What comes into a folder from now on.'],
    ],
  },
  {
    name: 'source',
    summary: 'Standing sources: law that is fetched again and again.',
    details: [
      'A source has a name of its own and the name or address of what it brings, as for `fractal import`. Where the network ' +
        'is on in fractal.json, `fractal start` runs those that are due by itself. `run` without a name runs those that are ' +
        'due; `versions` shows what a publisher has of one act, and what of it is here.',
    ],
    arguments: [
      {
        name: 'ACTION',
        doc: 'What to do. Default: list.',
        values: ['add', 'list', 'run', 'remove', 'versions'],
        optional: true,
      },
      { name: 'NAME', doc: 'Name of the source; for versions, what to list.', optional: true },
      { name: 'SOURCE', doc: 'For add: short name or address.', optional: true },
    ],
    flags: [
      {
        name: 'every',
        type: 'number',
        arg: 'H',
        default: 24,
        min: 0.25,
        max: 8760,
        doc: 'For add: hours between two runs.',
      },
      { name: 'since', type: 'date', arg: 'DATE', doc: 'For add: fetch nothing before this day.' },
      KIND,
      JURISDICTION,
      ALLOW_NETWORK,
    ],
    examples: [
      ['fractal source add hazwaste ecfr:40/262 --since 2024-01-01', 'Each new version of a part.'],
      ['fractal source add rules fr:40/262 --every 6', 'Rules about it, as they are published.'],
      ['fractal source run --allow-network hazwaste', 'Fetch what is new now.'],
    ],
  },
  {
    name: 'reindex',
    summary: 'Make the search table again from the database.',
    details: ['Needed after another embedding model was chosen, or when `fractal doctor` says so.'],
    arguments: [],
    flags: [],
    examples: [['fractal reindex', 'Index everything again.']],
  },
  {
    name: 'mappings',
    summary: 'Mappings of record files: list them, show one, try one on a file.',
    details: [
      'A mapping is a JSON file that says how the records of a source become rows (docs/mappings.md). Files in the folder ' +
        'mappings/ of the data directory are found by every import, as those that come with Fractal are. `check` says what ' +
        'each column becomes, and the first doubts and rejections with their lines; it writes nothing.',
    ],
    arguments: [
      {
        name: 'ACTION',
        doc: 'What to do. Default: list.',
        values: ['list', 'show', 'check'],
        optional: true,
      },
      { name: 'TARGET', doc: 'Mapping to show, or record file to check.', optional: true, file: true },
    ],
    flags: [MAPPING],
    examples: [
      ['fractal mappings', 'All of them.'],
      ['fractal mappings check readings.csv --mapping my-mapping.json', 'Try a mapping of your own.'],
    ],
  },
  {
    name: 'models',
    summary: 'Local models: list, add, pull, choose, pin, verify, measure and remove them.',
    details: [
      'A model is a folder with model.json; `add` takes it in only if every file has the hash that stands there. `pull` fetches ' +
        'one that a catalogue offers, and goes on where it was when it was cut; the network is off unless fractal.json or ' +
        '--allow-network turns it on. docs/models.md says what both files hold.',
      '`use` counts from the next start; after another embedding model run `fractal reindex`, because vectors of two models do ' +
        'not compare. `pin` binds an id to the very bytes of one version. `verify` reads every file and loads the model, ' +
        '`measure` takes its speed on this machine. A name is id-version, or the id alone for the pinned or newest version.',
    ],
    arguments: [
      {
        name: 'ACTION',
        doc: 'What to do. Default: list.',
        values: ['list', 'show', 'card', 'add', 'pull', 'use', 'pin', 'unpin', 'verify', 'measure', 'remove'],
        optional: true,
      },
      { name: 'TARGET', doc: 'Folder to add, or name of a model.', optional: true, file: true },
    ],
    flags: [
      {
        name: 'from',
        type: 'string',
        arg: 'C',
        doc: 'For pull: file or https address of a catalogue. Default: model_catalogue of fractal.json.',
      },
      ALLOW_NETWORK,
    ],
    examples: [
      ['fractal models', 'Models here; a star marks the one in use.'],
      ['fractal models add /media/usb/bge-small', 'Take a model in from a USB stick.'],
      ['fractal models pull smollm2 --from https://example.org/models.json --allow-network', 'Fetch one.'],
    ],
  },
  {
    name: 'search',
    summary: 'Find provisions of law by words and meaning.',
    arguments: [{ name: 'QUERY', doc: 'Words or a question.', repeatable: true }],
    flags: [
      { name: 'k', type: 'integer', arg: 'N', default: 10, min: 1, max: 1000, doc: 'How many hits.' },
      {
        name: 'mode',
        type: 'choice',
        values: ['hybrid', 'vector', 'text'],
        default: 'hybrid',
        arg: 'M',
        doc: 'How to search.',
      },
      {
        name: 'rerank',
        type: 'boolean',
        doc: 'Take more time to order more candidates better; for hybrid.',
      },
      { name: 'at', type: 'date', arg: 'DATE', doc: 'The law as it stood on this day. Default: today.' },
      JURISDICTION,
      { name: 'document', type: 'string', arg: 'D', doc: 'Only in this document.' },
    ],
    examples: [
      ['fractal search noise limits at work', 'Ten best provisions.'],
      ['fractal search -k 3 --at 2020-01-01 "asbestos removal"', 'As the law stood then.'],
    ],
  },
  {
    name: 'ask',
    summary: 'Answer a question about the law, with the exact words that say so.',
    details: [
      'Every claim cites the provision and the words it rests on, and is shown only after they were checked. Where the ' +
        'law here does not answer, the node says so and shows what comes nearest. Without a generator the answer is ' +
        'sentences of the law, quoted. docs/ask.md says how it is done and how often it is right.',
    ],
    arguments: [{ name: 'QUESTION', doc: 'A question; it may cite provisions.', repeatable: true }],
    flags: [
      { name: 'k', type: 'integer', arg: 'N', default: 8, min: 1, max: 50, doc: 'Provisions to read.' },
      {
        name: 'model',
        type: 'string',
        arg: 'M',
        doc: 'Generator to answer with; extractive for sentences of the law alone. Default: the one in use.',
      },
      { name: 'at', type: 'date', arg: 'DATE', doc: 'The law as it stood on this day. Default: today.' },
      JURISDICTION,
      { name: 'document', type: 'string', arg: 'D', doc: 'Only from this document.' },
    ],
    examples: [
      ['fractal ask "How often must a lockout device be inspected?"', 'The words that say so.'],
      ['fractal ask --at 2020-01-01 "What does 40 CFR 262.34(a) require?"', 'From the law in force then.'],
    ],
  },
  {
    name: 'classify',
    summary:
      'Label the narrative of an incident: event, cause, nature of injury, severity; the law that comes nearest.',
    details: [
      'Each label has its score, a chance fitted on held-out texts. Below the threshold of the taxonomy the verdict is "unsure". Every ' +
        'answer is a recommendation and is recorded. Labels of your own are compared by likeness of words only: that is ' +
        'weak, and nothing is recommended by it. docs/classification.md has the figures.',
    ],
    arguments: [{ name: 'TEXT', doc: 'The narrative.', repeatable: true, optional: true }],
    flags: [
      {
        name: 'taxonomy',
        type: 'string',
        arg: 'T',
        doc: 'event, cause, nature, severity, or all. Default: event.',
      },
      { name: 'labels', type: 'list', arg: 'A,B,…', doc: 'Labels of your own instead of a taxonomy.' },
      {
        name: 'incident',
        type: 'list',
        arg: 'ID,…',
        doc: 'Stored incidents instead of a text, as far as you may read them.',
      },
      {
        name: 'regulations',
        type: 'boolean',
        doc: 'With the provisions of law on this node that come nearest: leads to follow, no verdict.',
      },
      {
        name: 'at',
        type: 'date',
        arg: 'DATE',
        doc: 'The law of this day, for --regulations. Default: today.',
      },
    ],
    examples: [
      ['fractal classify "A roofer fell 20 feet through a skylight."', 'Which event it was.'],
      [
        'fractal classify --regulations "A trench wall caved in on a worker."',
        'And which provisions of the law here come nearest.',
      ],
      ['fractal classify --taxonomy all --incident inc-7', 'All that the model tells of a stored incident.'],
    ],
  },
  {
    name: 'sql',
    summary: 'Run one SQL statement.',
    arguments: [{ name: 'SQL', doc: 'The statement; - reads it from standard input.' }],
    flags: [
      {
        name: 'format',
        type: 'choice',
        values: ['table', 'json', 'csv', 'arrow'],
        arg: 'F',
        doc: 'How to show the rows. Default: table, or json with --json.',
      },
      { name: 'explain', type: 'boolean', doc: 'Show the plan instead of running it.' },
      {
        name: 'timeout',
        type: 'number',
        arg: 'S',
        min: 0.001,
        max: 3600,
        doc: 'Interrupt the statement after S seconds. Default: 60.',
      },
    ],
    examples: [
      ["fractal sql 'select count(*) from law.sections'", 'One number.'],
      ["fractal sql --format csv 'from esh.sites' > sites.csv", 'RFC 4180; NULL is empty, empty text is "".'],
      ["fractal sql --format arrow 'from law.sections' > sections.arrows", 'An Arrow IPC stream.'],
    ],
  },
  {
    name: 'check',
    summary: 'Compliance of a site by its own records: status, score and gaps.',
    details: [
      'Without a site all of them, worst first. The rules are in docs/compliance.md; no model takes part. --at asks what ' +
        "today's records say about another day.",
    ],
    arguments: [{ name: 'SITE', doc: 'The site. Default: all sites.', optional: true }],
    flags: [{ name: 'at', type: 'date', arg: 'DATE', doc: 'On this day. Default: today.' }],
    examples: [
      ['fractal check', 'Every site, worst first.'],
      ['fractal check UKN-01 --at 2026-06-01', 'The gaps of one site on a day.'],
    ],
  },
  {
    name: 'ai',
    summary: 'Write a conformity file: uses, models and their cards, what models said, what people decided.',
    details: [
      'The folder must be new or empty. What policy hides from the caller is not in it; inputs are there as hashes only. It ' +
        'is material for a technical documentation, and no declaration of conformity.',
    ],
    arguments: [
      { name: 'ACTION', doc: 'What to do.', values: ['export'] },
      { name: 'FOLDER', doc: 'Where to.', file: true },
    ],
    flags: [],
    examples: [['fractal ai export conformity-2026', 'Everything in one folder.']],
  },
  {
    name: 'mcp',
    summary: 'Speak the Model Context Protocol on standard input and output.',
    details: [
      'For programs with a language model: search, ask, sql, check and law_show as tools, with the rights of the caller. A ' +
        'running node serves the same at /mcp.',
    ],
    arguments: [],
    flags: [],
    examples: [['fractal mcp --data /srv/node', 'What such a program is told to start.']],
  },
  {
    name: 'decide',
    summary: 'Record what a person makes of an answer of a model, and why.',
    details: [
      'Answers of models carry an inference id; they are recommendations, never final. The decision stands beside the ' +
        'answer in esh.human_decisions, and a later one does not replace it.',
    ],
    arguments: [{ name: 'INFERENCE', doc: 'Id of the answer.' }],
    flags: [
      { name: 'accept', type: 'boolean', doc: 'It is right.' },
      { name: 'reject', type: 'boolean', doc: 'It is wrong.' },
      { name: 'amend', type: 'string', arg: 'TEXT', doc: 'This stands in its place.' },
      { name: 'reason', type: 'string', arg: 'R', doc: 'Why. Needed.' },
    ],
    examples: [
      ['fractal decide 0193f… --reject --reason "the clause was repealed"', 'Not followed, and why.'],
    ],
  },
  {
    name: 'law',
    summary:
      'Versions of a law: list them, compare them word by word, show a provision, list its obligations.',
    details: [
      'DOC is a document id, a citation or a CELEX number. `diff` compares the version in force today with the one before ' +
        'it, unless days are given. Differences of white space, quotation marks, dashes and consolidation marks are ' +
        'counted as editorial, and provisions that only moved with their neighbours as moved; --all shows both.',
      '`obligations` lists who must, must not or may do what in a document or a provision and below it, with the defined ' +
        'terms and references of each; --json adds where each part stands. docs/obligations.md says how they are found.',
    ],
    arguments: [
      { name: 'ACTION', doc: 'What to do.', values: ['diff', 'versions', 'list', 'show', 'obligations'] },
      {
        name: 'DOC',
        doc: 'The document; for `show` and `obligations` also the citation or id of a provision.',
        optional: true,
        repeatable: true,
      },
    ],
    flags: [
      { name: 'from', type: 'date', arg: 'DATE', doc: 'Compare the version in force on this day …' },
      { name: 'to', type: 'date', arg: 'DATE', doc: '… with the one in force on this day. Default: today.' },
      {
        name: 'section',
        type: 'string',
        arg: 'S',
        doc: 'Only this provision and those below it: citation, number or id.',
      },
      {
        name: 'known-at',
        type: 'date',
        arg: 'DATE',
        doc: 'As the node knew the versions at the end of this day. Default: now.',
      },
      { name: 'all', type: 'boolean', doc: 'Show what moved and what is only printed otherwise, too.' },
      {
        name: 'at',
        type: 'date',
        arg: 'DATE',
        doc: 'Show the provision or obligations as they stood on this day. Default: today.',
      },
      { name: 'addressee', type: 'string', arg: 'WHO', doc: 'Only obligations of someone called so.' },
      { name: 'topic', type: 'string', arg: 'T', doc: 'Only obligations about this, e.g. training.' },
      {
        name: 'modality',
        type: 'choice',
        values: ['must', 'must-not', 'may'],
        arg: 'M',
        doc: 'Only duties, bans or permissions.',
      },
      {
        name: 'format',
        type: 'choice',
        values: ['text', 'json', 'html'],
        arg: 'F',
        doc: 'How to show the differences. Default: text, or json with --json.',
      },
    ],
    examples: [
      ['fractal law diff Directive 2003/87/EC', 'What the last amendment changed.'],
      ['fractal law diff 40 CFR Part 262 --from 2020-01-01 --section 262.16', 'One section since then.'],
      ['fractal law diff 32003L0087 --format html > redline.html', 'A page for a reader.'],
      ['fractal law show "40 CFR 262.34(a)" --at 2015-07-01', 'The text as it stood then.'],
      ['fractal law obligations 29 CFR 1910.147 --topic training', 'Who must be trained, by whom.'],
    ],
  },
  {
    name: 'policy',
    summary: 'The access policy: show it, test it, explain what it makes of a statement.',
    details: [
      'With --as PRINCIPAL, `explain` tells what that principal would see: the rewritten statement, and the rules behind ' +
        'its rows and columns. `test` reads a file with cases, and a policy if it is not for the one in use; it exits 5 ' +
        'when a case is not met.',
    ],
    arguments: [
      {
        name: 'ACTION',
        doc: 'What to do. Default: show.',
        values: ['show', 'explain', 'test'],
        optional: true,
      },
      {
        name: 'TARGET',
        doc: 'The statement to explain, or the file with cases.',
        optional: true,
        file: true,
      },
    ],
    flags: [],
    examples: [
      ["fractal policy explain --as ann 'from esh.incidents'", 'What ann sees of incidents, and why.'],
      ['fractal policy test cases.json', 'Does the policy say what it should?'],
    ],
  },
  {
    name: 'queries',
    summary: 'Statements that run, those that were slow; cancel one.',
    details: [
      'Everybody sees and cancels their own; who may administer, all. `slow` lists those that took longer than ' +
        'sql_slow_ms, newest first, for who may administer. Literals are left out of every text.',
    ],
    arguments: [
      {
        name: 'ACTION',
        doc: 'What to do. Default: list.',
        values: ['list', 'slow', 'cancel'],
        optional: true,
      },
      { name: 'ID', doc: 'Number of the statement to cancel.', optional: true },
    ],
    flags: [],
    examples: [
      ['fractal queries', 'What runs now?'],
      ['fractal queries cancel 83920117', 'Stop it.'],
      ['fractal queries slow --json', 'What took long, and whose was it?'],
    ],
  },
  {
    name: 'audit',
    summary: 'The audit log: show entries, check it, sign it, prove an entry, check a proof.',
    details: [
      'For those with the right `audit`. `verify` reads every entry and names the first bad one; on a stopped node it reads ' +
        'the files alone and writes nothing. `prove` makes a bundle: one file that `verify-bundle` checks anywhere, with no node.',
      'Without --key, `verify-bundle` trusts the key that lies in the bundle: that shows that nothing was changed since it ' +
        'was signed, not who signed. Give the key that the owner of the node told you. Several files of one log are checked ' +
        'together: bundles, checkpoints, and proofs of `prove --from` that one is the beginning of another.',
      '`push` sends the log to a hub, with the token of the environment variable FRACTAL_HUB_TOKEN; the hub compares it with ' +
        'what it holds, names the first entry that was changed, and cosigns. `export` and `import-log` do the same with a ' +
        'file; `import-log --out` writes the cosignature, which the edge takes with `accept-cosignature`. A hub takes a log once its key was given to `accept`; `replicas` lists what it holds, or verifies one.',
      'Texts of entries go when their time is over (audit_retention in fractal.json), whole files at a time; hashes stay and ' +
        '`verify` tells. `hold` keeps texts of the days --since to --until, or all, beyond that; `holds` lists, `retire` does it now.',
      '`replay` makes an answer of ask, classify, check, law diff or obligations again, says whether it is the same to the byte, and if not, why. ' +
        'The log holds hashes of requests: give the request with --input, such as {"question": "…"}. Not the same: exit code 7.',
      '`verifier` writes what an outsider checks bundles with: a program of one file for Node, or with --out NAME.html a page ' +
        'for a browser. Both work with no network and no Fractal.',
    ],
    arguments: [
      {
        name: 'ACTION',
        doc: 'What to do. Default: show.',
        values: [
          'show',
          'verify',
          'checkpoint',
          'prove',
          'replay',
          'verify-bundle',
          'verifier',
          'export',
          'import-log',
          'push',
          'accept',
          'accept-cosignature',
          'replicas',
          'holds',
          'hold',
          'release',
          'retire',
        ],
        optional: true,
      },
      {
        name: 'ENTRY|FILE|KEY|LOG|HOLD',
        doc: 'prove: number of an entry; with --report, or id of an inference, read from the report when absent. replay: the same, or id of an inference. verify-bundle: files of one log. import-log, accept-cosignature: the file. accept: a key. replicas: a log to verify. hold, release: its name.',
        optional: true,
        repeatable: true,
        file: true,
      },
    ],
    flags: [
      {
        name: 'since',
        type: 'string',
        arg: 'TIME',
        doc: 'For show: from this day or time on (2026-01-31, 2026-01-31T08:15:00Z).',
      },
      { name: 'until', type: 'string', arg: 'TIME', doc: 'For show: up to this day, or before this time.' },
      { name: 'actor', type: 'string', arg: 'NAME', doc: 'For show: who acted.' },
      {
        name: 'category',
        type: 'choice',
        arg: 'WORD',
        values: AUDIT_CATEGORIES,
        doc: 'For show: the kind of event.',
      },
      { name: 'resource', type: 'string', arg: 'NAME', doc: 'For show: what it was done to.' },
      {
        name: 'limit',
        type: 'integer',
        arg: 'N',
        default: 100,
        min: 1,
        max: 10_000,
        doc: 'For show: the newest so many.',
      },
      {
        name: 'out',
        type: 'path',
        arg: 'FILE',
        doc: 'For prove, checkpoint, verifier and export: where to write. Default: standard output. For import-log: the cosignature, for the edge.',
      },
      {
        name: 'from',
        type: 'integer',
        arg: 'N',
        min: 0,
        max: Number.MAX_SAFE_INTEGER,
        doc:
          'For export: the first entry. Default: 0. For prove: that the log only grew since it had N entries, the number ' +
          'in the checkpoint that you hold.',
      },
      {
        name: 'to',
        type: 'string',
        arg: 'URL|N',
        doc: 'For push: the address of the hub. For prove with --from: until it had N. Default: the last checkpoint.',
      },
      {
        name: 'reason',
        type: 'string',
        arg: 'TEXT',
        doc: 'For hold and release: why. The log keeps a hash of it.',
      },
      {
        name: 'input',
        type: 'string',
        arg: 'FILE',
        doc: 'For replay: the request that was answered then, as JSON; - for standard input.',
      },
      { name: 'dry-run', type: 'boolean', doc: 'For retire: only tell what would go.' },
      {
        name: 'key',
        type: 'list',
        arg: 'KEY',
        doc: 'For verify-bundle: a key that must have signed (NAME+ID+BASE64), or its fingerprint of 64 digits.',
      },
      {
        name: 'report',
        type: 'path',
        arg: 'FILE',
        doc:
          'For prove: an answer of ask, classify, check, law diff or law obligations, as printed with --json. The bundle ' +
          'shows that it is the one that the log recorded.',
      },
      {
        name: 'evidence',
        type: 'list',
        arg: 'FILE',
        doc: 'For prove with --report: a file to put to it, by content, or by its SHA-256 when it is long.',
      },
      {
        name: 'checkpoint',
        type: 'list',
        arg: 'FILE',
        doc: 'For verify-bundle: a checkpoint that you kept; the same as naming it among the files.',
      },
    ],
    examples: [
      ['fractal audit show --actor ann --since 2026-01-31', 'What did Ann do?'],
      ['fractal audit verify', 'Is the log as it was written?'],
      ['fractal audit prove 4711 --out entry-4711.json', 'Evidence for somebody else.'],
      [
        'fractal audit prove --from 4000',
        'Proof that the log only grew since a checkpoint over 4,000 entries.',
      ],
      [
        'fractal audit prove --report answer.json --evidence permit.pdf --out case.json',
        'A report with its evidence, for a court or a regulator.',
      ],
      ['fractal audit verify-bundle entry-4711.json --key "$KEY"', 'Check it there.'],
      [
        'fractal audit verify-bundle growth.json --checkpoint kept.txt --key "$KEY"',
        'Has the log only grown since the checkpoint that I kept?',
      ],
      [
        'fractal audit verifier --out check.html',
        'A page that checks bundles, for somebody without Fractal.',
      ],
    ],
  },
  {
    name: 'user',
    summary: 'Users: list, add, change, remove them, give them tokens.',
    details: [
      'The first user ends single-user mode: from then on every call shows credentials. The command line takes a token ' +
        'from the environment variable FRACTAL_TOKEN, HTTP a token or name and password.',
    ],
    arguments: [
      {
        name: 'ACTION',
        doc: 'What to do. Default: list.',
        values: ['list', 'add', 'set', 'remove', 'token', 'revoke'],
        optional: true,
      },
      { name: 'NAME', doc: 'The user.', optional: true },
    ],
    flags: [
      { name: 'roles', type: 'list', arg: 'R,…', doc: 'For add and set: roles of the policy.' },
      {
        name: 'attributes',
        type: 'string',
        arg: 'JSON',
        doc: 'For add and set: what conditions ask of the user, as a JSON object.',
      },
      {
        name: 'password-stdin',
        type: 'boolean',
        doc: 'For add and set: read a password from standard input. Without it `add` makes a token.',
      },
      { name: 'label', type: 'string', arg: 'TEXT', doc: 'For token: what it is for.' },
      { name: 'days', type: 'number', arg: 'N', min: 0.001, max: 3650, doc: 'For token: how long it holds.' },
      { name: 'credential', type: 'string', arg: 'ID', doc: 'For revoke: which one.' },
    ],
    examples: [
      ['fractal user add root --roles system-admin', 'The first user; prints a token.'],
      [
        `fractal user add ann --roles inspector --attributes '{"assigned_sites":["hamburg"]}'`,
        'An inspector of one site.',
      ],
    ],
  },
  {
    name: 'session',
    summary: 'Login sessions: list them, end them.',
    details: [
      'A browser logs in with `/v1/login` and then comes with a cookie (docs/principals.md). Everybody sees and ends their ' +
        'own sessions; who may administer, all. They end with the node.',
    ],
    arguments: [
      {
        name: 'ACTION',
        doc: 'What to do. Default: list.',
        values: ['list', 'revoke', 'revoke-all'],
        optional: true,
      },
      {
        name: 'ID|USER',
        doc: "For revoke: the session. For revoke-all: whose; one's own when absent.",
        optional: true,
      },
    ],
    flags: [],
    examples: [
      ['fractal session', 'From where am I logged in?'],
      ['fractal session revoke-all ann', "End all of ann's."],
    ],
  },
  {
    name: 'table',
    summary: 'Files that SQL reads as tables: list, add, refresh, remove them.',
    details: [
      'Parquet, CSV and JSON files outside the node are then ext.NAME in SQL, under the access policy like any table: who ' +
        'has no rule for it does not see it. SQL itself can name no file.',
      'A table stands for the files as they were when it was added. When one has changed or is gone, the table answers with ' +
        'an error until `refresh` takes the files as they are now.',
    ],
    arguments: [
      {
        name: 'ACTION',
        doc: 'What to do. Default: list.',
        values: ['list', 'add', 'refresh', 'remove'],
        optional: true,
      },
      { name: 'NAME', doc: 'The table.', optional: true },
      {
        name: 'FILE',
        doc: "For add: a file, or a pattern in quotes such as 'data/*.parquet'.",
        optional: true,
      },
    ],
    flags: [],
    examples: [
      ["fractal table add readings 'export/*.parquet'", 'Many files as one table.'],
      ["fractal sql 'select count(*) from ext.readings'", 'Read it.'],
    ],
  },
  {
    name: 'completion',
    summary: 'Print a completion script for a shell.',
    arguments: [{ name: 'SHELL', doc: 'bash, zsh or fish.', values: ['bash', 'zsh', 'fish'] }],
    flags: [],
    examples: [['source <(fractal completion bash)', 'Complete in this bash.']],
  },
  { name: 'version', summary: 'Show the version.', arguments: [], flags: [], examples: [] },
  {
    name: 'help',
    summary: 'Show help, also for one command.',
    arguments: [{ name: 'COMMAND', doc: 'The command.', optional: true }],
    flags: [],
    examples: [['fractal help import', 'The same as fractal import --help.']],
  },
] as const satisfies readonly Command[];

export type CommandName = (typeof COMMANDS)[number]['name'];
type CommandOf<N extends CommandName> = Extract<(typeof COMMANDS)[number], { name: N }>;
export type ValuesOf<N extends CommandName> = FlagValues<CommandOf<N>['flags']> & GlobalValues;

/** Part of the surface, not built yet: the first word, or the first two. */
export const NOT_BUILT: readonly (readonly [string, string])[] = [
  ['report', 'reports and statutory filings'],
  ['law impact', 'the sites that a change of law touches'],
  ['app', 'micro-apps'],
  ['node', 'membership of a fleet'],
  ['sync', 'hub and edge'],
  ['key', 'key custody'],
  ['backup', 'back up the node'],
  ['restore', 'restore a backup'],
];

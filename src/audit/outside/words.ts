/** What files have shown and what they have not, in words for people who do not know what a hash is. */
import type { Value } from './entry.ts';
import type {
  BundleVerdict,
  Cosigner,
  FoundBundle,
  FoundHistory,
  FoundReport,
  HistoryVerdict,
  State,
} from './verdict.ts';

/** Whether somebody whom whoever checks knows has signed: the one place that decides it. */
const isSignerKnown = ({ is_key_known, cosignatures }: Signature): boolean =>
  is_key_known || cosignatures.some((one) => one.is_key_known);

type Signature = Pick<FoundBundle, 'key' | 'fingerprint' | 'is_key_known' | 'cosignatures'>;

const PROVEN = 'Proven';
const UNKNOWN_KEY = 'It holds together, but whose key signed it was not compared';
const UNLINKED = 'Each file holds together, but that they belong to one history was not shown';

export function bundleVerdict(found: FoundBundle): BundleVerdict {
  const is_proven = isSignerKnown(found);
  const headline = is_proven ? PROVEN : UNKNOWN_KEY;
  return { ...found, headline, is_proven, proven: proven(found), not_proven: notProven(found) };
}

export function historyVerdict(found: FoundHistory): HistoryVerdict {
  const areKnown = found.states.every(({ signed }) => signed.some(isSignerKnown));
  const isLinked = found.unlinked.length === 0;
  return {
    ...found,
    headline: !isLinked ? UNLINKED : areKnown ? PROVEN : UNKNOWN_KEY,
    is_proven: isLinked && areKnown,
    proven: historyProven(found),
    not_proven: historyNotProven(found),
  };
}

/** Nothing that a bundle holds moves what is shown, or reaches a terminal as a command to it. */
export const plain = (text: string): string =>
  text.replaceAll(/[\p{Cc}\p{Cf}]/gu, (letter) => `\\u{${(letter.codePointAt(0) ?? 0).toString(16)}}`);

/** Digits in groups, for reading aloud. */
export const spaced = (fingerprint: string): string => fingerprint.replaceAll(/(.{4})(?=.)/g, '$1 ');

/** A key of one person was destroyed (crypto-shredding): `resource` is the id of the key, which names nobody. */
const isErasure = ({ entry }: FoundBundle): boolean => entry.event_type === 'key.destroyed';

function proven(found: FoundBundle): string[] {
  const { checkpoint, is_key_known, fingerprint } = found;
  return [
    ...entryProven(found, 'as shown here'),
    `That checkpoint covers the first ${checkpoint.size} entries of the log. None of them can be changed, removed, moved ` +
      'or put in without contradicting it.',
    ...(is_key_known
      ? [`The checkpoint was signed with the key that you named (fingerprint ${spaced(fingerprint)}).`]
      : []),
    ...found.cosignatures.filter((one) => one.is_key_known).map(cosignedInWords),
  ];
}

const entryProven = (found: FoundBundle, where: string): string[] => [
  `Entry ${found.entry.entry_id} of the log ${found.checkpoint.origin} reads exactly ${where}. Not one character of it was ` +
    'changed after its checkpoint was signed.',
  ...(found.report === undefined ? [] : reportProven(found, found.report)),
  ...(isErasure(found)
    ? [
        `The node has written down that it destroyed the key ${found.entry.resource}: what was locked with that key, and with no ` +
          'other, can be read by nobody who did not keep a copy of the key.',
      ]
    : []),
];

function reportProven({ entry }: FoundBundle, { evidence, attached }: FoundReport): string[] {
  const made = entry.detail['made_from'] as Readonly<Record<string, Value>>;
  const said = (name: string): string => {
    const value = made[name] ?? 'not recorded';
    const text = Array.isArray(value) ? value.join('; ') : JSON.stringify(value);
    return text.replace(/^"(.*)"$/, '$1') || 'none';
  };
  return [
    `The report in this file is, word for word, the one that was recorded as entry ${entry.entry_id} on ${entry.timestamp}, ` +
      `as the answer to ${entry.actor_id} (${entry.event_type}).`,
    `It was recorded as made from the data of the node after commit ${said('data_version')}, law and records, ` +
      `with ${said('day')} as the day; policy: ${said('policy')}; version of Fractal: ` +
      `${said('app_version')}; models: ${said('models')}.`,
    ...(attached === null
      ? []
      : [
          `On ${attached.timestamp}, ${attached.actor_id} put ${evidence.length === 1 ? 'a file' : `${evidence.length} files`} to ` +
            `it as evidence, and entry ${attached.entry_id} wrote down which: ` +
            `${evidence.map(({ name, sha256 }) => `${name} (SHA-256 ${sha256})`).join(', ')}. They were not exchanged since.`,
        ]),
  ];
}

function reportNotProven({ evidence }: FoundReport): string[] {
  return [
    'That the report is right, or complete. What was asked is in the log as a hash only: what of it the report does not ' +
      'repeat is not shown.',
    ...(evidence.length === 0
      ? []
      : [
          'That the report was made from this evidence: somebody put it to the report, and the log says who and when.',
        ]),
    ...evidence
      .filter(({ bytes }) => bytes === null)
      .map(
        ({ name, sha256 }) =>
          `What ${name} says: only its SHA-256 is here. Compare that of the file you hold: ${sha256}`,
      ),
  ];
}

const cosignedInWords = ({ name, time }: Cosigner): string =>
  `${name}, whose key you named, has confirmed that it saw the log in this very state on ${time}, and that it was ` +
  'the continuation of all that it had seen of the log before.';

function notProven(found: FoundBundle): string[] {
  const { entry } = found;
  return [
    ...keyNotProven(found),
    ...cosignersNotProven(found),
    ...entryNotProven(found),
    ...ALWAYS,
    timeOf(entry),
  ];
}

const keyNotProven = ({ is_key_known, fingerprint }: Signature): string[] =>
  is_key_known
    ? []
    : [
        'Whose key signed. The key came with the file, and anybody can make a key and a file that fits it. Ask the ' +
          'owner of the log for the fingerprint of their key by another way than you got the file (by telephone, in a ' +
          `contract, from a publication) and compare it with ${spaced(fingerprint)}.`,
      ];

const cosignersNotProven = ({ cosignatures }: Signature): string[] =>
  cosignatures
    .filter((one) => !one.is_key_known)
    .map(
      ({ name, time, fingerprint }) =>
        `Who ${name} is, which confirms to have seen this state of the log on ${time}. Its key came with the file too: ` +
        `ask its owner whether the fingerprint is ${spaced(fingerprint)}.`,
    );

const entryNotProven = (found: FoundBundle): string[] => [
  ...(isErasure(found)
    ? ['That no copy of the key, or of what it locked, was kept: in a backup, on another node, in an export.']
    : []),
  ...(found.report === undefined ? [] : reportNotProven(found.report)),
];

const ALWAYS = [
  'That what the log says is true. A log shows that something was written down and not changed since, not that it ' +
    'happened.',
  'That everything that happened was written down, or that nothing was written down later.',
];

const timeOf = ({ timestamp }: FoundBundle['entry']): string =>
  `That the time is right: ${timestamp} is what the clock of the node said.`;

const filesOf = ({ files }: State): string => files.map(({ name }) => name).join(', ');

const counted = (entries: number): string => (entries === 1 ? '1 entry' : `${entries} entries`);

function historyProven({ origin, states, bundles, unlinked }: FoundHistory): string[] {
  const linked = states.filter(({ size }) => !unlinked.includes(size));
  const newest = states.at(-1);
  return [
    ...linked
      .filter((state) => state !== newest)
      .map(
        (state) =>
          `The log ${origin} as ${filesOf(state)} has it, of ${counted(state.size)}, is the beginning of the log as ` +
          `${newest === undefined ? '' : `${filesOf(newest)} has it, of ${counted(newest.size)}`}: since then entries were ` +
          'added, and not one was changed, removed, moved or put in before them.',
      ),
    ...(states.length === 1 && newest !== undefined && newest.files.length > 1
      ? [`${filesOf(newest)} are about the same ${counted(newest.size)} of the log ${origin}.`]
      : []),
    ...(unlinked.length === 0 ? ['All these files belong to one history of one log.'] : []),
    ...bundles.flatMap((one) => entryProven(one, `as in ${one.file}`)),
    ...onePerText(
      states.flatMap((state) =>
        state.signed.flatMap((one) => [
          ...(one.is_key_known
            ? [
                `The checkpoint over ${counted(state.size)} was signed with a key that you named (fingerprint ${spaced(one.fingerprint)}).`,
              ]
            : []),
          ...one.cosignatures
            .filter((other) => other.is_key_known)
            .map((other) => `Of the log of ${counted(state.size)}: ${cosignedInWords(other)}`),
        ]),
      ),
    ),
  ];
}

function historyNotProven({ states, bundles, unlinked }: FoundHistory): string[] {
  const newest = states.at(-1)?.size ?? 0;
  const signed = states.flatMap((state) => state.signed);
  return [
    ...unlinked.map(
      (size) =>
        `That the log of ${counted(size)} is the beginning of that of ${counted(newest)}. Ask the owner of the log for the ` +
        `proof: fractal audit prove --from ${size} --to ${newest}`,
    ),
    ...onePerText([
      ...signed.flatMap(keyNotProven),
      ...signed.flatMap(cosignersNotProven),
      ...signed.flatMap(({ unchecked }) =>
        unchecked.map(
          (name) => `A signature of ${name} on a checkpoint: its key was not given, so it was not looked at.`,
        ),
      ),
    ]),
    ...onePerText(bundles.flatMap(entryNotProven)),
    ...ALWAYS,
    ...bundles.map(({ entry }) => timeOf(entry)),
  ];
}

const onePerText = (sentences: readonly string[]): string[] => [...new Set(sentences)];

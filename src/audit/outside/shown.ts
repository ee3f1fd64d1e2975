/** A verdict as rows of a name and a text, for whatever shows it. Texts of files are as they stand: see `plain`. */
import type { FoundBundle, Verdict } from './verdict.ts';
import { spaced } from './words.ts';

export type Rows = readonly (readonly [string, string])[];

/** What people look at first. `indent`: of JSON, on lines of its own. */
export function mainRows(verdict: Verdict, indent = 0): Rows {
  if ('entry' in verdict) return entryRows(verdict, indent);
  return [
    ['Log', verdict.origin],
    ...verdict.states.flatMap(({ size, files }) =>
      files
        .filter(({ kind }) => kind !== 'growth')
        .map(({ name, kind }): [string, string] => [
          name,
          `${kind === 'bundle' ? 'bundle, under a checkpoint' : kind} over ${size} entries`,
        ]),
    ),
    ...verdict.growth.map(({ file, from, to }): [string, string] => [
      file,
      `growth from ${from} to ${to} entries`,
    ]),
    ...verdict.bundles.flatMap((one): Rows => [['', ''], ['File', one.file], ...entryRows(one, indent)]),
  ];
}

const entryRows = ({ entry, checkpoint, report }: FoundBundle, indent: number): Rows => [
  ['Entry', `${entry.entry_id} of ${checkpoint.origin}`],
  ['When', entry.timestamp],
  ['Who', entry.actor_role === '' ? entry.actor_id : `${entry.actor_id} (${entry.actor_role})`],
  ['What', entry.event_type],
  ['To what', entry.resource],
  ['Detail', JSON.stringify(entry.detail, null, indent)],
  ...(report === undefined ? [] : [['Report', JSON.stringify(report.content, null, indent)] as const]),
  ...(report?.evidence ?? []).map(({ name, sha256, bytes }): [string, string] => [
    'Evidence',
    `${name}, ${bytes === null ? 'by its SHA-256 alone' : `${bytes} bytes`}, SHA-256 ${sha256}`,
  ]),
];

/** Hashes and keys. */
export function hashRows(verdict: Verdict): Rows {
  if ('entry' in verdict) {
    const { checkpoint, hash, entry } = verdict;
    return [
      ...signerRows(verdict),
      ['Entry hash', hash],
      ['Tree', `${checkpoint.size} entries, root ${checkpoint.root}`],
      ['Entry text', JSON.stringify(entry)],
    ];
  }
  return verdict.states.flatMap(({ size, root, signed }): Rows => [
    ['Tree', `${size} entries, root ${root}`],
    ...signed.flatMap(signerRows),
  ]);
}

const signerRows = ({
  key,
  fingerprint,
  cosignatures,
}: Pick<FoundBundle, 'key' | 'fingerprint' | 'cosignatures'>): Rows => [
  ['Key', key],
  ['Fingerprint', spaced(fingerprint)],
  ...cosignatures.map((one): [string, string] => ['Cosigned by', `${one.key} on ${one.time}`]),
];

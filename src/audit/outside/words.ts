/** What a bundle has shown and what it has not, in words for people who do not know what a hash is. */
import type { BundleVerdict } from './verdict.ts';

type Found = Omit<BundleVerdict, 'proven' | 'not_proven'>;

export function headline({ is_key_known, cosignatures }: Found): string {
  return is_key_known || cosignatures.some((one) => one.is_key_known)
    ? 'Proven'
    : 'It holds together, but whose key signed it was not compared';
}

/** Nothing that a bundle holds moves what is shown, or reaches a terminal as a command to it. */
export const plain = (text: string): string =>
  text.replaceAll(/[\p{Cc}\p{Cf}]/gu, (letter) => `\\u{${(letter.codePointAt(0) ?? 0).toString(16)}}`);

/** Digits in groups, for reading aloud. */
export const spaced = (fingerprint: string): string => fingerprint.replaceAll(/(.{4})(?=.)/g, '$1 ');

/** A key of one person was destroyed (crypto-shredding): `resource` is the id of the key, which names nobody. */
const isErasure = ({ entry }: Found): boolean => entry.event_type === 'key.destroyed';

export function proven(found: Found): string[] {
  const { entry, checkpoint, is_key_known, fingerprint, cosignatures } = found;
  return [
    `Entry ${entry.entry_id} of the log ${checkpoint.origin} reads exactly as shown here. Not one character of it was ` +
      'changed after its checkpoint was signed.',
    `That checkpoint covers the first ${checkpoint.size} entries of the log. None of them can be changed, removed, moved ` +
      'or put in without contradicting it.',
    ...(isErasure(found)
      ? [
          `The node has written down that it destroyed the key ${entry.resource}: what was locked with that key, and with no ` +
            'other, can be read by nobody who did not keep a copy of the key.',
        ]
      : []),
    ...(is_key_known
      ? [`The checkpoint was signed with the key that you named (fingerprint ${spaced(fingerprint)}).`]
      : []),
    ...cosignatures
      .filter((one) => one.is_key_known)
      .map(
        ({ name, time }) =>
          `${name}, whose key you named, has confirmed that it saw the log in this very state on ${time}, and that it was ` +
          'the continuation of all that it had seen of the log before.',
      ),
  ];
}

export function notProven(found: Found): string[] {
  const { entry, is_key_known, fingerprint, cosignatures } = found;
  return [
    ...(is_key_known
      ? []
      : [
          'Whose key signed. The key came with the bundle, and anybody can make a key and a bundle that fits it. Ask the ' +
            'owner of the log for the fingerprint of their key by another way than you got the bundle (by telephone, in a ' +
            `contract, from a publication) and compare it with ${spaced(fingerprint)}.`,
        ]),
    ...cosignatures
      .filter((one) => !one.is_key_known)
      .map(
        ({ name, time, fingerprint: own }) =>
          `Who ${name} is, which confirms to have seen this state of the log on ${time}. Its key came with the bundle too: ` +
          `ask its owner whether the fingerprint is ${spaced(own)}.`,
      ),
    ...(isErasure(found)
      ? [
          'That no copy of the key, or of what it locked, was kept: in a backup, on another node, in an export.',
        ]
      : []),
    'That what the entry says is true. A log shows that something was written down and not changed since, not that it ' +
      'happened.',
    `That the time is right: ${entry.timestamp} is what the clock of the node said.`,
    'That everything that happened was written down, or that nothing was written down later.',
  ];
}

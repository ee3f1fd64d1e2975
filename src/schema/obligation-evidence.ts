/**
 * Where the parts of an obligation stand: the entries of `law.obligations.spans`, one form for whoever writes and reads
 * them.
 *
 * `addressee:4-12` are UTF-16 units of the text of the obligation's own provision; `addressee:4-12@us/cfr/40/262#262.34-a`
 * of the text of that provision (a list item goes on from it); `topic.noise:0-5@uk/uksi/2005/1643#regulation-5 heading` of
 * its heading.
 */
export interface EvidencePlace {
  /** `addressee`, `modality`, `action`, …; `topic`, `sector`, `substance`, `size` with a name. */
  readonly part: string;
  readonly name: string;
  readonly sectionId: string;
  readonly in: 'text' | 'heading';
  readonly start: number;
  readonly end: number;
}

const ENTRY = /^([a-z]+)(?:\.([^:]+))?:(0|[1-9]\d{0,8})-([1-9]\d{0,8})(?:@(\S+)( heading)?)?$/;

/** `own` is the provision of the obligation. */
export function printEvidence(place: EvidencePlace, own: string): string {
  const { part, name, sectionId, start, end } = place;
  const isOwn = sectionId === own && place.in === 'text';
  const where = isOwn ? '' : `@${sectionId}${place.in === 'heading' ? ' heading' : ''}`;
  return `${part}${name === '' ? '' : `.${name.replaceAll(':', ' ')}`}:${start}-${end}${where}`;
}

/** Undefined when it is not written as an entry is. */
export function parseEvidence(entry: string, own: string): EvidencePlace | undefined {
  const [, part, name = '', start, end, sectionId = own, heading] = ENTRY.exec(entry) ?? [];
  if (part === undefined) return undefined;
  const place = { part, name, sectionId, start: Number(start), end: Number(end) };
  return place.start < place.end ? { ...place, in: heading === undefined ? 'text' : 'heading' } : undefined;
}

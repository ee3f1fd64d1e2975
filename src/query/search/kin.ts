/**
 * Which provisions belong together, by their ids alone: `…-a-1` stands right below `…-a`, before `…-a-2`. Law says one thing
 * in a few neighbouring provisions, so what stands around a good one is likelier to be meant, too.
 */

const COMPONENT = /[^\p{L}\p{N}]+/u;
const ROMAN = ['', ...'i ii iii iv v vi vii viii ix x xi xii xiii xiv xv'.split(' ')];

/** Places of a label in the orders it may be of: `i` is the first of the Romans and the ninth letter. */
function places(label: string): string[] {
  const found: string[] = [];
  if (/^\d{1,6}$/.test(label)) found.push(`n${Number(label)}`);
  const roman = ROMAN.indexOf(label);
  if (roman > 0) found.push(`r${roman}`);
  if (/^[a-z]$/.test(label)) found.push(`a${label.charCodeAt(0)}`);
  return found;
}

const beside = (place: string): readonly [string, string] => {
  const order = place.charAt(0);
  const at = Number(place.slice(1));
  return [`${order}${at - 1}`, `${order}${at + 1}`];
};

/** For each id the places in the list of those around, right below and beside it. */
export function kinOf(ids: readonly string[]): readonly (readonly number[])[] {
  const split = ids.map((id) => {
    const parts = id.toLowerCase().split(COMPONENT).filter(Boolean);
    return { own: parts.join('/'), above: parts.slice(0, -1).join('/'), last: parts.at(-1) ?? '' };
  });
  const note = (map: Map<string, number[]>, key: string, i: number): void => {
    const known = map.get(key);
    if (known === undefined) map.set(key, [i]);
    else known.push(i);
  };
  const own = new Map<string, number[]>();
  const below = new Map<string, number[]>();
  const placed = new Map<string, number[]>();
  split.forEach((one, i) => {
    note(own, one.own, i);
    note(below, one.above, i);
    for (const place of places(one.last)) note(placed, `${one.above} ${place}`, i);
  });
  return split.map((one, i) => {
    if (one.above === '') return [];
    const near = places(one.last)
      .flatMap(beside)
      .flatMap((place) => placed.get(`${one.above} ${place}`) ?? []);
    return [...(own.get(one.above) ?? []), ...(below.get(one.own) ?? []), ...near].filter(
      (other) => other !== i,
    );
  });
}

/** Who an Akoma Ntoso document is: the FRBR identification in its metadata. */
import { identityOf, isoDay } from '../eurlex/identity.ts';
import { label, oneLine } from '../text.ts';
import { childOf, elementsOf } from '../xml/tree.ts';
import type { XmlElement } from '../xml/tree.ts';

export interface AknIdentity {
  readonly documentId: string;
  /** The work and component, for telling the parts of a collection apart. */
  readonly component: string;
  readonly jurisdiction: string;
  readonly family: string;
  /** Undefined when the metadata has no name or number to cite by. */
  readonly citation: string | undefined;
  readonly language: string;
  readonly date: string | undefined;
}

/** Languages by their three letters; others stay as they are, which BCP 47 allows. */
const LANGUAGES: Readonly<Record<string, string>> = Object.fromEntries(
  'bul:bg ces:cs cze:cs dan:da deu:de ger:de ell:el gre:el eng:en est:et fin:fi fra:fr fre:fr gle:ga hrv:hr hun:hu ita:it lav:lv lit:lt mlt:mt nld:nl dut:nl pol:pl por:pt ron:ro rum:ro slk:sk slo:sk slv:sl spa:es swe:sv cym:cy wel:cy'
    .split(' ')
    .map((pair) => pair.split(':') as [string, string]),
);

/** The identity, or undefined when there is neither a work URI nor a number. */
export function aknIdentityOf(meta: XmlElement, kind: string): AknIdentity | undefined {
  const identification = childOf(meta, 'identification');
  const work = identification === undefined ? undefined : childOf(identification, 'FRBRWork');
  if (identification === undefined || work === undefined) return undefined;
  const expression = childOf(identification, 'FRBRExpression');
  const value = (from: XmlElement | undefined, name: string, attribute = 'value'): string => {
    const found = from === undefined ? undefined : childOf(from, name);
    return oneLine(found?.attributes[attribute] ?? '').slice(0, 300);
  };

  const country = value(work, 'FRBRcountry').toLowerCase();
  const number = value(work, 'FRBRnumber');
  const name = value(work, 'FRBRname');
  const common = {
    component: value(work, 'FRBRthis'),
    language: languageOf(value(expression, 'FRBRlanguage', 'language')),
    date: dayOf(value(expression, 'FRBRdate', 'date')),
  };
  const celex = elementsOf(work).find(
    (child) => child.name === 'FRBRalias' && /celex/i.test(child.attributes['name'] ?? ''),
  )?.attributes['value'];
  const act = celex !== undefined && /^3/.test(celex) ? identityOf(celex, '') : undefined;
  if (act !== undefined) return { ...common, ...act, jurisdiction: 'EU' };

  const path = pathOf(value(work, 'FRBRuri') || value(work, 'FRBRthis'));
  const parts =
    path.length > 0
      ? path
      : number === '' || country === ''
        ? []
        : [label(country), kind, label(number).toLowerCase()];
  if (parts.length < 2) return undefined;
  const jurisdiction = /^[a-z]{2}$/.test(parts[0] ?? '') ? (parts[0] ?? '') : country.slice(0, 2);
  const citation = /\d/.test(name) ? name : [name, number].filter((part) => part !== '').join(' ');
  return {
    ...common,
    documentId: parts.join('/'),
    jurisdiction: (jurisdiction === 'gb' ? 'uk' : jurisdiction).toUpperCase() || 'XX',
    family: parts[1] ?? kind,
    citation: /\d/.test(citation) ? citation : undefined,
  };
}

/** `/akn/us/act/2011-11-29/112-61` and `http://www.legislation.gov.uk/id/ukpga/2014/27/enacted` as parts of an id. */
function pathOf(uri: string): readonly string[] {
  const uk = /legislation\.gov\.uk\/(?:id\/)?(.+)$/.exec(uri)?.[1];
  const path = uk === undefined ? uri.replace(/^https?:\/\/[^/]*/, '').replace(/^\/?akn\//, '/') : `uk/${uk}`;
  const parts = path
    .split('/')
    .map((part) => label(part.replace(/^!.*$/, '')))
    .filter((part) => part !== '');
  // A version is no part of the work.
  if (uk !== undefined && /^(?:enacted|made|created|adopted|\d{4}-\d{2}-\d{2})$/.test(parts.at(-1) ?? ''))
    parts.pop();
  return parts;
}

/** Dates far away stand for a day that is not known. */
function dayOf(text: string): string | undefined {
  const day = isoDay(text.slice(0, 10));
  return day !== undefined && day < '2900' && day > '1000' ? day : undefined;
}

function languageOf(code: string): string {
  const tag = code.toLowerCase();
  return LANGUAGES[tag] ?? (/^[a-z]{2,3}$/.test(tag) ? tag : 'en');
}

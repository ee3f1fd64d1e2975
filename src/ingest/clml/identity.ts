/** Who a CLML document is: type, year, number, titles and dates out of its metadata. */
import { calendarDay, label, oneLine, toRoman } from '../text.ts';
import type { DocumentHead } from '../reader.ts';
import type { XmlAttributes } from '../xml/xml.ts';

/** What the metadata and the root element say. Only the first statement of each counts: later ones are about other versions. */
export interface ClmlFacts {
  root: XmlAttributes;
  mainType?: string;
  year?: string;
  number?: string;
  /** As written: `W. 27`, `N.I. 3`. */
  alternative?: string;
  title?: string;
  identifier?: string;
  valid?: string;
  language?: string;
  comingIntoForce: string[];
}

export interface ClmlIdentity {
  readonly head: DocumentHead;
  /** `primary` law has sections, `secondary` regulations, articles or rules, `eu` articles. */
  readonly kind: 'primary' | 'secondary' | 'eu';
  /** What a provision of the first level is called when its id does not say: `section`, `regulation`, … */
  readonly provision: Provision;
  /** Citation of the act, without a fragment. */
  readonly citation: string;
}

export type Provision = 'section' | 'regulation' | 'article' | 'rule' | 'paragraph';

/** Abbreviations as lawyers cite. */
export const PROVISION_CITED: Readonly<Record<Provision, string>> = {
  section: 's.',
  regulation: 'reg.',
  article: 'art.',
  rule: 'r.',
  paragraph: 'para.',
};

type Cite = (year: string, number: string, alternative: string | undefined) => string;
const plain =
  (series: string): Cite =>
  (year, number, alternative) =>
    `${series} ${year}/${number}${alternative === undefined ? '' : ` (${alternative})`}`;
const chapter =
  (word: string): Cite =>
  (year, number) =>
    `${year} ${word} ${number}`;

const TYPES: Readonly<Record<string, readonly [code: string, kind: ClmlIdentity['kind'], cite: Cite]>> = {
  UnitedKingdomPublicGeneralAct: ['ukpga', 'primary', chapter('c.')],
  UnitedKingdomLocalAct: ['ukla', 'primary', (year, number) => `${year} c. ${roman(number)}`],
  UnitedKingdomPrivateOrPersonalAct: ['ukppa', 'primary', chapter('c.')],
  ScottishAct: ['asp', 'primary', chapter('asp')],
  WelshNationalAssemblyAct: ['anaw', 'primary', chapter('anaw')],
  WelshParliamentAct: ['asc', 'primary', chapter('asc')],
  WelshAssemblyMeasure: ['mwa', 'primary', chapter('nawm')],
  NorthernIrelandAct: ['nia', 'primary', (year, number) => `${year} c. ${number} (N.I.)`],
  NorthernIrelandAssemblyMeasure: ['mnia', 'primary', (year, number) => `${year} c. ${number} (N.I.)`],
  NorthernIrelandParliamentAct: ['apni', 'primary', (year, number) => `${year} c. ${number} (N.I.)`],
  UnitedKingdomChurchMeasure: ['ukcm', 'primary', chapter('No.')],
  GreatBritainAct: ['apgb', 'primary', chapter('c.')],
  EnglandAct: ['aep', 'primary', chapter('c.')],
  ScottishOldAct: ['aosp', 'primary', chapter('c.')],
  IrelandAct: ['aip', 'primary', chapter('c.')],
  UnitedKingdomStatutoryInstrument: ['uksi', 'secondary', plain('SI')],
  WelshStatutoryInstrument: ['wsi', 'secondary', plain('SI')],
  ScottishStatutoryInstrument: ['ssi', 'secondary', plain('SSI')],
  NorthernIrelandOrderInCouncil: ['nisi', 'secondary', plain('SI')],
  NorthernIrelandStatutoryRule: ['nisr', 'secondary', plain('SR')],
  UnitedKingdomChurchInstrument: ['ukci', 'secondary', plain('Church Instrument')],
  UnitedKingdomMinisterialOrder: ['ukmo', 'secondary', plain('Ministerial Order')],
  UnitedKingdomStatutoryRuleOrOrder: ['uksro', 'secondary', plain('SR&O')],
  NorthernIrelandStatutoryRuleOrOrder: ['nisro', 'secondary', plain('SR&O (N.I.)')],
  UnitedKingdomDraftStatutoryInstrument: ['ukdsi', 'secondary', plain('draft SI')],
  ScottishDraftStatutoryInstrument: ['sdsi', 'secondary', plain('draft SSI')],
  NorthernIrelandDraftStatutoryRule: ['nidsr', 'secondary', plain('draft SR')],
  EuropeanUnionRegulation: ['eur', 'eu', (year, number) => `Regulation (EU) ${year}/${number}`],
  EuropeanUnionDecision: ['eudn', 'eu', (year, number) => `Decision (EU) ${year}/${number}`],
  EuropeanUnionDirective: ['eudr', 'eu', (year, number) => `Directive (EU) ${year}/${number}`],
  EuropeanUnionTreaty: ['eut', 'eu', (year, number) => `Treaty ${year}/${number}`],
};

/** The identity, or undefined when type, year and number are not there. */
export function identityOf(facts: ClmlFacts): ClmlIdentity | undefined {
  const uris = [facts.identifier, facts.root['IdURI'], facts.root['DocumentURI'], facts.root['xml:base']];
  const uri = uris.map(parseUri).find((found) => found !== undefined);
  const type =
    TYPES[facts.mainType ?? ''] ?? Object.values(TYPES).find(([code]) => code === uri?.code) ?? undefined;
  const year = facts.year ?? uri?.year;
  const number = facts.number ?? uri?.number;
  if (type === undefined || year === undefined || number === undefined) return undefined;

  const [code, kind, cite] = type;
  const title = oneLine(facts.title ?? '');
  const act =
    (kind === 'eu' ? euCitation(title, facts.mainType) : undefined) ?? cite(year, number, facts.alternative);
  const fragment = uri?.code === code ? uri.fragment : [];
  const cited = fragment.length === 0 ? act : `${act} ${citeFragment(fragment)}`;
  return {
    kind,
    provision: provisionOf(kind, title),
    citation: act,
    head: {
      documentId: ['uk', code, label(year), label(number), ...fragment.map(label)].join('/'),
      jurisdiction: 'UK',
      family: code,
      citation: cited,
      title: title === '' ? cited : title,
      language: languageOf(facts),
      inForceFrom: inForceFrom(facts),
      inForceTo: isoDate(facts.root['RestrictEndDate']),
    },
  };
}

/**
 * The day this text applies from: the point in time of the version, else the day the act comes into force (the first, when
 * it does so in steps). The days it was made or enacted are not taken: law often applies later.
 */
function inForceFrom(facts: ClmlFacts): string | undefined {
  const start = isoDate(facts.valid) ?? isoDate(facts.root['RestrictStartDate']);
  return (
    start ??
    facts.comingIntoForce
      .map(isoDate)
      .filter((date) => date !== undefined)
      .sort()[0]
  );
}

function isoDate(text: string | undefined): string | undefined {
  const [, year, month, day] = /^\s*(\d{4})-(\d{2})-(\d{2})/.exec(text ?? '') ?? [];
  return calendarDay(Number(year), Number(month), Number(day));
}

function languageOf({ language, root }: ClmlFacts): string {
  const tag = (language ?? root['xml:lang'] ?? '').trim().toLowerCase();
  return /^[a-z]{2,3}(?:-[a-z0-9]{2,8})*$/.test(tag) ? tag : 'en';
}

function provisionOf(kind: ClmlIdentity['kind'], title: string): Provision {
  if (kind === 'primary') return 'section';
  if (kind === 'eu') return 'article';
  if (/\bRegulations\b/.test(title)) return 'regulation';
  if (/\bRules\b/.test(title)) return 'rule';
  return /\bOrder\b/.test(title) ? 'article' : 'paragraph';
}

/** EU acts are cited as their title does: `Regulation (EU) No 319/2014`, `Decision 2011/382/EU`. */
function euCitation(title: string, mainType: string | undefined): string | undefined {
  const numbered = /\b(Regulation|Directive|Decision) \((?:EU|EC|EEC|Euratom)[^)]*\) (?:No )?\d+\/\d+/.exec(
    title,
  )?.[0];
  if (numbered !== undefined) return numbered;
  const old = /\(?\b(\d{2,4}\/\d+\/(?:EU|EC|EEC|Euratom))\b/.exec(title)?.[1];
  const word = /Directive$/.test(mainType ?? '') ? 'Directive' : 'Decision';
  return old === undefined ? undefined : `${word} ${old}`;
}

interface ParsedUri {
  readonly code: string;
  readonly year: string;
  readonly number: string;
  /** `section/6`: the file shows only a part of the act. */
  readonly fragment: readonly string[];
}

/** Words after the number that name a version or a language, not a provision. */
const VERSION =
  /^(?:made|enacted|created|adopted|prospective|latest|\d{4}-\d{2}-\d{2}|english|welsh|data\.\w+|.*\+.*|england|wales|scotland|ni)$/;

function parseUri(uri: string | undefined): ParsedUri | undefined {
  const path = /^https?:\/\/(?:www\.)?legislation\.gov\.uk\/(?:id\/)?([^?#]+)/.exec(uri?.trim() ?? '')?.[1];
  const [code, year, number, ...rest] = path?.split('/') ?? [];
  if (code === undefined || year === undefined || number === undefined || !/^\d{4}$/.test(year))
    return undefined;
  return { code, year, number, fragment: rest.filter((word) => word !== '' && !VERSION.test(word)) };
}

function citeFragment([first, ...rest]: readonly string[]): string {
  const cited = PROVISION_CITED[first as Provision] as string | undefined;
  const [number, ...below] = rest;
  if (cited !== undefined && number !== undefined)
    return `${cited} ${number}${below.map((word) => `(${word})`).join('')}`;
  if (first === 'schedule') {
    const [kind, ...numbers] = below;
    const inner = kind === undefined ? '' : ` ${citeFragment([kind, ...numbers])}`;
    return `Sch.${number === undefined ? '' : ` ${number}`}${inner}`;
  }
  return [first, ...rest].join(' ');
}

/** Local acts are numbered in Roman numerals. */
function roman(number: string): string {
  const value = Number(number);
  return Number.isInteger(value) && value > 0 && value < 400 ? toRoman(value) : number;
}

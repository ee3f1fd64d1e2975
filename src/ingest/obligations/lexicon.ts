/** Words by what they do in a legal sentence. Closed classes and head nouns, written by hand. */

const words = (list: string): ReadonlySet<string> => new Set(list.split(/\s+/).filter((word) => word !== ''));

export const DETERMINERS =
  words(`the a an each every any no all both such this that these those his her its their
  some other either neither one another said`);

/** Dropped from an addressee: `The operator` and `Each operator` are the same actor. */
export const ARTICLES = words('the a an each every any no all both');

export const PREPOSITIONS =
  words(`of in on at by for from to with without within under over into upon after before
  during until till through throughout between among against about as per via towards toward above below regarding
  concerning pursuant prior subject notwithstanding despite including excluding except unless following according
  due owing instead outside inside`);

export const RELATIVES = words('who whom whose which that');
export const SUBORDINATORS =
  words(`if where when whenever wherever unless until while whilst because since whether
  although though provided once insofar how why what`);
export const CONJUNCTIONS = words('and or but nor and/or');
export const PRONOUNS = words('it they he she we you i');

export const AUXILIARIES =
  words(`is are was were be been being has have had does do did can could will would may might
  shall must should cannot`);

/** Finite verbs that often end an opening clause without a comma, or stand in a relative clause. */
export const FINITE =
  words(`exceeds exceed applies apply occurs occur arises arise becomes become fails fail finds find
  considers consider requires require contains contain includes include makes make takes take gives give carries carry
  uses use holds hold receives receive intends intend wishes wish decides decide believes believe knows know
  appears appear relates relate concerns concern exists exist consists consist needs need proposes propose
  transports transport generates generate operates operate employs employ accumulates accumulate submits submit`);

/** Participles that do not end in -ed. */
export const PARTICIPLES =
  words(`kept made given taken done drawn sent held set laid put met built brought bought borne
  chosen written shown seen known found heard paid sold told won worn led read left lost understood undertaken
  withdrawn begun broken driven forbidden hidden run sought spent taught thrown cut fed bound grown frozen shut hung
  dealt spread thought gone overseen struck swept torn rewritten redrawn reset upheld withheld foreseen rendered`);

/** -ed words that are adjectives in law. */
export const STATES = words(
  'interested related experienced united aged need exceed proceed succeed feed speed seed weed',
);

/** Head nouns that name someone who can have a duty. Singular; plurals are folded. */
const AGENTS =
  words(`employer employee operator generator owner person occupier contractor subcontractor manufacturer
  importer exporter distributor supplier holder applicant authority agency commission council board committee member
  state minister ministry secretary administrator director officer official inspector body undertaking company
  enterprise entity institution party provider user worker permittee licensee registrant transporter declarant sponsor
  parliament bank office court tribunal laboratory carrier passenger staff personnel government fund group
  master captain crew driver trustee landlord tenant farmer grower producer organisation organization association
  department panel secretariat coordinator chair chairperson chairman president mission representative team candidate
  tenderer beneficiary recipient subsidiary investor firm issuer dealer trader seller buyer customer consumer doctor
  physician professional researcher engineer depositary investigator addressee individual man woman child
  servant spouse authorities police assembly service manager undertakings counterparty custodian agent dentist
  nurse veterinarian lawyer attorney judge auditor accountant consignor consignee shipper handler installer
  designer client dutyholder supervisor foreman expert delegate delegation rapporteur ombudsman
  controller processor broker intermediary platform cooperative partnership corporation municipality county
  district community nation people resident citizen national public society club school university hospital
  pharmacist trainer trainee assessor reviewer examiner verifier certifier notifier transferor transferee
  lessor lessee licensor creditor debtor borrower lender insurer insured claimant defendant respondent complainant
  petitioner witness editor publisher author inventor proprietor breeder keeper importers regulator
  establishment directorate-general directorate unit headquarters presidency joint-undertaking council's
  administration cabinet legislature constable surveyor commissioner treasurer registrar mayor governor
  crew-member seafarer shipowner stevedore blaster miner diver welder rigger principal self-employed
  operatives artisan apprentice pupil student teacher volunteer visitor patient subject traveller
  network consortium purchaser vendor retailer wholesaler stockist merchant agent-general signatory
  vessel facility utility austria belgium bulgaria croatia cyprus czechia denmark estonia finland france germany greece hungary ireland
  italy latvia lithuania luxembourg malta netherlands poland portugal romania slovakia slovenia spain sweden kingdom
  switzerland norway iceland
  eusr ecb eba esma eiopa ema echa efsa edps olaf eppo europol frontex epa osha hse hr coreper psc edpb nsi`);

/** Agent-like endings are not enough: these are things. */
const THINGS =
  words(`order number paper water letter matter register transfer container computer tower filter meter
  parameter layer cylinder sensor indicator motor reactor factor vector error sector door floor fee guarantee degree
  chapter power danger cover offer answer procedure remainder border corner river manner former latter other another
  whether either neither after under over never ever however further later greater lower upper higher better longer
  shorter smaller larger fewer proper tender monitor tanker trailer boiler conveyor compressor detector extinguisher
  ladder cutter mirror barrier buffer carrier-bag character counter crater cluster fiber fibre figure fertiliser
  freezer grinder heater hopper identifier inverter label lever liner marker mixer muffler newsletter pallet
  permit pointer poster printer protector radar respirator roller router scanner semester server shelter shutter
  silencer sprinkler starter sticker stopper summer winter switcher thermometer timer tractor trigger transformer
  transmitter vapour vapor visor wafer washer weather behaviour behavior colour color favour labour labor
  honour odour odor rumour humour harbor harbour interior exterior minor major prior posterior anterior superior
  inferior junior senior monitor corridor conductor insulator isolator actuator alternator elevator escalator
  excavator incinerator refrigerator radiator ventilator separator accumulator calculator denominator numerator
  descriptor acceptor aerator attenuator generator-set equator locator mentor-fund tensor anchor armor error
  warrant grant plant restaurant quotient pollutant contaminant refrigerant lubricant coolant sealant disinfectant
  variant constant determinant participant-fund instant relevant significant important list twist exist consist
  assist resist checklist mist`);

/** Head nouns of the text itself: what they shall do is never a duty. */
export const INSTRUMENTS =
  words(`regulation directive annex article paragraph subparagraph chapter section part
  subpart schedule provision appendix delegation standard`);

/** The same, when a capital or `this` shows that the text itself is meant: `This Decision` but `the decision`. */
export const NAMED_INSTRUMENTS = words(
  `decision title act order point rule code law agreement protocol table entry amendment statute`,
);

/** Head nouns for time and quantity. */
export const MEASURES =
  words(`period date day time duration term amount rate level number percentage share value limit
  budget quota ceiling threshold frequency deadline age size price fee cost expenditure contribution diameter`);

/** Head nouns for records and messages: what they shall contain is a rule about form. */
export const RECORDS =
  words(`report application request notification notice information record document statement
  declaration certificate form register list opinion proposal plan programme program procedure strategy minutes
  reply data inventory assessment agreement invoice label manifest copy mandate`);

/** Verbs that make or unmake law and legal states. */
export const CONSTITUTIVE_VERBS =
  words(`mean enter apply expire cease remain constitute consist comprise include contain
  cover relate concern refer prevail supersede extend lapse form become count require correspond amount
  take repeal amend replace insert delete`);

/** Participles that make or unmake law and legal states. */
export const CONSTITUTIVE_PARTICIPLES =
  words(`deemed considered amended replaced inserted deleted repealed added
  substituted understood construed read defined adopted granted extended based financed counted calculated
  determined conferred regarded treated revoked omitted set fixed`);

/** Verbs an item may begin with: `(a) keep records`. */
export const VERBS =
  words(`abate accept access account accumulate achieve act adapt add address adjust adopt advise affix
  agree allow amend analyse analyze annotate appear apply appoint approve arrange ascertain assess assign assist assume
  attach attempt attend audit authorise authorize avoid bear block calculate calibrate carry cause cease certify
  check choose clean clearly close collect communicate comply complete conduct confirm consider construct consult
  contact contain control cooperate coordinate correct cover create decide declare define deliver demonstrate describe
  designate destroy detail detect determine develop disclose dispose document draw eliminate employ enable endeavour
  enforce engage ensure enter equip establish evaluate examine exercise explain facilitate file fit follow forward
  furnish give guarantee handle have hold identify implement include indicate inform initiate inspect install instruct
  investigate issue keep label lay limit list lock locate maintain make manage mark measure meet minimise minimize
  monitor move name notify obtain offer operate organise organize outline participate pay perform permit place
  plan post prepare preserve prevent print proceed produce prohibit promote protect provide publish purchase put receive
  record reduce refer refrain refuse register reject release remove repair replace report request require respect
  restrict retain return review satisfy secure select send separate serve set show shut sign specify start state stop
  store submit supervise supply support suspend take test train transfer transmit treat turn undertake update use
  utilise utilize verify warn wear withdraw withhold work write`);

const singular = (word: string): string[] => {
  const out = [word];
  if (word.endsWith('ies')) out.push(`${word.slice(0, -3)}y`);
  if (word.endsWith('es')) out.push(word.slice(0, -2));
  if (word.endsWith('s')) out.push(word.slice(0, -1));
  return out;
};

/** The forms of a noun a list may hold it under, the printed one first. */
export function forms(lower: string): readonly string[] {
  return singular(lower.replace(/'s?$/, ''));
}

export function isIn(set: ReadonlySet<string>, lower: string): boolean {
  for (const form of forms(lower)) if (set.has(form)) return true;
  return false;
}

const AGENT_ENDING = /(?:er|or|ee|eer|ist|ian|ant)$/;

export type Agency = 0 | 1 | 2;

/** Words whose agency is remembered: law uses few words many times. */
const KNOWN_WORDS = 20_000;
const KNOWN_CHARS = 32;
const known = new Map<string, Agency>();

/** How surely a head noun names an actor: 2 by list, 1 by its ending or as an acronym, 0 not. */
export function agency(text: string): Agency {
  let found = known.get(text);
  if (found !== undefined) return found;
  found = agencyOf(text);
  if (text.length > KNOWN_CHARS) return found;
  if (known.size >= KNOWN_WORDS) known.clear();
  // A copy: a slice would keep the whole text it is of.
  known.set(Buffer.from(text).toString(), found);
  return found;
}

function agencyOf(text: string): Agency {
  const names = forms(text.toLowerCase());
  if (names.some((name) => AGENTS.has(name))) return 2;
  if (names.some((name) => THINGS.has(name))) return 0;
  if (
    names.some(
      (name) =>
        INSTRUMENTS.has(name) || NAMED_INSTRUMENTS.has(name) || RECORDS.has(name) || MEASURES.has(name),
    )
  )
    return 0;
  if (/^(?:[A-Z]{1,3}-)?[A-Z]{2,7}s?$/.test(text)) return 1;
  return names.some((name) => name.length > 4 && AGENT_ENDING.test(name)) ? 1 : 0;
}

export function isParticiple(lower: string): boolean {
  return (lower.length > 3 && lower.endsWith('ed') && !STATES.has(lower)) || PARTICIPLES.has(lower);
}

export function isAdverb(lower: string): boolean {
  return (
    (lower.length > 4 &&
      lower.endsWith('ly') &&
      lower !== 'supply' &&
      lower !== 'apply' &&
      lower !== 'comply') ||
    ADVERBS.has(lower)
  );
}

const ADVERBS =
  words(`also only not never either both then still always thereafter therefore again first also moreover
  furthermore however nevertheless accordingly forthwith hereby thereby ever just in-turn likewise otherwise too`);

/**
 * Writes the records of the sample organisation: `sample/records` (every table as first entered) and
 * `sample/updates/1`, `sample/updates/2` (rows whose status moved on since). Everything in here is invented: the company,
 * its sites, people, authorities, permits and measurements.
 *
 * `node tools/make-sample.ts` gives the same bytes every time. Hand-written rows stand below as blocks of cells divided
 * by `|`, headed by their columns; `region` is filled in from the site, an empty cell is NULL, `;` divides list items.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { SeededRandom, invariant } from '../src/base/index.ts';
import { ESH, qualifiedName, type Column, type Table } from '../src/schema/index.ts';

type Cells = Readonly<Record<string, string>>;

const SAMPLE = path.join(import.meta.dirname, '..', 'sample');
const COMPANY = 'Varrowmere Materials plc (invented)';
/** The readings cover the days up to this one; nothing in the records is later. */
const AS_OF = '2026-06-30';
const READING_DAYS = 100;
const DAY_MS = 86_400_000;

function block(text: string): Cells[] {
  const [head = '', ...lines] = text.trim().split('\n');
  const columns = head.split('|');
  return lines.map((line) => {
    const cells = line.split('|');
    invariant(cells.length === columns.length, `${columns.length} cells, as the head says: ${line}`);
    return Object.fromEntries(columns.map((column, i) => [column, cells[i] ?? '']));
  });
}

/** Shorthand for provisions of the sample law: `310.14-a-2`, `9901:6-1`. */
function provision(short: string): string {
  if (short === '') return '';
  const uk = /^(9901|9902):(.+)$/.exec(short);
  if (uk === null) return `us/cfr/99/${short.slice(0, 3)}#s${short}`;
  const year = uk[1] === '9901' ? '2021' : '2019';
  return `uk/uksi/${year}/${uk[1] ?? ''}#regulation-${uk[2] ?? ''}`;
}

const SITES: readonly Cells[] = block(`
site_id|region|name|jurisdiction|industry_code|industry_sector|activities|employees|latitude|longitude|manager|manager_contact|opened_on
UKN-01|UK-North|Ashgill Quarry|UK|08.11|Quarrying of stone|quarrying;crushing;screening;conveying;blasting|84|54.412|-2.871|Maud Ellerthwaite|m.ellerthwaite@varrowmere.example|1998-05-04
UKN-02|UK-North|Thornbeck Waste Transfer Station|UK|38.11|Waste collection|waste-transfer;baling;battery-storage|31|54.655|-3.102|Gethin Royle|g.royle@varrowmere.example|2021-11-15
UKN-03|UK-North|Mossgate Warehouse|UK|52.10|Warehousing and storage|warehousing;lift-trucks;racking|56|54.233|-2.644|Priya Castlerigg|p.castlerigg@varrowmere.example|2009-02-02
UKN-04|UK-North|Harrowend Office|UK|70.10|Head office|office|120|54.518|-2.733|Tomos Wharrier|t.wharrier@varrowmere.example|2015-09-01
UKN-05|UK-North|Skelwick Lime Works|UK|23.52|Manufacture of lime|lime-burning;conveying;bagging|67|54.377|-3.015|Edda Birkhow|e.birkhow@varrowmere.example|1986-03-17
USG-01|US-Gulf|Port Maribel Chemical Plant|US|325180|Basic inorganic chemicals|chlorine-storage;solvent-storage;bleach-making;maintenance|212|29.284|-93.512|Delphine Oakhollow|d.oakhollow@varrowmere.example|1979-06-11
USG-02|US-Gulf|Redfish Bend Quarry|US|212312|Crushed limestone|quarrying;crushing;screening;conveying|48|29.611|-93.904|Curtis Vanlandry|c.vanlandry@varrowmere.example|2003-08-25
USG-03|US-Gulf|Bayou Lark Transfer Station|US|562111|Solid waste collection|waste-transfer;shredding;baling|26|29.502|-93.338|Inez Thibodry|i.thibodry@varrowmere.example|2012-01-09
USG-04|US-Gulf|Pelican Reach Solvent Warehouse|US|493190|Warehousing of chemicals|warehousing;solvent-storage;lift-trucks|39|29.377|-93.741|Rowan Askebreck|r.askebreck@varrowmere.example|2007-10-22
USG-05|US-Gulf|Heron Street Office|US|551114|Regional office|office|75|29.455|-93.622|Lucille Farquhane|l.farquhane@varrowmere.example|2018-04-03
EUR-01|EU-Rhine|Falkenrieth Coatings Plant|EU|20.30|Manufacture of paints|solvent-storage;mixing;filling|140|50.318|7.142|Jorun Steinhevel|j.steinhevel@varrowmere.example|1994-07-01
EUR-02|EU-Rhine|Oberstolz River Depot|EU|52.24|Cargo handling|cargo-handling;warehousing;conveying|33|50.402|7.288|Anselm Krautheuer|a.krautheuer@varrowmere.example|2011-05-16
`).map((site) => ({ ...site, name: `${site['name'] ?? ''} — ${COMPANY}` }));

const CONTACTS = block(`
contact_id|site_id|role|name|email|phone
CON-001|UKN-01|emergency coordinator|Osric Fellbarrow|o.fellbarrow@varrowmere.example|+44 1632 960101
CON-002|UKN-01|safety representative|Nell Hawkrigg|n.hawkrigg@varrowmere.example|+44 1632 960102
CON-003|UKN-02|technically competent manager|Gethin Royle|g.royle@varrowmere.example|+44 1632 960111
CON-004|UKN-02|regulator|Invented Waste Authority, northern desk|desk@waste-authority.example|+44 1632 960112
CON-005|UKN-03|emergency coordinator|Bram Sandwath|b.sandwath@varrowmere.example|+44 1632 960121
CON-006|UKN-04|head of environment, safety and health|Iona Merriwether-Lund|i.merriwether@varrowmere.example|+44 1632 960131
CON-007|UKN-05|emergency coordinator|Hallam Grize|h.grize@varrowmere.example|+44 1632 960141
CON-008|USG-01|emergency coordinator|Thaddeus Quillmore|t.quillmore@varrowmere.example|+1 555 0101
CON-009|USG-01|process safety lead|Noor Bellweather|n.bellweather@varrowmere.example|+1 555 0102
CON-010|USG-01|regulator|Invented Safety Agency, Gulf office|gulf@safety-agency.example|+1 555 0103
CON-011|USG-02|emergency coordinator|Marisol Dunnaway|m.dunnaway@varrowmere.example|+1 555 0111
CON-012|USG-03|emergency coordinator|Inez Thibodry|i.thibodry@varrowmere.example|+1 555 0121
CON-013|USG-04|emergency coordinator|Percy Lindqvane|p.lindqvane@varrowmere.example|+1 555 0131
CON-014|USG-05|facilities|Lucille Farquhane|l.farquhane@varrowmere.example|+1 555 0141
CON-015|EUR-01|emergency coordinator|Wiebke Tannhorst|w.tannhorst@varrowmere.example|+49 30 23125 101
CON-016|EUR-02|emergency coordinator|Anselm Krautheuer|a.krautheuer@varrowmere.example|+49 30 23125 102
`);

const PERMITS = block(`
permit_id|site_id|kind|number|authority|issued_on|expires_on|law|scope
PER-001|UKN-01|explosives|NW-EX-2207|Invented Work Inspectorate|2022-07-01|2032-06-30|9902:8-1|Blasting with up to 4 tonnes of explosives a week
PER-002|UKN-01|air|NW-AQ-2231|Invented Northern Council|2022-09-12||9902:6-3|Crushing and screening of limestone
PER-003|UKN-01|water|NW-WD-1904|Invented Water Board|2019-04-15|||Discharge from the settling lagoon to Ash Beck
PER-004|UKN-02|waste|NW-WT-2119|Invented Waste Authority|2021-11-01|2031-10-31|9901:4-1|Transfer of up to 250 tonnes a day, of which 40 tonnes hazardous in store
PER-005|UKN-02|water|NW-WD-2140|Invented Water Board|2021-11-01||9901:9-1|Discharge from bays after treatment
PER-006|UKN-02|waste|NW-WT-2302|Invented Waste Authority|2023-02-20|2033-02-19|9901:7-3|Storage of lithium batteries in bay 6
PER-007|UKN-03|fire|NW-FS-2011|Invented Fire Service|2020-11-02|||Storage of up to 900 pallets
PER-008|UKN-05|air|NW-AQ-2008|Invented Northern Council|2020-08-03|2030-08-02|9902:9-1|Lime kiln 2, up to 400 tonnes a day
PER-009|UKN-05|water|NW-WD-2010|Invented Water Board|2020-10-19|||Discharge of cooling water
PER-010|USG-01|chemicals|GC-CL-0417|Invented Safety Agency|2022-06-01|2032-05-31|340.10-a|Storage of up to 22,000 pounds of chlorine
PER-011|USG-01|air|GC-AQ-0418|Invented Safety Agency|2021-12-31|2026-12-31|340.13-c|Chlorine scrubber and bleach tower
PER-012|USG-01|water|GC-WD-0420|Invented Safety Agency|2023-03-15|2033-03-14||Discharge of treated process water to the ship canal
PER-013|USG-01|chemicals|GC-SV-0421|Invented Safety Agency|2022-06-01|2032-05-31|340.20-a|Storage of up to 25,000 gallons of solvents in building 7
PER-014|USG-02|air|GC-AQ-0602|Invented Safety Agency|2024-08-01|2029-07-31|520.30-a|Primary crusher, two screens and four conveyors
PER-015|USG-03|air|GC-AQ-0519|Invented Safety Agency|2021-03-01|2026-02-28|520.30-a|Waste shredder and tipping floor
PER-016|USG-03|waste|GC-WT-0520|Invented Safety Agency|2022-05-09|2032-05-08||Transfer of up to 180 short tons a day
PER-017|USG-02|water|GC-WD-0604|Invented Safety Agency|2024-02-12|2034-02-11||Discharge of wash water after settling
PER-018|USG-04|chemicals|GC-SV-0733|Invented Safety Agency|2023-10-02|2033-10-01|340.20-c|Storage of up to 50,000 gallons of solvents with foam system
PER-019|USG-04|air|GC-AQ-0734|Invented Safety Agency|2023-10-02|2028-10-01|340.23-c|Building vent with carbon filter
PER-020|USG-03|water|GC-WD-0523|Invented Safety Agency|2022-05-09|2032-05-08||Discharge of floor drainage after separator
PER-021|EUR-01|air|RH-IM-3310|Invented Rhine Office|2021-06-21|||Mixing hall, filling lines and thermal oxidiser
PER-022|EUR-01|water|RH-WA-3312|Invented Rhine Office|2021-06-21|2031-06-20||Discharge to the works sewer
PER-023|EUR-01|chemicals|RH-LG-3315|Invented Rhine Office|2022-01-10|||Storage of 180 tonnes of flammable liquids
PER-024|EUR-02|planning|RH-BG-2207|Invented Rhine Office|2019-09-30|||Cargo handling by day
PER-025|USG-02|explosives|GC-EX-0609|Invented Safety Agency|2019-01-14|2029-01-13||Blasting by contract, twice a month
`);

const PERMIT_STATUS = block(`
permit_id|status|since|reason
PER-011|renewal|2026-05-20|Application for renewal received by the Agency
PER-018|suspended|2026-06-03|Foam system not tested within 12 months
PER-025|surrendered|2025-11-30|Blasting moved to mechanical breaking
`);

const CONDITIONS = block(`
condition_id|permit_id|number|parameter|limit_value|unit|frequency|due_on|law|text
PC-001|PER-001|1.1|||||2026-09-30|9902:8-2|The danger area must be cleared and guarded at least 10 minutes before firing.
PC-002|PER-001|1.2|vibration|6|mm/s|each blast||9902:8-3|Ground vibration at Fell Cottage must not exceed 6 mm/s in 95 per cent of blasts.
PC-003|PER-002|2.1|pm10|45|ug/m3|daily|||PM10 at the boundary must not exceed 45 micrograms per cubic metre as a daily mean.
PC-004|PER-002|2.2|noise_night|45|dB|daily||9902:7-2|Noise at Fell Cottage must not exceed 45 decibels at night.
PC-005|PER-002|2.3|noise_day|55|dB|daily||9902:7-2|Noise at Fell Cottage must not exceed 55 decibels by day.
PC-006|PER-003|1|suspended_solids|40|mg/L|daily|||Suspended solids in the discharge must not exceed 40 mg/L.
PC-007|PER-003|2|ph|9|[pH]|daily|||The pH of the discharge must be between 6 and 9.
PC-008|PER-004|3.1|hazardous_waste_age|10|d|each load||9901:6-1|Hazardous waste must not stay at the station for more than 10 days.
PC-009|PER-004|3.2|hazardous_waste|40|t|daily||9901:7-1|Not more than 40 tonnes of hazardous waste may be kept at any one time.
PC-010|PER-004|3.3||||weekly||9901:10-1|The technically competent manager must be present for at least 12 hours in each week.
PC-011|PER-005|1|ammoniacal_nitrogen|10|mg/L|weekly||9901:9-1|Ammoniacal nitrogen in the discharge must not exceed 10 mg/L.
PC-012|PER-005|2|suspended_solids|60|mg/L|weekly||9901:9-1|Suspended solids in the discharge must not exceed 60 mg/L.
PC-013|PER-005|3|oil_and_grease|10|mg/L|weekly||9901:9-1|Oil and grease in the discharge must not exceed 10 mg/L.
PC-014|PER-006|1|||||2026-08-01|9901:7-3-b|The thermal camera over bay 6 must be tested each quarter.
PC-015|PER-006|2||||each find||9901:7-4|A damaged battery must be under sand within 1 hour and off the site within 3 days.
PC-016|PER-008|4.1|dust|30|mg/m3|daily||9902:9-1|Dust in kiln gas must not exceed 30 mg/m3 as a daily mean.
PC-017|PER-008|4.2|nox|350|mg/m3|daily||9902:9-2|Oxides of nitrogen in kiln gas must not exceed 350 mg/m3 as a daily mean.
PC-018|PER-009|1|temperature|25|Cel|daily|||Cooling water must not be warmer than 25 degrees Celsius.
PC-019|PER-010|A1|chlorine_stored|22000|[lb_av]|daily||340.10-a|The quantity of chlorine on site must not exceed 22,000 pounds.
PC-020|PER-010|A2||||monthly|2026-07-15|340.12-c|Each chlorine detector must be tested with gas every 30 days.
PC-021|PER-010|A3||||half-yearly|2026-10-01|340.30-b|An emergency drill must be held every 6 months.
PC-022|PER-011|B1|chlorine|2.5|mg/m3|hourly||340.13-c|Chlorine at the scrubber outlet must not exceed 2.5 mg/m3 as an hourly mean.
PC-023|PER-011|B2||||half-yearly|2026-08-15|340.13-b|The scrubber must be tested at full flow every 6 months.
PC-024|PER-012|C1|ph|9|[pH]|daily|||The pH of the discharge must be between 6 and 9.
PC-025|PER-012|C2|free_chlorine|0.2|mg/L|daily|||Free chlorine in the discharge must not exceed 0.2 mg/L.
PC-026|PER-013|D1|solvent_stored|25000|[gal_us]|daily||340.20-a|Solvents in building 7 must not exceed 25,000 gallons.
PC-027|PER-014|E1|pm10|40|ug/m3|daily||520.11-a-1|PM10 at the boundary must not exceed 40 micrograms per cubic metre as a daily mean.
PC-028|PER-014|E2|dust|15|mg/m3|daily||520.10-a-1|Dust at the crusher stack must not exceed 15 mg/m3 as a daily mean.
PC-029|PER-014|E3||||each day||520.12-b|Equipment must stop when its water spray has been out of service for more than 60 minutes.
PC-030|PER-015|F1|h2s|5|ug/m3|daily||520.11-b|Hydrogen sulfide at the boundary must not exceed 5 micrograms per cubic metre as a daily mean.
PC-031|PER-015|F2|||||2025-09-01|520.30-b|The application for renewal must reach the Agency 180 days before the permit expires.
PC-032|PER-018|G1||||yearly|2026-05-31|340.20-c|The foam system must be tested every 12 months.
PC-033|PER-019|G2|voc|100|mg/m3|daily||340.23-c|Volatile organic compounds at the vent must not exceed 100 mg/m3 as a daily mean.
PC-034|PER-020|F3|suspended_solids|60|mg/L|daily|||Suspended solids in the discharge must not exceed 60 mg/L.
PC-035|PER-021|5.1|voc|20|mg/m3|daily|||Organic carbon after the oxidiser must not exceed 20 mg/m3 as a daily mean.
PC-036|PER-022|1|cod|400|mg/L|daily|||Chemical oxygen demand must not exceed 400 mg/L.
PC-037|PER-024|1|noise_night|45|dB|daily|||Noise at the river path must not exceed 45 decibels at night.
`);
/** What every permit of a kind asks for besides. */
const GENERAL_CONDITION: Readonly<Record<string, string>> = {
  air: 'The monitoring records must be kept for 5 years and shown on request.',
  water: 'A sample point must be kept accessible and marked at the last place before the discharge.',
  waste: 'A record of each load must be kept with its date of arrival, kind, weight and date of removal.',
  chemicals: 'The inventory must be brought up to date at the end of every day.',
  explosives: 'The store must be locked and its contents counted at the end of every shift.',
  fire: 'Escape routes must be kept clear and checked at the beginning of every shift.',
  planning: 'Complaints from neighbours must be answered within 3 working days.',
};

const INSPECTIONS = block(`
inspection_id|site_id|inspected_on|kind|authority|inspector|outcome|scope|summary
INS-001|UKN-01|2025-02-11|routine|Invented Work Inspectorate|Hester Scargill-Wray|findings|conveyors and crushers|Guards sound except at the tail of CV-7. Three isolation records for CV-7 could not be found.
INS-002|UKN-01|2025-09-23|self||Nell Hawkrigg|findings|isolation|Locks issued but no trial start recorded in four of ten isolations observed.
INS-003|UKN-01|2026-04-21|incident|Invented Work Inspectorate|Hester Scargill-Wray|stopped|conveyor CV-7|Visit after the injury of 14 April. CV-7 stopped by notice until isolation points are fitted at the tail.
INS-004|UKN-01|2026-06-16|follow-up|Invented Work Inspectorate|Hester Scargill-Wray|satisfactory|conveyor CV-7|New isolators at CV-7 seen in use. Records complete since 1 May.
INS-005|UKN-02|2024-08-20|routine|Invented Waste Authority|Corin Applethwaite|satisfactory|storage|Oldest hazardous load had been on site for 12 days, within the 14 days then allowed.
INS-006|UKN-02|2025-03-18|routine|Invented Waste Authority|Corin Applethwaite|findings|storage and records|Drums of waste solvent in bay 4 had been on site for 12 days; 10 days are allowed since 1 October 2024.
INS-007|UKN-02|2026-05-06|complaint|Invented Waste Authority|Corin Applethwaite|findings|discharge|Foam seen in the beck. The reed bed was by-passed; ammoniacal nitrogen 12 mg/L in our sample.
INS-008|UKN-03|2025-05-13|routine|Invented Work Inspectorate|Fenwick Orrell|findings|racking and lift trucks|One damaged upright in aisle C still loaded. Weekly racking checks missing for March.
INS-009|UKN-03|2026-02-24|self||Bram Sandwath|findings|lift trucks|Two drivers had certificates that end within a month.
INS-010|UKN-04|2025-10-07|self||Iona Merriwether-Lund|satisfactory|fire and workstations|Drill held in 4 minutes. Two workstation assessments outstanding.
INS-011|UKN-05|2025-06-03|routine|Invented Northern Council|Ada Crosthwenn|satisfactory|kiln|Emissions below limits. Analyser certificate seen.
INS-012|UKN-05|2026-05-19|routine|Invented Northern Council|Ada Crosthwenn|findings|kiln analyser|No data from 5 to 12 May. No spare analyser and no estimate made.
INS-013|USG-01|2025-01-28|routine|Invented Safety Agency|Barnaby Teasdell|findings|chlorine storage|Inventory of 25,100 pounds of chlorine on 22 January against a limit of 22,000. No notice had been given.
INS-014|USG-01|2025-07-15|follow-up|Invented Safety Agency|Barnaby Teasdell|satisfactory|chlorine storage|Daily inventory in place. Highest value since February 20,800 pounds.
INS-015|USG-01|2026-02-10|routine|Invented Safety Agency|Sunniva Harcastle|findings|chlorine detectors|Detector CD-12 at the loading point failed its gas test and had been out of service for 19 days.
INS-016|USG-01|2026-05-18|incident|Invented Safety Agency|Sunniva Harcastle|findings|release of 14 May|A used gasket had been fitted again at container 3. Detector CD-12 was still out of service.
INS-017|USG-02|2024-11-05|routine|Invented Safety Agency|Wendell Parsonage|satisfactory|dust|Sprays working at all transfer points. Limits of the 2024 edition explained.
INS-018|USG-02|2025-08-12|self||Marisol Dunnaway|findings|guards and isolation|Lockout devices on the crusher had not been inspected since November 2024.
INS-019|USG-02|2026-05-12|complaint|Invented Safety Agency|Wendell Parsonage|findings|dust at the boundary|Spray bar at the primary crusher out of service since 20 April. The crusher had not been stopped.
INS-020|USG-02|2026-06-09|follow-up|Invented Safety Agency|Wendell Parsonage|satisfactory|dust at the boundary|New pump in service since 23 May. Readings below the limit.
INS-021|USG-03|2025-04-08|routine|Invented Safety Agency|Wendell Parsonage|satisfactory|shredder and floor|Feed door interlock tested weekly. Floor cleared within 24 hours.
INS-022|USG-03|2026-04-14|self||Inez Thibodry|findings|permits|The air permit ended on 28 February 2026. No application for renewal can be found.
INS-023|USG-04|2025-05-20|routine|Invented Safety Agency|Barnaby Teasdell|satisfactory|solvent storage|Containment sound. Foam system tested on 30 May 2024, next test due this month.
INS-024|USG-04|2026-06-02|routine|Invented Safety Agency|Sunniva Harcastle|findings|solvent storage|38,000 gallons in store. The foam system has not been tested since May 2024.
INS-025|USG-05|2025-11-18|self||Lucille Farquhane|satisfactory|fire and workstations|No remarks.
INS-026|EUR-01|2025-03-25|routine|Invented Rhine Office|Ortwin Blauhagen|satisfactory|oxidiser|Temperature above 780 degrees Celsius at all times.
INS-027|EUR-01|2026-06-11|self||Wiebke Tannhorst|findings|monitoring|The organic carbon analyser showed the same value for six days and nobody asked why.
INS-028|EUR-02|2025-09-09|routine|Invented Rhine Office|Ortwin Blauhagen|findings|cranes and edges|Edge protection missing at berth 2.
INS-029|EUR-02|2026-03-17|follow-up|Invented Rhine Office|Ortwin Blauhagen|satisfactory|edges|Edge protection fitted.
INS-030|USG-01|2026-06-23|self||Noor Bellweather|findings|isolation|Two of eight isolations at the bleach tower had no trial start.
`);

const AUDITS = block(`
audit_id|site_id|audited_on|standard|auditor|score|outcome
AUD-001|UKN-01|2025-10-16|ISO 45001:2018|Leopold Danvers-Hythe|0.78|passed-with-findings
AUD-002|UKN-02|2025-11-20|ISO 14001:2015|Leopold Danvers-Hythe|0.81|passed-with-findings
AUD-003|UKN-05|2025-12-04|ISO 14001:2015|Leopold Danvers-Hythe|0.93|passed
AUD-004|USG-01|2025-09-11|ISO 45001:2018|Araminta Coldwell|0.71|passed-with-findings
AUD-005|USG-01|2026-03-19|Company standard: process safety|Araminta Coldwell|0.58|failed
AUD-006|USG-02|2025-10-30|ISO 45001:2018|Araminta Coldwell|0.74|passed-with-findings
AUD-007|USG-04|2026-01-22|Company standard: storage|Araminta Coldwell|0.88|passed
AUD-008|EUR-01|2025-06-26|ISO 14001:2015|Gisela Morgenthau-Pell|0.95|passed
AUD-009|EUR-02|2025-07-03|ISO 45001:2018|Gisela Morgenthau-Pell|0.86|passed-with-findings
`);

const FINDINGS = block(`
finding_id|site_id|inspection_id|audit_id|found_on|severity|law|description
FND-001|UKN-01|INS-001||2025-02-11|major|9902:13-1|Nip point at the tail of CV-7 open over a width of 40 cm.
FND-002|UKN-01|INS-001||2025-02-11|minor|9902:12-2-c|No record that CV-7 was proved dead before three belt repairs.
FND-003|UKN-01|INS-002||2025-09-23|major|9902:12-2-c|Trial start not recorded in four of ten isolations.
FND-004|UKN-01||AUD-001|2025-10-16|major|9902:12-3|Locks not examined for 9 months.
FND-005|UKN-01|INS-003||2026-04-21|critical|9902:12-1|CV-7 could not be isolated at the tail, so fitters relied on the stop button.
FND-006|UKN-01|INS-003||2026-04-21|major|9902:20-1-c|Unexpected start of CV-7 on 9 March 2026 was not reported within 10 days.
FND-007|UKN-02|INS-006||2025-03-18|major|9901:6-1|Waste solvent in bay 4 kept for 12 days.
FND-008|UKN-02|INS-006||2025-03-18|minor|9901:12-1|Date of removal missing for 7 of 60 loads.
FND-009|UKN-02||AUD-002|2025-11-20|observation|9901:8-2|Fire prevention plan not reviewed after the battery fire of July.
FND-010|UKN-02|INS-007||2026-05-06|major|9901:9-1|Ammoniacal nitrogen above 10 mg/L in the discharge.
FND-011|UKN-02|INS-007||2026-05-06|major|9901:9-3-b|The Authority was not told of the exceedance of 28 April within 24 hours.
FND-012|UKN-03|INS-008||2025-05-13|major|9902:10-2|Bay C14 loaded although its upright is bent.
FND-013|UKN-03|INS-008||2025-05-13|minor|9902:10-1|Weekly checks of racking missing for March 2025.
FND-014|UKN-03|INS-009||2026-02-24|minor|9902:11-1|Certificates of two lift truck drivers about to end; no course booked.
FND-015|UKN-04|INS-010||2025-10-07|observation|9902:15-1|Two workstations not assessed within 30 days.
FND-016|UKN-05||AUD-003|2025-12-04|observation||Spare parts list for the kiln filter out of date.
FND-017|UKN-05|INS-012||2026-05-19|minor|9902:9-1|No dust data from 5 to 12 May 2026.
FND-018|USG-01|INS-013||2025-01-28|critical|340.10-a|25,100 pounds of chlorine held against a limit of 22,000.
FND-019|USG-01|INS-013||2025-01-28|major|340.10-c-2|The Agency was not notified of the excess within 24 hours.
FND-020|USG-01||AUD-004|2025-09-11|major|310.14-a-2|Lockout devices inspected every 6 months; every 3 months are required since 1 September 2025.
FND-021|USG-01||AUD-004|2025-09-11|minor|340.15-c|Breathing apparatus at store B not inspected in July.
FND-022|USG-01|INS-015||2026-02-10|major|340.12-d|Detector CD-12 out of service for 19 days and not replaced.
FND-023|USG-01||AUD-005|2026-03-19|critical|340.12-d|Detector CD-12 still not replaced; no hourly checks recorded.
FND-024|USG-01||AUD-005|2026-03-19|major|340.14-b|Used gaskets found in the tool box of the loading crew.
FND-025|USG-01|INS-016||2026-05-18|critical|340.14-b|A used gasket was fitted again at container 3 on 14 May.
FND-026|USG-01|INS-016||2026-05-18|major|340.31-a|The release of 14 May was reported after 55 minutes.
FND-027|USG-01|INS-030||2026-06-23|major|310.13-a-6|Two isolations at the bleach tower without a trial start.
FND-028|USG-02|INS-018||2025-08-12|major|310.14-a-2|Lockout devices on the crusher not inspected since November 2024.
FND-029|USG-02||AUD-006|2025-10-30|major|310.14-c|Isolation procedure of screen 2 not observed within 12 months.
FND-030|USG-02||AUD-006|2025-10-30|minor|310.18-b|Refresher training of two authorized employees overdue.
FND-031|USG-02|INS-019||2026-05-12|critical|520.11-a-1|PM10 at the boundary above 40 ug/m3 on most working days since 21 April.
FND-032|USG-02|INS-019||2026-05-12|major|520.12-b|Crusher run without water spray for three weeks.
FND-033|USG-02|INS-019||2026-05-12|major|520.21-c|Crusher not stopped after the third exceedance.
FND-034|USG-03|INS-022||2026-04-14|critical|520.30-a|Shredder run without a current air permit since 1 March 2026.
FND-035|USG-03|INS-022||2026-04-14|major|520.30-b|No application for renewal was sent by 1 September 2025.
FND-036|USG-04|INS-024||2026-06-02|critical|340.20-c|38,000 gallons stored although the foam system was not tested within 12 months.
FND-037|USG-04||AUD-007|2026-01-22|observation|340.21-c|Record of containment inspections kept on paper only.
FND-038|EUR-01|INS-027||2026-06-11|minor||Analyser stuck at one value for six days.
FND-039|EUR-02|INS-028||2025-09-09|major||No edge protection at berth 2.
FND-040|EUR-02||AUD-009|2025-07-03|minor||Crane log not signed for two weeks.
FND-041|USG-02|INS-018||2025-08-12|minor|310.21-b|Pull cord test of conveyor C3 missed in July 2025.
`);

const CERTIFICATIONS = block(`
certification_id|site_id|holder|scheme|number|issued_on|expires_on
CER-001|UKN-01||ISO 45001:2018|INV-45-1101|2024-10-20|2027-10-19
CER-002|UKN-01|Silas Netherby|shotfirer|SF-0231|2024-03-01|2029-02-28
CER-003|UKN-02|Gethin Royle|technically competent manager|TCM-118|2025-01-13|2027-01-12
CER-004|UKN-02||ISO 14001:2015|INV-14-1102|2024-11-25|2027-11-24
CER-005|UKN-03|Dermot Aldgarth|lift truck, counterbalance|LT-7741|2023-03-16|2026-03-15
CER-006|UKN-03|Ffion Marchbanks|lift truck, reach|LT-7802|2025-06-02|2028-06-01
CER-007|UKN-03|Jarek Polewski-Hart|lift truck, counterbalance|LT-7811|2024-09-09|2027-09-08
CER-008|UKN-05||ISO 14001:2015|INV-14-1105|2024-12-10|2027-12-09
CER-009|USG-01||ISO 45001:2018|INV-45-2101|2023-09-30|2026-09-29
CER-010|USG-01|Thaddeus Quillmore|chlorine emergency response|CER-3302|2025-05-05|2027-05-04
CER-011|USG-01|Odalys Brandtner|authorized employee, lockout|AE-104|2024-06-17|2026-06-16
CER-012|USG-02|Marisol Dunnaway|authorized employee, lockout|AE-211|2025-11-24|2027-11-23
CER-013|USG-02|Leroy Fontenwick|authorized employee, lockout|AE-212|2025-11-24|2027-11-23
CER-014|USG-04|Percy Lindqvane|powered industrial truck, flammable|PT-090|2025-02-10|2028-02-09
CER-015|EUR-01||ISO 14001:2015|INV-14-3101|2023-07-01|2029-06-30
CER-016|EUR-02|Anselm Krautheuer|crane operator|KR-5521|2022-08-15|2032-08-14
`);

const INCIDENTS = block(`
incident_id|site_id|occurred_at|reported_at|kind|severity|event_code|cause_code|substance|quantity|unit|flags|narrative
INC-001|UKN-01|2025-01-20T07:35:00Z|2025-01-20T09:10:00Z|near-miss|medium|start-up|isolation-not-verified|||||Fitter was clearing packed fines from the tail of conveyor CV-7 when the control room started it. The stop button had been pressed but nothing was locked. He stepped clear.
INC-002|UKN-01|2025-03-04T13:05:00Z|2025-03-04T13:40:00Z|injury|low|fall-level|housekeeping|||||Operator slipped on wet fines on the screen house stairs and bruised a knee.
INC-003|UKN-01|2025-06-17T10:20:00Z|2025-06-17T11:00:00Z|near-miss|medium|struck-by|equipment-failure|||||A rock the size of a football rolled off the face on to the haul road behind a loader. The bank beside the road was missing over 10 metres.
INC-004|UKN-01|2025-10-02T06:50:00Z|2025-10-02T08:00:00Z|property|low|collision|vehicle-pedestrian|||||Dump truck reversed into a lighting tower at the crusher. Rear camera covered in mud.
INC-005|UKN-01|2026-03-09T14:15:00Z|2026-03-27T08:30:00Z|near-miss|high|start-up|isolation-not-verified||||reported-late|CV-7 started while two fitters were changing a return roller. One lock had been put on the wrong isolator and no trial start was made. Nobody was touched.
INC-006|UKN-01|2026-04-14T05:55:00Z|2026-04-14T06:20:00Z|injury|high|caught-in|isolation-not-verified|||||While freeing a jam at the tail pulley of CV-7, Anders Holmwick had his left hand drawn into the nip. The belt had been stopped by pull cord only. Two fingers were amputated.
INC-007|UKN-01|2026-05-28T12:40:00Z|2026-05-28T13:00:00Z|illness|low|exposure|weather|||||Shotfirer unwell from heat while charging holes; rested and given water.
INC-008|UKN-02|2025-02-06T11:10:00Z|2025-02-06T11:30:00Z|near-miss|medium|struck-by|vehicle-pedestrian|||||Loading shovel reversed across the walkway in the tipping hall; a driver on foot jumped aside. Banksman was on a break.
INC-009|UKN-02|2025-07-22T02:40:00Z|2025-07-22T02:52:00Z|fire|high|fire|lithium-battery|lithium batteries|40|kg||Fire in bay 6 in a drum of loose laptop batteries. The thermal camera gave the alarm and the keyholder came in 24 minutes. Two drums burnt out.
INC-010|UKN-02|2025-12-03T15:25:00Z|2025-12-03T16:00:00Z|injury|low|overexertion|manual-handling|||||Picker strained his back lifting a wet carpet off the belt.
INC-011|UKN-02|2026-04-28T08:00:00Z|2026-05-01T09:15:00Z|release|medium|release|procedure-not-followed|ammoniacal nitrogen|1.9|kg|reported-late|Reed bed by-passed for cleaning, and leachate from bay 2 went straight to the beck for two days.
INC-012|UKN-02|2026-06-09T07:20:00Z|2026-06-09T08:05:00Z|release|medium|release|equipment-failure|ammoniacal nitrogen|2.4|kg||Pump of the reed bed failed on Monday night. Discharge was stopped at 07:40 but the level in the sump rose again until Friday.
INC-013|UKN-02|2026-02-12T16:30:00Z|2026-02-12T16:45:00Z|near-miss|medium|fire|lithium-battery|lithium batteries|0.3|kg||Swollen tool battery found smoking on the floor of bay 1. Put under sand after 70 minutes because the sand bin was empty.
INC-014|UKN-03|2025-04-15T09:50:00Z|2025-04-15T10:10:00Z|near-miss|medium|collapse|racking-damage|||||Reach truck struck the upright of bay C14. Bay was left loaded until the inspection in May.
INC-015|UKN-03|2025-08-19T13:30:00Z|2025-08-19T13:50:00Z|injury|low|struck-by|manual-handling|||||Carton fell from 1.5 metres on to the foot of Ffion Marchbanks. Safety shoes were worn.
INC-016|UKN-03|2025-11-27T07:15:00Z|2025-11-27T07:20:00Z|property|low|collision|training-lapsed|||||Agency driver drove a counterbalance truck into the dock leveller on his first day. No site induction.
INC-017|UKN-03|2026-03-17T10:05:00Z|2026-03-17T10:25:00Z|injury|medium|struck-by|training-lapsed|||||Lift truck driven by Dermot Aldgarth turned with a raised load and struck a picker on the shoulder. The certificate of the driver had ended two days before.
INC-018|UKN-03|2026-06-04T18:10:00Z|2026-06-05T07:30:00Z|near-miss|low|fire|equipment-failure|||||Charger of truck 8 smelt of burning and was switched off. Cable damaged by a pallet.
INC-019|UKN-04|2025-05-14T14:00:00Z|2025-05-14T14:20:00Z|injury|low|fall-level|housekeeping|||||Visitor tripped over a cable in meeting room 3.
INC-020|UKN-04|2025-12-16T08:45:00Z|2025-12-16T09:00:00Z|injury|low|fall-level|weather|||||Employee slipped on ice in the car park before it had been gritted.
INC-021|UKN-04|2026-04-02T11:30:00Z|2026-04-02T11:35:00Z|near-miss|low|fire|equipment-failure|||||Coffee machine tripped the breaker and gave off smoke. Building emptied in 5 minutes.
INC-022|UKN-05|2025-02-19T04:10:00Z|2025-02-19T04:30:00Z|injury|medium|exposure|procedure-not-followed|quicklime||||Bagging operator got lime dust in both eyes when a spout came off. Goggles were on the helmet. Eyes rinsed for 20 minutes.
INC-023|UKN-05|2025-05-30T22:15:00Z|2025-05-31T06:00:00Z|property|medium|fire|equipment-failure|||||Bearing of the kiln fan ran hot and set grease on fire. Put out with one extinguisher.
INC-024|UKN-05|2025-09-10T09:25:00Z|2025-09-10T09:55:00Z|near-miss|high|start-up|isolation-not-verified|||||Bucket elevator moved half a turn while a fitter was inside the boot. The load had not been lowered and the drive had not been tried.
INC-025|UKN-05|2026-01-14T05:30:00Z|2026-01-14T06:10:00Z|injury|low|overexertion|manual-handling|||||Strained wrist while freeing a stuck slide gate with a bar.
INC-026|UKN-05|2026-05-05T03:20:00Z|2026-05-05T07:45:00Z|property|low|release|equipment-failure|||||Kiln gas analyser stopped after a power dip; no spare on site. No emission data for eight days.
INC-027|USG-01|2025-01-22T15:00:00Z|2025-01-30T15:30:00Z|dangerous-occurrence|high|exposure|procedure-not-followed|chlorine|25100|[lb_av]|reported-late|A second delivery was taken in before the first had been used. Inventory reached 25,100 pounds against a limit of 22,000 for three days.
INC-028|USG-01|2025-03-12T18:40:00Z|2025-03-12T18:50:00Z|release|low|release|gasket-reused|chlorine|0.8|[lb_av]||Slight leak at the pigtail of container 1 found by ammonia test. The old gasket had been used again.
INC-029|USG-01|2025-04-24T13:20:00Z|2025-04-24T13:35:00Z|injury|medium|exposure|procedure-not-followed|sodium hypochlorite|5|[gal_us]||Splash of bleach on the forearm of a filler when a hose was uncoupled under pressure.
INC-030|USG-01|2025-06-26T20:05:00Z|2025-06-26T20:30:00Z|near-miss|high|start-up|isolation-not-verified|||||Agitator of bleach tower 2 turned when power was restored during a seal change. One of two feeds had not been locked.
INC-031|USG-01|2025-08-07T16:10:00Z|2025-08-07T16:20:00Z|illness|low|exposure|weather|||||Scaffolder with heat exhaustion at the scrubber platform.
INC-032|USG-01|2025-10-09T14:45:00Z|2025-10-09T14:55:00Z|release|medium|release|gasket-reused|chlorine|4.1|[lb_av]||Leak at container 5 on connection. Alarm at 0.5 ppm; valve closed by hand within 3 minutes. Gasket found flattened from earlier use.
INC-033|USG-01|2025-12-18T09:30:00Z|2025-12-18T09:40:00Z|fire|medium|fire|procedure-not-followed|toluene|2|[gal_us]||Small fire in building 7 while pouring toluene from a drum that was not bonded. Put out in one minute.
INC-034|USG-01|2026-01-22T11:00:00Z|2026-01-22T11:30:00Z|property|medium|exposure|equipment-failure|||||Detector CD-12 at the loading point gave no reading in its gas test. Replacement on order.
INC-035|USG-01|2026-05-14T13:12:00Z|2026-05-14T14:07:00Z|release|high|release|gasket-reused|chlorine|31|[lb_av]||Chlorine released from container 3 for 14 minutes on connection. A used gasket had been fitted again and detector CD-12 was out of service, so the shutoff did not close. Two loaders, Tobias Crane-Whitlow and Salma Verhoven, were taken to hospital.
INC-036|USG-01|2026-06-18T08:25:00Z|2026-06-18T08:40:00Z|injury|low|fall-level|housekeeping|||||Laboratory worker slipped on a wet floor at the sample point.
INC-037|USG-02|2025-02-25T16:50:00Z|2025-02-25T17:10:00Z|injury|medium|struck-by|guard-missing|||||Stone thrown from the cone crusher through an open inspection hatch struck a groundman on the helmet and neck.
INC-038|USG-02|2025-05-21T12:30:00Z|2025-05-21T12:45:00Z|near-miss|high|start-up|isolation-not-verified|||||Screen 2 started while a welder was patching the lower deck. He had hung a tag but no lock, and nobody tried the start button.
INC-039|USG-02|2025-07-11T19:20:00Z|2025-07-11T19:30:00Z|illness|medium|exposure|weather|||||Truck driver collapsed from heat; cab air conditioning had failed the week before.
INC-040|USG-02|2025-09-16T13:45:00Z|2025-09-17T08:00:00Z|property|low|collision|vehicle-pedestrian|||||Water truck slid off the haul road at the lower bend; no injury.
INC-041|USG-02|2025-12-09T15:15:00Z|2025-12-09T15:40:00Z|injury|high|caught-in|isolation-not-verified|||||Leroy Fontenwick reached into the feeder of the primary crusher to free a bar. Stored material moved and crushed his forearm. Electrical lock was on, hopper was not blocked.
INC-042|USG-02|2026-04-20T11:05:00Z|2026-04-20T16:00:00Z|property|medium|release|equipment-failure|limestone dust||||Pump of the spray bar at the primary crusher seized. Crushing went on without water to keep up with an order.
INC-043|USG-02|2026-05-08T17:30:00Z|2026-05-08T17:50:00Z|near-miss|low|struck-by|weather|||||Gust lifted a belt cover off conveyor C3; it landed beside the weighbridge.
INC-044|USG-03|2025-03-19T14:10:00Z|2025-03-19T14:25:00Z|injury|low|struck-by|housekeeping|||||Driver hit on the shin by a length of pipe that rolled off the pile.
INC-045|USG-03|2025-06-05T17:00:00Z|2025-06-05T17:20:00Z|fire|medium|fire|lithium-battery|mixed waste|300|kg||Fire on the tipping floor after a vacuum cleaner battery was crushed by the loader. Floor flooded and fire out in 15 minutes.
INC-046|USG-03|2025-10-21T13:55:00Z|2025-10-21T14:05:00Z|near-miss|high|start-up|isolation-not-verified|||||Baler ram moved while a worker was inside cutting wire. The key had been taken out but the hydraulic pressure had not been released.
INC-047|USG-03|2026-03-31T12:00:00Z|2026-03-31T12:30:00Z|near-miss|low|exposure|procedure-not-followed|||||Drum marked as paint found to hold pool chlorine. Put in quarantine.
INC-048|USG-03|2026-06-12T18:20:00Z|2026-06-12T19:00:00Z|release|low|release|weather|hydrogen sulfide||||Complaint about smell from Heron Landing. Food waste had been on the floor for 31 hours after the transport failed in the heat.
INC-049|USG-04|2025-01-15T10:35:00Z|2025-01-15T10:50:00Z|release|medium|release|equipment-failure|acetone|25|[gal_us]||Fork of a truck went through a tote of acetone. All of it stayed in the containment.
INC-050|USG-04|2025-07-29T15:40:00Z|2025-07-29T15:45:00Z|near-miss|high|fire|procedure-not-followed|||||Contractor found grinding 12 feet from the solvent room without a hot work permit.
INC-051|USG-04|2025-11-12T08:20:00Z|2025-11-12T08:35:00Z|injury|low|overexertion|manual-handling|||||Strained shoulder while turning a drum by hand.
INC-052|USG-04|2026-04-16T16:15:00Z|2026-04-16T16:30:00Z|near-miss|medium|collapse|racking-damage|||||Pallet of drums leaned over at height 3 because a beam pin was missing. Aisle closed and bay unloaded.
INC-053|USG-05|2025-09-04T13:10:00Z|2025-09-04T13:20:00Z|injury|low|fall-level|housekeeping|||||Employee missed the last step of the back stairs and turned an ankle.
INC-054|USG-05|2026-02-19T09:05:00Z|2026-02-19T09:30:00Z|injury|low|overexertion|manual-handling|||||Back strain while moving a filing cabinet without help.
INC-055|EUR-01|2025-03-06T09:40:00Z|2025-03-06T09:50:00Z|release|medium|release|equipment-failure|xylene|60|L||Seal of filling pump 4 failed and xylene ran into the pit. Nothing reached the sewer.
INC-056|EUR-01|2025-08-27T12:15:00Z|2025-08-27T12:30:00Z|near-miss|high|start-up|isolation-not-verified|||||Mixer 2 jogged while a cleaner had an arm in the manway. Interlock of the cover had been taped over.
INC-057|EUR-01|2025-12-01T06:45:00Z|2025-12-01T07:10:00Z|injury|low|exposure|procedure-not-followed|isocyanate hardener||||Hardener on the hands of a filler who wore thin gloves.
INC-058|EUR-01|2026-05-21T13:35:00Z|2026-05-21T13:50:00Z|near-miss|medium|fire|communication|||||Tanker driver began to unload before earthing was confirmed; stopped by the operator.
INC-059|EUR-02|2025-06-12T10:25:00Z|2025-06-12T10:40:00Z|injury|medium|fall-height|guard-missing|||||Deckhand fell 1.8 metres from the quay at berth 2 on to the pontoon. Edge protection had been taken away for a delivery.
INC-060|EUR-02|2026-01-29T14:50:00Z|2026-02-02T09:00:00Z|property|low|collision|communication||||date-uncertain|Grab of crane 1 touched the hatch cover of a barge. Radio channel was shared with the rail yard. Day of the event not certain.
`);

const INJURED = block(`
injured_person_id|incident_id|name|occupation|age|sex|nature_of_injury|body_part|days_away|days_restricted|fatal
INJ-001|INC-002|Kit Rawthorne|screen operator|34|male|bruise|knee|0|3|false
INJ-002|INC-006|Anders Holmwick|fitter|41|male|amputation|fingers of the left hand|77||false
INJ-003|INC-007|Silas Netherby|shotfirer|52|male|heat exhaustion|whole body|1|0|false
INJ-004|INC-010|Owain Delacross|picker|29|male|strain|lower back|6|8|false
INJ-005|INC-015|Ffion Marchbanks|lift truck driver|38|female|bruise|foot|0|0|false
INJ-006|INC-017|Bettina Clough|picker|26|female|fracture|collarbone|41|20|false
INJ-007|INC-019||visitor|61|female|sprain|wrist|||false
INJ-008|INC-020|Perpetua Nunn|accounts clerk|45|female|bruise|hip|2|0|false
INJ-009|INC-022|Jonty Blenkarn|bagging operator|31|male|chemical burn|eyes|9|5|false
INJ-010|INC-025|Maren Skelhorn|process operator|48|female|strain|wrist|0|10|false
INJ-011|INC-029|Casimir Poteet|filler|36|male|chemical burn|forearm|4|7|false
INJ-012|INC-031|Elio Santangarde|scaffolder|27|male|heat exhaustion|whole body|2|0|false
INJ-013|INC-035|Tobias Crane-Whitlow|loader|33|male|inhalation|lungs|18|14|false
INJ-014|INC-035|Salma Verhoven|loader|29|female|inhalation|lungs|11|14|false
INJ-015|INC-036|Winifred Achterberg|laboratory analyst|55|female|bruise|elbow|0|0|false
INJ-016|INC-037|Dewey Ormsgard|groundman|44|male|cut|neck|5|5|false
INJ-017|INC-039|Hollis Breckwater|truck driver|58|male|heat stroke|whole body|12|10|false
INJ-018|INC-041|Leroy Fontenwick|crusher operator|37|male|crush injury|forearm|96|30|false
INJ-019|INC-044|Ruben Carradine-Soule|driver|40|male|bruise|shin|0|2|false
INJ-020|INC-051|Amity Greenlaw|drum handler|32|female|strain|shoulder|3|12|false
INJ-021|INC-053|Cosima Lathbury|planner|50|female|sprain|ankle|1|4|false
INJ-022|INC-054|Ike Penhallow|facilities assistant|47|male|strain|lower back|8|0|false
INJ-023|INC-057|Lutz Ammerschwend|filler|24|male|dermatitis|hands|5|15|false
INJ-024|INC-059|Tjark Oldewurt|deckhand|30|male|fracture|heel|63|25|false
`);

const POINTS = block(`
point_id|site_id|name|medium|latitude|longitude
MP-USG02-B1|USG-02|Boundary east, downwind|air|29.6131|-93.8987
MP-USG02-B2|USG-02|Boundary west, upwind|air|29.6098|-93.9103
MP-USG02-S1|USG-02|Stack of the primary crusher|air|29.6115|-93.9041
MP-USG03-B1|USG-03|Boundary at Heron Landing|air|29.5033|-93.3351
MP-USG03-O1|USG-03|Outfall of the floor drain|water|29.5021|-93.3390
MP-USG01-S1|USG-01|Outlet of the chlorine scrubber|air|29.2847|-93.5118
MP-USG01-O1|USG-01|Outfall to the ship canal|water|29.2829|-93.5097
MP-USG01-W1|USG-01|Loading point, detector CD-11|air|29.2843|-93.5125
MP-USG04-S1|USG-04|Building vent|air|29.3774|-93.7407
MP-USG04-W1|USG-04|Solvent room|air|29.3771|-93.7411
MP-UKN01-B1|UKN-01|Boundary at the lane|air|54.4136|-2.8689
MP-UKN01-N1|UKN-01|Fell Cottage|noise|54.4152|-2.8661
MP-UKN01-O1|UKN-01|Lagoon outfall to Ash Beck|water|54.4109|-2.8733
MP-UKN02-O1|UKN-02|Outfall of the reed bed|water|54.6541|-3.1027
MP-UKN02-O2|UKN-02|Outfall of the yard separator|water|54.6553|-3.1009
MP-UKN05-S1|UKN-05|Stack of kiln 2|air|54.3775|-3.0146
MP-EUR01-S1|EUR-01|Stack of the thermal oxidiser|air|50.3184|7.1425
MP-EUR01-O1|EUR-01|Discharge to the works sewer|water|50.3177|7.1413
MP-EUR01-N1|EUR-01|Garden at the west fence|noise|50.3189|7.1396
MP-EUR02-N1|EUR-02|River path|noise|50.4026|7.2891
`);

const LIMITS = block(`
limit_id|point_id|parameter|statistic|lower|upper|unit|valid_from|valid_to|condition_id|law
LIM-001|MP-USG02-B1|pm10|daily-mean||50|ug/m3|2023-07-01|2024-07-01||520.11-a-1
LIM-002|MP-USG02-B1|pm10|daily-mean||40|ug/m3|2024-07-01||PC-027|520.11-a-1
LIM-003|MP-USG02-B2|pm10|daily-mean||40|ug/m3|2024-07-01||PC-027|520.11-a-1
LIM-004|MP-USG02-S1|dust|daily-mean||20|mg/m3|2023-07-01|2024-07-01||520.10-a-1
LIM-005|MP-USG02-S1|dust|daily-mean||15|mg/m3|2024-07-01||PC-028|520.10-a-1
LIM-006|MP-USG03-B1|h2s|daily-mean||7|ug/m3|2023-07-01|2024-07-01||520.11-b
LIM-007|MP-USG03-B1|h2s|daily-mean||5|ug/m3|2024-07-01||PC-030|520.11-b
LIM-008|MP-USG03-O1|suspended_solids|daily-mean||60|mg/L|2022-05-09||PC-034|
LIM-009|MP-USG03-O1|ph|instant|6|9|[pH]|2022-05-09|||
LIM-010|MP-USG01-S1|chlorine|hourly-mean||2.5|mg/m3|2022-06-01||PC-022|340.13-c
LIM-011|MP-USG01-O1|ph|instant|6|9|[pH]|2023-03-15||PC-024|
LIM-012|MP-USG01-O1|free_chlorine|daily-mean||0.2|mg/L|2023-03-15||PC-025|
LIM-013|MP-USG01-W1|chlorine_gas|maximum||0.5|[ppm]|2022-06-01|||340.12-b-1
LIM-014|MP-USG04-S1|voc|daily-mean||100|mg/m3|2023-10-02||PC-033|340.23-c
LIM-015|MP-USG04-W1|solvent_vapor|daily-mean||50|[ppm]|2022-06-01|||340.23-a
LIM-016|MP-UKN01-B1|pm10|daily-mean||45|ug/m3|2022-09-12||PC-003|
LIM-017|MP-UKN01-N1|noise_day|daily-mean||55|dB|2019-04-06||PC-005|9902:7-2
LIM-018|MP-UKN01-N1|noise_night|daily-mean||45|dB|2019-04-06||PC-004|9902:7-2
LIM-019|MP-UKN01-O1|suspended_solids|daily-mean||40|mg/L|2019-04-15||PC-006|
LIM-020|MP-UKN01-O1|ph|instant|6|9|[pH]|2019-04-15||PC-007|
LIM-021|MP-UKN02-O1|ammoniacal_nitrogen|daily-mean||15|mg/L|2021-11-01|2024-10-01||9901:9-1
LIM-022|MP-UKN02-O1|ammoniacal_nitrogen|daily-mean||10|mg/L|2024-10-01||PC-011|9901:9-1
LIM-023|MP-UKN02-O1|ph|instant|6|9|[pH]|2021-11-01|||9901:9-1
LIM-024|MP-UKN02-O2|suspended_solids|daily-mean||60|mg/L|2021-11-01||PC-012|9901:9-1
LIM-025|MP-UKN02-O2|oil_and_grease|daily-mean||10|mg/L|2021-11-01||PC-013|9901:9-1
LIM-026|MP-UKN05-S1|dust|daily-mean||30|mg/m3|2020-08-03||PC-016|9902:9-1
LIM-027|MP-UKN05-S1|nox|daily-mean||350|mg/m3|2020-08-03||PC-017|9902:9-2
LIM-028|MP-EUR01-S1|voc|daily-mean||20|mg/m3|2021-06-21||PC-035|
LIM-029|MP-EUR01-O1|cod|daily-mean||400|mg/L|2021-06-21||PC-036|
LIM-030|MP-EUR01-N1|noise_night|daily-mean||45|dB|2021-06-21|||
LIM-031|MP-EUR02-N1|noise_night|daily-mean||45|dB|2019-09-30||PC-037|
`);

/**
 * Two series a point. `weekend` multiplies what is above `floor` on Saturdays and Sundays; `missing` is the share of days
 * without a value; `least` is the detection limit. Outside the episodes values stay within the limits.
 */
const SERIES = block(`
point_id|parameter|unit|base|noise|weekend|floor|decimals|missing|least
MP-USG02-B1|pm10|ug/m3|27|4|0.6|8|1|0.02|1
MP-USG02-B1|pm2_5|ug/m3|10|2|0.8|3|1|0.02|1
MP-USG02-B2|pm10|ug/m3|16|3|0.8|6|1|0.03|1
MP-USG02-B2|pm2_5|ug/m3|8|1.5|0.9|3|1|0.03|1
MP-USG02-S1|dust|mg/m3|9|1.4|0.2|0.5|1|0.02|0.5
MP-USG02-S1|flow|m3/h|21500|700|0.15|0|0|0.02|0
MP-USG03-B1|h2s|ug/m3|2.4|0.6|0.8|0.4|2|0.03|0.5
MP-USG03-B1|nh3|ug/m3|14|3|0.8|3|1|0.03|1
MP-USG03-O1|suspended_solids|mg/L|31|7|0.7|5|0|0.04|5
MP-USG03-O1|ph|[pH]|7.3|0.2|1|0|1|0.04|0
MP-USG01-S1|chlorine|mg/m3|0.6|0.25|0.9|0|2|0.02|0.1
MP-USG01-S1|flow|m3/h|8800|260|0.95|0|0|0.02|0
MP-USG01-O1|ph|[pH]|7.8|0.25|1|0|1|0.01|0
MP-USG01-O1|free_chlorine|mg/L|0.07|0.03|0.9|0|3|0.01|0.02
MP-USG01-W1|chlorine_gas|[ppm]|0.06|0.05|0.7|0|2|0.02|0.05
MP-USG01-W1|temperature|Cel|27|2.5|1|0|1|0.02|0
MP-USG04-S1|voc|mg/m3|46|9|0.4|4|1|0.02|1
MP-USG04-S1|flow|m3/h|12400|350|0.6|0|0|0.02|0
MP-USG04-W1|solvent_vapor|[ppm]|14|3.5|0.3|1|1|0.03|1
MP-USG04-W1|temperature|Cel|24|1.5|1|0|1|0.03|0
MP-UKN01-B1|pm10|ug/m3|19|4|0.5|6|1|0.03|1
MP-UKN01-B1|pm2_5|ug/m3|8|1.6|0.8|3|1|0.03|1
MP-UKN01-N1|noise_day|dB|49|1.6|0.9|10|1|0.01|0
MP-UKN01-N1|noise_night|dB|38|1.4|0.97|10|1|0.01|0
MP-UKN01-O1|suspended_solids|mg/L|18|5|0.6|4|0|0.02|3
MP-UKN01-O1|ph|[pH]|8.1|0.15|1|0|1|0.02|0
MP-UKN02-O1|ammoniacal_nitrogen|mg/L|6.2|0.8|0.8|1|1|0.02|0.5
MP-UKN02-O1|ph|[pH]|7.4|0.15|1|0|1|0.02|0
MP-UKN02-O2|suspended_solids|mg/L|28|6|0.5|4|0|0.03|3
MP-UKN02-O2|oil_and_grease|mg/L|3.4|0.9|0.5|0.5|1|0.03|1
MP-UKN05-S1|dust|mg/m3|16|2.5|1|2|1|0.01|0.5
MP-UKN05-S1|nox|mg/m3|248|18|1|40|0|0.01|5
MP-EUR01-S1|voc|mg/m3|9|1.5|0.3|0.8|1|0.02|0.5
MP-EUR01-S1|temperature|Cel|804|6|0.98|0|0|0.02|0
MP-EUR01-O1|cod|mg/L|235|34|0.4|40|0|0.03|10
MP-EUR01-O1|ph|[pH]|7.6|0.2|1|0|1|0.03|0
MP-EUR01-N1|noise_day|dB|50|1.2|0.88|10|1|0.01|0
MP-EUR01-N1|noise_night|dB|39|1.1|0.97|10|1|0.01|0
MP-EUR02-N1|noise_day|dB|52|1.5|0.85|10|1|0.01|0
MP-EUR02-N1|noise_night|dB|37|1.5|0.97|10|1|0.01|0
`);

/** What happened: from and to are days of measurement. `add` raises, `set` replaces, `gap` leaves no value. */
const EPISODES = block(`
point_id|parameter|from|to|how|by
MP-USG02-B1|pm10|2026-04-21|2026-05-22|add|19
MP-USG02-B1|pm2_5|2026-04-21|2026-05-22|add|4
MP-USG02-S1|dust|2026-04-21|2026-05-22|add|6.5
MP-USG03-B1|h2s|2026-06-10|2026-06-13|add|3.6
MP-USG01-S1|chlorine|2026-05-14|2026-05-14|set|6.8
MP-USG01-W1|chlorine_gas|2026-05-14|2026-05-14|set|3.4
MP-USG01-W1|chlorine_gas|2026-05-15|2026-05-16|gap|
MP-UKN02-O1|ammoniacal_nitrogen|2026-04-28|2026-04-29|add|6.5
MP-UKN02-O1|ammoniacal_nitrogen|2026-06-09|2026-06-12|add|7
MP-UKN01-N1|noise_night|2026-05-11|2026-05-12|add|8.5
MP-UKN05-S1|dust|2026-05-05|2026-05-12|gap|
MP-UKN05-S1|nox|2026-05-05|2026-05-12|gap|
MP-EUR01-S1|voc|2026-06-02|2026-06-07|set|8.7
`);

const RISKS = block(`
risk_id|site_id|activity|hazard|likelihood|severity|residual_likelihood|residual_severity|assessed_on|review_on|assessor|controls
RSK-001|UKN-01|Clearing conveyors|Being drawn into a pulley|4|5|2|5|2026-04-24|2026-10-24|Nell Hawkrigg|Isolators at head and tail; trial start; guards at all nip points
RSK-002|UKN-01|Haulage|Vehicle over the edge|3|5|1|5|2025-06-25|2026-12-25|Maud Ellerthwaite|Banks checked each shift; speed limit; lights
RSK-003|UKN-01|Blasting|Flying rock|2|5|1|5|2025-03-10|2027-03-10|Silas Netherby|Danger area cleared and guarded; all-clear by the shotfirer
RSK-004|UKN-02|Storing lithium batteries|Fire|4|4|2|4|2025-08-01|2026-08-01|Gethin Royle|Bay of their own; thermal camera; sand; small containers
RSK-005|UKN-02|Tipping hall|Person struck by a loading shovel|3|5|2|5|2025-02-14|2027-02-14|Gethin Royle|Barrier; banksman; one-way route
RSK-006|UKN-03|Lift trucks|Person struck by a truck or load|3|4|2|4|2026-03-24|2026-09-24|Bram Sandwath|Certificates checked weekly; walkways; blue lights
RSK-007|UKN-03|Racking|Collapse of a bay|2|5|1|5|2025-05-20|2027-05-20|Priya Castlerigg|Weekly check; upright guards; load signs
RSK-008|UKN-04|Screen work|Strain of neck and arms|3|2|2|2|2025-10-13|2027-10-13|Iona Merriwether-Lund|Assessments; adjustable desks
RSK-009|UKN-05|Bagging quicklime|Lime in the eyes|4|4|2|3|2025-02-24|2027-02-24|Hallam Grize|Sealed goggles; rinse within 10 seconds; spout latch
RSK-010|USG-01|Connecting chlorine containers|Release of chlorine|4|5|2|5|2026-05-22|2026-08-22|Noor Bellweather|New gasket each time, counted out and in; two persons; ammonia test; detectors tested
RSK-011|USG-01|Pouring solvents|Fire from static|3|4|1|4|2025-12-22|2027-12-22|Noor Bellweather|Bonding clamps with proof lamp; no pouring without lamp
RSK-012|USG-01|Work on agitators|Unexpected start|3|5|2|5|2025-07-02|2027-07-02|Odalys Brandtner|Both feeds locked; trial start; leader named
RSK-013|USG-02|Crushing|Dust at the boundary and in lungs|4|3|2|3|2026-05-26|2026-11-26|Marisol Dunnaway|Water sprays; spare pump; stop after 60 minutes without water
RSK-014|USG-02|Clearing the feeder|Crushing by stored material|4|5|2|5|2025-12-16|2026-12-16|Curtis Vanlandry|Hopper emptied or blocked; bar from outside the guard
RSK-015|USG-03|Baling|Ram moves while a person is inside|3|5|1|5|2025-10-28|2027-10-28|Inez Thibodry|Pressure released and shown at zero; lock on pump; trial start
RSK-016|USG-04|Storing solvents|Fire in the building|2|5|1|5|2025-05-27|2026-05-27|Percy Lindqvane|Foam system; containment; approved trucks
RSK-017|USG-05|Stairs and floors|Falls|3|2|2|2|2025-11-20|2027-11-20|Lucille Farquhane|Lighting; nosings; no storage on stairs
RSK-018|EUR-01|Cleaning mixers|Arm caught by the stirrer|3|5|1|5|2025-09-01|2027-09-01|Wiebke Tannhorst|Interlock checked weekly; lock; trial start
RSK-019|EUR-01|Unloading tankers|Ignition of vapor|2|5|1|5|2026-05-26|2028-05-26|Wiebke Tannhorst|Earth proved before coupling; checklist signed by two
RSK-020|EUR-02|Work at the quay|Fall on to barge or into water|3|5|1|5|2025-09-15|2027-09-15|Anselm Krautheuer|Edge protection; life vests; ladders
`);

const ENFORCEMENT = block(`
action_id|site_id|inspection_id|kind|status|authority|issued_on|comply_by|law|cited_provisions|penalty|currency|description
ENF-001|UKN-01|INS-003|prohibition|issued|Invented Work Inspectorate|2026-04-21|2026-04-21|9902:12-1|SI 2019/9902 reg. 12(1);SI 2019/9902 reg. 13(1)|||CV-7 must not run until it can be isolated and locked at the tail.
ENF-002|UKN-01|INS-003|improvement|issued|Invented Work Inspectorate|2026-04-24|2026-07-24|9902:12-3|SI 2019/9902 reg. 12(3)|||All locks must be examined and a trial start recorded for each isolation.
ENF-003|UKN-02|INS-006|improvement|issued|Invented Waste Authority|2025-03-25|2025-04-22|9901:6-1|SI 2021/9901 reg. 6(1)|||Hazardous waste must leave within 10 days; a weekly list of ages must be kept.
ENF-004|UKN-02|INS-007|improvement|issued|Invented Waste Authority|2026-05-11|2026-06-08|9901:9-1|SI 2021/9901 reg. 9(1);SI 2021/9901 reg. 9(3)|||The reed bed must be fitted with a second pump and a valve that cannot be by-passed.
ENF-005|UKN-03|INS-008|improvement|issued|Invented Work Inspectorate|2025-05-16|2025-06-20|9902:10-2|SI 2019/9902 reg. 10(2)|||Bay C14 must be unloaded and repaired.
ENF-006|USG-01|INS-013|penalty|issued|Invented Safety Agency|2025-02-20|2025-03-22|340.10-a|99 CFR 340.10(a);99 CFR 340.10(c)(2)|48500.00|USD|Chlorine above the limit and no notice to the Agency.
ENF-007|USG-01|INS-016|notice|issued|Invented Safety Agency|2026-05-22|2026-06-12|340.12-d|99 CFR 340.12(d);99 CFR 340.14(b)|||Detector CD-12 must be replaced and the loading crew retrained.
ENF-008|USG-01|INS-016|penalty|issued|Invented Safety Agency|2026-06-15|2026-07-15|340.31-a|99 CFR 340.31(a)|26250.00|USD|Release reported after 55 minutes instead of 15.
ENF-009|USG-02|INS-019|notice|issued|Invented Safety Agency|2026-05-15|2026-06-05|520.12-b|99 CFR 520.11(a)(1);99 CFR 520.12(b);99 CFR 520.21(c)|||The crusher must not run without spray; a plan must be agreed before it starts again.
ENF-010|USG-03||notice|draft|Invented Safety Agency|||520.30-a|99 CFR 520.30(a)|||Shredder run without a permit; the Agency has said that a notice is being prepared.
ENF-011|USG-04|INS-024|prohibition|issued|Invented Safety Agency|2026-06-03|2026-06-10|340.20-c|99 CFR 340.20(c)|||Not more than 25,000 gallons until the foam system has been tested.
ENF-012|EUR-02|INS-028|improvement|issued|Invented Rhine Office|2025-09-12|2025-12-12||Invented Quay Ordinance § 7|||Edge protection must be fitted at berths 1 to 3.
`);
/** How they went on: update 1, then update 2. */
const ENFORCEMENT_MOVES = block(`
action_id|1|2
ENF-001|complied|
ENF-003|complied|closed
ENF-005|complied|closed
ENF-006|complied|closed
ENF-008|appealed|
ENF-009|complied|
ENF-012|complied|closed
`);

const ACTIONS = block(`
action_item_id|site_id|source_table|source_id|kind|owner|due_on|title
ACT-001|UKN-01|esh.findings|FND-001|corrective|Osric Fellbarrow|2025-03-31|Close the guard at the tail of CV-7
ACT-002|UKN-01|esh.findings|FND-003|preventive|Maud Ellerthwaite|2025-11-30|Teach all fitters the trial start and record it
ACT-003|UKN-01|esh.findings|FND-005|corrective|Maud Ellerthwaite|2026-05-15|Fit lockable isolators at the tail of CV-7
ACT-004|UKN-01|esh.incidents|INC-006|preventive|Osric Fellbarrow|2026-07-31|Fit lockable isolators at CV-1 to CV-6
ACT-005|UKN-02|esh.findings|FND-007|corrective|Gethin Royle|2025-04-22|Print a list of the age of hazardous waste every Monday
ACT-006|UKN-02|esh.findings|FND-009|preventive|Gethin Royle|2026-01-31|Review the fire prevention plan
ACT-007|UKN-02|esh.findings|FND-010|corrective|Gethin Royle|2026-07-17|Fit a second pump and a locked valve at the reed bed
ACT-008|UKN-03|esh.findings|FND-012|corrective|Priya Castlerigg|2025-06-20|Unload and repair bay C14
ACT-009|UKN-03|esh.incidents|INC-017|preventive|Bram Sandwath|2026-04-30|Block truck keys of drivers whose certificate has ended
ACT-010|UKN-04|esh.findings|FND-015|corrective|Iona Merriwether-Lund|2025-11-07|Assess the two workstations
ACT-011|UKN-05|esh.incidents|INC-024|corrective|Hallam Grize|2025-10-31|Rewrite the isolation procedure of the bucket elevator
ACT-012|UKN-05|esh.findings|FND-017|preventive|Edda Birkhow|2026-08-31|Buy a spare analyser for the kiln
ACT-013|USG-01|esh.findings|FND-018|corrective|Thaddeus Quillmore|2025-02-15|Record the chlorine inventory at the end of every day
ACT-014|USG-01|esh.findings|FND-022|corrective|Noor Bellweather|2026-03-31|Replace chlorine detector CD-12 at the loading point
ACT-015|USG-01|esh.findings|FND-020|corrective|Odalys Brandtner|2025-10-31|Inspect lockout devices every 3 months
ACT-016|USG-01|esh.findings|FND-025|preventive|Noor Bellweather|2026-07-10|Count gaskets out and in; cut up used ones at once
ACT-017|USG-01|esh.findings|FND-027|corrective|Odalys Brandtner|2026-07-31|Retrain the bleach tower crew in the trial start
ACT-018|USG-02|esh.findings|FND-028|corrective|Marisol Dunnaway|2025-09-15|Inspect every lockout device on the crusher
ACT-019|USG-02|esh.incidents|INC-041|preventive|Curtis Vanlandry|2026-03-31|Make a frame that blocks the feeder hopper
ACT-020|USG-02|esh.findings|FND-032|corrective|Marisol Dunnaway|2026-05-29|Fit a new spray pump and keep a spare
ACT-021|USG-03|esh.findings|FND-034|corrective|Inez Thibodry|2026-07-14|Apply for a new air permit and stop the shredder until it is granted
ACT-022|USG-03|esh.incidents|INC-046|corrective|Inez Thibodry|2025-11-21|Add the release of pressure to the baler procedure
ACT-023|USG-04|esh.findings|FND-036|corrective|Rowan Askebreck|2026-07-10|Test the foam system
ACT-024|USG-04|esh.incidents|INC-050|preventive|Percy Lindqvane|2025-08-29|Sign in contractors at the solvent room
ACT-025|USG-05|esh.incidents|INC-053|preventive|Lucille Farquhane|2025-10-04|Mark the last step of the back stairs
ACT-026|EUR-01|esh.findings|FND-038|preventive|Wiebke Tannhorst|2026-07-31|Alarm when a reading stays the same for 24 hours
ACT-027|EUR-01|esh.incidents|INC-056|corrective|Jorun Steinhevel|2025-09-30|Replace taped interlocks by coded switches
ACT-028|EUR-02|esh.findings|FND-039|corrective|Anselm Krautheuer|2025-12-12|Fit edge protection at berths 1 to 3
`);
const ACTION_MOVES = block(`
action_item_id|1|done_on|2|effective
ACT-001|done|2025-03-26|verified|true
ACT-002|done|2025-11-28|in-progress|false
ACT-003|done|2026-05-12|verified|true
ACT-004|in-progress|||
ACT-005|done|2025-04-14|verified|true
ACT-006|done|2026-01-27||
ACT-007|in-progress|||
ACT-008|done|2025-05-21|verified|true
ACT-009|done|2026-04-22||
ACT-010|done|2025-10-29|verified|true
ACT-011|done|2025-10-24|verified|true
ACT-013|done|2025-02-10|verified|true
ACT-014|in-progress|||
ACT-015|done|2025-10-30||
ACT-016|in-progress|||
ACT-018|done|2025-09-12|verified|true
ACT-019|done|2026-03-20||
ACT-020|done|2026-05-23|verified|true
ACT-022|done|2025-11-14|verified|true
ACT-024|done|2025-08-25|verified|true
ACT-025|done|2025-09-30|verified|true
ACT-027|done|2025-09-26|verified|true
ACT-028|done|2025-12-05|verified|true
`);

const EVIDENCE = block(`
evidence_id|site_id|subject_table|subject_id|kind|collected_at|collected_by|media_type|note
EVI-001|UKN-01|esh.findings|FND-001|photo|2025-02-11T10:20:00Z|Hester Scargill-Wray|image/jpeg|Open nip point at the tail of CV-7
EVI-002|UKN-01|esh.incidents|INC-006|photo|2026-04-14T07:05:00Z|Nell Hawkrigg|image/jpeg|Tail pulley after the injury
EVI-003|UKN-01|esh.incidents|INC-006|statement|2026-04-15T09:30:00Z|Hester Scargill-Wray|text/plain|Statement of the shift foreman
EVI-004|UKN-01|esh.findings|FND-005|document|2026-04-21T11:00:00Z|Hester Scargill-Wray|application/pdf|Drawing of the isolation points
EVI-005|UKN-02|esh.findings|FND-007|photo|2025-03-18T10:40:00Z|Corin Applethwaite|image/jpeg|Labels of drums in bay 4
EVI-006|UKN-02|esh.findings|FND-010|sample|2026-05-06T12:15:00Z|Corin Applethwaite|application/json|Laboratory result, ammoniacal nitrogen 12 mg/L
EVI-007|UKN-03|esh.incidents|INC-017|document|2026-03-17T11:30:00Z|Bram Sandwath|application/pdf|Certificate of the driver
EVI-008|USG-01|esh.findings|FND-018|document|2025-01-28T15:00:00Z|Barnaby Teasdell|text/csv|Inventory of January 2025
EVI-009|USG-01|esh.findings|FND-024|photo|2026-03-18T16:20:00Z|Araminta Coldwell|image/jpeg|Used gaskets in the tool box
EVI-010|USG-01|esh.incidents|INC-035|measurement|2026-05-14T13:40:00Z|Noor Bellweather|text/csv|Detector CD-11, values every second
EVI-011|USG-01|esh.incidents|INC-035|statement|2026-05-15T14:00:00Z|Sunniva Harcastle|text/plain|Statement of the second loader
EVI-012|USG-02|esh.findings|FND-031|measurement|2026-05-12T18:00:00Z|Wendell Parsonage|text/csv|PM10 of the Agency, three hours
EVI-013|USG-02|esh.findings|FND-032|photo|2026-05-12T16:30:00Z|Wendell Parsonage|image/jpeg|Crusher running dry
EVI-014|USG-03|esh.findings|FND-034|document|2026-04-14T15:10:00Z|Inez Thibodry|application/pdf|Copy of permit GC-AQ-0519
EVI-015|USG-04|esh.findings|FND-036|document|2026-06-02T17:00:00Z|Sunniva Harcastle|application/pdf|Last test of the foam system, May 2024
EVI-016|EUR-01|esh.findings|FND-038|measurement|2026-06-11T08:30:00Z|Wiebke Tannhorst|text/csv|Analyser, six days
`);

const DECISIONS = block(`
decision_id|site_id|subject_table|subject_id|decision|amendment|reason|decided_by|decided_at
DEC-001|UKN-01|esh.incidents|INC-005|amend|isolation-not-verified|Proposed cause was equipment-failure. The lock was on the wrong isolator and nobody tried the start.|user:n.hawkrigg|2026-03-30T09:15:00Z
DEC-002|UKN-01|esh.incidents|INC-006|accept||Cause agrees with the findings of the inspector.|user:n.hawkrigg|2026-04-23T10:40:00Z
DEC-003|UKN-02|esh.findings|FND-007|accept||The load list shows 12 days.|user:g.royle|2025-03-19T08:20:00Z
DEC-004|UKN-02|esh.inspections|INS-005|reject||Proposed breach of regulation 6(1) is wrong: 14 days were allowed until 1 October 2024.|user:i.merriwether|2025-04-02T13:05:00Z
DEC-005|UKN-03|esh.incidents|INC-014|accept||Report to the Inspectorate as a collapse of racking is not needed: the bay stood.|user:b.sandwath|2025-04-16T07:45:00Z
DEC-006|USG-01|esh.incidents|INC-035|accept||Third release with the same cause.|user:n.bellweather|2026-05-20T15:30:00Z
DEC-007|USG-01|esh.action_items|ACT-014|reject||Proposed new due date 30 September is too late; the Agency asks for 12 June.|user:d.oakhollow|2026-05-26T14:10:00Z
DEC-008|USG-02|esh.findings|FND-031|amend|critical|Proposed severity was major. More than three exceedances in 30 days.|user:m.dunnaway|2026-05-13T12:00:00Z
DEC-009|USG-03|esh.permits|PER-015|accept||The permit has ended. The shredder stays off.|user:i.thibodry|2026-04-15T13:25:00Z
DEC-010|EUR-01|esh.monitoring_points|MP-EUR01-S1|accept||Values of 2 to 7 June are not to be used for the yearly mean.|user:w.tannhorst|2026-06-12T06:50:00Z
`);

const regionOf = new Map(SITES.map((site) => [site['site_id'] ?? '', site['region'] ?? '']));
const siteOf = (rows: readonly Cells[], key: string): ReadonlyMap<string, string> =>
  new Map(rows.map((row) => [row[key] ?? '', row['site_id'] ?? '']));
const permitSite = siteOf(PERMITS, 'permit_id');
const pointSite = siteOf(POINTS, 'point_id');
const incidentSite = siteOf(INCIDENTS, 'incident_id');

/** Gives rows the site of what they belong to. */
function placed(rows: readonly Cells[], key: string, sites: ReadonlyMap<string, string>): Cells[] {
  return rows.map((row) => {
    const site = sites.get(row[key] ?? '');
    invariant(site, `a ${key} that exists: ${row[key] ?? ''}`);
    return { ...row, site_id: site };
  });
}

/** Permits as they were on the day of issue. */
function permitStatusAtIssue(): Cells[] {
  return placed(
    PERMITS.map((permit) => ({
      permit_id: permit['permit_id'] ?? '',
      status: 'active',
      since: permit['issued_on'] ?? '',
    })),
    'permit_id',
    permitSite,
  );
}

function conditions(): Cells[] {
  const general = PERMITS.map((permit, i) => ({
    condition_id: `PC-${String(101 + i)}`,
    permit_id: permit['permit_id'] ?? '',
    number: '9.1',
    text: GENERAL_CONDITION[permit['kind'] ?? ''] ?? '',
  }));
  return placed([...CONDITIONS, ...general], 'permit_id', permitSite);
}

function evidence(): Cells[] {
  return EVIDENCE.map((row) => {
    const bytes = `Invented for the Fractal sample: ${row['evidence_id'] ?? ''}, ${row['note'] ?? ''}\n`;
    return {
      ...row,
      bytes_sha256: createHash('sha256').update(bytes).digest('hex'),
      bytes_length: String(Buffer.byteLength(bytes)),
    };
  });
}

/** About normal: the sum of four evenly spread numbers, with standard deviation 1. */
function normal(random: SeededRandom): number {
  const sum = random.float() + random.float() + random.float() + random.float();
  return (sum - 2) * Math.sqrt(3);
}

interface Bounds {
  readonly lower: number;
  readonly upper: number;
}

/** The bounds in force on the first day of the readings, drawn in so that ordinary days stay clear of them. */
function ordinaryBounds(point: string, parameter: string): Bounds {
  const limit = LIMITS.find(
    (row) => row['point_id'] === point && row['parameter'] === parameter && row['valid_to'] === '',
  );
  const lower = limit?.['lower'] ?? '';
  const upper = limit?.['upper'] ?? '';
  return {
    lower: lower === '' ? 0 : Number(lower) * 1.04,
    upper: upper === '' ? Infinity : Number(upper) * 0.94,
  };
}

/** One value a day; the time is the midnight (UTC) at which the day ends. */
function readings(): Cells[] {
  const end = Date.parse(`${AS_OF}T00:00:00Z`);
  const rows: Cells[] = [];
  SERIES.forEach((series, index) => {
    const point = series['point_id'] ?? '';
    const parameter = series['parameter'] ?? '';
    const number = (name: string): number => Number(series[name]);
    const bounds = ordinaryBounds(point, parameter);
    const random = new SeededRandom(20260630 + index);
    let drift = 0;
    for (let day = READING_DAYS; day >= 1; day--) {
      const measured = new Date(end - day * DAY_MS);
      const date = measured.toISOString().slice(0, 10);
      const weekend = measured.getUTCDay() === 0 || measured.getUTCDay() === 6;
      drift = 0.55 * drift + 0.83 * normal(random);
      const gap = random.float() < number('missing');
      const floor = number('floor');
      const share = weekend ? number('weekend') : 1;
      let value = floor + (number('base') + number('noise') * drift - floor) * share;
      value = Math.min(Math.max(value, bounds.lower), bounds.upper);

      const episode = EPISODES.find(
        (row) =>
          row['point_id'] === point &&
          row['parameter'] === parameter &&
          (row['from'] ?? '') <= date &&
          date <= (row['to'] ?? ''),
      );
      if (episode?.['how'] === 'add') value += Number(episode['by']) * share;
      if (episode?.['how'] === 'set') value = Number(episode['by']);
      const none = episode === undefined ? gap : episode['how'] === 'gap';
      const least = number('least');
      const below = value < least;
      rows.push({
        point_id: point,
        parameter,
        measured_at: new Date(measured.getTime() + DAY_MS).toISOString().replace('.000Z', 'Z'),
        value: none ? '' : (below ? least : value).toFixed(number('decimals')),
        unit: series['unit'] ?? '',
        qualifier: none ? 'invalid' : below ? '<' : '',
      });
    }
  });
  return placed(rows, 'point_id', pointSite);
}

function cell(column: Column, row: Cells): string {
  const text = column.name === 'law_section_id' ? provision(row['law'] ?? '') : (row[column.name] ?? '');
  invariant(text !== '' || column.nullable, `a value for ${column.name} in ${JSON.stringify(row)}`);
  if (column.type !== 'VARCHAR[]' || text === '') return text;
  return JSON.stringify(text.split(';'));
}

/** RFC 4180, save that lines end in LF alone. */
function csv(table: Table, rows: readonly Cells[]): string {
  const known = new Set([...table.columns.map((column) => column.name), 'law']);
  const lines = rows.map((given) => {
    const row: Cells = { region: regionOf.get(given['site_id'] ?? '') ?? '', ...given };
    for (const name of Object.keys(row)) invariant(known.has(name), `a column of ${table.name}: ${name}`);
    return table.columns.map((column) => {
      const text = cell(column, row);
      return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
    });
  });
  const keyAt = table.key.map((name) => table.columns.findIndex((column) => column.name === name));
  const keys = new Set(lines.map((line) => JSON.stringify(keyAt.map((at) => line[at]))));
  invariant(keys.size === lines.length, `one row per key in ${table.name}`);
  return [table.columns.map((column) => column.name), ...lines].map((line) => `${line.join(',')}\n`).join('');
}

/** Every identity that a row speaks of is the key of another row, at the same site. */
function checkReferences(tables: ReadonlyMap<Table, readonly Cells[]>): void {
  const homes = new Map<string, ReadonlyMap<string, string>>();
  const single = new Map<string, ReadonlyMap<string, string>>();
  for (const [table, rows] of tables) {
    const [key, ...more] = table.key;
    if (key === undefined || more.length > 0) continue;
    homes.set(qualifiedName(table), siteOf(rows, key));
    single.set(key, siteOf(rows, key));
  }
  for (const [table, rows] of tables)
    for (const row of rows) {
      const site = row['site_id'] ?? '';
      invariant(regionOf.has(site), `a site that exists: ${site}`);
      for (const [key, sites] of single) {
        const value = row[key] ?? '';
        if (value !== '') invariant(sites.get(value) === site, `${table.name}: ${key} ${value} at ${site}`);
      }
      for (const kind of ['subject', 'source']) {
        const name = row[`${kind}_table`] ?? '';
        const id = row[`${kind}_id`] ?? '';
        if (name !== '')
          invariant(homes.get(name)?.get(id) === site, `${table.name}: ${name} ${id} at ${site}`);
      }
    }
}

/** Rows after their first or second move: only those that moved. */
function moved(rows: readonly Cells[], moves: readonly Cells[], key: string, step: '1' | '2'): Cells[] {
  return moves.flatMap((move) => {
    const row = rows.find((candidate) => candidate[key] === move[key]);
    invariant(row, `a ${key} that exists: ${move[key] ?? ''}`);
    const status = move[step] ?? '';
    if (status === '') return [];
    const done = status === 'done' || status === 'verified' || status === 'complied' || status === 'closed';
    return [
      {
        ...row,
        status,
        ...(done && move['done_on'] !== undefined ? { done_on: move['done_on'] } : {}),
        ...(step === '2' && move['effective'] !== undefined ? { effective: move['effective'] } : {}),
      },
    ];
  });
}

function write(folder: string, tables: ReadonlyMap<Table, readonly Cells[]>): void {
  mkdirSync(path.join(SAMPLE, folder), { recursive: true });
  for (const [table, rows] of tables) {
    writeFileSync(path.join(SAMPLE, folder, `${qualifiedName(table)}.csv`), csv(table, rows));
    process.stdout.write(`${folder}/${qualifiedName(table)}.csv: ${rows.length} rows\n`);
  }
}

const openActions = ACTIONS.map((row) => ({ ...row, status: 'open' }));
const records = new Map<Table, readonly Cells[]>([
  [ESH.sites, SITES],
  [ESH.contacts, CONTACTS],
  [ESH.permits, PERMITS],
  [ESH.permitStatus, permitStatusAtIssue()],
  [ESH.permitConditions, conditions()],
  [ESH.inspections, INSPECTIONS],
  [ESH.findings, FINDINGS],
  [ESH.audits, AUDITS],
  [ESH.certifications, CERTIFICATIONS],
  [ESH.incidents, INCIDENTS],
  [ESH.injuredPersons, placed(INJURED, 'incident_id', incidentSite)],
  [ESH.monitoringPoints, POINTS],
  [ESH.monitoringLimits, placed(LIMITS, 'point_id', pointSite)],
  [ESH.monitoringReadings, readings()],
  [ESH.riskAssessments, RISKS],
  [ESH.enforcementActions, ENFORCEMENT],
  [ESH.actionItems, openActions],
  [ESH.evidence, evidence()],
  [ESH.humanDecisions, DECISIONS],
]);
checkReferences(records);
write('records', records);
write(
  'updates/1',
  new Map([
    [ESH.permitStatus, placed(PERMIT_STATUS, 'permit_id', permitSite)],
    [ESH.enforcementActions, moved(ENFORCEMENT, ENFORCEMENT_MOVES, 'action_id', '1')],
    [ESH.actionItems, moved(openActions, ACTION_MOVES, 'action_item_id', '1')],
  ]),
);
write(
  'updates/2',
  new Map([
    [ESH.enforcementActions, moved(ENFORCEMENT, ENFORCEMENT_MOVES, 'action_id', '2')],
    [ESH.actionItems, moved(openActions, ACTION_MOVES, 'action_item_id', '2')],
  ]),
);

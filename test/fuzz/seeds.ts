/**
 * What mutants are made of: small files in every format a reader knows. Those of sample/ and those written here are always
 * there; real ones are cut small from shared data where it is at hand.
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { FORMEX_ACT, FORMEX_ANNEX, XHTML_CONSOLIDATED } from '../ingest/eurlex-samples.ts';
import { ANNUAL_PART, CLML_INSTRUMENT, ECFR_SECTION, ECFR_TITLE } from '../ingest/samples.ts';
import { unzip, zip } from './packed.ts';
import { pruneJson, pruneLines, pruneMarkup } from './prune.ts';
import {
  AKN,
  CFR_JSON,
  CSV,
  FEDREG,
  GEOJSON,
  HTML,
  MARKDOWN,
  pdf,
  PROVISION,
  WORKBOOK,
} from './seed-texts.ts';

export type Kind = 'markup' | 'json' | 'csv' | 'text' | 'zip' | 'pdf';

export interface Seed {
  /** File name, by which mappings and Markdown are told. */
  readonly name: string;
  readonly kind: Kind;
  /** A format of the readers, or `records`. */
  readonly format: string;
  readonly bytes: Buffer;
}

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const shared = path.resolve(root, process.env['FRACTAL_SHARED'] ?? '../shared', 'data');
const MARKUP_BYTES = 12_000;

const own = (format: string, kind: Kind, name: string, bytes: Uint8Array | string): Seed => ({
  format,
  kind,
  name,
  bytes: Buffer.from(bytes),
});

function sampleLaw(format: string, file: string): Seed {
  const text = readFileSync(path.join(root, 'sample/law', file), 'utf8');
  return own(format, 'markup', file, pruneMarkup(text, MARKUP_BYTES));
}

/** A real file, cut small; nothing when it is not there. */
function real(format: string, kind: Kind, file: string): readonly Seed[] {
  const at = path.join(shared, file);
  if (!existsSync(at)) return [];
  const bytes = readFileSync(at);
  return [own(format, kind, path.basename(file), cutSmall(kind, bytes))];
}

function cutSmall(kind: Kind, bytes: Buffer): Uint8Array | string {
  switch (kind) {
    case 'markup':
      return pruneMarkup(bytes.toString('utf8'), MARKUP_BYTES);
    case 'json':
      return JSON.stringify(pruneJson(JSON.parse(bytes.toString('utf8')), 3));
    case 'csv':
      return Buffer.from(pruneLines(bytes.toString('latin1'), 12), 'latin1');
    case 'text':
      return pruneLines(bytes.toString('utf8'), 60);
    case 'zip':
      return zip(
        unzip(bytes)
          .filter(({ name }) => /workbook|sheet|sharedStrings/.test(name))
          .map(({ name, data }) => ({ name, data: Buffer.from(pruneSheet(data.toString('utf8'))) })),
      );
    case 'pdf':
      return bytes;
  }
}

/** Only rows are dropped: shared strings are told by their place. */
function pruneSheet(text: string): string {
  let rows = 0;
  return text.replace(/<row\b[^]*?<\/row>/g, (row) => (++rows > 8 ? '' : row));
}

export function loadSeeds(): readonly Seed[] {
  const eurlex = 'eurlex-esh';
  return [
    own('ecfr', 'markup', 'ecfr-section.xml', ECFR_SECTION.bytes),
    own('ecfr', 'markup', 'ecfr-title.xml', ECFR_TITLE.bytes),
    sampleLaw('ecfr', 'ecfr-title-99-part-310-2024-03-15.xml'),
    ...real('ecfr', 'markup', 'ecfr-osha-1910-147/osha_1910_147_raw.xml'),
    ...real('ecfr', 'markup', 'gpo-ecfr-fr-xml/ndash-changes-March2024/current/ECFR-title1.xml'),
    ...real('ecfr', 'markup', 'ecfr-7cfr1b-nepa/title-7.xml'),
    own('cfr-annual', 'markup', 'annual.xml', ANNUAL_PART.bytes),
    sampleLaw('cfr-annual', 'cfr-annual-title-99-part-520-2024-07-01.xml'),
    ...real('cfr-annual', 'markup', 'cfr-annual-xml/annual/CFR-2015-title40-vol26-part262.xml'),
    own('clml', 'markup', 'clml.xml', CLML_INSTRUMENT.bytes),
    sampleLaw('clml', 'clml-uksi-2021-9901-2024-10-01.xml'),
    ...real('clml', 'markup', 'uk-clml/sampleXML/uksi_20051643_en.xml'),
    ...real('clml', 'markup', 'uk-clml/sampleXML/uksi-2004-129-schedule-1-made.xml'),
    ...real('clml', 'markup', 'uk-clml/sampleXML/nia-2021-6-section-43-1.xml'),
    own('formex', 'markup', 'act.xml', FORMEX_ACT.bytes),
    own('formex', 'markup', 'annex.xml', FORMEX_ANNEX.bytes),
    ...real(
      'formex',
      'markup',
      `${eurlex}/31996l0061/2006-02-24--7317f3ce/en.fmx4/CL1996L0061EN0040010.0001.xml`,
    ),
    own('eurlex-xhtml', 'markup', 'en.html', XHTML_CONSOLIDATED.bytes),
    ...real('eurlex-xhtml', 'markup', `${eurlex}/31996l0061/2006-02-24--7317f3ce/en.html`),
    own('akn', 'markup', 'akn.xml', AKN),
    ...real('akn', 'markup', 'akn-samples/tulit/eu/eurlex/akn/32014L0092.akn'),
    ...real('akn', 'markup', 'akn-samples/tulit/eu/eurlex/akn/akn4eu.xml'),
    own('federal-register', 'markup', 'fr.xml', FEDREG),
    ...real(
      'federal-register',
      'markup',
      'gpo-ecfr-fr-xml/ndash-changes-March2024/current/FR-2024-02-12.xml',
    ),
    own('cfr-json', 'json', 'sections.json', CFR_JSON),
    ...real('cfr-json', 'json', 'osha-1926-text/osha_raw_documents.json'),
    own('html', 'markup', 'page.html', HTML),
    own('markdown', 'text', 'page.md', MARKDOWN),
    own('markdown', 'text', 'README.md', readFileSync(path.join(root, 'sample/README.md'))),
    own('pdf', 'pdf', 'own.pdf', pdf()),
    ...real('pdf', 'pdf', 'pdf-samples/pcir_cviolation3.pdf'),
    own('records', 'csv', 'accidents.csv', CSV),
    own('records', 'json', 'effluent.geojson', GEOJSON),
    own('records', 'zip', 'edm-2020.xlsx', zip(WORKBOOK)),
    ...real('records', 'csv', 'ihm-stefanini/accidents.csv'),
    ...real('records', 'csv', 'epa-rmp/data/output/accidents.csv'),
    ...real('records', 'csv', 'osha-dol-enforcement/osha_accident_lookup2.csv'),
    ...real(
      'records',
      'csv',
      'epa-echo/vignettes/int/0/eff_rest_services.download_effluent_chart-1ca27d.csv',
    ),
    ...real('records', 'csv', 'epa-echo/vignettes/int/0/cwa_rest_services.get_download-e4fbf1.csv'),
    ...real('records', 'json', 'hse-notices-uk/hse_notices.json'),
    ...real('records', 'json', 'epa-rmp/data/changes/2025-04/facilities.json'),
    ...real(
      'records',
      'json',
      'epa-echo/tests/testthat/api/caa_poll_rpt_rest_services.get_caapr-75a2fe.json',
    ),
    ...real('records', 'zip', 'uk-edm-storm-overflows/2020/eav_edm_return_thames_water_annual_2020.xlsx'),
    own('obligations', 'text', 'provision.txt', PROVISION),
    own(
      'obligations',
      'text',
      'provisions.txt',
      readFileSync(path.join(root, 'sample/law/ecfr-title-99-part-310-2024-03-15.xml'), 'utf8').replace(
        /<[^>]*>/g,
        '',
      ),
    ),
  ];
}

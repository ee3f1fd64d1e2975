/**
 * The law as this node knows it. Bitemporal: *in force* says when a text applied in the world, *known* says when this
 * node learned it.
 */
import { c, defineTable } from '../table.ts';

const partition = { region: 'jurisdiction', category: 'law' } as const;

export const documents = defineTable({
  schema: 'law',
  name: 'documents',
  class: 'append-only',
  doc: 'One row per act, regulation or part of a code, whatever its versions.',
  key: ['document_id'],
  partition,
  columns: {
    document_id: c.text('stable identity, e.g. `us/cfr/40/262` or `uk/uksi/2005/1643`'),
    jurisdiction: c.text('`US`, `UK`, `EU`, … as an upper-case code'),
    family: c.text('collection it belongs to: `cfr`, `uksi`, `ukpga`, …'),
    citation: c.text('official short citation, e.g. `40 CFR Part 262`'),
    title: c.text('title in the version first imported'),
    language: c.text('BCP 47 tag'),
  },
});

export const versions = defineTable({
  schema: 'law',
  name: 'versions',
  class: 'append-only',
  doc: 'One row per dated text of a document. The bytes it came from are its identity.',
  key: ['version_id'],
  partition,
  columns: {
    version_id: c.text('`document_id@date~hash`, unique'),
    document_id: c.text('document'),
    jurisdiction: c.text('as in the document'),
    title: c.text('title in this version'),
    language: c.text('BCP 47 tag'),
    in_force_from: c.date('first day this text applies; empty when the source does not say', { null: true }),
    in_force_to: c.date('first day it no longer applies; empty while it does', { null: true }),
    dated_by: c.text('what gave the date: `source`, `caller` or `unknown`'),
    known_from: c.time('when this node learned it'),
    known_to: c.time('when this node learned better (a correction of the same date)', { null: true }),
    format: c.text('reader that parsed it: `ecfr`, `cfr-annual`, `clml`, …'),
    source_name: c.text('file name or address it came from'),
    source_sha256: c.text('SHA-256 of the bytes'),
    source_bytes: c.bigint('length of the bytes'),
    text_sha256: c.text('SHA-256 over the section hashes, in order'),
    sections: c.int('number of rows in law.sections with level `section` or `article`'),
    provisions: c.int('number of all rows in law.sections'),
    warnings: c.list('what the reader had to say'),
  },
});

export const sections = defineTable({
  schema: 'law',
  name: 'sections',
  class: 'append-only',
  doc: 'The section tree of each version, one row per node, from part down to paragraph.',
  key: ['version_id', 'section_id'],
  partition,
  columns: {
    section_id: c.text('stable across versions: `document_id#eid`'),
    version_id: c.text('version'),
    document_id: c.text('document'),
    jurisdiction: c.text('as in the document'),
    parent_id: c.text('section_id of the enclosing node', { null: true }),
    ordinal: c.int('position in the document, from 0'),
    depth: c.int('0 for the root'),
    level: c.text('`part`, `subpart`, `section`, `paragraph`, `appendix`, `schedule`, `table`, `note`, …'),
    num: c.text('own number as printed, e.g. `262.34` or `(a)`', { null: true }),
    citation: c.text('official citation down to this node, e.g. `29 CFR 1910.147(d)(4)(i)`'),
    heading: c.text('own heading', { null: true }),
    text: c.text('own text without that of its children; tables as rows of cells divided by tabs'),
    text_sha256: c.text('SHA-256 of number, heading and text'),
  },
});

export const obligations = defineTable({
  schema: 'law',
  name: 'obligations',
  class: 'append-only',
  doc: 'Who must, must not or may do what, with the sentence as evidence.',
  key: ['obligation_id'],
  partition,
  columns: {
    obligation_id: c.text('identity'),
    version_id: c.text('version'),
    section_id: c.text('provision'),
    jurisdiction: c.text('as in the document'),
    modality: c.text('`must`, `must-not` or `may`'),
    addressee: c.text('who', { null: true }),
    action: c.text('does what', { null: true }),
    object: c.text('what is acted on, or what must be so', { null: true }),
    condition: c.text('under which condition', { null: true }),
    threshold: c.text('above or below which quantity', { null: true }),
    deadline: c.text('by when or how often', { null: true }),
    exception: c.text('except when', { null: true }),
    sentence: c.text('the sentence that says so'),
    span_start: c.int('offset of the sentence in the section text, in UTF-16 units'),
    span_end: c.int('end of that span'),
    confidence: c.number('0 to 1'),
    method: c.text('rule set or model that found it, with its version'),
    threshold_comparison: c.text(
      'of the first threshold: `at-least`, `at-most`, `more-than` or `less-than`',
      {
        null: true,
      },
    ),
    threshold_value: c.number('its number', { null: true }),
    threshold_unit: c.text('its unit as printed', { null: true }),
    topics: c.list('what it is about, e.g. `training`; empty when found before topics were', { null: true }),
    sectors: c.list('sectors that the words name, e.g. `construction`', { null: true }),
    substances: c.list('substances that the words name, e.g. `asbestos`', { null: true }),
    sizes: c.list('sizes that the words name, e.g. `at-least 10 employees`', { null: true }),
    spans: c.list(
      'where the parts stand: `addressee:4-12` (UTF-16 units of the text), `…@SECTION` in the text of another provision, `…@SECTION heading` in its heading',
      { null: true },
    ),
  },
});

export const citations = defineTable({
  schema: 'law',
  name: 'citations',
  class: 'append-only',
  doc: 'References from one provision to another, inside or outside the document.',
  key: ['citation_id'],
  partition,
  columns: {
    citation_id: c.text('identity'),
    version_id: c.text('version that cites'),
    section_id: c.text('provision that cites'),
    jurisdiction: c.text('as in the document'),
    kind: c.text('`internal` or `external`'),
    text: c.text('the reference as printed'),
    target_document_id: c.text('cited document', { null: true }),
    target_section_id: c.text('cited provision, or the nearest one around it', { null: true }),
    resolution: c.text(
      '`provision`, `ancestor` (the provision around it), `document`, `named` (not on this node yet) or `none`',
    ),
    span_start: c.int('offset in the section text, in UTF-16 units'),
    span_end: c.int('end of that span'),
  },
});

export const changes = defineTable({
  schema: 'law',
  name: 'changes',
  class: 'append-only',
  doc: 'What differs between two consecutive versions, per provision.',
  key: ['change_id'],
  partition,
  columns: {
    change_id: c.text('identity'),
    document_id: c.text('document'),
    jurisdiction: c.text('as in the document'),
    from_version_id: c.text('earlier version'),
    to_version_id: c.text('later version'),
    section_id: c.text('provision'),
    kind: c.text('`added`, `changed`, `renumbered`, `repealed` or `removed`'),
    from_section_id: c.text('provision in the earlier version, when it was renumbered', { null: true }),
    in_force_from: c.date('first day of the later version', { null: true }),
    known_from: c.time('when this node learned it'),
  },
});

export const definitions = defineTable({
  schema: 'law',
  name: 'definitions',
  class: 'append-only',
  doc: 'Terms a text defines, with where they count.',
  key: ['definition_id'],
  partition,
  columns: {
    definition_id: c.text('identity'),
    version_id: c.text('version'),
    section_id: c.text('provision that defines'),
    jurisdiction: c.text('as in the document'),
    language: c.text('BCP 47 tag'),
    term: c.text('the term as printed'),
    term_key: c.text('the term in lower case with single spaces, to look it up'),
    meaning: c.text('what the text says it means'),
    scope_section_id: c.text('provision within which it counts; empty for the whole document', {
      null: true,
    }),
    scope_text: c.text('the words that say where it counts', { null: true }),
    span_start: c.int('offset of the definition in the section text, in UTF-16 units'),
    span_end: c.int('end of that span'),
    method: c.text('rule set that found it, with its version'),
  },
});

export const amendments = defineTable({
  schema: 'law',
  name: 'amendments',
  class: 'append-only',
  doc: 'Notes that say which act made or changed a provision.',
  key: ['amendment_id'],
  partition,
  columns: {
    amendment_id: c.text('identity'),
    version_id: c.text('version'),
    section_id: c.text('provision the note speaks of'),
    jurisdiction: c.text('as in the document'),
    kind: c.text('`made`, `amended`, `added`, `repealed`, `renumbered` or `corrected`'),
    citation: c.text('the amending act as printed, e.g. `70 FR 10818`'),
    target_document_id: c.text('the amending act, by its identity', { null: true }),
    published_on: c.date('when it was published or made', { null: true }),
    effective_on: c.date('from when it has effect', { null: true }),
    text: c.text('the note as printed'),
  },
});

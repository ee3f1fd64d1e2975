/** JSON Schemas of the register of obligations. */
import type { JsonSchema, ObjectSchema } from './json-schema.ts';
import { DOCUMENT, VERSION } from './schemas.ts';

const text = (description: string): JsonSchema => ({ type: 'string', description });
const maybe = (description: string): JsonSchema => ({ type: ['string', 'null'], description });
const whole = (description: string): JsonSchema => ({ type: 'integer', description });
const names = (description: string): JsonSchema => ({
  type: 'array',
  items: { type: 'string' },
  description,
});
const record = (properties: Readonly<Record<string, JsonSchema>>): ObjectSchema => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
});

export const MODALITIES = ['must', 'must-not', 'may'] as const;

export const LAW_OBLIGATIONS_QUERY: ObjectSchema = {
  type: 'object',
  properties: {
    of: text('document (id, citation, CELEX number) or provision (citation, id): that and all below it'),
    addressee: text('only duties of someone whose name holds these words'),
    topic: text('only what is about this, e.g. `training`'),
    modality: { type: 'string', enum: MODALITIES },
    at: { type: 'string', format: 'date', description: 'the law as it stood on this day; today when absent' },
  },
  required: ['of'],
  additionalProperties: false,
};

const OBLIGATION = record({
  obligation_id: text('identity'),
  section_id: text('stable id of the provision'),
  citation: text('how to cite it'),
  heading: maybe('its heading, or the nearest above it'),
  modality: { type: 'string', enum: MODALITIES },
  addressee: maybe('who'),
  action: maybe('does what'),
  object: maybe('what is acted on, or what must be so'),
  condition: maybe('under which condition'),
  deadline: maybe('by when or how often'),
  threshold: {
    type: ['object', 'null'],
    description: 'the words, and of the first quantity in them comparison, value and unit',
  },
  exception: maybe('except when'),
  topics: names('what it is about'),
  applies_to: record({
    sectors: names('sectors named'),
    substances: names('substances named'),
    sizes: names('sizes named'),
  }),
  sentence: text('the sentence that says so'),
  start: whole('its offset in the text of the provision, in UTF-16 units'),
  end: whole('its end'),
  confidence: { type: 'number', description: 'how likely an expert calls it a duty of someone' },
  method: text('what found it'),
  evidence: {
    type: 'array',
    description: 'where each part stands; a part may take several places',
    items: record({
      part: text('addressee, modality, action, …, topic, sector, substance or size'),
      name: maybe('of a topic, sector, substance or size'),
      section_id: text('provision whose text or heading it is'),
      in: { type: 'string', enum: ['text', 'heading'] },
      start: whole('offset there, in UTF-16 units'),
      end: whole('its end'),
      text: text('the words there'),
    }),
  },
  terms: {
    type: 'array',
    description: 'defined terms that it uses, by the definition that counts there',
    items: record({
      term: text('as defined'),
      meaning: text('what it means'),
      section_id: text('provision that defines it'),
      citation: text('how to cite that'),
    }),
  },
  references: {
    type: 'array',
    items: record({
      text: text('the reference as printed'),
      citation: maybe('how the provision is cited that it refers to'),
      target_document_id: maybe('cited document'),
      target_section_id: maybe('cited provision'),
      resolution: text('as in law.citations'),
      section_id: text('provision whose text holds it'),
      start: whole('offset there'),
      end: whole('its end'),
    }),
  },
});

export const LAW_OBLIGATIONS: ObjectSchema = record({
  document: DOCUMENT,
  version: VERSION,
  at: text('the day asked for'),
  section: maybe('citation of the provision asked for'),
  counts: record({ must: whole('duties'), 'must-not': whole('bans'), may: whole('permissions') }),
  total: whole('obligations that fit; more than are told when there is a note'),
  obligations: { type: 'array', items: OBLIGATION },
  badges: names('by what obligations were found; no person has confirmed them'),
  notes: names('what the answer leaves out'),
});

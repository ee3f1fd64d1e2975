/** Operational records of an environment, safety and health department. */
import { c, defineTable } from '../table.ts';
import { PERSONAL_SPANS } from './personal.ts';

const place = {
  region: c.text('region of the site'),
  site_id: c.text('site'),
} as const;
const by = (category: string, period?: string) => ({
  region: 'region',
  site: 'site_id',
  category,
  ...(period === undefined ? {} : { period }),
});

export const sites = defineTable({
  schema: 'esh',
  name: 'sites',
  class: 'mutable',
  doc: 'Places where the organisation works.',
  key: ['site_id'],
  partition: by('site'),
  columns: {
    site_id: c.text('identity'),
    region: c.text('region the site belongs to'),
    name: c.text('name of the site'),
    jurisdiction: c.text('law that applies first: `US`, `UK`, …'),
    industry_code: c.text('NAICS, SIC or NACE code', { null: true }),
    industry_sector: c.text('industry in words', { null: true }),
    activities: c.list('what is done there', { null: true }),
    employees: c.int('people who work there', { null: true }),
    latitude: c.number('degrees north, WGS 84', { null: true }),
    longitude: c.number('degrees east, WGS 84', { null: true }),
    manager: c.text('who answers for it', { null: true, personal: 'name' }),
    manager_contact: c.text('how to reach them', { null: true, personal: 'contact' }),
    opened_on: c.date('first day of work', { null: true }),
    closed_on: c.date('last day of work', { null: true }),
  },
});

export const contacts = defineTable({
  schema: 'esh',
  name: 'contacts',
  class: 'mutable',
  doc: 'People and offices to reach about a site.',
  key: ['contact_id'],
  partition: by('contact'),
  columns: {
    contact_id: c.text('identity'),
    ...place,
    role: c.text('what they are to the site'),
    name: c.text('name', { personal: 'name' }),
    email: c.text('e-mail address', { null: true, personal: 'contact' }),
    phone: c.text('telephone number', { null: true, personal: 'contact' }),
  },
});

export const permits = defineTable({
  schema: 'esh',
  name: 'permits',
  class: 'write-once',
  doc: 'Permits as issued. What becomes of them is in permit_status.',
  key: ['permit_id'],
  partition: by('permit', 'issued_on'),
  columns: {
    permit_id: c.text('identity'),
    ...place,
    kind: c.text('`air`, `water`, `waste`, `explosives`, …'),
    number: c.text('number given by the authority'),
    authority: c.text('who issued it'),
    issued_on: c.date('day of issue'),
    expires_on: c.date('last day it holds', { null: true }),
    scope: c.text('what it allows', { null: true }),
    law_section_id: c.text('provision it is issued under', { null: true }),
  },
});

export const permitStatus = defineTable({
  schema: 'esh',
  name: 'permit_status',
  class: 'state-machine',
  doc: 'Where each permit stands.',
  key: ['permit_id'],
  partition: by('permit'),
  columns: {
    permit_id: c.text('permit'),
    ...place,
    status: c.text('`active`, `suspended`, `renewal`, `expired`, `revoked` or `surrendered`'),
    since: c.date('first day in that status'),
    reason: c.text('why', { null: true, personal: 'narrative' }),
    personal_spans: PERSONAL_SPANS,
  },
  states: {
    column: 'status',
    initial: ['active'],
    transitions: {
      active: ['suspended', 'renewal', 'expired', 'revoked', 'surrendered'],
      suspended: ['active', 'revoked', 'surrendered'],
      renewal: ['active', 'expired', 'revoked'],
      expired: ['renewal'],
      revoked: [],
      surrendered: [],
    },
  },
});

export const permitConditions = defineTable({
  schema: 'esh',
  name: 'permit_conditions',
  class: 'write-once',
  doc: 'What a permit asks for.',
  key: ['condition_id'],
  partition: by('permit'),
  columns: {
    condition_id: c.text('identity'),
    permit_id: c.text('permit'),
    ...place,
    number: c.text('number in the permit'),
    text: c.text('the condition in words'),
    parameter: c.text('what is limited', { null: true }),
    limit_value: c.number('bound', { null: true }),
    unit: c.text('unit of the bound (UCUM)', { null: true }),
    frequency: c.text('how often it is checked', { null: true }),
    due_on: c.date('next day it is due', { null: true }),
    law_section_id: c.text('provision behind it', { null: true }),
  },
});

export const inspections = defineTable({
  schema: 'esh',
  name: 'inspections',
  class: 'write-once',
  doc: 'Visits by an authority or by the organisation itself.',
  key: ['inspection_id'],
  partition: by('inspection', 'inspected_on'),
  columns: {
    inspection_id: c.text('identity'),
    ...place,
    inspected_on: c.date('day of the visit'),
    kind: c.text('`routine`, `complaint`, `follow-up`, `incident`, `self`'),
    authority: c.text('who inspected', { null: true }),
    inspector: c.text('name of the inspector', { null: true, personal: 'name' }),
    scope: c.text('what was looked at', { null: true }),
    outcome: c.text('`satisfactory`, `findings` or `stopped`'),
    summary: c.text('in words', { null: true, personal: 'narrative' }),
    personal_spans: PERSONAL_SPANS,
  },
});

export const findings = defineTable({
  schema: 'esh',
  name: 'findings',
  class: 'write-once',
  doc: 'What an inspection or audit found.',
  key: ['finding_id'],
  partition: by('finding', 'found_on'),
  columns: {
    finding_id: c.text('identity'),
    ...place,
    inspection_id: c.text('inspection', { null: true }),
    audit_id: c.text('audit', { null: true }),
    found_on: c.date('day it was found'),
    severity: c.text('`observation`, `minor`, `major` or `critical`'),
    law_section_id: c.text('provision not met', { null: true }),
    description: c.text('in words', { personal: 'narrative' }),
    personal_spans: PERSONAL_SPANS,
  },
});

export const audits = defineTable({
  schema: 'esh',
  name: 'audits',
  class: 'write-once',
  doc: 'Systematic reviews against a standard.',
  key: ['audit_id'],
  partition: by('audit', 'audited_on'),
  columns: {
    audit_id: c.text('identity'),
    ...place,
    audited_on: c.date('last day of the audit'),
    standard: c.text('what it was held against, e.g. `ISO 14001:2015`'),
    auditor: c.text('who audited', { null: true, personal: 'name' }),
    score: c.number('0 to 1', { null: true }),
    outcome: c.text('`passed`, `passed-with-findings` or `failed`'),
  },
});

export const certifications = defineTable({
  schema: 'esh',
  name: 'certifications',
  class: 'write-once',
  doc: 'Certificates of a site or of a person at it.',
  key: ['certification_id'],
  partition: by('certification', 'issued_on'),
  columns: {
    certification_id: c.text('identity'),
    ...place,
    holder: c.text('person who holds it; empty for the site itself', { null: true, personal: 'name' }),
    scheme: c.text('e.g. `ISO 45001:2018`, `forklift operator`'),
    number: c.text('number of the certificate', { null: true }),
    issued_on: c.date('day of issue'),
    expires_on: c.date('last day it holds', { null: true }),
  },
});

export const incidents = defineTable({
  schema: 'esh',
  name: 'incidents',
  class: 'write-once',
  doc: 'Injuries, releases, fires, near misses.',
  key: ['incident_id'],
  partition: by('incident', 'occurred_at'),
  columns: {
    incident_id: c.text('identity'),
    ...place,
    occurred_at: c.time('when it happened'),
    reported_at: c.time('when it was reported', { null: true }),
    kind: c.text('`injury`, `illness`, `release`, `fire`, `near-miss`, `property`, `dangerous-occurrence`'),
    severity: c.text('`low`, `medium`, `high` or `fatal`'),
    narrative: c.text('what happened', { personal: 'narrative' }),
    personal_spans: PERSONAL_SPANS,
    event_code: c.text('event by the scheme of the record', { null: true }),
    cause_code: c.text('cause by the scheme of the record', { null: true }),
    substance: c.text('substance involved', { null: true }),
    quantity: c.number('amount released', { null: true }),
    unit: c.text('unit of the amount (UCUM)', { null: true }),
    flags: c.list('doubts about the record, e.g. `date-in-future`', { null: true }),
  },
});

export const injuredPersons = defineTable({
  schema: 'esh',
  name: 'injured_persons',
  class: 'write-once',
  doc: 'People hurt in an incident.',
  key: ['injured_person_id'],
  partition: by('incident'),
  columns: {
    injured_person_id: c.text('identity'),
    incident_id: c.text('incident'),
    ...place,
    name: c.text('name', { null: true, personal: 'name' }),
    occupation: c.text('job', { null: true, personal: 'identifier' }),
    age: c.int('years', { null: true, personal: 'identifier' }),
    sex: c.text('as recorded', { null: true, personal: 'identifier' }),
    nature_of_injury: c.text('injury or illness', { null: true, personal: 'health' }),
    body_part: c.text('part of the body', { null: true, personal: 'health' }),
    days_away: c.int('days away from work', { null: true, personal: 'health' }),
    days_restricted: c.int('days on restricted work', { null: true, personal: 'health' }),
    fatal: c.flag('whether they died', { personal: 'health' }),
  },
});

export const monitoringPoints = defineTable({
  schema: 'esh',
  name: 'monitoring_points',
  class: 'write-once',
  doc: 'Stacks, outfalls, boreholes, microphones: where something is measured.',
  key: ['point_id'],
  partition: by('monitoring'),
  columns: {
    point_id: c.text('identity'),
    ...place,
    name: c.text('name'),
    medium: c.text('`air`, `water`, `noise`, `soil`, `waste`'),
    latitude: c.number('degrees north, WGS 84', { null: true }),
    longitude: c.number('degrees east, WGS 84', { null: true }),
  },
});

export const monitoringLimits = defineTable({
  schema: 'esh',
  name: 'monitoring_limits',
  class: 'write-once',
  doc: 'Bounds that readings are held against.',
  key: ['limit_id'],
  partition: by('monitoring'),
  columns: {
    limit_id: c.text('identity'),
    point_id: c.text('monitoring point'),
    ...place,
    parameter: c.text('what is measured'),
    statistic: c.text('`instant`, `hourly-mean`, `daily-mean`, `monthly-mean`, `maximum`'),
    lower: c.number('least value allowed', { null: true }),
    upper: c.number('greatest value allowed', { null: true }),
    unit: c.text('unit (UCUM)'),
    valid_from: c.date('first day it applies', { null: true }),
    valid_to: c.date('first day it no longer applies', { null: true }),
    condition_id: c.text('permit condition behind it', { null: true }),
    law_section_id: c.text('provision behind it', { null: true }),
  },
});

export const monitoringReadings = defineTable({
  schema: 'esh',
  name: 'monitoring_readings',
  class: 'write-once',
  doc: 'Measured values.',
  key: ['point_id', 'parameter', 'measured_at'],
  partition: by('monitoring', 'measured_at'),
  columns: {
    point_id: c.text('monitoring point'),
    ...place,
    parameter: c.text('what is measured'),
    measured_at: c.time('end of the interval measured'),
    value: c.number('measured value; empty when there is none', { null: true }),
    unit: c.text('unit (UCUM)'),
    qualifier: c.text('`<`, `>`, `estimated`, `invalid`', { null: true }),
  },
});

export const riskAssessments = defineTable({
  schema: 'esh',
  name: 'risk_assessments',
  class: 'mutable',
  doc: 'Hazards, how likely and how bad, and what is done about them.',
  key: ['risk_id'],
  partition: by('risk', 'assessed_on'),
  columns: {
    risk_id: c.text('identity'),
    ...place,
    activity: c.text('work assessed'),
    hazard: c.text('what can do harm'),
    likelihood: c.int('1 to 5'),
    severity: c.int('1 to 5'),
    residual_likelihood: c.int('1 to 5, with the controls', { null: true }),
    residual_severity: c.int('1 to 5, with the controls', { null: true }),
    controls: c.text('what is done about it', { null: true }),
    assessed_on: c.date('day of the assessment'),
    review_on: c.date('day of the next one', { null: true }),
    assessor: c.text('who assessed', { null: true, personal: 'name' }),
  },
});

export const enforcementActions = defineTable({
  schema: 'esh',
  name: 'enforcement_actions',
  class: 'state-machine',
  doc: 'Notices, orders, penalties and prosecutions.',
  key: ['action_id'],
  partition: by('enforcement', 'issued_on'),
  columns: {
    action_id: c.text('identity'),
    ...place,
    inspection_id: c.text('inspection it follows', { null: true }),
    kind: c.text('`notice`, `improvement`, `prohibition`, `penalty`, `prosecution`'),
    status: c.text('`draft`, `issued`, `appealed`, `complied`, `withdrawn` or `closed`'),
    authority: c.text('who acts'),
    issued_on: c.date('day of issue', { null: true }),
    comply_by: c.date('last day to comply', { null: true }),
    law_section_id: c.text('provision breached', { null: true }),
    cited_provisions: c.list('provisions as printed', { null: true }),
    penalty: c.money('amount', { null: true }),
    currency: c.text('ISO 4217 code', { null: true }),
    description: c.text('in words', { null: true, personal: 'narrative' }),
    personal_spans: PERSONAL_SPANS,
  },
  states: {
    column: 'status',
    initial: ['draft', 'issued'],
    transitions: {
      draft: ['issued', 'withdrawn'],
      issued: ['appealed', 'complied', 'withdrawn'],
      appealed: ['issued', 'withdrawn'],
      complied: ['closed', 'issued'],
      withdrawn: [],
      closed: [],
    },
  },
});

export const actionItems = defineTable({
  schema: 'esh',
  name: 'action_items',
  class: 'state-machine',
  doc: 'Corrective and preventive actions (CAPA).',
  key: ['action_item_id'],
  partition: by('action', 'due_on'),
  columns: {
    action_item_id: c.text('identity'),
    ...place,
    source_table: c.text('table of what it answers, e.g. `esh.findings`', { null: true }),
    source_id: c.text('key of what it answers', { null: true }),
    kind: c.text('`corrective` or `preventive`'),
    status: c.text('`open`, `in-progress`, `done`, `verified` or `cancelled`'),
    title: c.text('what is to be done'),
    owner: c.text('who does it', { null: true, personal: 'name' }),
    due_on: c.date('last day', { null: true }),
    done_on: c.date('day it was done', { null: true }),
    effective: c.flag('whether it worked, once checked', { null: true }),
  },
  states: {
    column: 'status',
    initial: ['open'],
    transitions: {
      open: ['in-progress', 'done', 'cancelled'],
      'in-progress': ['open', 'done', 'cancelled'],
      done: ['verified', 'in-progress'],
      verified: ['in-progress'],
      cancelled: [],
    },
  },
});

export const evidence = defineTable({
  schema: 'esh',
  name: 'evidence',
  class: 'write-once',
  doc: 'Photographs, documents and samples that show something. The bytes are named by their hash.',
  key: ['evidence_id'],
  partition: by('evidence', 'collected_at'),
  columns: {
    evidence_id: c.text('identity'),
    ...place,
    subject_table: c.text('table of what it shows'),
    subject_id: c.text('key of what it shows'),
    kind: c.text('`photo`, `document`, `sample`, `measurement`, `statement`'),
    collected_at: c.time('when it was taken'),
    collected_by: c.text('who took it', { null: true, personal: 'name' }),
    media_type: c.text('media type of the bytes'),
    bytes_sha256: c.text('SHA-256 of the bytes'),
    bytes_length: c.bigint('length of the bytes'),
    note: c.text('in words', { null: true, personal: 'narrative' }),
    personal_spans: PERSONAL_SPANS,
  },
});

export const humanDecisions = defineTable({
  schema: 'esh',
  name: 'human_decisions',
  class: 'write-once',
  doc: 'What a person decided about a recommendation, and why.',
  key: ['decision_id'],
  partition: by('decision', 'decided_at'),
  columns: {
    decision_id: c.text('identity'),
    ...place,
    inference_id: c.text('recommendation decided upon', { null: true }),
    subject_table: c.text('table of what it is about', { null: true }),
    subject_id: c.text('key of what it is about', { null: true }),
    decision: c.text('`accept`, `reject` or `amend`'),
    amendment: c.text('what was put in its place', { null: true, personal: 'narrative' }),
    reason: c.text('why', { personal: 'narrative' }),
    personal_spans: PERSONAL_SPANS,
    decided_by: c.text('principal who decided', { personal: 'identifier' }),
    decided_at: c.time('when'),
  },
});

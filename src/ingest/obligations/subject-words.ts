/**
 * Words that tell what a duty is about and to whom or what it applies. `train*` is every word that begins so; several
 * words are a phrase. Written by hand for environment, safety and health law; a name is what a register is filtered by.
 */

const lines = (text: string): readonly (readonly [name: string, phrases: readonly string[]])[] =>
  text
    .trim()
    .split('\n')
    .map((line) => {
      const [name = '', phrases = ''] = line.split(': ');
      return [name.trim(), phrases.split(',').map((phrase) => phrase.trim())] as const;
    });

export const TOPICS = lines(`
training: train, trained, training, trains, retrain*, instruct, instructed, instruction of, competent person, competence, qualified person, qualifications, refresher
records: record, records, recorded, recordkeeping, record-keeping, logbook, retain, retained, documentation, documented, keep a copy, copies of, copy of, written certification
reporting: report, reports, reported, reporting, notify, notifies, notified of, shall be notified, must be notified, notification of, notification to, notifications, submit, submits, submitted, submission
inspection: inspect, inspects, inspected, inspection, inspections, test, tests, tested, testing, examin*, audit, audits, audited, calibrat*, verify, verified, verification
monitoring: monitor, monitored, monitoring, measure the, measured, measurement, measurements, sampl*
permits: a permit, the permit, permits, permit application, licence, licences, license, licenses, licensed, authorisation, authorization
risk assessment: risk assessment, risk assessments, assess the risk*, assessment of the risk*, hazard assessment*, hazard analys*, hazard evaluation*, evaluation of the risk*, assess whether
protective equipment: protective equipment, protective clothing, respirator*, respiratory protect*, hearing protect*, eye protect*, glove*, goggles, safety glasses, helmet*, hard hat*, ppe
emergency: emergenc*, evacuat*, first aid, first-aid, rescue*, contingency plan*, spill*, alarm*
fire and explosion: fire, fires, firefight*, explosi*, explosive*, flammab*, ignit*, combustible*, detonat*, blast*
machinery: machines, machinery, lockout, locked out, tagout, tagged out, energy isolating, energy control, hazardous energy, guarding, guards, crane*, lifting equipment, hoist*
electricity: electric*, energized, de-energi*, deenergi*, grounding, conductor, conductors
work at height: fall protection, fall arrest, fall protective, guardrail*, scaffold*, ladder*, work at height, working at height, falling from
confined spaces: confined space*, permit space*, permit-required
noise and vibration: noise, vibration, sound level, sound pressure
chemicals: chemical*, hazardous substance*, dangerous substance*, hazardous material*, toxic, carcinogen*, mixture*, safety data sheet*
waste: waste, wastes, manifest, manifests, disposal, disposed, dispose, recycl*, landfill*, incinerat*
air: emission, emissions, air pollut*, greenhouse gas*, allowance*, ozone, volatile organic, stack
water: wastewater, waste water, effluent*, groundwater, surface water, water quality, discharge of, discharges
radiation: radiation, radioactiv*, ionising, ionizing
storage: store, stored, storage, storing, tank, tanks, container, containers, magazine, magazines
transport: transport*, shipment*, shipping, shipped, carriage of, consignment*
labelling: label, labels, labelled, labeled, labelling, labeling, placard*, warning sign*, safety sign*, signage, marked, marking
health surveillance: medical, health surveillance, physician*, biological monitoring, audiometric, audiogram*
exposure: exposure, exposures, exposed to
plans and procedures: plan, plans, programme, program, procedure, procedures
participation: consult, consulted, consultation, representatives of employees, employee representative*, workers' representative*, worker representative*, participat*
information: inform, informed, informs, information, made available, make available
maintenance: maintenance, servicing, serviced, repair, repairs, repaired
design and construction: design, designed, construct, constructed, construction of, install, installed, installation of
security: theft, secured, locked, unauthorised access, unauthorized access
trade: export, exports, exported, exporter*, import, imports, imported, importer*, placed on the market, placing on the market
enforcement: penalt*, offence*, infringement*, appeal*, enforcement
`);

export const SECTORS = lines(`
construction: construction work, construction site*, construction industry, construction project*, demolition
general industry: general industry
agriculture: agricultur*, farm, farms, farming, crop, livestock
mining: mine, mines, mining, quarr*
maritime: shipyard*, longshoring, marine terminal*, vessel, vessels, shipbuilding, seafarer*
offshore: offshore
aviation: aircraft operator*, aviation, airport*
railways: railway*, railroad*
road transport: motor vehicle*, road transport, tank vehicle*, motor carrier*
energy: power plant*, electricity generation, combustion plant*, refiner*, oil and gas, pipeline*
chemical industry: chemical plant*, chemical manufactur*
waste management: landfill*, treatment storage and disposal facilit*, disposal facilit*, waste management, recycling facilit*
health care: hospital*, health care, healthcare, medical facilit*
education: school*, universit*, college*, academic entit*, teaching hospital*
laboratories: laborator*
explosives: licensee*, permittee*, explosive materials, explosives industry
music and entertainment: music and entertainment, entertainment sector*
telecommunications: telecommunication*
`);

export const SUBSTANCES = lines(`
asbestos: asbestos, asbestos-containing
lead: lead-acid, lead paint, lead-based, exposure to lead, metallic lead, inorganic lead
mercury: mercury
cadmium: cadmium
chromium: chromium*, hexavalent chromium
arsenic: arsenic
beryllium: beryllium
nickel: nickel
benzene: benzene
formaldehyde: formaldehyde
vinyl chloride: vinyl chloride
ethylene oxide: ethylene oxide
methylene chloride: methylene chloride, dichloromethane
acrylonitrile: acrylonitrile
butadiene: butadiene
silica: silica
dust: dust, dusts
ammonia: ammonia
chlorine: chlorine
hydrogen sulphide: hydrogen sulfide, hydrogen sulphide
hydrogen: hydrogen
carbon monoxide: carbon monoxide
carbon dioxide: carbon dioxide, co2
nitrous oxide: nitrous oxide, n2o
nitrogen oxides: nitrogen oxide*, nox
sulphur dioxide: sulphur dioxide, sulfur dioxide, so2
perfluorocarbons: perfluorocarbon*
fluorinated gases: fluorinated gas*, fluorinated greenhouse gas*, hydrofluorocarbon*, sulphur hexafluoride
greenhouse gases: greenhouse gas*
ozone-depleting substances: ozone-depleting, chlorofluorocarbon*
volatile organic compounds: volatile organic compound*, voc, vocs
methane: methane
polychlorinated biphenyls: polychlorinated biphenyl*, pcb, pcbs
pesticides: pesticide*, biocid*, herbicide*
dioxins: dioxin*
radon: radon
explosive materials: explosive materials, explosives, blasting agent*, high explosive*, black powder, detonator*, display fireworks
flammable liquids: flammable liquid*, flammable gas*, flammable and combustible liquid*, combustible liquid*
compressed gases: compressed gas*
hazardous waste: hazardous waste, hazardous wastes, acute hazardous waste
universal waste: universal waste
used oil: used oil, waste oil*
batteries: battery, batteries, accumulator*
packaging waste: packaging waste
carcinogens: carcinogen*, mutagen*
biological agents: biological agent*, bloodborne pathogen*
radioactive material: radioactive material*, radioactive substance*
chemical weapons agents: nerve agent*
`);

export const SIZES = lines(`
very small quantity generator: very small quantity generator*, conditionally exempt small quantity generator*
small quantity generator: small quantity generator*
large quantity generator: large quantity generator*
small and medium-sized enterprises: small and medium-sized, small and medium sized, sme, smes
micro-enterprises: microenterprise*, micro-enterprise*, micro-undertaking*, micro undertaking*
small business: small business*, small employer*, small emitter*
lower-tier establishment: lower-tier
upper-tier establishment: upper-tier
`);

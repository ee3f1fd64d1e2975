/**
 * British acts and regulations that safety and environmental law cites by title alone, with their numbers: what their
 * identity on this node would be. Others are found by title once they are here.
 */
const ACTS: Readonly<Record<string, string>> = {
  'Agriculture Act 1970': 'ukpga/1970/40',
  'Building Safety Act 2022': 'ukpga/2022/30',
  'Clean Air Act 1993': 'ukpga/1993/11',
  'Climate Change Act 2008': 'ukpga/2008/27',
  'Control of Pollution Act 1974': 'ukpga/1974/40',
  'Corporate Manslaughter and Corporate Homicide Act 2007': 'ukpga/2007/19',
  'Employment Rights Act 1996': 'ukpga/1996/18',
  'Energy Act 2013': 'ukpga/2013/32',
  'Environment Act 1995': 'ukpga/1995/25',
  'Environment Act 2021': 'ukpga/2021/30',
  'Environmental Protection Act 1990': 'ukpga/1990/43',
  'European Communities Act 1972': 'ukpga/1972/68',
  'European Union (Withdrawal) Act 2018': 'ukpga/2018/16',
  'Factories Act 1961': 'ukpga/1961/34',
  'Health and Safety at Work etc. Act 1974': 'ukpga/1974/37',
  'Housing Act 1985': 'ukpga/1985/68',
  'Interpretation Act 1978': 'ukpga/1978/30',
  'Merchant Shipping Act 1995': 'ukpga/1995/21',
  'Mines and Quarries Act 1954': 'ukpga/1954/70',
  'Nuclear Installations Act 1965': 'ukpga/1965/57',
  'Offices, Shops and Railway Premises Act 1963': 'ukpga/1963/41',
  'Pollution Prevention and Control Act 1999': 'ukpga/1999/24',
  'Radioactive Substances Act 1993': 'ukpga/1993/12',
  'Regulatory Enforcement and Sanctions Act 2008': 'ukpga/2008/13',
  'Road Traffic Act 1988': 'ukpga/1988/52',
  'Town and Country Planning Act 1990': 'ukpga/1990/8',
  'Water Industry Act 1991': 'ukpga/1991/56',
  'Water Resources Act 1991': 'ukpga/1991/57',
  'Wildlife and Countryside Act 1981': 'ukpga/1981/69',
  'Confined Spaces Regulations 1997': 'uksi/1997/1713',
  'Construction (Design and Management) Regulations 2015': 'uksi/2015/51',
  'Control of Asbestos Regulations 2012': 'uksi/2012/632',
  'Control of Lead at Work Regulations 2002': 'uksi/2002/2676',
  'Control of Major Accident Hazards Regulations 2015': 'uksi/2015/483',
  'Control of Noise at Work Regulations 2005': 'uksi/2005/1643',
  'Control of Substances Hazardous to Health Regulations 2002': 'uksi/2002/2677',
  'Control of Vibration at Work Regulations 2005': 'uksi/2005/1093',
  'Dangerous Substances and Explosive Atmospheres Regulations 2002': 'uksi/2002/2776',
  'Electricity at Work Regulations 1989': 'uksi/1989/635',
  'Environmental Permitting (England and Wales) Regulations 2016': 'uksi/2016/1154',
  'Gas Safety (Installation and Use) Regulations 1998': 'uksi/1998/2451',
  'Hazardous Waste (England and Wales) Regulations 2005': 'uksi/2005/894',
  'Health and Safety (Consultation with Employees) Regulations 1996': 'uksi/1996/1513',
  'Health and Safety (Display Screen Equipment) Regulations 1992': 'uksi/1992/2792',
  'Health and Safety (Enforcing Authority) Regulations 1998': 'uksi/1998/494',
  'Health and Safety (First-Aid) Regulations 1981': 'uksi/1981/917',
  'Ionising Radiations Regulations 1985': 'uksi/1985/1333',
  'Ionising Radiations Regulations 2017': 'uksi/2017/1075',
  'Lifting Operations and Lifting Equipment Regulations 1998': 'uksi/1998/2307',
  'Management of Health and Safety at Work Regulations 1999': 'uksi/1999/3242',
  'Manual Handling Operations Regulations 1992': 'uksi/1992/2793',
  'Personal Protective Equipment at Work Regulations 1992': 'uksi/1992/2966',
  'Pressure Systems Safety Regulations 2000': 'uksi/2000/128',
  'Provision and Use of Work Equipment Regulations 1998': 'uksi/1998/2306',
  'Reporting of Injuries, Diseases and Dangerous Occurrences Regulations 2013': 'uksi/2013/1471',
  'Safety Representatives and Safety Committees Regulations 1977': 'uksi/1977/500',
  'Work at Height Regulations 2005': 'uksi/2005/735',
  'Working Time Regulations 1998': 'uksi/1998/1833',
  'Workplace (Health, Safety and Welfare) Regulations 1992': 'uksi/1992/3004',
};

const BY_TITLE: ReadonlyMap<string, string> = new Map(
  Object.entries(ACTS).map(([title, id]) => [title.toLowerCase(), `uk/${id}`]),
);

/** The identity of the act with this title, when it is one of those above. */
export function actTitled(title: string): string | undefined {
  return BY_TITLE.get(title.toLowerCase());
}

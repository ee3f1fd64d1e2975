/** Abbreviations of legal writing, without their last full stop, in lower case. */

/** Something always follows these: a full stop after them never ends a sentence. */
export const OPEN_ABBREVIATIONS: ReadonlySet<string> = new Set(
  `no nos art arts para paras par subpara reg regs sch schs s ss sec secs subsec ch chap cl cls pt pts p pp fig figs vol vols
   col ann app cf eg e.g ie i.e viz v vs mr mrs ms dr st prof hon rt gen col lt capt rev approx ca ed eds cap r rr
   o.j c.f stat fed reg.no al.no tel fax ext ref nr n.o dir dec ord`.split(/\s+/),
);

/** A sentence may end with these; it does when the next word opens one. */
export const CLOSE_ABBREVIATIONS: ReadonlySet<string> = new Set(
  `etc inc ltd co corp plc llc dept div assn bros u.s u.s.c c.f.r u.k e.u e.c a.m p.m seq al jan feb mar apr jun jul aug
   sep sept oct nov dec in ft lb lbs oz gal hr hrs min mins max sq cu wt temp avg dia vol.no jr sr ph.d m.d w.g
   d.c n.w s.w n.e s.e`.split(/\s+/),
);

/** Words that open a sentence after an abbreviation. */
export const OPENERS: ReadonlySet<string> = new Set(
  `the a an this that these those if when where whenever unless each every any no all it they he she such for in on at by
   after before upon except however provided notwithstanding subject nothing failure persons employers employees
   operators generators`.split(/\s+/),
);

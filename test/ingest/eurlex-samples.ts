/** Small EU acts in the official formats, written for these tests. */
import { encode } from '../contract/reader-contract.ts';
import type { ReaderSample } from '../contract/reader-contract.ts';

/** A consolidated directive in Formex. */
export function formexAct(day: string, extra = ''): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<CONS.ACT><INFO.CONSLEG CONSLEG.REF="1999L0096" START.DATE="${day}" END.DATE="99999999" LEG.VAL="DIR"/><INFO.PROD PROD.DATE="20060410"/><CONS.DOC><BIB.INSTANCE><LG.DOC>EN</LG.DOC><PAGE.FIRST>1</PAGE.FIRST></BIB.INSTANCE><FAM.COMP><BIB.DATA><NO.CELEX>31999L0096</NO.CELEX><TITLE><TI><P>Council Directive 1999/96/EC</P></TI></TITLE></BIB.DATA><GR.MOD.ACT><MOD.ACT><BIB.DATA><NO.CELEX>32003L0035</NO.CELEX><TITLE><TI><P>Directive 2003/35/EC on apples</P></TI></TITLE></BIB.DATA></MOD.ACT></GR.MOD.ACT></FAM.COMP><TITLE><TI><P><HT TYPE="UC">Council Directive</HT> 1999/96/EC</P><P>of <DATE ISO="19990101">1 January 1999</DATE></P><P>concerning ladders</P></TI></TITLE>
<PREAMBLE><PREAMBLE.INIT>THE COUNCIL,</PREAMBLE.INIT><GR.VISA><VISA>Having regard to the Treaty<NOTE NOTE.ID="E0001"><P>OJ No C 311, p. 6.</P></NOTE>,</VISA></GR.VISA><GR.CONSID><GR.CONSID.INIT>Whereas:</GR.CONSID.INIT><CONSID><NP><NO.P>(1)</NO.P><TXT>Ladders fall<NOTE NOTE.ID="E0002"><P>OJ No C 312.</P></NOTE>.</TXT></NP></CONSID><CONSID><NP><NO.P>(2)</NO.P><TXT>Pickers fall too,</TXT></NP></CONSID></GR.CONSID><PREAMBLE.FINAL>HAS ADOPTED THIS DIRECTIVE:</PREAMBLE.FINAL></PREAMBLE>
<ENACTING.TERMS><DIVISION><TITLE><TI><P>CHAPTER I</P></TI><STI><P>GENERAL</P></STI></TITLE>
<ARTICLE IDENTIFIER="001"><TI.ART>Article 1</TI.ART><STI.ART>Scope</STI.ART><ALINEA>All ladders.</ALINEA></ARTICLE>
<ARTICLE IDENTIFIER="002"><TI.ART>Article 2</TI.ART><STI.ART>Definitions</STI.ART><ALINEA><P>In this Directive:</P><LIST TYPE="ARAB"><ITEM><NP><NO.P>1.</NO.P><TXT><QUOT.START CODE="2018"/>ladder<QUOT.END CODE="2019"/> means:</TXT><P><LIST><ITEM><NP><NO.P>(a)</NO.P><TXT>a thing of 2 m<HT TYPE="SUP">2</HT> with</TXT></NP></ITEM><ITEM><NP><NO.P>(b)</NO.P><TXT>rungs;</TXT></NP></ITEM></LIST></P></NP></ITEM><ITEM><P>others.</P></ITEM></LIST></ALINEA></ARTICLE>
<ARTICLE IDENTIFIER="003"><TI.ART>Article 3</TI.ART><PARAG><NO.PARAG>1.</NO.PARAG><ALINEA>A ladder stands.</ALINEA><ALINEA><P>It has:</P><LIST><ITEM><NP><NO.P>(a)</NO.P><TXT>feet;</TXT></NP></ITEM></LIST></ALINEA><ALINEA>It is inspected.</ALINEA></PARAG><PARAG><NO.PARAG>2.</NO.PARAG><ALINEA><P>Article 7 of Directive 2001/1/EC is replaced by:</P><P><QUOT.S LEVEL="1"><ARTICLE><TI.ART><QUOT.START CODE="2018"/>Article 7</TI.ART><PARAG><NO.PARAG>1.</NO.PARAG><ALINEA>Trees stand.<QUOT.END CODE="2019"/></ALINEA></PARAG></ARTICLE></QUOT.S></P></ALINEA></PARAG>${extra}</ARTICLE>
</DIVISION></ENACTING.TERMS>
<FINAL><SIGNATURE><PL.DATE><P>Done at Brussels.</P></PL.DATE><SIGNATORY><P>The President</P></SIGNATORY></SIGNATURE></FINAL>
<CONS.ANNEX><TITLE><TI><P>ANNEX I</P></TI><STI><P>KINDS</P></STI></TITLE><CONTENTS><GR.SEQ LEVEL="1"><NO.GR.SEQ>1.</NO.GR.SEQ><P>Small ones<NOTE NOTE.ID="E0003"><P>Under 3 m.</P></NOTE>.</P></GR.SEQ><GR.SEQ LEVEL="1"><TITLE><TI><NP><NO.P>1.</NO.P><TXT>Wood</TXT></NP></TI></TITLE><GR.SEQ LEVEL="2"><NO.GR.SEQ>1.1.</NO.GR.SEQ><P>Oak of <FT TYPE="NUMBER">25000</FT> kg:</P><LIST><ITEM><NP><NO.P>(a)</NO.P><TXT>old.</TXT></NP></ITEM></LIST></GR.SEQ></GR.SEQ><TBL COLS="2"><TITLE><TI><P>Heights</P></TI></TITLE><GR.NOTES><NOTE NOTE.ID="E0004" TYPE="TABLE"><P>Grown.</P></NOTE></GR.NOTES><CORPUS><ROW><CELL>Tree</CELL><CELL>m</CELL></ROW><ROW><CELL>Apple<NOTE NOTE.REF="E0004"/></CELL><CELL>4</CELL></ROW></CORPUS></TBL></CONTENTS></CONS.ANNEX>
<CONS.ANNEX><TITLE><TI><P>ANNEX II</P></TI></TITLE><CONTENTS><GR.SEQ LEVEL="1"><TITLE><TI><P>PAINT</P></TI></TITLE><GR.SEQ LEVEL="2"><TITLE><TI><P>Part A</P></TI><STI><P>Colours</P></STI></TITLE><P>h = <EXPR TYPE="BRACKET"><FRACTION><DIVIDEND>h</DIVIDEND><DIVISOR>t</DIVISOR></FRACTION></EXPR></P><DLIST><DLIST.ITEM><TERM>h</TERM><DEFINITION>height</DEFINITION></DLIST.ITEM></DLIST></GR.SEQ></GR.SEQ></CONTENTS></CONS.ANNEX>
</CONS.DOC></CONS.ACT>`;
}

export const FORMEX_ACT: ReaderSample = {
  name: 'consolidated act of our own',
  bytes: encode(formexAct('20010203')),
};

export const FORMEX_ANNEX: ReaderSample = {
  name: 'annex of our own',
  bytes: encode(
    '<ANNEX><BIB.INSTANCE><DOCUMENT.REF FILE="L_2011334EN.doc.xml"><COLL>L</COLL><NO.OJ>334</NO.OJ><YEAR>2011</YEAR></DOCUMENT.REF><LG.DOC>EN</LG.DOC><PAGE.FIRST>26</PAGE.FIRST><PAGE.SEQ>1</PAGE.SEQ></BIB.INSTANCE><TITLE><TI><P>ANNEX</P></TI></TITLE><CONTENTS><P>Prices.</P><NP><NO.P>1.</NO.P><TXT>Eggs</TXT></NP></CONTENTS></ANNEX>',
  ),
};

/** The same directive as a consolidated version in XHTML. */
export const XHTML_CONSOLIDATED: ReaderSample = {
  name: 'consolidated page of our own',
  bytes:
    encode(`<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE html PUBLIC "-//W3C//DTD XHTML//EN" "xhtml-strict.dtd"><html xmlns="http://www.w3.org/1999/xhtml"><!-- CONVEX # converter_version:9.16.1 --><head><title>Consolidated TEXT: 31999L0096</title></head><body>
<p class="reference">01999L0096 — EN — 03.02.2001 — 001.001</p><hr class="separator"/>
<table><tr><td><p class="title-doc-first">COUNCIL DIRECTIVE 1999/96/EC</p></td></tr></table>
<div class="eli-container"><div class="eli-main-title" id="tit_1"><p class="title-doc-first">COUNCIL DIRECTIVE 1999/96/EC</p><p class="title-doc-last">concerning ladders</p></div>
<div class="preamble"><p class="norm">THE COUNCIL,</p><p class="norm">Having regard to the Treaty (<a href="#E0001" id="src.E0001"><span class="superscript">1</span></a> ),</p><p class="norm">Whereas:</p><table><tr><td><p class="norm">(1)</p></td><td><p class="norm">Ladders fall.</p></td></tr></table><table><tr><td><p class="norm">(2)</p></td><td><p class="norm">Pickers fall too,</p></td></tr></table><p class="norm">HAS ADOPTED THIS DIRECTIVE:</p></div>
<div class="eli-subdivision" id="enc_1"><div id="cpt_I"><p class="title-division-1">CHAPTER I</p><p class="title-division-2"><span class="boldface">GENERAL</span></p>
<div class="eli-subdivision" id="art_1"><p class="title-article-norm">Article 1</p><div class="eli-title"><p class="stitle-article-norm">Scope</p></div><p class="modref"><a href="x">▼M1</a></p><p class="norm">All ladders.</p></div>
<div class="eli-subdivision" id="art_2"><p class="title-article-norm">Article 2</p><p class="stitle-article-norm">Definitions</p><p class="norm">In this Directive:</p><div class="grid-container grid-list"><div class="list grid-list-column-1"><span>1.</span></div><div class="grid-list-column-2"><p class="norm">‘ladder’ means:</p><div class="grid-container grid-list"><div class="list grid-list-column-1"><span>(a)</span></div><div class="grid-list-column-2"><p class="norm">a thing of 2 m<span class="superscript">2</span> with</p></div></div><div class="grid-container grid-list"><div class="list grid-list-column-1"><span>(b)</span></div><div class="grid-list-column-2"><p class="norm">rungs;</p></div></div></div></div><div><p class="norm">—<span style="margin-left: 1em"> </span>others.</p></div></div>
<div class="eli-subdivision" id="art_3"><p class="title-article-norm">Article 3</p><div class="norm"><span class="no-parag">1.  </span><div class="norm inline-element">A ladder stands.</div></div><p class="norm">It has:</p><div class="grid-container grid-list"><div class="list grid-list-column-1"><span>(a)</span></div><div class="grid-list-column-2"><p class="norm">feet;</p></div></div><p class="norm">It is inspected.</p><p class="norm">2.  Article 7 of Directive 2001/1/EC is replaced by:</p><p class="norm">‘Article 7 Trees stand.’</p></div></div></div></div>
<div id="anx_I"><hr class="separator-annex"/><p class="title-annex-1">ANNEX I</p><p class="title-annex-2">KINDS</p><table><tr><td><p class="norm">1.</p></td><td><p class="norm">Small ones (<a href="#E0003" id="src.E0003"><span class="superscript">2</span></a> ).</p></td></tr></table><p class="title-gr-seq-level-1">1. <span class="boldface">Wood</span></p><p class="norm">1.1.  Oak of 25 000 kg:</p><table><tr><td><p class="norm">(a)</p></td><td><p class="norm">old.</p></td></tr></table><p class="title-table">Heights</p><table border="1"><tbody><tr><td><p class="tbl-norm">Tree</p></td><td><p class="tbl-norm">m</p></td></tr><tr><td><p class="tbl-norm">Apple</p></td><td><p class="tbl-norm">4</p></td></tr></tbody></table></div>
<div id="anx_II"><p class="title-annex-1">ANNEX II</p><p class="title-gr-seq-level-1">PAINT</p><p class="title-gr-seq-level-2">Part A</p><p class="title-gr-seq-level-2">Colours</p><p class="norm">Blue.</p></div>
<p class="footnote">( <a href="#src.E0001" id="E0001"><span class="superscript">1</span></a> ) OJ No C 311, p. 6.</p><p class="footnote">( <a href="#src.E0003" id="E0003"><span class="superscript">2</span></a> ) Under 3 m.</p>
</body></html>`),
};

/** A regulation as the Official Journal has it. */
export const XHTML_JOURNAL: ReaderSample = {
  name: 'page of the Official Journal of our own',
  bytes:
    encode(`<?xml version="1.0" encoding="UTF-8"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title>L_2024001EN.xml</title></head><body>
<table><tbody><tr><td><p class="oj-hd-date">29.1.2024</p></td><td><p class="oj-hd-lg">EN</p></td><td><p class="oj-hd-oj">L 24/8</p></td></tr></tbody></table>
<div class="eli-container"><div class="eli-main-title" id="tit_1"><p class="oj-doc-ti">REGULATION (EU) 2024/77 OF THE COUNCIL</p><p class="oj-doc-ti">on trees</p></div>
<div class="eli-subdivision" id="pbl_1"><p class="oj-normal">THE COUNCIL,</p><div class="eli-subdivision" id="rct_1"><table><tbody><tr><td><p class="oj-normal">(1)</p></td><td><p class="oj-normal">Trees grow<a id="ntc1" href="#ntr1">(<span class="oj-super oj-note-tag">1</span>)</a>.</p></td></tr></tbody></table></div><p class="oj-normal">HAS ADOPTED THIS REGULATION:</p></div>
<div class="eli-subdivision" id="enc_1"><div class="eli-subdivision" id="art_1"><p class="oj-ti-art">Article 1</p><div class="eli-title"><p class="oj-sti-art">Trees</p></div><div id="001.001"><p class="oj-normal">1.   A tree:</p><table><tbody><tr><td><p class="oj-normal">(a)</p></td><td><p class="oj-normal">stands;</p></td></tr></tbody></table></div></div>
<div class="eli-subdivision" id="art_2"><p class="oj-ti-art">Article 2</p><p class="oj-normal">This Regulation shall enter into force on the twentieth day following that of its publication in the <span class="oj-italic">Official Journal of the European Union</span>.</p></div></div>
<div class="eli-subdivision" id="fnp_1"><div class="oj-final"><p class="oj-normal">Done at Brussels.</p><div class="oj-signatory"><p class="oj-signatory">The President</p></div></div></div>
<p class="oj-note"><a id="ntr1" href="#ntc1">(<span class="oj-super">1</span>)</a>  OJ C 1.</p></div>
<div class="eli-container" id="anx_1"><p class="oj-doc-ti">ANNEX</p><p class="oj-doc-ti">HEIGHTS</p><table class="oj-table"><tbody><tr class="oj-table"><td class="oj-table"><p class="oj-tbl-txt">Apple</p></td><td class="oj-table"><p class="oj-tbl-txt">4</p></td></tr></tbody></table></div>
</body></html>`),
};

/** Small documents in the official formats, written for these tests, and the way to the real ones. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ReaderSample } from '../contract/reader-contract.ts';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
export const sharedFolder = path.resolve(root, process.env['FRACTAL_SHARED'] ?? '../shared', 'data');

/** Real files below shared/data; those that are absent are named on the output and left out. */
export function realSamples(...files: readonly string[]): readonly ReaderSample[] {
  return files.flatMap((file) => {
    const at = path.join(sharedFolder, file);
    if (existsSync(at)) return [{ name: path.basename(file), bytes: readFileSync(at) }];
    console.log(`# skipped: ${file} is not below ${sharedFolder}`);
    return [];
  });
}

const text = (content: string): Uint8Array => new TextEncoder().encode(content);

/** A section as the eCFR gives it alone. */
export const ECFR_SECTION: ReaderSample = {
  name: 'section of our own',
  bytes:
    text(`<DIV8 N="9999.12" TYPE="SECTION" hierarchy_metadata="{&quot;path&quot;:&quot;/on/2024-01-01/title-29/section-9999.12&quot;,&quot;citation&quot;:&quot;29 CFR 9999.12&quot;}">
<HEAD>&#xA7; 9999.12 Ladders in orchards.</HEAD>
<P>This section is about ladders.</P>
<P>(a) <I>Scope and purpose</I>&#x2014;(1) <I>Scope.</I> (i) This section covers ladders longer than 2 m<SU>2</SU> of tread.</P>
<P>(ii) It does not cover:</P>
<P>(A) Step stools; or</P>
<P>(B) <I>Trees.</I> (<I>1</I>) Apple trees, 8<FR>1/2</FR> m high;</P>
<P>(<I>2</I>) Pear trees with a CO<E T="52">2</E> sensor.</P>
<NOTE><HED>Note to paragraph (a)(1):</HED><P>Trees are not ladders.<SU>1</SU><FTREF/></P></NOTE>
<FTNT><P><SU>1</SU> See § 9999.1.</P></FTNT>
<P>(2) <I>Purpose.</I> To keep pickers safe.</P>
<P>(b) <I>Definitions.</I></P>
<P><I>Ladder</I> means a thing with rungs that&#x2014;</P>
<P>(1) Leans; and</P>
<P>(2) Is climbed.</P>
<P><I>Rung.</I> A part of a ladder.</P>
<P>(c)-(e) [Reserved]</P>
<P>(f) The employer shall:</P>
<P>(1) Inspect each ladder;</P>
<P>(2) Keep a record.</P>
<FP>A record is kept for 3 years.</FP>
<DIV width="100%"><DIV class="gpotbl_div"><TABLE><CAPTION><P>Table 1—Heights</P></CAPTION><TR><TH>Tree</TH><TH>Height</TH></TR><TR><TD>Apple</TD><TD>4 m</TD></TR></TABLE></DIV></DIV>
<P>(g) One.</P>
<P>(h)(1) Two.</P>
<P>(2) Three.</P>
<P>(i) Four.</P>
<P>(j) Five.</P>
<EXTRACT><HD1>Appendix A to § 9999.12—Checklist</HD1><HD2>Before use</HD2><P>1. Look at it.</P><P>2. Shake it.</P><HD2>After use</HD2><P>Store it.</P></EXTRACT>
<CITA TYPE="N">[89 FR 1, Jan. 1, 2024]</CITA>
</DIV8>
`),
};

/** A title in the form of the bulk data. */
export const ECFR_TITLE: ReaderSample = {
  name: 'title of our own',
  bytes: text(`<?xml version="1.0" encoding="UTF-8" ?>
<DLPSTEXTCLASS><HEADER><FILEDESC><PUBLICATIONSTMT><IDNO TYPE="title">
29</IDNO></PUBLICATIONSTMT></FILEDESC></HEADER>
<TEXT><BODY><ECFRBRWS><AMDDATE>Dec. 29, 2022(fm)
</AMDDATE>
<DIV1 N="1" NODE="29:1" TYPE="TITLE"><HEAD>Title 29—Labor--Volume 1</HEAD><CFRTOC><PTHD>Part </PTHD></CFRTOC>
<DIV3 N="I" NODE="29:1.0.1" TYPE="CHAPTER"><HEAD> CHAPTER I—ORCHARDS</HEAD>
<DIV5 N="9998" NODE="29:1.0.1.1" TYPE="PART"><HEAD>PART 9998—TREES
</HEAD><AUTH><HED>Authority:</HED><PSPACE>29 U.S.C. 1.</PSPACE></AUTH>
<DIV6 N="A" TYPE="SUBPART"><HEAD>Subpart A—General</HEAD>
<DIV7 N="1" TYPE="SUBJGRP"><HEAD>Pruning</HEAD>
<DIV8 N="§ 9998.1" TYPE="SECTION"><HEAD>§ 9998.1   Scope.</HEAD><P>All trees.</P></DIV8>
<DIV8 N="§§ 9998.2-9998.4" TYPE="SECTION"><HEAD>§§ 9998.2-9998.4   [Reserved]</HEAD></DIV8>
</DIV7></DIV6>
<DIV6 N="B" TYPE="SUBPART"><HEAD>Subpart B [Reserved]</HEAD></DIV6>
<DIV9 N="Appendix A to Part 9998" TYPE="APPENDIX"><HEAD>Appendix A to Part 9998—Kinds of trees</HEAD><HD1>I. Fruit</HD1><P>A. Apples.</P><P>B. Pears.</P></DIV9>
</DIV5></DIV3></DIV1></ECFRBRWS>
<ECFRBRWS><AMDDATE>Mar. 1, 2023</AMDDATE>
<DIV1 N="2" NODE="29:2" TYPE="TITLE"><HEAD>Title 29—Labor--Volume 2</HEAD>
<DIV3 N="I" NODE="29:2.0.1" TYPE="CHAPTER"><HEAD> CHAPTER I—ORCHARDS (CONTINUED)</HEAD>
<DIV5 N="9999" NODE="29:2.0.1.2" TYPE="PART"><HEAD>PART 9999—LADDERS</HEAD>
<DIV8 N="§ 9999.1" TYPE="SECTION"><HEAD>§ 9999.1   Use.</HEAD><P>(a) Climb.</P><P>(b) Descend.</P><CITA TYPE="N">[1 FR 1]</CITA></DIV8>
</DIV5></DIV3></DIV1></ECFRBRWS></BODY></TEXT></DLPSTEXTCLASS>
`),
};

/** The same title, its first part going on in the second volume. */
export const ECFR_VOLUMES: Uint8Array = text(
  new TextDecoder().decode(ECFR_TITLE.bytes).replace(
    '<DIV5 N="9999"',
    `<DIV5 N="9998" NODE="29:2.0.1.1" TYPE="PART"><HEAD>PART 9998—TREES (CONTINUED)</HEAD>
<DIV6 N="C" TYPE="SUBPART"><HEAD>Subpart C—Roots</HEAD><DIV8 N="§ 9998.9" TYPE="SECTION"><HEAD>§ 9998.9   Depth.</HEAD><P>Deep.</P></DIV8></DIV6>
</DIV5>$&`,
  ),
);

/** A part as GPO gives it in the annual edition. */
export const ANNUAL_PART: ReaderSample = {
  name: 'part of our own',
  bytes: text(`<?xml version="1.0"?>
<?xml-stylesheet type="text/xsl" href="cfr.xsl"?>
<CFRGRANULE xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <FDSYS><CFRTITLE>40</CFRTITLE><DATE>2015-07-01</DATE><HEADING>PART 9997</HEADING></FDSYS>
  <PART>
    <EAR>Pt. 9997</EAR>
    <HD SOURCE="HED">PART 9997—RAIN BARRELS</HD>
    <CONTENTS><SUBPART><HD SOURCE="HED">Subpart A—General</HD><SECTNO>9997.1</SECTNO><SUBJECT>Purpose.</SUBJECT></SUBPART></CONTENTS>
    <AUTH><HD SOURCE="HED">Authority:</HD><P>42 U.S.C. 1.</P></AUTH>
    <SUBPART>
      <HD SOURCE="HED">Subpart A—General</HD>
      <SECTION>
        <SECTNO>§ 9997.1</SECTNO>
        <SUBJECT>Purpose.</SUBJECT>
        <P>(a)(1) A barrel <PRTPAGE P="3"/>holds rain.</P>
        <P>(2) It holds <E T="03">no</E> snow, 10<SU>3</SU> flakes at most:</P>
        <P>(i) Of any kind, or</P>
        <P>(ii) Of one kind.</P>
        <GPOTABLE COLS="2"><TTITLE>Table 1—Barrels</TTITLE><BOXHD><CHED H="1">Kind</CHED><CHED H="1">Litres</CHED></BOXHD><ROW><ENT I="01">Small</ENT><ENT>120</ENT></ROW></GPOTABLE>
        <P>(b) [Reserved]</P>
        <NOTE><HD SOURCE="HED">Note:</HD><P>Snow melts.</P></NOTE>
        <GPH DEEP="1"><GID>ER01JA00.001</GID></GPH>
        <CITA>[45 FR 1, Jan. 1, 1980]</CITA>
      </SECTION>
      <SECTION><SECTNO>§ 9997.2</SECTNO><RESERVED>[Reserved]</RESERVED></SECTION>
      <APPENDIX><EAR>Pt. 9997, App. A</EAR><HD SOURCE="HED">Appendix A to Part 9997—Cleaning</HD><HD SOURCE="HD1">Step 1</HD><P>Empty it.</P></APPENDIX>
    </SUBPART>
  </PART>
</CFRGRANULE>
`),
};

/** A statutory instrument. */
export const CLML_INSTRUMENT: ReaderSample = {
  name: 'instrument of our own',
  bytes: text(`<?xml version="1.0" encoding="utf-8"?>
<Legislation xmlns="http://www.legislation.gov.uk/namespaces/legislation" DocumentURI="http://www.legislation.gov.uk/uksi/2099/7" IdURI="http://www.legislation.gov.uk/id/uksi/2099/7" RestrictStartDate="2099-05-01" RestrictEndDate="2099-09-01" xml:lang="en">
<ukm:Metadata xmlns:ukm="http://www.legislation.gov.uk/namespaces/metadata" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dct="http://purl.org/dc/terms/">
<dc:identifier>http://www.legislation.gov.uk/uksi/2099/7/2099-05-01</dc:identifier><dc:title>The Ladders Regulations 2099</dc:title><dct:valid>2099-05-01</dct:valid>
<ukm:SecondaryMetadata><ukm:DocumentClassification><ukm:DocumentMainType Value="UnitedKingdomStatutoryInstrument"/></ukm:DocumentClassification><ukm:Year Value="2099"/><ukm:Number Value="7"/><ukm:Made Date="2099-01-01"/></ukm:SecondaryMetadata>
</ukm:Metadata>
<Contents><ContentsTitle>Contents</ContentsTitle></Contents>
<Secondary>
<SecondaryPrelims><Number>2099 No. 7</Number><Title>The Ladders Regulations 2099</Title><MadeDate><Text>Made</Text><DateText>1st January 2099</DateText></MadeDate><SecondaryPreamble><EnactingText><Para><Text>The Minister makes these Regulations<FootnoteRef Ref="f1"/>.</Text></Para></EnactingText></SecondaryPreamble></SecondaryPrelims>
<Body>
<Part id="part-1"><Number>PART 1</Number><Title>General</Title>
<P1group><Title>Interpretation</Title><P1 id="regulation-1"><Pnumber>1</Pnumber><P1para>
<P2 id="regulation-1-1"><Pnumber>1</Pnumber><P2para><Text>In these Regulations—</Text><UnorderedList Decoration="none" Class="Definition"><ListItem><Para><Text>“ladder” means a thing with—</Text><OrderedList Decoration="parens" Type="alpha"><ListItem><Para><Text>rungs; or</Text></Para></ListItem><ListItem><Para><Text>steps.</Text></Para></ListItem></OrderedList></Para></ListItem></UnorderedList></P2para></P2>
</P1para></P1></P1group>
</Part>
<Pblock><Title>Duties</Title>
<P1group><Title>Duty to inspect</Title><P1><Pnumber>6</Pnumber><P1para>
<P2><Pnumber>1</Pnumber><P2para><Text>An employer must—</Text>
<P3><Pnumber>a</Pnumber><P3para><Text>inspect each ladder, at <Emphasis>L</Emphasis><Inferior>max</Inferior> of 10<Superior>2</Superior> kg; and</Text><P4><Pnumber>i</Pnumber><P4para><Text>clean it.</Text></P4para></P4></P3para></P3>
<P3><Pnumber>b</Pnumber><P3para><Text>keep a record,</Text></P3para></P3>
<Text>for three years.</Text></P2para></P2>
<P2><Pnumber>2</Pnumber><P2para><Text>In the other Regulations, after regulation 3 insert—</Text><BlockAmendment><P1group><Title>Saws</Title><P1><Pnumber>3A</Pnumber><P1para><Text>Saws must be sharp.</Text></P1para></P1></P1group></BlockAmendment><AppendText>.</AppendText></P2para></P2>
</P1para></P1></P1group>
</Pblock>
<SignedSection><Signatory><Signee><PersonName>A. Person</PersonName><DateSigned Date="2099-01-01"><DateText>1st January 2099</DateText></DateSigned></Signee></Signatory></SignedSection>
</Body>
<Schedules><Schedule><Number>SCHEDULE 1</Number><TitleBlock><Title>Heights</Title></TitleBlock><Reference>Regulation 6</Reference><ScheduleBody>
<P1><Pnumber>2</Pnumber><P1para><Text>A ladder is <Span><math xmlns="http://www.w3.org/1998/Math/MathML"><mfrac><mi>h</mi><msup><mi>t</mi><mn>2</mn></msup></mfrac></math></Span> high:</Text><P3><Pnumber>a</Pnumber><P3para><Text>at least.</Text></P3para></P3></P1para></P1>
<P><Tabular><Title>Table</Title><table xmlns="http://www.w3.org/1999/xhtml"><tbody><tr><th>Tree</th><th>m</th></tr><tr><td>Apple</td><td>4</td></tr></tbody></table></Tabular></P>
</ScheduleBody></Schedule></Schedules>
<ExplanatoryNotes><P><Text>(This note is not part of the Regulations)</Text></P></ExplanatoryNotes>
</Secondary>
<Footnotes><Footnote id="f1"><FootnoteText><Para><Text>1974 c. 37.</Text></Para></FootnoteText></Footnote></Footnotes>
<Commentaries><Commentary id="c1"><Para><Text>Amended.</Text></Para></Commentary></Commentaries>
</Legislation>
`),
};

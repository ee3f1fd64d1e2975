"""A second way to classify narratives, measured beside the shipped one: a frozen all-MiniLM-L6-v2 instead of, and beside, n-grams.

A narrative is the mean of the vectors of its pieces of at most 200 words. Same texts, labels and folds as classify_train.py; no
calibration, only the label that is likeliest. The exponent 0.5 and the factor 2 on the vectors were set once, before any figure was
seen, and not tuned; near duplicates are not taken out. Nothing here is shipped: the figures say what it would bring.
"""
import argparse
import json

import numpy as np
import scipy.sparse as sp
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score
from sklearn.model_selection import StratifiedKFold
from sklearn.svm import LinearSVC

from classify_data import goh, osha
from classify_features import matrix, rarity, weigh
from classify_train import COST, SEED, fit, held_out_scores, learnt, log_sigmoid, platt, telling
from teacher import Encoder

PIECE_WORDS = 200
STRENGTHS = (1, 3, 10, 30)


def vectors(encoder, texts):
    pieces, owner = [], []
    for i, text in enumerate(texts):
        words = text.split()
        for at in range(0, max(1, len(words)), PIECE_WORDS):
            pieces.append(" ".join(words[at:at + PIECE_WORDS]))
            owner.append(i)
    found, sums = encoder.encode(pieces, progress=True), np.zeros((len(texts), 384), np.float32)
    np.add.at(sums, owner, found)
    return sums / np.linalg.norm(sums, axis=1, keepdims=True)


def regression(x, y, c):
    return LogisticRegression(C=c, class_weight="balanced", max_iter=2000, random_state=SEED).fit(x, y)


def best_strength(x, y):
    """By folds of the training part alone."""
    def score(c):
        guess = np.empty(len(y), y.dtype)
        for train, test in StratifiedKFold(5, shuffle=True, random_state=SEED).split(x, y):
            guess[test] = regression(x[train], y[train], c).predict(x[test])
        return f1_score(y, guess, average="macro", zero_division=0)
    return max(STRENGTHS, key=score)


def chances(x, counts, others, y, train, test):
    """Of each way, the chances of the test texts, over the labels that the training part has often enough."""
    labels = learnt(y[train])
    train = train[np.isin(y[train], labels)]
    index = np.array([labels.index(label) for label in y[train]])
    alone = regression(x[train], index, best_strength(x[train], index)).predict_proba(x[test])
    idf = rarity(sp.vstack([counts[train], *others]))
    weights, bias = fit(weigh(counts[train], idf), index, labels, True)
    slopes, shifts = platt(held_out_scores(counts[train], index, labels, True, others, 5), index)
    odds = log_sigmoid((weigh(counts[test], idf) @ weights.T + bias) * slopes + shifts)
    grams = np.exp(odds) / np.exp(odds).sum(1, keepdims=True)
    ratio = telling(weigh(counts[train], idf), index, len(labels))
    both = sp.hstack([weigh(counts, idf).multiply(ratio), sp.csr_matrix(2 * x)]).tocsr()
    joined = LinearSVC(C=COST, class_weight="balanced", random_state=SEED).fit(both[train], index)
    return np.array(labels), {"n-grams": grams, "MiniLM": alone, "n-grams times root of MiniLM": grams * alone ** 0.5, "one head over both": joined.decision_function(both[test])}


def main():
    args = argparse.ArgumentParser(description=__doc__)
    args.add_argument("--data", required=True)
    args.add_argument("--teacher-onnx", required=True)
    args.add_argument("--tokenizer", required=True)
    args.add_argument("--figures", required=True)
    opts = args.parse_args()
    abstracts, sites = osha(opts.data), goh(opts.data)
    encoder = Encoder(opts.teacher_onnx, opts.tokenizer, max_tokens=512)
    texts = {"osha": [row[0] for row in abstracts], "goh": [row[0] for row in sites]}
    x = {name: vectors(encoder, of) for name, of in texts.items()}
    counts = {name: matrix(of) for name, of in texts.items()}
    years, events = np.array([row[1] for row in abstracts]), np.array([row[2]["event"] for row in abstracts])
    causes = np.array([row[1] for row in sites])
    figures = {"cause, 5 folds": {}, "event, 2015 -> 2016": {}}

    guesses = {}
    for train, test in StratifiedKFold(5, shuffle=True, random_state=SEED).split(causes, causes):
        labels, ways = chances(x["goh"], counts["goh"], [counts["osha"]], causes, train, test)
        for way, found in ways.items():
            guesses.setdefault(way, np.empty(len(causes), object))[test] = labels[found.argmax(1)]
    for way, guess in guesses.items():
        figures["cause, 5 folds"][way] = {"macro_f1": round(f1_score(causes, guess.astype(str), average="macro", zero_division=0), 4),
                                          "accuracy": round(accuracy_score(causes, guess.astype(str)), 4)}
    train, test = np.flatnonzero(years == "2015"), np.flatnonzero(years == "2016")
    labels, ways = chances(x["osha"], counts["osha"], [counts["goh"]], events, train, test)
    for way, found in ways.items():
        guess = labels[found.argmax(1)]
        figures["event, 2015 -> 2016"][way] = {"weighted_f1": round(f1_score(events[test], guess, average="weighted", zero_division=0), 4),
                                               "accuracy": round(accuracy_score(events[test], guess), 4)}
    print(json.dumps(figures, indent=2))
    with open(opts.figures, "w", encoding="utf8") as target:
        json.dump({"command": "python models/scripts/classify_minilm.py --data DATA --teacher-onnx MINILM --tokenizer MINILM_TOKENIZER --figures bench/results/classification-minilm.json",
                   "model": "all-MiniLM-L6-v2, INT8, frozen", "sets": figures}, target, indent=2)
        target.write("\n")


if __name__ == "__main__":
    main()

"""Hashed n-grams of a text, exactly as src/ai/classifier/features.ts forms them.

Words are runs of a-z and 0-9 of the text in lower case, digits written as 0. Features are single words and pairs of neighbours (WORDS
buckets), and parts of 3 to 5 characters of each word with a space at either end (CHARS buckets behind them). The value is 1 + ln(count).
"""
import re
from collections import Counter
from functools import lru_cache

import numpy as np
import scipy.sparse as sp

WORDS, CHARS = 1 << 16, 1 << 15


def bucket(gram):
    """FNV-1a, then the finish of MurmurHash3, so that the low bits are well mixed."""
    h = 0x811C9DC5
    for byte in gram.encode():
        h = ((h ^ byte) * 0x01000193) & 0xFFFFFFFF
    h ^= h >> 16
    h = (h * 0x85EBCA6B) & 0xFFFFFFFF
    return h ^ (h >> 13)


@lru_cache(None)
def word_bucket(gram):
    return bucket("w:" + gram) % WORDS


@lru_cache(None)
def char_buckets(word):
    padded = f" {word} "
    return [WORDS + bucket("c:" + padded[i:i + n]) % CHARS for n in (3, 4, 5) for i in range(len(padded) - n + 1)]


def features(text):
    """Bucket → value."""
    words = [re.sub(r"[0-9]", "0", word) for word in re.findall(r"[a-z0-9]+", text.lower())]
    counts = Counter(word_bucket(word) for word in words)
    counts.update(word_bucket(f"{a} {b}") for a, b in zip(words, words[1:]))
    for word in words:
        counts.update(char_buckets(word))
    return {gram: 1 + np.log(n) for gram, n in sorted(counts.items())}


def matrix(texts):
    rows, columns, values = [], [], []
    for i, text in enumerate(texts):
        for gram, value in features(text).items():
            rows.append(i), columns.append(gram), values.append(value)
    return sp.csr_matrix((np.array(values, np.float32), (rows, columns)), shape=(len(texts), WORDS + CHARS))


def rarity(counts):
    """Inverse document frequency; zero for what only one text has."""
    seen = np.asarray((counts > 0).sum(0)).ravel()
    weights = np.log((1 + counts.shape[0]) / (1 + seen)) + 1
    weights[seen < 2] = 0
    return weights.astype(np.float32)


def weigh(counts, weights):
    """Weighted, each of the two blocks of length one."""
    whole = counts.multiply(weights).tocsr()
    parts = []
    for part in (whole[:, :WORDS], whole[:, WORDS:]):
        length = np.sqrt(np.asarray(part.multiply(part).sum(1)).ravel())
        parts.append(sp.diags(1 / np.maximum(1e-6, length)) @ part)
    return sp.hstack(parts).tocsr()

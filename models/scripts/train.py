"""Train the student: one vector and one weight a token, so that the normalised weighted sum of a text follows the teacher.

A token that occurs n times in a text counts sqrt(n) times: a long passage is not drowned by the word it repeats.
"""
import argparse
import json
import os
import time

import numpy as np
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer

SEED = 20
MAX_TOKENS = 256
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


def principal_axes(teacher, dim):
    """Directions that keep most of the teacher's dot products (not centred: cosines are measured from zero)."""
    _, vectors = np.linalg.eigh(teacher.T @ teacher)
    return np.ascontiguousarray(vectors[:, ::-1][:, :dim])


def smooth_inverse_frequency(bags, size, a=1e-3):
    """Starting weights: a rare token says more than a frequent one."""
    counts = np.bincount(np.concatenate([ids for ids, _ in bags]), np.concatenate([n for _, n in bags]) ** 2, size)
    return a / (a + counts / counts.sum())


class Student(torch.nn.Module):
    """Each token's vector is a map, shared by all, of what the teacher knows about it, plus a part of its own; so is its log weight.

    The shared map carries what frequent tokens learn over to tokens the corpus hardly shows.
    """

    def __init__(self, features, start_map, start_weights, silent):
        super().__init__()
        self.register_buffer("features", torch.tensor(features, dtype=torch.float32))
        self.map = torch.nn.Parameter(torch.tensor(start_map, dtype=torch.float32))
        self.own = torch.nn.Parameter(torch.zeros(len(features), start_map.shape[1]))
        self.register_buffer("start", torch.tensor(np.log(start_weights), dtype=torch.float32))
        self.lift = torch.nn.Parameter(torch.zeros(features.shape[1], 1))
        self.own_lift = torch.nn.Parameter(torch.zeros(len(features)))
        voice = torch.ones(len(features))
        voice[silent] = 0
        self.register_buffer("voice", voice)

    def rows(self, ids):
        """Vectors and weights of some tokens."""
        features = self.features[ids]
        weights = (self.start[ids] + (features @ self.lift)[:, 0] + self.own_lift[ids]).exp() * self.voice[ids]
        return features @ self.map + self.own[ids], weights

    def forward(self, bags):
        ids, local = np.unique(np.concatenate([b for b, _ in bags]), return_inverse=True)
        table, weights = self.rows(torch.from_numpy(ids))
        starts = torch.from_numpy(np.cumsum([0] + [len(b) for b, _ in bags[:-1]]))
        local, repeats = torch.from_numpy(local), torch.from_numpy(np.concatenate([n for _, n in bags]))
        return F.normalize(F.embedding_bag(local, table, starts, mode="sum", per_sample_weights=weights[local] * repeats), dim=-1, eps=1e-6)


def token_features(tokens, axes):
    """What is known of a token before training: the teacher's output for it alone, its input embedding, its place in the frequency order; and the map to start from."""
    alone = tokens["alone"] - tokens["alone"][np.abs(tokens["alone"]).sum(1) > 0].mean(0)
    words = tokens["words"] - tokens["words"].mean(0)
    words *= np.linalg.norm(alone) / np.linalg.norm(words)
    frequency = (tokens["frequency"] - tokens["frequency"].mean())[:, None] / 20
    features = np.hstack([alone, words, frequency, np.full((len(alone), 1), 0.05)])
    start = np.zeros((features.shape[1], axes.shape[1]))
    start[:alone.shape[1]] = axes
    return features, start


def draw_pairs(pairs, by_pool, rng, size, share):
    """A batch of pairs, a fixed share of it from each pool (law, dictionary)."""
    take = [rng.choice(pool, int(size * part)) for pool, part in zip(by_pool, share)]
    return pairs[np.concatenate(take)]


def bag_of(ids):
    """The different tokens of a text, with the root of how often each occurs."""
    kinds, counts = np.unique(np.array(ids[:MAX_TOKENS] or [0], np.int64), return_counts=True)
    return kinds, np.sqrt(counts).astype(np.float32)


def drop(bag, rng, rate):
    """Leave out some tokens at random, so that no single one carries a text."""
    if len(bag[0]) < 4 or rate == 0:
        return bag
    kept = rng.random(len(bag[0])) >= rate
    return (bag[0][kept], bag[1][kept]) if kept.any() else bag


def main():
    args = argparse.ArgumentParser(description=__doc__)
    args.add_argument("--targets", required=True, help="folder written by targets.py")
    args.add_argument("--out", required=True, help="a .npz file")
    args.add_argument("--dim", type=int, default=256)
    args.add_argument("--steps", type=int, default=1500)
    args.add_argument("--pairs", type=int, default=384)
    args.add_argument("--singles", type=int, default=128, help="texts drawn at random")
    args.add_argument("--seeds", type=int, default=32, help="texts drawn with 8 of their nearest neighbours")
    args.add_argument("--lr", type=float, default=2e-3)
    args.add_argument("--point", type=float, default=1.0, help="weight of the cosine to the teacher's vector")
    args.add_argument("--relation", type=float, default=1.0, help="weight of the in-batch similarity distillation")
    args.add_argument("--order", type=float, default=0.5, help="weight of the divergence from the teacher's ranking of the batch")
    args.add_argument("--decay", type=float, default=0.1, help="pull on a token's own part")
    args.add_argument("--contrast", type=float, default=0.5, help="weight of the contrastive term")
    args.add_argument("--temperature", type=float, default=0.05)
    args.add_argument("--drop", type=float, default=0.1)
    args.add_argument("--dictionary", type=float, default=0.2, help="share of a batch drawn from WordNet")
    args.add_argument("--threads", type=int, default=1)
    opts = args.parse_args()
    torch.manual_seed(SEED)
    torch.set_num_threads(opts.threads)
    rng = np.random.default_rng(SEED)
    place = lambda name: os.path.join(opts.targets, name)

    texts = json.load(open(place("texts.json"), encoding="utf8"))
    pairs = np.load(place("pairs.npy"))
    teacher = np.load(place("teacher.npy")).astype(np.float32)
    near = np.load(place("near.npy"))
    tokenizer = Tokenizer.from_file(place("tokenizer.json"))
    bags = [bag_of(e.ids) for e in tokenizer.encode_batch([t for t, _ in texts])]
    kinds = np.array([k for _, k in texts])
    dictionary = np.isin(kinds, ["lemma", "gloss"])
    axes = principal_axes(np.concatenate([teacher[~dictionary], teacher[dictionary][:20000]]), opts.dim)
    reduced = teacher @ axes
    print("energy kept by the axes", float((reduced ** 2).sum() / (teacher ** 2).sum()), flush=True)
    reduced /= np.linalg.norm(reduced, axis=1, keepdims=True)
    silent = [tokenizer.token_to_id(t) for t in SPECIAL]
    features, start = token_features(np.load(place("tokens.npz")), axes)
    student = Student(features, start, smooth_inverse_frequency([b for b, d in zip(bags, dictionary) if not d], len(features)), silent)

    test = rng.random(len(texts)) < 0.02  # texts never drawn, to watch the fit
    pairs = pairs[~(test[pairs[:, 0]] | test[pairs[:, 1]])]
    pair_pools = [np.flatnonzero(~dictionary[pairs[:, 0]]), np.flatnonzero(dictionary[pairs[:, 0]])]
    text_pools = [np.flatnonzero(~dictionary & ~test), np.flatnonzero(dictionary & ~test)]
    share = (1 - opts.dictionary, opts.dictionary)
    teacher_t, reduced_t = torch.from_numpy(teacher), torch.from_numpy(reduced)
    near = near[~test[near].any(1)]
    rates = [opts.lr, opts.lr, opts.lr * 5, opts.lr * 5]
    optimizer = torch.optim.AdamW([{"params": [p], "lr": r, "weight_decay": d} for p, r, d in zip(
        (student.own, student.map, student.own_lift, student.lift), rates, (opts.decay, 0, opts.decay, 0))], fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rates, total_steps=opts.steps, pct_start=0.05)

    def fit():
        with torch.no_grad():
            rows = np.flatnonzero(test)
            cosine = (student([bags[i] for i in rows]) * reduced_t[rows]).sum(1)
            return {k: round(float(cosine[torch.from_numpy(kinds[rows] == k)].mean()), 4) for k in sorted(set(kinds))}

    print("before", fit(), flush=True)
    began = time.time()
    for step in range(opts.steps):
        batch = draw_pairs(pairs, pair_pools, rng, opts.pairs, share)
        single = np.concatenate([rng.choice(pool, int(opts.singles * part)) for pool, part in zip(text_pools, share)])
        seeds = near[rng.choice(len(near), opts.seeds)]
        seeds = np.column_stack([seeds[:, 0], rng.permuted(seeds[:, 1:], axis=1)[:, :8]]).ravel()
        rows = np.concatenate([batch[:, 0], batch[:, 1], single, seeds])
        vectors = student([drop(bags[i], rng, opts.drop) for i in rows])
        rows_t = torch.from_numpy(rows).long()
        point = (1 - (vectors * reduced_t[rows_t]).sum(1)).mean()
        wanted = teacher_t[rows_t]
        got, aim = vectors @ vectors.T, wanted @ wanted.T
        off = 1 - torch.eye(len(rows))
        relation = (((got - aim) ** 2) * off).sum() / off.sum() * 20
        same = (rows_t[:, None] == rows_t[None, :]) * -1e4  # a text drawn twice is not its own neighbour
        order = F.kl_div(F.log_softmax(got / opts.temperature + same, 1), F.log_softmax(aim / opts.temperature + same, 1),
                         log_target=True, reduction="batchmean")
        n = len(batch)
        logits = got[:n, n:2 * n] / opts.temperature
        group = torch.from_numpy(batch[:, 2])
        twin = (group[:, None] == group[None, :]) & ~torch.eye(n, dtype=torch.bool)
        twin |= rows_t[n:2 * n][:, None] == rows_t[n:2 * n][None, :]
        twin &= ~torch.eye(n, dtype=torch.bool)
        hard = F.cross_entropy(logits.masked_fill(twin, -1e4), torch.arange(n))
        loss = opts.point * point + opts.relation * relation + opts.order * order + opts.contrast * hard
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % 250 == 0 or step == opts.steps - 1:
            print(f"{step} {time.time() - began:.0f}s point {point.item():.4f} relation {relation.item():.4f} order {order.item():.4f} contrast {hard.item():.4f}", flush=True)
    print("after", fit(), flush=True)
    with torch.no_grad():
        table, weights = student.rows(torch.arange(len(features)))
    np.savez(opts.out, table=table.numpy(), weights=weights.numpy(), axes=axes)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Fits the rankers of server/complete: a softmax over the candidates of each place, by a small network (ranker.ts; needs numpy and scipy).

    fit.py OUT FOLDER ...     (folders that places.py and features.ts made, one a repository)

Prints for each group (free, member, argument, tail) how often the right candidate is first, among the first three and ten, five-fold over
repositories, by the weights alone and with the hidden units. Writes OUT/rankers.ts, fitted on all, and OUT/fold-N.json with the repositories
that each was fitted without. Folders whose name begins with "cases-" are ranked, too, but nothing is fitted on them.

The weights alone are fitted first (negative log likelihood of the right candidates, L2 penalty of 3): they choose the 60 that the network is
asked about. The network starts from them and is fitted by Adam.
"""
import json
import os
import sys

import numpy as np
from scipy.optimize import minimize

PENALTY = 3.0
FOLDS = 5
ASKED = 60
HIDDEN = int(os.environ.get("HIDDEN", "12"))
NETWORKS = int(os.environ.get("NETWORKS", "2"))
EPOCHS = int(os.environ.get("EPOCHS", "40"))
DECAY = float(os.environ.get("DECAY", "2e-3"))
RATE = 0.01
BATCH = 64
CASES = "cases-"


def load(folder):
    repo = os.path.basename(folder.rstrip("/"))
    for name in ("names.jsonl", "arguments.jsonl", "tails.jsonl"):
        if not os.path.exists(os.path.join(folder, name)):
            continue
        with open(os.path.join(folder, name)) as file:
            for line in file:
                yield {**json.loads(line), "repo": repo.removeprefix(CASES), "case": repo.startswith(CASES)}


class Place:
    def __init__(self, row, number):
        self.values = np.zeros((len(row["candidates"]), len(number)), np.float32)
        for at, (_, features) in enumerate(row["candidates"]):
            for key, value in features.items():
                if key in number:
                    self.values[at, number[key]] = value
        texts = [text for text, _ in row["candidates"]]
        self.right = texts.index(row["gold"]) if row["gold"] in texts else -1
        self.repo, self.case = row["repo"], row["case"]


def joined(places):
    values = np.concatenate([one.values for one in places])
    sizes = np.array([len(one.values) for one in places])
    begin = np.r_[0, np.cumsum(sizes)[:-1]]
    return values, begin, begin + np.array([one.right for one in places]), np.repeat(np.arange(len(places)), sizes)


def softmax(scores, begin, place):
    top = np.maximum.reduceat(scores, begin)
    powers = np.exp(scores - top[place])
    sums = np.add.reduceat(powers, begin)
    return powers / sums[place], top + np.log(sums)


def fit_plain(places):
    values, begin, right, place = joined([one for one in places if one.right >= 0])

    def loss(weights):
        scores = values @ weights.astype(np.float32)
        shares, norms = softmax(scores, begin, place)
        shares[right] -= 1
        gradient = values.T @ shares.astype(np.float32) + PENALTY * weights
        return float((norms - scores[right]).sum() + PENALTY * (weights @ weights) / 2), gradient.astype(np.float64)

    return minimize(loss, np.zeros(values.shape[1]), jac=True, method="L-BFGS-B", options={"maxiter": 200}).x.astype(np.float32)


def asked(place, plain, with_right):
    """The candidates that the network is asked about."""
    order = np.argsort(-(place.values @ plain), kind="stable")[:ASKED]
    if with_right and place.right >= 0 and place.right not in order:
        order[-1] = place.right
    at = np.flatnonzero(order == place.right)
    cut = object.__new__(Place)
    cut.values, cut.right, cut.repo, cut.case = place.values[order], int(at[0]) if len(at) else -1, place.repo, place.case
    return cut


def score(values, network):
    own, inner, begin, worth = network
    return values @ own + np.tanh(values @ inner + begin) @ worth


def fit_network(places, plain):
    """Several networks that were begun differently, as one: their mean."""
    all_ = [fit_one(places, plain, seed) for seed in range(NETWORKS)]
    own, inner, begin, worth = (list(one) for one in zip(*all_))
    return [np.mean(own, axis=0), np.concatenate(inner, axis=1), np.concatenate(begin), np.concatenate(worth) / NETWORKS]


def fit_one(places, plain, seed):
    known = [one for one in (asked(place, plain, True) for place in places) if one.right >= 0]
    random = np.random.default_rng(seed)
    width = len(plain)
    network = [plain.copy(), random.standard_normal((width, HIDDEN)) * 0.15, np.zeros(HIDDEN), random.standard_normal(HIDDEN) * 0.1]
    network = [one.astype(np.float32) for one in network]
    first, second = [np.zeros_like(one) for one in network], [np.zeros_like(one) for one in network]
    steps, total = 0, EPOCHS * -(-len(known) // BATCH)
    for _ in range(EPOCHS):
        order = random.permutation(len(known))
        for at in range(0, len(order), BATCH):
            some = [known[one] for one in order[at : at + BATCH]]
            values, begin, right, place = joined(some)
            own, inner, bias, worth = network
            hidden = np.tanh(values @ inner + bias)
            shares, _ = softmax(values @ own + hidden @ worth, begin, place)
            shares = shares.astype(np.float32)
            shares[right] -= 1
            shares /= len(some)
            back = np.outer(shares, worth) * (1 - hidden * hidden)
            gradients = [values.T @ shares + DECAY * (own - plain), values.T @ back + DECAY * inner, back.sum(0), hidden.T @ shares + DECAY * worth]
            rate = RATE * 0.5 * (1 + np.cos(np.pi * steps / total))
            steps += 1
            for number, gradient in enumerate(gradients):
                first[number] = 0.9 * first[number] + 0.1 * gradient
                second[number] = 0.99 * second[number] + 0.01 * gradient * gradient
                step = first[number] / (1 - 0.9**steps) / (np.sqrt(second[number] / (1 - 0.99**steps)) + 1e-6)
                network[number] = (network[number] - rate * step).astype(np.float32)
    return network


def rank(values, right, scores):
    return int((scores > scores[right]).sum()) if right >= 0 else len(values) + 1000


def said(ranks):
    return f"first {np.mean(ranks < 1):.3f}, three {np.mean(ranks < 3):.3f}, ten {np.mean(ranks < 10):.3f}"


def lines_of(keys, plain, network):
    """A ranker as ranker.ts reads it."""
    own, inner, begin, worth = network
    number = lambda value: f"{value:.2f}".rstrip("0").rstrip(".").replace("-0.", "-.").removeprefix("0") or "0"
    row = lambda name, values: " ".join([name, *(number(float(value)) for value in values)]).replace(" -", " -")
    return [row("begin", begin), row("worth", worth), *(row(key, [plain[at], own[at], *inner[at]]) for at, key in enumerate(keys))]


def evaluate(places, repos, group, keys, folds):
    ranks = {(kind, case): [] for kind in ("plain", "network") for case in (False, True)}
    for fold in range(FOLDS):
        held = set(repos[fold::FOLDS])
        train = [one for one in places if one.repo not in held and not one.case]
        test = [one for one in places if one.repo in held]
        if not train:
            continue
        plain = fit_plain(train)
        network = fit_network(train, plain)
        folds[fold]["without"] = sorted(held)
        folds[fold][group] = lines_of(keys, plain, network)
        for one in test:
            cut = asked(one, plain, False)
            ranks["plain", one.case].append(rank(cut.values, cut.right, cut.values @ plain))
            ranks["network", one.case].append(rank(cut.values, cut.right, score(cut.values, network)))
    known = np.mean([one.right >= 0 for one in places])
    print(f"{group}: {len(places)} places, {len(keys)} features, known {known:.3f}")
    for (kind, case), some in ranks.items():
        if some:
            print(f"  {kind}{', cases' if case else ''} ({len(some)}): {said(np.array(some))}", flush=True)


def main(out, folders):
    rows = [row for folder in folders for row in load(folder)]
    repos = sorted({row["repo"] for row in rows})
    folds = [{} for _ in range(FOLDS)]
    rankers = {}
    for group in sorted({row["group"] for row in rows}):
        if os.environ.get("GROUPS", group).find(group) < 0:
            continue
        some = [row for row in rows if row["group"] == group]
        keys = sorted({key for row in some for _, features in row["candidates"] for key in features})
        number = {key: at for at, key in enumerate(keys)}
        places = [Place(row, number) for row in some]
        evaluate(places, repos, group, keys, folds)
        fitted = [one for one in places if not one.case]
        plain = fit_plain(fitted)
        rankers[group] = lines_of(keys, plain, fit_network(fitted, plain))
    for fold, one in enumerate(folds):
        with open(os.path.join(out, f"fold-{fold}.json"), "w") as file:
            json.dump(one, file)
    with open(os.path.join(out, "rankers.ts"), "w") as file:
        file.write("/** The rankers' weights, as test/bench/completion/fit/fit.py writes them. */\n")
        file.write('import { type Ranker, readRanker } from "./ranker.ts";\n')
        for group, lines in rankers.items():
            text = "\n".join(lines)
            file.write(f"\nexport const {group}Ranker: Ranker = readRanker(`\n{text}\n`);\n")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2:])

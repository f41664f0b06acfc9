#!/usr/bin/env python3
"""Fits the weights of chances.ts and arguments.ts: a softmax over the candidates of each place (needs numpy and scipy).

    fit.py FOLDER ...     (folders that places.py and features.ts made, one a repository)

Prints for each group (free, member, argument) how often the right candidate is first, among the first three and ten, five-fold over
repositories, and the weights fitted on all. The loss is the negative log likelihood of the right candidates with an L2 penalty of 3.
"""
import json
import os
import sys

import numpy as np
from scipy.optimize import minimize

PENALTY = 3.0
FOLDS = 5


def load(folder):
    for name in ("names.jsonl", "arguments.jsonl"):
        with open(os.path.join(folder, name)) as file:
            for line in file:
                yield {**json.loads(line), "repo": folder}


def matrices(rows):
    keys = sorted({key for row in rows for _, features in row["candidates"] for key in features})
    number = {key: at for at, key in enumerate(keys)}
    places = []
    for row in rows:
        values = np.zeros((len(row["candidates"]), len(keys)), np.float32)
        for at, (_, features) in enumerate(row["candidates"]):
            for key, value in features.items():
                values[at, number[key]] = value
        texts = [text for text, _ in row["candidates"]]
        places.append((values, texts.index(row["gold"]) if row["gold"] in texts else -1, row["repo"]))
    return keys, places


def fit(places):
    known = [(values, right) for values, right, _ in places if right >= 0]
    stacked = np.concatenate([values for values, _ in known])
    sizes = np.array([len(values) for values, _ in known])
    begin = np.r_[0, np.cumsum(sizes)[:-1]]
    right = begin + np.array([one for _, one in known])
    place = np.repeat(np.arange(len(known)), sizes)

    def loss(weights):
        scores = stacked @ weights
        top = np.maximum.reduceat(scores, begin)
        powers = np.exp(scores - top[place])
        sums = np.add.reduceat(powers, begin)
        shares = powers / sums[place]
        value = (top + np.log(sums) - scores[right]).sum() + PENALTY * (weights @ weights) / 2
        shares[right] -= 1
        return value, stacked.T @ shares + PENALTY * weights

    return minimize(loss, np.zeros(stacked.shape[1]), jac=True, method="L-BFGS-B", options={"maxiter": 300}).x


def rank(values, right, weights):
    if right < 0:
        return len(values) + 1000
    scores = values @ weights
    return int((scores > scores[right]).sum())


def main(folders):
    rows = [row for folder in folders for row in load(folder)]
    for group in sorted({row["group"] for row in rows}):
        keys, places = matrices([row for row in rows if row["group"] == group])
        ranks = []
        for fold in range(FOLDS):
            held = set(sorted(folders)[fold::FOLDS])
            train = [one for one in places if one[2] not in held]
            test = [one for one in places if one[2] in held]
            if train and test:
                weights = fit(train)
                ranks += [rank(values, right, weights) for values, right, _ in test]
        ranks = np.array(ranks)
        known = np.mean([right >= 0 for _, right, _ in places])
        print(f"{group}: {len(places)} places, known {known:.3f}, first {np.mean(ranks < 1):.3f}, three {np.mean(ranks < 3):.3f}, ten {np.mean(ranks < 10):.3f}")
        print(json.dumps({key: round(float(weight), 1) for key, weight in zip(keys, fit(places)) if abs(weight) >= 0.05}))


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(sys.argv[1:])

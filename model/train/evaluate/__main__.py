"""Evaluates weights.

    python3 -m evaluate --weights FOLDER-or-.pt --held DATA --bank DATA --out results.json [--parts loss,needles]

held: token data of repositories never trained on (prepare.py); bank: any token data, for the needles to lie in.
"""
import argparse
import json
import time

import torch

from evaluate import completion, loss, needles, retrieval
from evaluate.variants import VARIANTS, variant
from dataset import Corpus
from weights import load

VARIANT_TOKENS = 1 << 20  # of memory for the needles of a variant


def measure_variants(model, held, other, device):
    """-> {variant: {"loss", "accuracy" (means over repositories), "exact", "found" (one needle in 1 M tokens)}}"""
    results = {}
    for name in VARIANTS:
        with variant(model, name):
            by_repository = loss.measure(model, held, device).values()
            means = {key: sum(r[key] for r in by_repository) / len(by_repository) for key in ("loss", "accuracy")}
            results[name] = means | needles.measure(model, other, device, [VARIANT_TOKENS], (1,))[0]
    return results


def measure_loss(model, held, device):
    results = {"with": loss.measure(model, held, device)}
    with variant(model, "memory off"):
        results["without"] = loss.measure(model, held, device)
    return results


def measure_pooled(model, held, device):
    """Retrieval with pooled landmarks: the other variants don't touch scores."""
    with variant(model, "landmark: mean of the chunk"):
        return retrieval.measure(model, held, device)


def rounded(value):
    if isinstance(value, dict):
        return {key: rounded(v) for key, v in value.items()}
    if isinstance(value, list):
        return [rounded(v) for v in value]
    return round(value, 4) if isinstance(value, float) else value


def main():
    parser = argparse.ArgumentParser(description="evaluates Everyline-HSA")
    parser.add_argument("--weights", required=True)
    parser.add_argument("--held", required=True)
    parser.add_argument("--bank", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--parts", default="loss,completion,retrieval,needles,variants,pooled")
    options = parser.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(0)
    model, held, other = load(options.weights).to(device).eval(), Corpus(options.held), Corpus(options.bank)
    parts = {"loss": lambda: measure_loss(model, held, device), "completion": lambda: completion.measure(model, held, device),
             "retrieval": lambda: retrieval.measure(model, held, device), "needles": lambda: needles.measure(model, other, device),
             "variants": lambda: measure_variants(model, held, other, device), "pooled": lambda: measure_pooled(model, held, device)}
    results = {}
    for part in options.parts.split(","):
        began = time.time()
        with torch.autocast(device, torch.bfloat16):
            results[part] = parts[part]()
        print(f"{part} ({time.time() - began:.0f} s): {json.dumps(results[part])}", flush=True)
        with open(options.out, "w") as file:
            json.dump(rounded(results), file, indent=1)


if __name__ == "__main__":
    main()

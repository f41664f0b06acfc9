"""Trains the model on prepared token data.

    python3 train.py --data DATA --schedule first --out first.pt [--stop TOKENS] [--start WEIGHTS] [--curve curve.jsonl]

--start: a checkpoint (.pt), or a folder with config.json and model.safetensors. --stop ends early, on the same schedule.
The curve has a line every 6.55 M tokens: losses (nats a token, mean of the last ten steps), retrieval accuracy at <a>, rate, speed.
"""
import argparse
import itertools
import json
import os
import time

import torch
import torch.nn.functional as F
from torch.utils.checkpoint import checkpoint
from torch.utils.data import DataLoader

from dataset import Corpus
from mix import ANSWERED, ASKED, COPY, KINDS, TEXT, Batches
from model import Model
from muon import Muon
from schedule import SCHEDULES
from tokens import PAD
from weights import load

LOSS_WEIGHT = {TEXT: 1.0, COPY: 0.5, ANSWERED: 3.0, ASKED: 0.1}
RETRIEVAL_WEIGHT = 0.3
REPORT_STEPS, MEAN_STEPS = 50, 10


def language_loss(model, hidden, ids, kind):
    """-> (weighted mean loss, [mean loss of text, copied spans, answers]). Logits are made in pieces and again in the backward pass."""
    hidden, target, kind = hidden[:, :-1].flatten(0, 1), ids[:, 1:].flatten(), kind[:, 1:].flatten()
    table = torch.tensor([LOSS_WEIGHT[k] for k in KINDS], device=ids.device)

    def part(h, y):
        return F.cross_entropy(model.logits(h), y, reduction="none")
    losses = torch.cat([checkpoint(part, h, y, use_reentrant=False) for h, y in zip(hidden.split(16_384), target.split(16_384))])
    real = target != PAD
    weight = table[kind] * real
    return (losses * weight).sum() / weight.sum(), [losses.detach()[real & (kind == k)].mean() for k in (TEXT, COPY, ANSWERED)]


class Optimizer:
    """Muon for matrices; Adam for the embedding (a fifth of the rate) and for vectors (0.15 of it)."""

    def __init__(self, model):
        named = dict(model.named_parameters())
        self.muon = Muon([p for name, p in named.items() if p.ndim == 2 and name != "emb.weight"])
        self.adam = torch.optim.AdamW([{"params": [named["emb.weight"]], "share": 0.2},
                                       {"params": [p for p in named.values() if p.ndim < 2], "share": 0.15}],
                                      betas=(0.9, 0.95), weight_decay=0, fused=named["emb.weight"].is_cuda)

    def step(self, rate):
        for group in self.adam.param_groups:
            group["lr"] = rate * group["share"]
        self.adam.step()
        self.muon.step(rate)


def train_step(model, optimizer, batch, rate, noise):
    """-> tensor of losses: text, copy, answer, retrieval; accuracy of each HSA layer; norm of the gradient."""
    ids, document, kind, gold, weight = batch
    known = bool((gold >= 0).any())
    with torch.autocast(ids.device.type, torch.bfloat16):
        hidden, retrieved = model(ids, document, gold if known else None, weight, noise)
        loss, parts = language_loss(model, hidden, ids, kind)
    retrieval = sum(r for r, _ in retrieved) / len(retrieved) if known else torch.zeros((), device=ids.device)
    (loss + RETRIEVAL_WEIGHT * retrieval).backward()
    norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step(rate)
    model.zero_grad(set_to_none=True)
    accuracy = [a for _, a in retrieved] if known else [torch.full((), float("nan"), device=ids.device)] * len(model.hsa)
    return torch.stack([*parts, retrieval, *accuracy, norm]).detach().float()


def batches(corpus, schedule, seed, workers, device):
    """Yields (stage, batch) to the end of the schedule."""
    seen = 0
    for number, stage in enumerate(schedule.stages):
        steps = max(0, (stage.until - seen) // (stage.length * stage.batch))
        loader = DataLoader(Batches(corpus, stage, f"{seed}.{number}"), batch_size=None, num_workers=workers,
                            prefetch_factor=6 if workers else None)
        for batch in itertools.islice(loader, steps):
            yield stage, tuple(column.to(device, non_blocking=True) for column in batch)
        seen += steps * stage.length * stage.batch


def report(step, seen, rate, recent, model, began, since):
    numbers = torch.stack(recent).nanmean(0).tolist()
    text, copy, answer, retrieval, *accuracy, norm = (None if n != n else round(n, 3) for n in numbers)  # NaN: no such token in ten steps
    peak = torch.cuda.max_memory_allocated() >> 30 if torch.cuda.is_available() else 0
    return {"step": step, "tokens": seen, "text": text, "copy": copy, "answer": answer, "aux": retrieval, "acc": accuracy, "gn": norm,
            "lr": round(rate, 5), "ktok": round(since[1] / (time.time() - since[0]) / 1e3), "s": round(time.time() - began),
            "tau": [round(layer.tau.exp().mean().item(), 2) for layer in model.hsa],
            "null": [round(layer.null.mean().item(), 2) for layer in model.hsa], "GB": peak}


def train(model, corpus, schedule, options, device):
    optimizer, began, recent, seen = Optimizer(model), time.time(), [], 0
    since = (began, 0)
    with open(options.curve, "w") as curve:
        for step, (stage, batch) in enumerate(batches(corpus, schedule, options.seed, options.workers, device), 1):
            model.sizes.K = stage.chosen
            seen += batch[0].numel()
            rate = schedule.rate_at(seen)
            recent = [*recent[1 - MEAN_STEPS:], train_step(model, optimizer, batch, rate, stage.noise)]
            if step % REPORT_STEPS == 0:
                line = json.dumps(report(step, seen, rate, recent, model, began, (since[0], seen - since[1])))
                since = (time.time(), seen)
                print(line, flush=True)
                curve.write(line + "\n")
                curve.flush()
            if options.stop and seen >= options.stop:
                break
    return seen


def main():
    parser = argparse.ArgumentParser(description="trains Everyline-HSA")
    parser.add_argument("--data", required=True)
    parser.add_argument("--schedule", choices=SCHEDULES, required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--start", help="weights to go on from")
    parser.add_argument("--stop", type=int, help="tokens after which to end early")
    parser.add_argument("--curve", default="curve.jsonl")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=max(1, (os.cpu_count() or 2) - 2))
    options = parser.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(options.seed)
    model = load(options.start) if options.start else Model()
    model = model.to(device)
    if device == "cuda":
        model.compile_layers()
    seen = train(model, Corpus(options.data), SCHEDULES[options.schedule], options, device)
    torch.save(model.state_dict(), options.out)
    print(f"{options.out}: {seen / 1e6:.1f} M tokens", flush=True)


if __name__ == "__main__":
    main()

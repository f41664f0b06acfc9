"""Next-token loss and accuracy on held-back repositories: the last 4,096 of 8,192 tokens of documents of one repository."""
import random

import torch
import torch.nn.functional as F

from mix import sequence
from tokens import PAD

LENGTH, SEQUENCES = 8192, 24


@torch.no_grad()
def measure(model, corpus, device):
    """-> {repository: {"loss", "accuracy"}}"""
    results = {}
    for name in corpus.names:
        draw, losses, right = random.Random(7), [], []
        for _ in range(SEQUENCES):
            ids, document = (torch.tensor([column], device=device) for column in sequence(corpus, draw, LENGTH, "text", 0.0, name)[:2])
            hidden, _ = model(ids, document)
            logits, target = model.logits(hidden[0, LENGTH // 2 - 1:-1]), ids[0, LENGTH // 2:]
            real = target != PAD
            losses.append(F.cross_entropy(logits[real], target[real], reduction="none"))
            right.append((logits.argmax(-1) == target)[real])
        results[name] = {"loss": torch.cat(losses).mean().item(), "accuracy": torch.cat(right).float().mean().item()}
    return results

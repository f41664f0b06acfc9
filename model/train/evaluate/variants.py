"""The model with one thing changed, without training it again: what each part of the method carries in these weights.

A model trained with the change from the start would adapt to it; these figures say only what the trained model relies on.
"""
from contextlib import contextmanager

import torch

from model import HIDDEN


def random_choice(scores, count, noise=False):
    """As many chunks as would be chosen, any of the visible ones, alike weighted."""
    open_places = (scores > HIDDEN / 10).float()
    tried = torch.rand_like(scores) * open_places
    top, indices = tried.topk(min(count, scores.shape[-1]), -1)
    real = (top > 0).float()
    return real / real.sum(-1, keepdim=True).clamp_min(1), indices


def no_choice(scores, count, noise=False):
    weights, indices = random_choice(scores, count)
    return weights * 0, indices


def pooled(encoded):
    """The mean of the chunk's tokens after the encoder, in place of the row of `cls`."""
    return encoded[:, :-1].mean(1)


VARIANTS = {
    "as trained, K 16": {},
    "K 4": {"K": 4},
    "K 64": {"K": 64},
    "16 random chunks": {"choose": random_choice},
    "landmark: mean of the chunk": {"gist": pooled},
    "memory off": {"choose": no_choice},
}


@contextmanager
def variant(model, name):
    change, chosen = VARIANTS[name], model.sizes.K
    model.sizes.K = change.get("K", chosen)
    if "gist" in change:
        model.gist = change["gist"]
    for layer in model.hsa if "choose" in change else ():
        layer.choose = change["choose"]
    try:
        yield model
    finally:
        model.sizes.K = chosen
        for owner, attribute in [(model, "gist"), *((layer, "choose") for layer in model.hsa)]:
            vars(owner).pop(attribute, None)

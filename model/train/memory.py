"""A memory of many documents, and reading with it: what the engine does, in PyTorch."""
import math
from dataclasses import dataclass

import torch

from model import HIDDEN
from tokens import CHUNK, PAD, grid

ROWS, LENGTH = 16, 8192  # documents are encoded in batches of this shape
TOKENS_AT_ONCE = 128  # whose chunks are gathered together
KEY_HIDDEN = -1e4


@dataclass
class Memory:
    """keys, values (C, G, 64, D), landmarks (C, G, R), bias (C, 64): -1e4 for padding."""
    keys: torch.Tensor
    values: torch.Tensor
    landmarks: torch.Tensor
    bias: torch.Tensor

    def __len__(self):
        return len(self.landmarks)

    def __add__(self, other):
        return Memory(*(torch.cat(pair) for pair in zip(self.parts(), other.parts())))

    def __getitem__(self, chunks):
        return Memory(*(part[chunks] for part in self.parts()))

    def __setitem__(self, chunks, other):
        for part, new in zip(self.parts(), other.parts()):
            part[chunks] = new

    def parts(self):
        return self.keys, self.values, self.landmarks, self.bias

    def clone(self):
        return Memory(*(part.clone() for part in self.parts()))


def encode_rows(model, ids, document):
    """ids, document (B, T) -> Memory of the B·T/64 chunks in order."""
    return chunks(ids, *model.encode(model.low(ids, document)[0]))


def chunks(ids, keys, values, landmarks):
    """What Model.encode gives for sequences -> Memory"""
    batch, groups, length, width = keys.shape

    def cut(x):
        return x.reshape(batch, groups, length // CHUNK, CHUNK, width).transpose(1, 2).flatten(0, 1)
    bias = torch.where(ids == PAD, KEY_HIDDEN, 0.0).view(-1, CHUNK)
    return Memory(cut(keys), cut(values), landmarks.transpose(1, 2).flatten(0, 1), bias)


def pack(documents):
    """Documents, each on the grid, laid one after another into rows of LENGTH; a document over a row's end is cut there, as if two."""
    ids, owner, rows = [], [], []
    for number, document in enumerate(documents):
        rest = grid(list(document))
        while rest:
            part, rest = rest[:LENGTH - len(ids)], rest[LENGTH - len(ids):]
            ids, owner = ids + part, owner + [number] * len(part)
            if len(ids) == LENGTH:
                rows.append((ids, owner))
                ids, owner = [], []
    if ids:
        rows.append((ids + [PAD] * (LENGTH - len(ids)), owner + [-1] * (LENGTH - len(ids))))
    return rows


def encode_packed(model, rows, device):
    """Rows of pack() -> Memory, with the padding chunks of the last row."""
    found = []
    for i in range(0, len(rows), ROWS):
        ids, document = (torch.tensor([row[k] for row in rows[i:i + ROWS]], device=device) for k in (0, 1))
        found.append(encode_rows(model, ids, document))
    return Memory(*(torch.cat(parts) for parts in zip(*(memory.parts() for memory in found))))


def read(model, ids, memory, hidden=None):
    """One sequence ids (T) after `memory`. hidden: a range of chunks that may not be chosen.
    -> (hidden states (T, d), [(scores (G, T, C), indices (G, T, K), weights)] a HSA layer)"""
    length, count = len(ids), len(memory)
    ids = ids[None]
    x, angles, window = model.low(ids, torch.zeros_like(ids))
    own = chunks(ids, *model.encode(x))
    position = torch.arange(length, device=ids.device)
    visible = torch.ones(length, count + len(own), dtype=torch.bool, device=ids.device)
    visible[:, count:] = torch.arange(len(own), device=ids.device)[None] < position[:, None] // CHUNK
    if hidden:
        visible[:, hidden.start:hidden.stop] = False
    everything, seen = memory + own, []
    for group, layer in enumerate(model.hsa):
        q, r = layer.queries(x)
        scores = layer.scores(r, everything.landmarks.transpose(0, 1)[None]).masked_fill(~visible, HIDDEN)
        weights, indices = layer.choose(scores, model.sizes.K)
        y = attend(q[0], everything, weights[0], indices[0])
        x = model.upper_layers(group, layer.finish(x, y[None].to(x.dtype)), angles, window)
        seen.append((scores[0], indices[0], weights[0]))
    return model.fn(x)[0], seen


def attend(q, memory, weights, indices):
    """q (H, T, D), weights and indices (G, T, K) -> (H, T, D)"""
    heads, length, width = q.shape
    groups, out = len(weights), []
    for group, own in enumerate(q.view(groups, heads // groups, length, width)):
        parts = []
        for i in range(0, length, TOKENS_AT_ONCE):
            at = slice(i, i + TOKENS_AT_ONCE)
            chosen = indices[group, at]
            keys, values = memory.keys[chosen, group].float(), memory.values[chosen, group].float()
            scores = torch.einsum("htd,tksd->htks", own[:, at].float(), keys) / math.sqrt(width) + memory.bias[chosen][None]
            parts.append(torch.einsum("htks,tksd,tk->htd", scores.softmax(-1), values, weights[group, at].float()))
        out.append(torch.cat(parts, 1))
    return torch.cat(out)

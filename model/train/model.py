"""Everyline-HSA in PyTorch: the definition of model/README.md, for training and evaluation.

    lower stack (4 layers, window 256) -> chunk encoder (keys, values and a landmark a chunk) -> 2 x { HSA layer, 3 layers }

Attribute names are the names of the tensors in model.safetensors. Sizes in comments: B sequences, T tokens, C = T/64 chunks,
H = 8 query heads, G = 2 key/value and retrieval heads, D = 64 and R = 128 the widths of a head.
"""
import math
from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import nn

from kernel import sparse_attention
from layers import BandWindow, FlexWindow, Layer, Mlp, Norm, Sizes, WholeChunk, rms, rope_angles
from tokens import CHUNK, PAD

HIDDEN = -1e9  # the score of a chunk that may not be chosen


class HsaLayer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.h, self.hk, self.width, self.dr = c.h, c.hk, c.d // c.h, c.dr
        self.n1, self.n2 = Norm(c.d), Norm(c.d)
        self.q = nn.Linear(c.d, c.d, bias=False)
        self.rq = nn.Linear(c.d, c.hk * c.dr, bias=False)
        self.o = nn.Linear(c.d, c.d, bias=False)
        self.mlp = Mlp(c.d, c.f)
        self.null = nn.Parameter(torch.zeros(c.hk))
        self.tau = nn.Parameter(torch.zeros(c.hk))

    def queries(self, x):
        """-> attention queries (B, H, T, D), retrieval queries (B, G, T, R)"""
        batch, length, _ = x.shape
        y = self.n1(x)
        return (rms(self.q(y).view(batch, length, self.h, self.width)).transpose(1, 2),
                rms(self.rq(y).view(batch, length, self.hk, self.dr)).transpose(1, 2))

    def scale(self):
        return self.tau.exp().view(1, -1, 1, 1) / math.sqrt(self.dr)

    def scores(self, r, landmarks):
        """r (B, G, T, R), landmarks (B, G, C, R) -> (B, G, T, C), in float32: the best chunk of 262,144 is decided here."""
        with torch.autocast(r.device.type, enabled=False):
            return r.float() @ landmarks.float().transpose(-1, -2) * self.scale().float()

    def choose(self, scores, count, noise=False):
        """-> weights and indices (B, G, T, K) of the best chunks. noise: Gumbel, so that the next best are tried in training too."""
        count = min(count, scores.shape[-1])
        tried = scores - torch.empty_like(scores).exponential_().log() if noise else scores
        indices = tried.topk(count, -1).indices
        top = scores.gather(-1, indices)
        null = self.null.view(1, -1, 1, 1).expand(*top.shape[:-1], 1)
        weights = torch.cat((top, null), -1).softmax(-1)[..., :-1]
        return weights * (top > HIDDEN / 10), indices

    def finish(self, x, retrieved):
        """The retrieved vector passes through the MLP only: it is not added to the residual stream itself."""
        batch, length, d = x.shape
        return x + self.mlp(self.n2(x + self.o(retrieved.transpose(1, 2).reshape(batch, length, d))))


def retrieval_loss(layer, r, landmarks, gold, weight, most=4096):
    """Cross entropy of the right chunk where it is known, against the chunks of every sequence of the batch. -> (loss, accuracy at <a>)"""
    row, token = (gold >= 0).nonzero(as_tuple=True)
    if len(row) > most:
        kept = torch.randperm(len(row), device=row.device)[:most]
        row, token = row[kept], token[kept]
    batch, groups, chunks, _ = landmarks.shape
    with torch.autocast(r.device.type, enabled=False):
        logits = torch.einsum("nhd,bhcd->nhbc", r[row, :, token].float(), landmarks.float()) * layer.scale()
    own = torch.arange(batch, device=row.device)[None] == row[:, None]
    earlier = torch.arange(chunks, device=row.device)[None, None] < (token // CHUNK)[:, None, None]
    logits = logits.masked_fill(~(~own[:, :, None] | earlier)[:, None], HIDDEN).reshape(len(row), groups, batch * chunks)
    right, weight = row * chunks + gold[row, token], weight[row, token]
    loss = F.cross_entropy(logits.transpose(1, 2), right[:, None].expand(-1, groups), reduction="none").mean(1)
    asked = weight >= 2
    found = (logits.mean(1).argmax(-1) == right) & asked
    return (loss * weight).sum() / weight.sum().clamp_min(1e-6), found.sum() / asked.sum().clamp_min(1)


class Model(nn.Module):
    def __init__(self, sizes=Sizes()):
        super().__init__()
        c = self.sizes = replace(sizes)
        self.emb = nn.Embedding(c.V, c.d)
        self.lower = nn.ModuleList(Layer(c) for _ in range(c.lower))
        self.cls = nn.Parameter(torch.zeros(c.d))
        self.enc = nn.ModuleList(Layer(c) for _ in range(c.enc))
        self.en = Norm(c.d)
        self.lm = nn.Linear(c.d, c.hk * c.dr, bias=False)
        self.kp = nn.Linear(c.d, c.d // c.h * c.hk, bias=False)
        self.vp = nn.Linear(c.d, c.d // c.h * c.hk, bias=False)
        self.hsa = nn.ModuleList(HsaLayer(c) for _ in c.upper)
        self.upper = nn.ModuleList(nn.ModuleList(Layer(c) for _ in range(n)) for n in c.upper)
        self.fn = Norm(c.d)
        self.window = BandWindow
        self.initialise()

    def initialise(self):
        depth = self.sizes.lower + self.sizes.enc + sum(self.sizes.upper) + len(self.sizes.upper)
        for name, parameter in self.named_parameters():
            if parameter.ndim == 2:
                into_stream = name.endswith(("o.weight", "dn.weight"))
                nn.init.normal_(parameter, std=0.02 / math.sqrt(2 * depth) if into_stream else 0.02)
        nn.init.normal_(self.cls, std=0.02)

    def compile_layers(self):
        """For training: the layers become fused kernels, their windows masks of blocks."""
        self.window = FlexWindow
        for layer in self.modules():
            if isinstance(layer, Layer):
                layer.compile(dynamic=False)

    def low(self, ids, document):
        """The lower stack. -> hidden states (B, T, d) and what the other layers need of the sequence"""
        x = self.emb(ids)
        if torch.is_autocast_enabled(x.device.type):
            x = x.bfloat16()
        angles = rope_angles(ids.shape[1], self.sizes.d // self.sizes.h, x)
        window = self.window(document, self.sizes.win)
        for layer in self.lower:
            x = layer(x, angles, window)
        return x, angles, window

    def encode(self, x):
        """Hidden states (B, T, d) of the lower stack -> keys, values (B, G, T, D), landmarks (B, G, C, R)"""
        batch, length, d = x.shape
        chunks, heads = length // CHUNK, self.sizes.hk
        y = torch.cat((x.view(batch * chunks, CHUNK, d), self.cls.to(x.dtype).expand(batch * chunks, 1, d)), 1)
        angles = rope_angles(CHUNK + 1, d // self.sizes.h, x)
        for layer in self.enc:
            y = layer(y, angles, WholeChunk())
        y = self.en(y)
        landmarks = rms(self.lm(self.gist(y)).view(batch, chunks, heads, -1)).transpose(1, 2)
        y = y[:, :-1].reshape(batch, length, d)
        keys = rms(self.kp(y).view(batch, length, heads, -1)).transpose(1, 2)
        return keys, self.vp(y).view(batch, length, heads, -1).transpose(1, 2), landmarks

    @staticmethod
    def gist(encoded):
        """What a landmark is made of: the row of `cls`, which has read the whole chunk."""
        return encoded[:, -1]

    def upper_layers(self, group, x, angles, window):
        for layer in self.upper[group]:
            x = layer(x, angles, window)
        return x

    def logits(self, hidden):
        return (hidden @ self.emb.weight.to(hidden.dtype).T).float()

    def forward(self, ids, document, gold=None, weight=None, noise=False):
        """The memory of a sequence is the sequence itself: every complete earlier chunk. -> (hidden, [(retrieval loss, accuracy)] a HSA layer)"""
        length, count = ids.shape[1], self.sizes.K
        x, angles, window = self.low(ids, document)
        keys, values, landmarks = self.encode(x)
        bias = torch.where(ids == PAD, -1e4, 0.0)
        chunk = torch.arange(length // CHUNK, device=ids.device)
        visible = chunk[None] < (torch.arange(length, device=ids.device) // CHUNK)[:, None]
        retrieved = []
        for group, layer in enumerate(self.hsa):
            q, r = layer.queries(x)
            if gold is not None:
                retrieved.append(retrieval_loss(layer, r, landmarks, gold, weight))
            weights, indices = layer.choose(layer.scores(r, landmarks).masked_fill(~visible, HIDDEN), count, noise)
            spread = torch.zeros(*weights.shape[:-1], len(chunk), device=x.device).scatter(-1, indices, weights)
            y = sparse_attention(q.to(x.dtype), keys.to(x.dtype), values.to(x.dtype), spread, bias)
            x = self.upper_layers(group, layer.finish(x, y), angles, window)
        return self.fn(x), retrieved

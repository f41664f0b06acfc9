"""The plain parts of the model: norms, MLP, rotary positions, and layers with attention to a window or a chunk.

Attribute names are the names of the tensors in model.safetensors.
"""
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.attention.flex_attention import create_block_mask, flex_attention


@dataclass
class Sizes:
    V: int = 32_768
    d: int = 512
    h: int = 8
    hk: int = 2
    lower: int = 4
    enc: int = 1
    upper: tuple = (3, 3)
    f: int = 1408
    dr: int = 128
    K: int = 16
    win: int = 256


def rms(x):
    return F.rms_norm(x, (x.shape[-1],), eps=1e-6).to(x.dtype)


def rope(x, angles):
    cos, sin = angles
    a, b = x.chunk(2, -1)
    return torch.cat((a * cos - b * sin, b * cos + a * sin), -1)


def rope_angles(length, width, like):
    steps = 10_000.0 ** (torch.arange(0, width, 2, device=like.device).float() / width)
    angle = torch.arange(length, device=like.device).float()[:, None] / steps
    return angle.cos().to(like.dtype), angle.sin().to(like.dtype)


class Norm(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.g = nn.Parameter(torch.ones(d))

    def forward(self, x):
        return F.rms_norm(x, (x.shape[-1],), self.g.to(x.dtype), 1e-6).to(x.dtype)


class Mlp(nn.Module):
    def __init__(self, d, f):
        super().__init__()
        self.up = nn.Linear(d, 2 * f, bias=False)
        self.dn = nn.Linear(f, d, bias=False)

    def forward(self, x):
        a, b = self.up(x).chunk(2, -1)
        return self.dn(F.silu(a) * b)


class FlexWindow:
    """Window attention by blocks of a mask, compiled: for training. Any T that is a multiple of 128."""

    def __init__(self, document, window):
        def visible(b, _, i, j):
            return (i >= j) & (i - j < window) & (document[b, i] == document[b, j])
        batch, length = document.shape
        self.mask = create_block_mask(visible, batch, None, length, length, device=document.device, BLOCK_SIZE=128)

    def attend(self, q, k, v):
        return flex_attention(q, k, v, block_mask=self.mask, enable_gqa=True)


class BandWindow:
    """The same without a compiler: each block of `window` queries against its own and the block before. T a multiple of the window."""

    def __init__(self, document, window):
        batch, length = document.shape
        i, j = torch.arange(window, device=document.device), torch.arange(-window, window, device=document.device)
        own = document.view(batch, length // window, window)
        before = F.pad(own, (0, 0, 1, 0), value=-1)[:, :-1]
        same = own[..., :, None] == torch.cat((before, own), 2)[..., None, :]
        self.window = window
        self.mask = ((i[:, None] >= j) & (i[:, None] - j < window))[None, None] & same

    def attend(self, q, k, v):
        (batch, heads, length, width), blocks = q.shape, q.shape[2] // self.window

        def cut(x):
            return x.repeat_interleave(heads // x.shape[1], 1).view(batch, heads, blocks, self.window, width)

        def with_previous(x):
            return torch.cat((F.pad(x, (0, 0, 0, 0, 1, 0))[:, :, :-1], x), 3)

        def rows(x):
            return x.transpose(1, 2).reshape(batch * blocks, heads, -1, width)
        mask = self.mask.view(batch * blocks, 1, self.window, 2 * self.window)
        y = F.scaled_dot_product_attention(rows(cut(q)), rows(with_previous(cut(k))), rows(with_previous(cut(v))), attn_mask=mask)
        return y.view(batch, blocks, heads, self.window, width).transpose(1, 2).reshape(batch, heads, length, width)


class WholeChunk:
    """Full attention, in the chunk encoder."""

    def attend(self, q, k, v):
        return F.scaled_dot_product_attention(q, k, v, enable_gqa=True)


class Layer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.h, self.hk, self.width = c.h, c.hk, c.d // c.h
        self.n1, self.n2 = Norm(c.d), Norm(c.d)
        self.qkv = nn.Linear(c.d, (c.h + 2 * c.hk) * self.width, bias=False)
        self.o = nn.Linear(c.d, c.d, bias=False)
        self.mlp = Mlp(c.d, c.f)

    def forward(self, x, angles, window):
        batch, length, d = x.shape
        q, k, v = self.qkv(self.n1(x)).split([self.h * self.width, self.hk * self.width, self.hk * self.width], -1)

        def heads(z):
            return z.view(batch, length, -1, self.width)
        q, k = (rope(rms(heads(z)).transpose(1, 2), angles) for z in (q, k))
        y = window.attend(q, k, heads(v).transpose(1, 2))
        x = x + self.o(y.transpose(1, 2).reshape(batch, length, d))
        return x + self.mlp(self.n2(x))

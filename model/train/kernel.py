"""Sparse attention over chosen chunks: a Triton kernel for training on a GPU, and the same in plain PyTorch.

    out[t] = sum over chunks c of w[t, c] * softmax_j( q[t]·k[c, j] / sqrt(D) ) v[c, j]

one softmax a chunk of 64 keys; w is 0 where the token did not choose the chunk. A block of 64 tokens works through the chunks that any of
them chose and skips the others (`used`). Nothing of size T x T is kept: the backward pass computes the softmax again.

Shapes: q (B, H, T, D), k and v (B, G, T, D), w (B, G, T, C) float32, bias (B, T) added to a key's score (-1e4 for padding).
"""
import math

import torch

from tokens import CHUNK

try:
    import triton
    import triton.language as tl
except ImportError:  # no GPU: `dense` does the same
    triton = None


def dense(q, k, v, w, bias):
    batch, heads, length, width = q.shape
    k, v, w = (x.repeat_interleave(heads // k.shape[1], 1) for x in (k, v, w))
    scores = q @ k.transpose(-1, -2) / math.sqrt(width) + bias[:, None, None]
    shares = scores.view(batch, heads, length, -1, CHUNK).softmax(-1)
    return (shares * w[..., None]).view(batch, heads, length, length).to(v.dtype) @ v


if triton:

    @triton.jit
    def forward_kernel(Q, K, V, W, BIAS, USED, OUT, scale, H: tl.constexpr, SHARED: tl.constexpr, T, C, D: tl.constexpr, S: tl.constexpr):
        """One program: 64 tokens of one query head. SHARED: query heads a key/value head."""
        block, head = tl.program_id(0), tl.program_id(1)
        batch, kv = head // H, (head // H) * (H // SHARED) + head % H // SHARED
        r, d = tl.arange(0, S), tl.arange(0, D)
        rows = (head * T + block * S + r)[:, None] * D + d[None, :]
        q = tl.load(Q + rows)
        out = tl.zeros([S, D], tl.float32)
        for c in range(0, block):
            if tl.load(USED + (kv * C + block) * C + c) != 0:
                keys = (kv * T + c * S + r)[:, None] * D + d[None, :]
                k, v = tl.load(K + keys), tl.load(V + keys)
                w = tl.load(W + (kv * T + block * S + r) * C + c)
                s = tl.dot(q, tl.trans(k)) * scale + tl.load(BIAS + batch * T + c * S + r)[None, :]
                p = tl.exp(s - tl.max(s, 1)[:, None])
                p = p / tl.sum(p, 1)[:, None]
                out += tl.dot((p * w[:, None]).to(v.dtype), v)
        tl.store(OUT + rows, out.to(OUT.dtype.element_ty))

    @triton.jit
    def backward_queries(Q, K, V, W, BIAS, USED, DOUT, DQ, DW, scale, H: tl.constexpr, SHARED: tl.constexpr, T, C, D: tl.constexpr, S: tl.constexpr):
        """Gradients of queries and weights, by blocks of 64 tokens."""
        block, head = tl.program_id(0), tl.program_id(1)
        batch, kv = head // H, (head // H) * (H // SHARED) + head % H // SHARED
        r, d = tl.arange(0, S), tl.arange(0, D)
        rows = (head * T + block * S + r)[:, None] * D + d[None, :]
        q, dout = tl.load(Q + rows), tl.load(DOUT + rows)
        dq = tl.zeros([S, D], tl.float32)
        for c in range(0, block):
            if tl.load(USED + (kv * C + block) * C + c) != 0:
                keys = (kv * T + c * S + r)[:, None] * D + d[None, :]
                k, v = tl.load(K + keys), tl.load(V + keys)
                w = tl.load(W + (kv * T + block * S + r) * C + c)
                s = tl.dot(q, tl.trans(k)) * scale + tl.load(BIAS + batch * T + c * S + r)[None, :]
                p = tl.exp(s - tl.max(s, 1)[:, None])
                p = p / tl.sum(p, 1)[:, None]
                dp = tl.dot(dout, tl.trans(v))
                mean = tl.sum(p * dp, 1)  # of dp under p: also the gradient of w
                tl.store(DW + (head * T + block * S + r) * C + c, mean)
                ds = p * (dp - mean[:, None]) * w[:, None]
                dq += tl.dot(ds.to(k.dtype), k)
        tl.store(DQ + rows, (dq * scale).to(DQ.dtype.element_ty))

    @triton.jit
    def backward_chunks(Q, K, V, W, BIAS, USED, DOUT, DK, DV, scale, H: tl.constexpr, SHARED: tl.constexpr, T, C, D: tl.constexpr, S: tl.constexpr):
        """Gradients of keys and values, by chunks; a query head at a time, summed over heads outside."""
        c, head = tl.program_id(0), tl.program_id(1)
        batch, kv = head // H, (head // H) * (H // SHARED) + head % H // SHARED
        r, d = tl.arange(0, S), tl.arange(0, D)
        keys = (kv * T + c * S + r)[:, None] * D + d[None, :]
        k, v = tl.load(K + keys), tl.load(V + keys)
        bias = tl.load(BIAS + batch * T + c * S + r)
        dk, dv = tl.zeros([S, D], tl.float32), tl.zeros([S, D], tl.float32)
        for block in range(c + 1, C):
            if tl.load(USED + (kv * C + block) * C + c) != 0:
                rows = (head * T + block * S + r)[:, None] * D + d[None, :]
                q, dout = tl.load(Q + rows), tl.load(DOUT + rows)
                w = tl.load(W + (kv * T + block * S + r) * C + c)
                s = tl.dot(q, tl.trans(k)) * scale + bias[None, :]
                p = tl.exp(s - tl.max(s, 1)[:, None])
                p = p / tl.sum(p, 1)[:, None]
                dp = tl.dot(dout, tl.trans(v))
                mean = tl.sum(p * dp, 1)
                dv += tl.dot(tl.trans(p * w[:, None]).to(dout.dtype), dout)
                ds = p * (dp - mean[:, None]) * w[:, None]
                dk += tl.dot(tl.trans(ds).to(q.dtype), q)
        own = (head * T + c * S + r)[:, None] * D + d[None, :]
        tl.store(DK + own, (dk * scale).to(DK.dtype.element_ty))
        tl.store(DV + own, dv.to(DV.dtype.element_ty))


class SparseAttention(torch.autograd.Function):
    @staticmethod
    def forward(ctx, q, k, v, w, bias):
        batch, heads, length, width = q.shape
        groups, chunks = k.shape[1], length // CHUNK
        q, k, v, w = (x.contiguous() for x in (q, k, v, w))
        used = (w.view(batch, groups, chunks, CHUNK, chunks) > 0).any(3).to(torch.int32).contiguous()
        out = torch.empty_like(q)
        ctx.save_for_backward(q, k, v, w, bias, used)
        ctx.sizes = (1 / math.sqrt(width), heads, heads // groups, length, chunks, width, CHUNK)
        forward_kernel[(chunks, batch * heads)](q, k, v, w, bias, used, out, *ctx.sizes, num_warps=4)
        return out

    @staticmethod
    def backward(ctx, dout):
        q, k, v, w, bias, used = ctx.saved_tensors
        (batch, heads, length, width), groups, dout = q.shape, k.shape[1], dout.contiguous()
        grid = (length // CHUNK, batch * heads)
        dq, dk, dv = torch.empty_like(q), torch.empty_like(q), torch.empty_like(q)
        dw = torch.zeros(batch, heads, length, length // CHUNK, device=q.device, dtype=torch.float32)
        backward_queries[grid](q, k, v, w, bias, used, dout, dq, dw, *ctx.sizes, num_warps=4)
        backward_chunks[grid](q, k, v, w, bias, used, dout, dk, dv, *ctx.sizes, num_warps=4)

        def over_heads(x):  # the query heads of a key/value head
            return x.view(batch, groups, heads // groups, *x.shape[2:]).sum(2)
        return dq, over_heads(dk), over_heads(dv), over_heads(dw), None


def sparse_attention(q, k, v, w, bias):
    return SparseAttention.apply(q, k, v, w, bias) if q.is_cuda else dense(q, k, v, w, bias)

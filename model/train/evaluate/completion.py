"""The rest of a line, filled in: exact when every token is the best one. With the memory of the repository (without the file itself) and without."""
import random
import re

import torch

from memory import encode_packed, pack, read
from tokens import CHUNK, MIDDLE, PAD, SUFFIX, grid

CASES, FILES, LONGEST = 150, 4000, 40
PREFIX, AFTER = 700, 64


def case(corpus, ids, draw):
    """-> (prompt, rest of the line), or None where the place says too little."""
    if len(ids) < 200:
        return None
    cursor = draw.randrange(120, len(ids) - 8)
    end = cursor
    while end < len(ids) - 1 and end - cursor < LONGEST and ids[end] not in corpus.line_ends:
        end += 1
    rest = ids[cursor:end]
    if len(re.findall(r"\w", corpus.tokenizer.decode(rest))) < 6 or len(rest) >= LONGEST:
        return None
    prefix = ids[max(0, cursor - PREFIX) // CHUNK * CHUNK:cursor]
    return prefix + [SUFFIX] + ids[end:end + AFTER] + [MIDDLE], rest


@torch.no_grad()
def measure(model, corpus, device):
    """-> {repository: {"with": share exact, "without", "chunks"}}"""
    results = {}
    for name in corpus.names:
        documents = [corpus.ids(at) for at in corpus.repositories[name].files][:FILES]
        memory = encode_packed(model, pack(documents), device)
        starts = [0]
        for ids in documents:
            starts.append(starts[-1] + len(grid(ids)) // CHUNK)
        draw, exact = random.Random(11), {"with": [], "without": []}
        while len(exact["with"]) < CASES:
            number = draw.randrange(len(documents))
            found = case(corpus, documents[number], draw)
            if not found:
                continue
            prompt, rest = found
            ids = torch.tensor(prompt + rest + [PAD] * (-len(prompt + rest) % 256), device=device)
            own = range(starts[number], starts[number + 1])
            for kind, hidden in (("with", own), ("without", range(len(memory)))):
                states, _ = read(model, ids, memory, hidden)
                told = model.logits(states[len(prompt) - 1:len(prompt) + len(rest) - 1]).argmax(-1).tolist()
                exact[kind].append(told == rest)
        results[name] = {"chunks": len(memory), **{kind: sum(hits) / len(hits) for kind, hits in exact.items()}}
    return results

"""Needles: "const amber_quartz_17 = 4815162;" in a file somewhere in millions of tokens of other code, and the question for its value.

The wording is that of training. With eight needles the other seven are distractors of the same kind.
"""
import random

import torch

from memory import LENGTH, encode_packed, encode_rows, pack, read
from mix import needle
from tokens import CHUNK, EOF, PAD

TRIALS = 40
SIZES = [1 << 13, 1 << 17, 1 << 20, 1 << 22, 1 << 24]
FILE = 512  # tokens of the file that a needle sits in


def bank(model, corpus, tokens, device):
    """A memory of `tokens` tokens of the corpus's files, in random order, begun again when they are used up."""
    draw, files, documents, length = random.Random(3), [], [], 0
    while length < tokens:
        if not files:
            files = [at for name in corpus.names for at in corpus.repositories[name].files]
            draw.shuffle(files)
        documents.append(corpus.ids(files.pop()))
        length += len(documents[-1])
    return encode_packed(model, pack(documents)[:tokens // LENGTH], device)


def plant(model, corpus, memory, draw, device):
    """Writes a file with a needle over eight chunks of the memory. -> (needle's name, value, its chunk, (place, what was there))"""
    name, value, form = needle(draw)
    repository = corpus.repositories[draw.choice(corpus.names)]
    ids = corpus.ids(draw.choice(repository.files))[:FILE - 72]
    cursor, before = draw.randrange(len(ids)), len(corpus.encode(form.split("{v}")[0].format(k=name)))
    ids = (ids[:cursor] + corpus.encode(form.format(k=name, v=value)) + ids[cursor:])[:FILE]
    ids = torch.tensor([ids + [PAD] * (FILE - len(ids))], device=device)
    start = draw.randrange(len(memory) - FILE // CHUNK)
    place = slice(start, start + FILE // CHUNK)
    saved = memory[place].clone()
    memory[place] = encode_rows(model, ids, torch.zeros_like(ids))
    return name, value, start + (cursor + before - 1) // CHUNK, (place, saved)


@torch.no_grad()
def trial(model, corpus, memory, needles, draw, device):
    """-> (every token of the value right, chunk of the needle chosen at <a>)"""
    planted = [plant(model, corpus, memory, draw, device) for _ in range(needles)]
    name, value, chunk, _ = planted[-1]
    question, answer = corpus.question(f"What is the value of {name}?"), corpus.encode(value) + [EOF]
    ids = question + answer
    states, seen = read(model, torch.tensor(ids + [PAD] * (256 - len(ids)), device=device), memory)
    told = model.logits(states[len(question) - 1:len(ids) - 2]).argmax(-1).tolist()
    chosen = {c for _, indices, _ in seen for c in indices[:, len(question) - 1].flatten().tolist()}
    for *_, (place, saved) in reversed(planted):
        memory[place] = saved
    return told == answer[:-1], bool({chunk, chunk + 1} & chosen)


@torch.no_grad()
def measure(model, corpus, device, sizes=SIZES, needles=(1, 8)):
    """-> [{"tokens", "needles", "exact", "found"}]"""
    results, whole = [], bank(model, corpus, max(sizes), device)
    for tokens in sizes:
        memory = whole[:tokens // CHUNK].clone()
        for count in needles:
            draw = random.Random(1)
            hits = [trial(model, corpus, memory, count, draw, device) for _ in range(TRIALS)]
            exact, found = (sum(column) / TRIALS for column in zip(*hits))
            results.append({"tokens": tokens, "needles": count, "exact": exact, "found": found})
    return results

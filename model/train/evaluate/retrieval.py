"""Doc comment -> the code it was cut from, among the files of a held-back repository: the model, BM25 over the same chunks, and both."""
import math
import random
import re
from collections import Counter, defaultdict

import numpy as np
import torch

from memory import encode_packed, pack, read
from tokens import CHUNK, PAD, grid

QUESTIONS, FILES = 200, 4000
BM25_SHARE = 0.35  # of its score, beside the log-softmax of the model's
WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+|[^\x00-\x7f]+")


class Bm25:
    """Okapi BM25 (k1 1.2, b 0.75) over the parts of identifiers."""

    def __init__(self, texts):
        self.postings, lengths = defaultdict(list), []
        for number, text in enumerate(texts):
            counts = Counter(self.words(text))
            lengths.append(sum(counts.values()))
            for word, count in counts.items():
                self.postings[word].append((number, count))
        self.lengths = np.array(lengths) / np.mean(lengths)

    @staticmethod
    def words(text):
        return [word.lower() for word in WORDS.findall(text) if len(word) > 1]

    def scores(self, query):
        total, all_texts = np.zeros(len(self.lengths), np.float32), len(self.lengths)
        for word in set(self.words(query)) & self.postings.keys():
            texts, counts = np.array(self.postings[word]).T
            rarity = math.log(1 + (all_texts - len(texts) + 0.5) / (len(texts) + 0.5))
            total[texts] += rarity * counts * 2.2 / (counts + 1.2 * (0.25 + 0.75 * self.lengths[texts]))
        return total


def documents(corpus, name):
    """-> (documents: the files without comments, then files that nothing is asked of; [(question, chunk, document)])"""
    repository = corpus.repositories[name]
    cut = {file for _, _, file in repository.asked}
    ids = [corpus.ids(at) for at, _, _ in repository.asked]
    asked, start = [], 0
    for number, (document, (_, questions, _)) in enumerate(zip(ids, repository.asked)):
        asked += [(text, start + (position + 4) // CHUNK, number) for position, kind, text, _ in questions if kind == "doc"]
        start += len(grid(document)) // CHUNK
    ids += [corpus.ids(at) for number, at in enumerate(repository.files) if number not in cut][:FILES]
    return ids, random.Random(5).sample(asked, min(len(asked), QUESTIONS))


def ranks(scores, owner, chunk, document, count):
    """-> (rank of the chunk, rank of its file by the file's best chunk), from 1."""
    files = torch.full((count,), -torch.inf, device=scores.device).scatter_reduce(0, owner, scores, "amax")
    return (scores > scores[chunk]).sum().item() + 1, (files > files[document]).sum().item() + 1


@torch.no_grad()
def measure(model, corpus, device):
    """-> {repository: {way: {"mrr": of files at 10, "file at 1", "chunk at 10"}}}"""
    results = {}
    for name in corpus.names:
        ids, asked = documents(corpus, name)
        chunks = [grid(document)[i:i + CHUNK] for document in ids for i in range(0, len(document), CHUNK)]
        owner = torch.tensor([n for n, document in enumerate(ids) for _ in range(0, len(document), CHUNK)], device=device)
        words = Bm25([corpus.tokenizer.decode([i for i in chunk if i != PAD]) for chunk in chunks])
        memory, found = encode_packed(model, pack(ids), device)[:len(chunks)], defaultdict(list)
        for text, chunk, document in asked:
            question = corpus.question(text)[:256]
            _, seen = read(model, torch.tensor(question + [PAD] * (256 - len(question)), device=device), memory)
            shares = torch.stack([s[:, :len(question), :len(chunks)].log_softmax(-1) for s, _, _ in seen]).mean((0, 1))
            by_words = torch.tensor(words.scores(text), device=device)
            last = shares[-1].log_softmax(-1)
            ways = {"BM25": by_words, "HSA at <a>": last, "HSA, whole question": shares[3:].mean(0), "BM25 + HSA": last + BM25_SHARE * by_words}
            for way, scores in ways.items():
                found[way].append(ranks(scores, owner, chunk, document, len(ids)))
        results[name] = {way: summary(pairs) for way, pairs in found.items()} | {"chunks": len(chunks), "questions": len(asked)}
    return results


def summary(pairs):
    count = len(pairs)
    return {"mrr": sum(1 / file for _, file in pairs if file <= 10) / count, "file at 1": sum(file == 1 for _, file in pairs) / count,
            "chunk at 10": sum(chunk <= 10 for chunk, _ in pairs) / count}

"""Token data of prepare.py, by repository."""
import json
import lzma
import os
from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np

from prepare import load_tokenizer
from tokens import ANSWER, QUESTION


@dataclass
class Repository:
    """Documents as (start, length) in the token array; asked: with questions; commits: with the ids of frame and message, and the subject."""
    files: list = field(default_factory=list)
    asked: list = field(default_factory=list)
    commits: list = field(default_factory=list)


class Corpus:
    def __init__(self, folder):
        self.tokenizer = load_tokenizer(os.path.join(folder, "tokenizer.json"))
        self.tokens = np.load(os.path.join(folder, "tokens.npy"), mmap_mode="r")
        self.repositories = defaultdict(Repository)
        with lzma.open(os.path.join(folder, "index.jsonl.xz"), "rt", encoding="utf-8") as index:
            for document in map(json.loads, index):
                self.place(document)
        self.names = [name for name, r in self.repositories.items() if len(r.files) > 20]
        # Less than in proportion to size: small repositories are seen more often than large ones, token for token.
        self.shares = [sum(length for _, length in self.repositories[name].files) ** 0.8 for name in self.names]
        self.line_ends = {i for token, i in self.tokenizer.get_vocab().items() if "\u010a" in token}

    def place(self, document):
        repository, at = self.repositories[document["repo"]], (document["start"], document["length"])
        if document["kind"] == "file":
            repository.files.append(at)
        elif document["kind"] == "asked":
            repository.asked.append((at, document["questions"], len(repository.files) - 1))
        else:
            repository.commits.append((document["head"], at, document["subject"]))

    def ids(self, at):
        return self.tokens[at[0]:at[0] + at[1]].tolist()

    def encode(self, text):
        return self.tokenizer.encode(text).ids

    def question(self, text):
        return [QUESTION, *self.encode(text), ANSWER]

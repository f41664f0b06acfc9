"""What the model is trained on: sequences of documents of one repository, and what is then asked of them.

A sequence has one of four modes:

    text     documents; some are fill-in-the-middle tasks
    copy     documents, then spans of them as new documents: told apart only by the memory
    needle   documents with "const amber_quartz_17 = 4815162;" hidden in them, then questions for the values
    ask      documents without their doc comments, then the comments (and names, constants, commit subjects) as questions

Everything a position needs to learn retrieval is in `gold` (the chunk it should choose, -1: none) and `weight`.
"""
import random
from dataclasses import dataclass, field

import torch

from questions import phrase
from tokens import CHUNK, EOF, MIDDLE, PAD, SUFFIX, grid

MODES = ("text", "copy", "needle", "ask")
KINDS = TEXT, COPY, ANSWERED, ASKED = range(4)  # of a token: its weight in the loss depends on it
NEEDLE_WORDS = """alpha bravo delta river stone copper maple harbor falcon ember cobalt meadow violet amber cedar quartz raven tundra
    orbit lunar""".split()
NEEDLE_FORMS = ["\nconst {k} = {v};\n", "\n{k} = {v}\n", "\n// the {k} is {v}\n", "\n#define {k} {v}\n", "\n  \"{k}\": {v},\n",
                "\nThe value of {k} is {v}.\n"]


@dataclass
class Sequence:
    ids: list = field(default_factory=list)
    document: list = field(default_factory=list)
    kind: list = field(default_factory=list)
    gold: list = field(default_factory=list)
    weight: list = field(default_factory=list)

    def add(self, ids, document, kind, gold=None, weight=None):
        self.ids += ids
        self.document += [document] * len(ids)
        self.kind += kind
        self.gold += gold or [-1] * len(ids)
        self.weight += weight or [0.0] * len(ids)

    def columns(self, length):
        return [column[:length] for column in (self.ids, self.document, self.kind, self.gold, self.weight)]


def needle(draw):
    """-> (name, value, form)"""
    a, b, n = draw.choice(NEEDLE_WORDS), draw.choice(NEEDLE_WORDS), draw.randrange(100)
    name = draw.choice([f"{a}_{b}_{n}", f"{a}{b.title()}{n}", f"{a.upper()}_{b.upper()}_{n}", f"{a}-{b}-{n}"])
    return name, str(draw.randrange(10**6, 10**7)), draw.choice(NEEDLE_FORMS)


def needles(draw, room):
    """-> [(place, name, value, form)]"""
    return [(draw.randrange(max(1, room - 1000)), *needle(draw)) for _ in range(draw.choice([2, 4, 8, 16]))]


def fill_in(corpus, ids, draw):
    """-> (prefix <suf> suffix <mid> middle <eof>, length of middle and <eof>). Mostly the rest of a line, sometimes of two."""
    length, cursor = draw.randrange(2, 64), draw.randrange(48, len(ids) - 70)
    if draw.random() < 0.6:
        length = next((j for j in range(1, 64) if ids[cursor + j] in corpus.line_ends), length)
        if draw.random() < 0.25:
            length = next((j for j in range(length + 1, 68) if ids[cursor + j] in corpus.line_ends), length)
    prefix = ids[max(0, cursor - draw.choice([200, 440, 700])) // CHUNK * CHUNK:cursor]
    suffix = ids[cursor + length:cursor + length + draw.choice([0, 32, 64, 64])]
    return prefix + [SUFFIX] + suffix + [MIDDLE] + ids[cursor:cursor + length] + [EOF], length + 1


def sequence(corpus, draw, length, mode, middle=0.5, name=None, phrasings=1):
    """One sequence of `length` tokens. middle: share of the files of mode "text" that become fill-in-the-middle tasks;
    phrasings: in how many ways each question is asked."""
    repository = corpus.repositories[name or draw.choices(corpus.names, corpus.shares)[0]]
    room = length if mode == "text" else length // 2 if mode == "copy" and draw.random() < 0.5 else length * 3 // 4
    out, documents = Sequence(), Documents(corpus, repository, draw, mode)
    number, asked = lay_out(corpus, draw, out, documents, room, middle, phrasings)
    if mode == "copy":
        number = copy(out, length, number, draw)
    draw.shuffle(asked)
    for question, answer, chunk in asked:
        if len(out.ids) + len(question) + len(answer) > length:
            break
        add_question(out, question, answer, chunk, number)
    missing = length - len(out.ids)
    if missing > 0:
        out.add([PAD] * missing, number + 1, [TEXT] * missing)
    return out.columns(length)


def lay_out(corpus, draw, out, documents, room, middle, phrasings):
    """Fills `room` tokens with documents. -> (how many, what can be asked of them: [(question, answer, chunk)])"""
    mode, number, asked = documents.mode, 0, []
    hidden = sorted(needles(draw, room), reverse=True) if mode == "needle" else []
    while len(out.ids) < room:
        begin = len(out.ids)
        ids, questions, is_commit = documents.next(room - begin)
        generated = 0
        if mode == "text" and not is_commit and len(ids) > 150 and draw.random() < middle:
            ids, generated = fill_in(corpus, ids, draw)
        elif len(ids) > 1536 and not questions and draw.random() < 0.5:
            start = draw.randrange(len(ids) - 1024) // CHUNK * CHUNK
            ids = ids[start:start + 1024]
        while hidden and hidden[-1][0] < begin + len(ids):
            ids, found = hide(corpus, ids, begin, *hidden.pop())
            asked.append(found)
        for position, kind, text, answer in questions:
            if begin + position + 8 < room:
                told = (corpus.encode(answer) if answer else []) + [EOF]
                asked += [(corpus.question(phrase(kind, text, draw)), told, (begin + position + 4) // CHUNK) for _ in range(phrasings)]
        kinds = [TEXT] * (len(ids) - generated) + [ANSWERED] * generated
        ids = grid(ids)[:room - begin]
        out.add(ids, number, (kinds + [TEXT] * CHUNK)[:len(ids)])
        number += 1
    return number, asked


def hide(corpus, ids, begin, place, name, value, form):
    """-> (ids with the needle in them, its question, answer and chunk)."""
    cursor = min(max(0, place - begin), len(ids))
    before = len(corpus.encode(form.split("{v}")[0].format(k=name)))
    ids = ids[:cursor] + corpus.encode(form.format(k=name, v=value)) + ids[cursor:]
    chunk = (begin + cursor + max(0, before - 1)) // CHUNK
    return ids, (corpus.question(f"What is the value of {name}?"), corpus.encode(value) + [EOF], chunk)


def copy(out, length, number, draw):
    room = len(out.ids)
    while len(out.ids) < length:
        count = draw.randrange(48, 320)
        start = draw.randrange(room - count)
        places = [start + j for j in range(count) if out.ids[start + j] != PAD]
        ids = grid([out.ids[place] for place in places])
        # A few tokens must have been read before it can be known what is being copied.
        gold = [-1] * 6 + [(place + 1) // CHUNK for place in places][6:-1]
        gold = (gold + [-1] * len(ids))[:len(ids)]
        number += 1
        out.add(ids, number, [COPY] * len(ids), gold, [0.1] * len(ids))
    return number


class Documents:
    """Draws documents of a repository: in half of the sequences neighbours in path order, else at random; every eighth a commit."""

    def __init__(self, corpus, repository, draw, mode):
        self.corpus, self.repository, self.draw, self.mode = corpus, repository, draw, mode
        self.near = draw.random() < 0.5
        self.file = draw.randrange(len(repository.files))
        self.asked = draw.randrange(max(1, len(repository.asked)))

    def next(self, room):
        """-> (ids, questions as (position, kind, text, answer), is it a commit)"""
        draw, repository, chance = self.draw, self.repository, self.draw.random()
        if repository.commits and chance < 0.12:
            head, at, subject = draw.choice(repository.commits)
            ids = self.corpus.ids(at)
            if self.mode == "ask" and draw.random() < 0.7:
                position = min(draw.randrange(max(1, len(ids) - 8)), max(0, room - 70))
                return ids, [(position, "commit", subject, None)], True
            return head + ids, [], True
        if self.mode == "ask" and repository.asked and chance < 0.85:
            at, questions, _ = repository.asked[self.asked % len(repository.asked)] if self.near else draw.choice(repository.asked)
            self.asked += 1
            return self.corpus.ids(at), questions, False
        at = repository.files[self.file % len(repository.files)] if self.near else draw.choice(repository.files)
        self.file += 1
        return self.corpus.ids(at), [], False


def add_question(sequence, question, answer, chunk, number):
    """Retrieval is supervised at every token of question and answer; most at <a>, where all of the question has been read."""
    early, asking, telling = min(3, len(question) - 1), len(question) - 1, len(answer)
    gold = [-1] * early + [chunk] * (asking + 1 - early) + [chunk] * (telling - 1) + [-1]
    weight = [0.0] * early + [0.25] * (asking - early) + [2.0] + [0.3] * telling
    sequence.add(question + answer, number, [ASKED] * len(question) + [ANSWERED] * len(answer), gold, weight)


class Batches(torch.utils.data.IterableDataset):
    """Endless batches of a stage of the schedule, as tensors (batch, length): ids, document, kind, gold, weight."""

    def __init__(self, corpus, stage, seed):
        self.corpus, self.stage, self.seed = corpus, stage, seed

    def __iter__(self):
        worker = torch.utils.data.get_worker_info()
        draw = random.Random(f"{self.seed}.{worker.id if worker else 0}")
        while True:
            rows = [sequence(self.corpus, draw, self.stage.length, draw.choices(MODES, self.stage.mix)[0], self.stage.middle,
                             phrasings=self.stage.phrasings)
                    for _ in range(self.stage.batch)]
            yield tuple(torch.tensor([row[i] for row in rows]) for i in range(5))

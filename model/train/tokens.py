"""The special tokens, and the grid of chunks that every document lies on."""

SPECIAL = ["<pad>", "<eof>", "<file>", "<q>", "<a>", "<suf>", "<mid>", "<commit>"]
PAD, EOF, FILE, QUESTION, ANSWER, SUFFIX, MIDDLE, COMMIT = range(8)
CHUNK = 64


def grid(ids):
    return ids + [PAD] * (-len(ids) % CHUNK)

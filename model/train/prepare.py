"""Corpus -> token data: every document as uint16 ids on the grid of 64-token chunks, with the questions it answers.

    python3 prepare.py --data DATA [--tokenizer tokenizer.json] corpus.xz ...

Writes DATA/tokens.npy (all documents one after another), DATA/index.jsonl.xz (one document a line) and, where no tokenizer is
given, DATA/tokenizer.json trained on a sample of the corpus. A document of the index:

    {"repo", "kind": "file", "start", "length", "asked"?}            ids = tokens[start : start + length], the last is <eof>
    {"repo", "kind": "asked", "start", "length", "questions", "of"}  a file without its doc comments; "of": which of the files it is
    {"repo", "kind": "commit", "start", "length", "subject", "head"}      the diff; "head" holds the ids of the frame and the message

A question is [token position, kind, text, answer].
"""
import argparse
import json
import lzma
import os
import random
import shutil
from concurrent.futures import ProcessPoolExecutor

import numpy as np
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

from questions import names_and_values, without_comments
from tokens import COMMIT, EOF, FILE, SPECIAL, grid

# A line break with the indentation after it, a word (with the character before it), digits in twos, marks, spaces.
PIECES = r"\n[ \t]*|[^\r\n\p{L}\p{N}]?\p{Lu}?\p{Ll}+|\p{Lu}+|\p{N}{1,2}| ?[^\s\p{L}\p{N}]+|[ \t]+(?=\S)|\s+"


def load_tokenizer(path):
    """Special tokens are never recognised inside text (`<a>` is also an HTML tag): the frame's ids are put there by name."""
    tokenizer = Tokenizer.from_file(path)
    tokenizer.encode_special_tokens = True
    return tokenizer


def train_tokenizer(rows, path):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(PIECES), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.decoder = decoders.ByteLevel()
    sample = random.Random(0).sample(rows, min(len(rows), 16_000))
    tokenizer.train_from_iterator(
        (row.get("text") or row["subject"] + "\n" + row["diff"] for row in sample),
        trainers.BpeTrainer(vocab_size=32_768, special_tokens=SPECIAL, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
    tokenizer.save(path)


def encode_file(row):
    """-> [(document without place, ids)]: the file, and the file without its doc comments when it has any."""
    path, text, head = row["path"], row["text"], f"{row['path']}\n"
    bare, questions = without_comments(path, text)
    questions += names_and_values(path, bare)
    whole = TOKENIZER.encode(head + text)
    out = [({"repo": row["repo"], "kind": "file"}, [FILE, *whole.ids, EOF])]
    if questions:
        cut = TOKENIZER.encode(head + bare) if bare != text else whole
        starts = np.array([begin for begin, _ in cut.offsets])
        placed = [[1 + int(np.searchsorted(starts, len(head) + offset)), *rest] for offset, *rest in questions]
        out.append(({"repo": row["repo"], "kind": "asked", "questions": placed}, [FILE, *cut.ids, EOF]))
    return out


def encode_commit(row):
    message = row["subject"] + "\n" + (row["body"] + "\n" if row["body"] else "")
    head = [COMMIT, *TOKENIZER.encode(message).ids]
    return [({"repo": row["repo"], "kind": "commit", "subject": row["subject"], "head": head}, [*TOKENIZER.encode(row["diff"]).ids, EOF])]


def start_worker(path):
    global TOKENIZER
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    TOKENIZER = load_tokenizer(path)


def encode_rows(rows):
    return [part for row in rows for part in (encode_commit(row) if "diff" in row else encode_file(row))]


def main():
    parser = argparse.ArgumentParser(description="corpus -> token data")
    parser.add_argument("--data", required=True)
    parser.add_argument("--tokenizer", help="use this one; otherwise one is trained")
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("corpus", nargs="+")
    options = parser.parse_args()
    os.makedirs(options.data, exist_ok=True)
    rows = [json.loads(line) for path in options.corpus for line in lzma.open(path, "rt", encoding="utf-8")]
    rows.sort(key=lambda row: (row["repo"], "diff" in row, row.get("path") or row["subject"]))
    path = os.path.join(options.data, "tokenizer.json")
    if options.tokenizer:
        shutil.copyfile(options.tokenizer, path)
    else:
        train_tokenizer(rows, path)
    arrays, position, files = [], 0, 0
    batches = [rows[i:i + 48] for i in range(0, len(rows), 48)]
    with (ProcessPoolExecutor(options.workers, initializer=start_worker, initargs=(path,)) as pool,
          lzma.open(os.path.join(options.data, "index.jsonl.xz"), "wt", encoding="utf-8", preset=2) as index):
        for document, ids in (part for batch in pool.map(encode_rows, batches) for part in batch):
            files += document["kind"] == "file"
            if document["kind"] == "asked":
                document["of"] = files - 1
            document.update(start=position, length=len(ids))
            index.write(json.dumps(document, ensure_ascii=False) + "\n")
            arrays.append(np.array(grid(ids), np.uint16))
            position += len(arrays[-1])
    np.save(os.path.join(options.data, "tokens.npy"), np.concatenate(arrays))
    print(f"{len(rows)} documents, {position / 1e6:.1f} M tokens with what is asked", flush=True)


if __name__ == "__main__":
    main()

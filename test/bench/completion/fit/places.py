#!/usr/bin/env python3
"""Cuts calls out of a repository's files, as the completion set of the development benchmark does, to fit chances on.

    places.py FOLDER OUT [N=200 [PER=1]]

In up to N source files (tests and examples last) one line is cut at the name of a function that other files define. OUT/tree holds
the text files with the cut lines, OUT/places.json [{path, name, gold, prefix, suffix}]. Always the same places (seed 7). With PER, up to N
places, so many a file, and no OUT/tree: nothing is cut, and features.ts is told FOLDER.
"""
import json
import os
import random
import re
import sys

SOURCE = re.compile(r"\.(py|[jt]sx?|mjs|cjs|go|rs|java|kt|swift|scala|cs|php|c|cc|cpp|h|hpp|rb|ex|hs|lua)$")
OTHERS = re.compile(r"(^|/)(vendor|third_party|node_modules|dist|build|generated)/|\.min\.")
LAST = re.compile(r"(?i)test|spec|example|bench|doc")
# Lines that declare, import or comment.
NO_CALL = re.compile(
    r"^\s*(?://|#|\*|/\*|@|(?:import|from|use|using|func|def|fn|function|public|private|protected|static|fun|class|package|pub|internal|"
    r"override|inline|extern|typedef|suspend)\b|export\s+(?:async\s+)?function|async\s+def)"
)
CALL = re.compile(r"(?<![\w$])([A-Za-z_$][\w$]{2,})(?:<[\w, ]*>)?\(")
DEFINITION = re.compile(
    r"\b(?:def|func|fn|fun|function|class|struct|interface|object|record|enum|trait|type)\s+(?:\([^)]*\)\s*)?([A-Za-z_]\w+)"
    r"|\b([A-Za-z_]\w+)\s*\([^;{}]*\)\s*(?:const\s*)?(?:throws [\w, ]+)?\s*\{"
    r"|\b(?:const|let|var)\s+([A-Za-z_$][\w$]*)\s*=\s*(?:async\s*)?(?:function|\()"
    r"|#\s*define\s+(\w+)\(|^[A-Za-z_][\w \t*]*?\b(\w+)\s*\([^;{}()]*\);",
    re.M,
)
KEYWORDS = set("if for while switch return catch function sizeof defined new throw assert super print printf".split())
LARGEST = 1_000_000


def text_files(folder):
    for where, folders, names in os.walk(folder):
        folders[:] = [one for one in folders if one not in (".git", "node_modules")]
        for name in names:
            path = os.path.join(where, name)
            if os.path.islink(path) or not os.path.isfile(path) or os.path.getsize(path) > LARGEST:
                continue
            with open(path, "rb") as file:
                content = file.read()
            if b"\0" not in content:
                yield os.path.relpath(path, folder), content


def sources(files, rnd):
    found = []
    for number, (path, content) in enumerate(files):
        if SOURCE.search(path) and not OTHERS.search(path) and content.count(b"\n") >= 30:
            found.append((number, path, content.decode(errors="replace")))
    rnd.shuffle(found)
    return sorted(found, key=lambda one: bool(LAST.search(one[1])))


def calls(lines, number, where):
    """(line, column, name) of calls of what one to four other files define."""
    for at, line in enumerate(lines):
        if at < 8 or len(line) > 300 or NO_CALL.match(line):
            continue
        for match in CALL.finditer(line):
            name = match.group(1)
            files = where.get(name, ())
            indented = len(line) - len(line.lstrip())
            quoted = line[: match.start()].count('"') % 2
            if name not in KEYWORDS and 1 <= len(files) <= 4 and number not in files and match.start() > indented and not quoted:
                yield at, match.start(), name


def chosen(found, most, rnd):
    """Some of a file's calls, of another line and another name each."""
    rnd.shuffle(found)
    some = []
    for at, column, name in found:
        if len(some) < most and not any(at == one[0] or name == one[2] for one in some):
            some.append((at, column, name))
    return some


def write_tree(folder, files, cut):
    for path, content in files:
        to = os.path.join(folder, path)
        os.makedirs(os.path.dirname(to), exist_ok=True)
        with open(to, "wb") as file:
            file.write(cut.get(path, content))


def main(folder, out, most, per):
    rnd = random.Random(7)
    files = sorted(text_files(folder))
    texts = sources(files, rnd)
    where = {}
    for number, _, text in texts:
        for match in DEFINITION.finditer(text):
            where.setdefault(next(one for one in match.groups() if one), set()).add(number)
    found = [(number, path, text.split("\n"), chosen(list(calls(text.split("\n"), number, where)), per, rnd)) for number, path, text in texts]
    cuts = [(path, lines, some[turn]) for turn in range(per) for _, path, lines, some in found if len(some) > turn][:most]
    places, cut = [], {}
    for path, lines, (at, column, name) in cuts:
        prefix, suffix = "\n".join([*lines[:at], lines[at][:column]]), "\n".join(["", *lines[at + 1 :]])
        places.append({"path": path, "name": name, "gold": lines[at][column:].rstrip(), "prefix": prefix, "suffix": suffix})
        cut[path] = (prefix + suffix).encode()
    os.makedirs(out, exist_ok=True)
    if per == 1:
        write_tree(os.path.join(out, "tree"), files, cut)
    with open(os.path.join(out, "places.json"), "w") as file:
        json.dump(places, file)
    print(f"{len(files)} files, {len(places)} places")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2], *(int(one) for one in [*sys.argv[3:5], *("200", "1")[len(sys.argv[3:5]) :]]))

"""Bare clones -> a corpus: JSON lines, xz.

    python3 corpus.py --mirror CLONES --out corpus.xz [--megabytes 36] [--commits 700] OWNER/NAME ...

CLONES/OWNER+NAME/repo is a git folder (`git clone --bare`). A line is {"repo", "path", "text"} for a source file at
HEAD or {"repo", "subject", "body", "diff"} for a commit. Files and commits are taken as the product would read them:
no vendored, generated or minified code, no lock files, no binary; a diff as model/README.md defines it.
"""
import argparse
import json
import lzma
import random
import re
import subprocess

SOURCE = frozenset("""
    c cc cmake cpp cs css cu cxx erl ex exs go h hpp html java js jsx kt lua md mjs cjs php proto py pyi rb rs rst
    scala sh sql svelte swift toml ts tsx vue yaml yml""".split())
PROSE = (".md", ".rst", ".html", ".css", ".yml", ".yaml")
SKIPPED = re.compile(
    r"(^|/)(ee|vendor|third_party|thirdparty|node_modules|dist|build|fixtures?|testdata|snapshots?|__snapshots__|locale|"
    r"locales|i18n|generated|gen|migrations)(/|$)|\.min\.|\.lock$|package-lock|CHANGELOG|\.snap$|_pb2|\.pb\.go", re.I)
ROUTINE = re.compile(r"(bump|update dep|chore\(deps|release|merge|revert)", re.I)
PROSE_KEPT = 0.4  # of prose and configuration: there is a lot of it and it teaches little of code


def git(folder, *arguments):
    done = subprocess.run(["git", "-C", folder, *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return done.stdout.decode("utf-8", "replace")


def listed(folder):
    """Yields (path, blob, bytes) of the source files at HEAD."""
    for line in git(folder, "ls-tree", "-r", "-l", "HEAD").splitlines():
        meta, path = line.split("\t", 1)
        _, _, blob, size = meta.split()
        extension = path.rsplit(".", 1)[-1].lower() if "." in path else ""
        if not size.isdigit() or not 200 <= int(size) <= 80_000:  # no number: a folder, or a blob that a partial clone lacks
            continue
        if extension in SOURCE and not SKIPPED.search(path) and path[0] != '"':
            yield path, blob, int(size)


def chosen(folder, limit, seen):
    """A random choice of files of at most `limit` bytes; `seen` blobs (copies, forks) are taken once over all repositories."""
    files = list(listed(folder))
    random.Random(0).shuffle(files)
    kept, size = [], 0
    for path, blob, length in files:
        if blob in seen or path.endswith(PROSE) and random.Random(blob).random() > PROSE_KEPT:
            continue
        seen.add(blob)
        kept.append((path, blob))
        size += length
        if size > limit:
            break
    return sorted(kept)


def files(folder, limit, seen):
    """Yields (path, text)."""
    with subprocess.Popen(["git", "-C", folder, "cat-file", "--batch"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        for path, blob in chosen(folder, limit, seen):
            process.stdin.write(f"{blob}\n".encode())
            process.stdin.flush()
            header = process.stdout.readline().split()
            if header[1] == b"missing":  # a partial clone
                continue
            data = process.stdout.read(int(header[2]))
            process.stdout.read(1)
            try:
                text = data.decode("utf-8")
            except UnicodeDecodeError:
                continue
            if max(map(len, text.split("\n"))) <= 1000:
                yield path, text.replace("\r\n", "\n")
        process.stdin.close()


def diff_text(patch):
    """git's patch -> "@@ PATH" a file, "@@ function context" a hunk."""
    text = re.sub(r"^(index .*|diff --git .*|--- a/.*)\n", "", patch.strip("\n") + "\n", flags=re.M)
    text = re.sub(r"^\+\+\+ b/(.*)$", r"@@ \1", text, flags=re.M)
    return re.sub(r"^@@ -\d.*? @@ ?", "@@ ", text, flags=re.M)


def commits(folder, wanted):
    """Yields (subject, body, diff) of the latest commits that change existing files and say why in words of their own."""
    log = git(folder, "-c", "core.quotepath=off", "log", "-n", str(wanted * 3), "--no-merges", "--no-ext-diff", "--no-textconv",
              "--no-renames", "--diff-filter=M", "-U2", "-p", "--format=%x00%s%x01%b%x01", "HEAD")
    found = 0
    for entry in log.split("\0")[1:]:
        subject, body, patch = (entry.split("\1", 2) + ["", ""])[:3]
        if not 3 <= len(subject.split()) <= 30 or not 80 <= len(patch) <= 5000 or ROUTINE.match(subject):
            continue
        diff = diff_text(patch)
        if max(map(len, diff.split("\n"))) > 400:
            continue
        yield subject, body.strip()[:600], diff
        found += 1
        if found == wanted:
            return


def main():
    parser = argparse.ArgumentParser(description="bare clones -> corpus")
    parser.add_argument("--mirror", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--megabytes", type=float, default=36, help="of files a repository, at most")
    parser.add_argument("--commits", type=int, default=700, help="a repository, at most")
    parser.add_argument("repositories", nargs="+", metavar="OWNER/NAME")
    options = parser.parse_args()
    seen, characters = set(), 0
    with lzma.open(options.out, "wt", encoding="utf-8", preset=2, newline="\n") as out:
        for name in options.repositories:
            folder = f"{options.mirror}/{name.replace('/', '+')}/repo"
            rows = [{"repo": name, "path": path, "text": text} for path, text in files(folder, options.megabytes * 1e6, seen)]
            rows += [{"repo": name, "subject": s, "body": b, "diff": d} for s, b, d in commits(folder, options.commits)]
            out.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
            characters += sum(len(row.get("text") or row["diff"]) for row in rows)
            print(f"{name}: {len(rows)} documents; {characters / 1e6:.0f} M characters so far", flush=True)


if __name__ == "__main__":
    main()

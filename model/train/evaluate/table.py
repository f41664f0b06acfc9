"""Results -> the tables of the model card (Markdown).

    python3 -m evaluate.table evaluate/results/NAME.json
"""
import json
import sys


def row(*cells):
    return "| " + " | ".join(cell if isinstance(cell, str) else f"{cell:.3f}" for cell in cells) + " |"


def table(head, rows):
    return "\n".join([row(*head), "|---" * len(head) + "|", *(row(*r) for r in rows)]) + "\n"


def by_repository(results):
    loss, completion, retrieval = results["loss"], results["completion"], results["retrieval"]
    rows = []
    for name, found in retrieval.items():
        on, off = loss["with"][name], loss["without"][name]
        rows.append((f"{name} ({found['chunks']:,} chunks)", f"{on['loss']:.3f} / {off['loss']:.3f}", f"{on['accuracy']:.3f} / {off['accuracy']:.3f}",
                     f"{completion[name]['with']:.3f} / {completion[name]['without']:.3f}",
                     *(found[way]["mrr"] for way in ("BM25", "HSA at <a>", "HSA, whole question", "BM25 + HSA"))))
    head = ("", "loss with / without memory", "next token right", "rest of line exact", "BM25", "HSA at `<a>`", "HSA, whole question", "BM25 + HSA")
    return table(head, rows)


def needles(results):
    counts = sorted({r["needles"] for r in results["needles"]})
    sizes = sorted({r["tokens"] for r in results["needles"]})
    cell = {(r["needles"], r["tokens"]): f"{r['exact']:.3f} ({r['found']:.2f})" for r in results["needles"]}
    return table(("needles", *(f"{size:,} tokens" for size in sizes)), [(str(n), *(cell[n, size] for size in sizes)) for n in counts])


def variants(results):
    def mean(found, way):
        return sum(r[way]["mrr"] for r in found.values()) / len(found)
    searched = {"as trained, K 16": results["retrieval"], "landmark: mean of the chunk": results["pooled"]}
    rows = [(name, r["loss"], r["accuracy"], f"{r['exact']:.3f} ({r['found']:.2f})", mean(searched[name], "HSA at <a>") if name in searched else "")
            for name, r in results["variants"].items()]
    return table(("", "loss", "next token right", "one needle in 1 M tokens", "comment to code, HSA at `<a>`"), rows)


if __name__ == "__main__":
    with open(sys.argv[1]) as file:
        found = json.load(file)
    print(by_repository(found))
    print(needles(found))
    if "variants" in found:
        print(variants(found))

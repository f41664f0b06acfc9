"""Checks of the recipe against the model that is there; needs PyTorch, no GPU (with one the kernel is checked too).

    python3 check.py            a minute on a CPU; ends with the first thing that is wrong
"""
import json
import os
import random
import tempfile

import torch

from dataset import Corpus
from kernel import dense, sparse_attention
from layers import BandWindow, FlexWindow, Sizes
from memory import Memory, encode_rows, read
from mix import ASKED, MODES, sequence
from model import Model
from prepare import load_tokenizer
from questions import names_and_values, without_comments
from tokens import ANSWER, CHUNK, EOF, PAD, QUESTION, grid
from weights import export, from_rows, load, to_rows

HERE = os.path.dirname(os.path.abspath(__file__))
MODEL = os.path.dirname(HERE)
TOLERANCE = 2e-3


def agree(name, ours, theirs, tolerance=TOLERANCE):
    difference = (ours.flatten() - theirs.flatten()).abs().max().item()
    assert difference <= tolerance, f"{name}: differs by {difference:.1e}"
    print(f"{name}: {difference:.1e}")


def windowed(ids):
    """Ids on the grid of 256, which BandWindow needs; chunks of padding only are left out again by the caller."""
    return torch.tensor(ids + [PAD] * (-len(ids) % 256))


def by_chunk(indices, weights, count):
    """-> (heads, chunks): the weight of every chunk, 0 where it was not chosen."""
    return torch.zeros(len(indices), count).scatter(1, indices, weights.view_as(indices))


@torch.no_grad()
def check_fixtures():
    """Landmarks, keys, values, chosen chunks and greedy tokens of model/fixtures, which the numpy reference wrote."""
    model = load(MODEL).eval()
    with open(os.path.join(MODEL, "fixtures", "fixtures.json")) as file:
        fixtures = json.load(file)
    parts = []
    for document in fixtures["documents"]:
        ids = grid(document["ids"])
        memory = encode_rows(model, windowed(ids)[None], torch.zeros(1, len(windowed(ids)), dtype=torch.long))[:len(ids) // CHUNK]
        parts.append(memory)
        agree(f"{document['name']}: landmarks", memory.landmarks, torch.tensor(document["landmarks"]))
        agree(f"{document['name']}: keys", memory.keys[[0, -1]].transpose(1, 2), torch.tensor(document["k"]))
        agree(f"{document['name']}: values", memory.values[[0, -1]].transpose(1, 2), torch.tensor(document["v"]))
    memory = Memory(*(torch.cat(z) for z in zip(*(part.parts() for part in parts))))
    for case in fixtures["cases"]:
        ids = list(case["ids"])
        for token in case["greedy"]:
            hidden, seen = read(model, windowed(ids), memory)
            if len(ids) == len(case["ids"]):
                agree(f"{case['name']}: logits", model.logits(hidden[case["position"]])[case["top_ids"]], torch.tensor(case["top_logits"]))
                for group, (scores, indices, weights) in enumerate(seen):
                    ours = by_chunk(indices[:, case["position"]], weights[:, case["position"]], scores.shape[-1])
                    theirs = by_chunk(torch.tensor(case["indices"][group]), torch.tensor(case["weights"][group]), scores.shape[-1])
                    agree(f"{case['name']}: weights of chunks", ours, theirs, 1e-4)
            next_token = model.logits(hidden[len(ids) - 1]).argmax().item()
            assert next_token == token, f"{case['name']}: token {next_token}, expected {token}"
            ids.append(next_token)
        print(f"{case['name']}: {len(case['greedy'])} greedy tokens equal")


def check_windows(device):
    """The two ways of window attention agree, over borders of documents."""
    document = torch.arange(1024, device=device)[None] // 300
    q, k, v = (torch.randn(1, heads, 1024, 64, device=device) for heads in (8, 2, 2))
    agree("windows", BandWindow(document, 256).attend(q, k, v), FlexWindow(document, 256).attend(q, k, v), 1e-4)


def check_kernel():
    """The Triton kernel against `dense`, forward and backward, in bfloat16 as in training."""
    shape, chunks = (2, 8, 512, 64), 512 // CHUNK
    q, k, v = (torch.randn(2, heads, *shape[2:], device="cuda", dtype=torch.bfloat16, requires_grad=True) for heads in (8, 2, 2))
    earlier = torch.arange(chunks, device="cuda")[None] < torch.arange(512, device="cuda")[:, None] // CHUNK
    w = (torch.rand(2, 2, 512, chunks, device="cuda") * (torch.rand(2, 2, 512, chunks, device="cuda") < 0.5) * earlier).requires_grad_()
    bias = torch.where(torch.rand(2, 512, device="cuda") < 0.1, -1e4, 0.0)
    out = torch.randn(shape, device="cuda", dtype=torch.bfloat16)
    ours = sparse_attention(q, k, v, w, bias)
    ours.backward(out)
    gradients, inputs = [x.grad for x in (q, k, v, w)], [x.detach().float().requires_grad_() for x in (q, k, v, w)]
    theirs = dense(*inputs, bias)
    theirs.backward(out.float())
    chosen = (w > 0).float()  # the kernel gives a weight that is 0 no gradient
    for name, a, b in zip(("out", "dq", "dk", "dv", "dw"), (ours, *gradients), (theirs, *(x.grad for x in inputs))):
        a, b = (a * chosen, b * chosen) if name == "dw" else (a.float(), b)
        agree(f"kernel: {name}, relative", ((a - b).norm() / b.norm())[None], torch.zeros(1, device="cuda"), 1e-2)


def check_export():
    """int8 rows come back within half a step of each row, and survive a file."""
    torch.manual_seed(0)
    model = Model(Sizes(V=256, d=128, h=2, hk=1, lower=1, upper=(1, 1), f=64, dr=32))
    rows = to_rows(model.state_dict())
    for name, tensor in from_rows(rows).items():
        step = rows[name + ".scale"][:, None] if name + ".scale" in rows else torch.zeros(())
        assert ((tensor - model.state_dict()[name]).abs() <= step * 0.501 + 1e-9).all(), name
    with tempfile.TemporaryDirectory() as folder:
        torch.save(Model().state_dict(), f"{folder}/m.pt")
        export(f"{folder}/m.pt", folder, "check")
        again = to_rows(load(folder).state_dict())
        first = to_rows(load(f"{folder}/m.pt").state_dict())
        assert all(torch.equal(again[name], first[name]) for name in first if first[name].dtype == torch.int8)
    print("export: read back")


def check_questions():
    text = '/** Closes the store and forgets it. */\nexport function closeStore(path) {\n  const MAX_OPEN_FILES = 42;\n}\n'
    bare, questions = without_comments("a.ts", text)
    assert bare.startswith("export function closeStore") and questions[0][1:] == ("doc", "Closes the store and forgets it.", bare.split("\n")[0])
    found = {(kind, name): bare[offset:] for offset, kind, name, _ in names_and_values("a.ts", bare)}
    assert found["name", "closeStore"].startswith("export") and found["value", "MAX_OPEN_FILES"].startswith("const MAX")
    tokenizer = load_tokenizer(os.path.join(MODEL, "tokenizer.json"))
    assert not {QUESTION, ANSWER, EOF} & set(tokenizer.encode("<a href=x><q>text<eof></a>").ids), "special tokens in text"
    print("questions: found")


def check_mix(folder):
    """Every supervised position names an earlier chunk; the answer to a needle is in the chunk that is named."""
    corpus, draw = Corpus(folder), random.Random(1)
    for mode in MODES:
        for _ in range(4):
            ids, document, kind, gold, _ = sequence(corpus, draw, 4096, mode)
            assert len(ids) == len(document) == len(kind) == len(gold) == 4096
            assert all(g < t // CHUNK for t, g in enumerate(gold) if g >= 0), mode
            for t in (t for t in range(4096) if mode == "needle" and ids[t] == ANSWER and kind[t] == ASKED and gold[t] >= 0):
                answer = ids[t + 1:ids.index(EOF, t)]
                near = ids[gold[t] * CHUNK:(gold[t] + 2) * CHUNK]
                assert any(near[i:i + len(answer)] == answer for i in range(len(near))), "needle"
    print("mix: supervised as it should be")


if __name__ == "__main__":
    check_questions()
    check_export()
    check_windows("cpu")
    if torch.cuda.is_available():
        check_kernel()
    if os.environ.get("DATA"):
        check_mix(os.environ["DATA"])
    check_fixtures()

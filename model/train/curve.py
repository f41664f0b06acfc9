"""Training curves -> curves/curve.svg, and how near a run that was made again comes to the recorded one.

    python3 curve.py            ends with an error where the loss of text differs by more than 10 % at equal tokens
"""
import json
import os
from html import escape

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "curves")
TOLERANCE = 0.10
WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 880, 420, 56, 44, 24, 24
LOSS_MOST = 7
# Curves of one colour; the run made again is drawn on top, in dots.
LINES = [("text", "#3b6fd4", "text"), ("answer", "#c2572b", "answers"), ("aux", "#3d8a4e", "retrieval")]


def load(name):
    with open(os.path.join(FOLDER, name + ".jsonl")) as file:
        return [json.loads(line) for line in file]


def compare(again, recorded):
    """-> [(tokens, loss of text again, recorded, relative difference)]"""
    text = {row["tokens"]: row["text"] for row in recorded}
    return [(row["tokens"], row["text"], text[row["tokens"]], row["text"] / text[row["tokens"]] - 1) for row in again if row["tokens"] in text]


def place(tokens, loss, most):
    x = LEFT + (WIDTH - LEFT - RIGHT) * tokens / most
    y = HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * min(loss, LOSS_MOST) / LOSS_MOST
    return f"{x:.1f},{y:.1f}"


def text(x, y, words, anchor="middle", colour="#555"):
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}" fill="{colour}">{escape(words)}</text>'


def axes(most, borders):
    floor, out = HEIGHT - BOTTOM, []
    for loss in range(LOSS_MOST + 1):
        y = place(0, loss, most).split(",")[1]
        out.append(f'<path d="M{LEFT} {y}H{WIDTH - RIGHT}" stroke="#ddd"/>' + text(LEFT - 8, float(y) + 4, str(loss), "end"))
    for tokens in range(0, most, 100_000_000):
        out.append(text(place(tokens, 0, most).split(",")[0], floor + 18, f"{tokens // 1_000_000} M"))
    for tokens, words in borders:
        x = place(tokens, 0, most).split(",")[0]
        out.append(f'<path d="M{x} {TOP}V{floor}" stroke="#999" stroke-dasharray="3 3"/>' + text(float(x) + 4, TOP + 12, words, "start"))
    return out + [text((LEFT + WIDTH) / 2, HEIGHT - 8, "tokens"), text(LEFT, TOP - 8, "nats a token", "start")]


def picture(first, second, again):
    end = first[-1]["tokens"]
    joined = first + [{**row, "tokens": row["tokens"] + end} for row in second]
    most = joined[-1]["tokens"]
    out = axes(most, [(140_000_000, "8,192 tokens, K 16"), (end, "second schedule")])
    for number, (key, colour, words) in enumerate(LINES):
        points = " ".join(place(row["tokens"], row[key], most) for row in joined if row[key] is not None)
        out.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
        out += [f'<circle cx="{x}" cy="{y}" r="3" fill="{colour}"/>'
                for x, y in (place(row["tokens"], row[key], most).split(",") for row in again)]
        out.append(text(WIDTH - RIGHT, TOP + 34 + 18 * number, words, "end", colour))
    out.append(text(WIDTH - RIGHT, TOP + 34 + 18 * len(LINES), "dots: made again with model/train", "end"))
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">'
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>' + "\n".join(out) + "</svg>\n")


def main():
    first, second, again = load("first"), load("second"), load("first-again")
    with open(os.path.join(FOLDER, "curve.svg"), "w") as file:
        file.write(picture(first, second, again))
    compared = compare(again, first)
    for tokens, ours, recorded, difference in compared:
        print(f"{tokens / 1e6:6.1f} M tokens: text {ours:.3f}, recorded {recorded:.3f} ({difference:+.1%})")
    worst = max(abs(difference) for *_, difference in compared)
    if worst > TOLERANCE:
        raise SystemExit(f"differs by {worst:.1%}")


if __name__ == "__main__":
    main()

"""Questions with known answers, found in source text: doc comments, definitions by name, values of constants; and their phrasings.

A question is (offset, kind, text, answer): `text` asks for the code at character `offset`, `answer` is what it should
be told. Kinds: "doc" (text is a doc comment), "name" (text is an identifier), "value" (text is a constant's name),
"commit" (text is a subject; made in prepare.py).
"""
import random
import re

NOT_CODE = (".md", ".rst", ".html", ".css", ".yml", ".yaml", ".toml", ".vue", ".svelte", ".json")

# A line that may define something, in any of the languages.
DEFINITION = re.compile(
    r"^\s*(?:@\w|#\[|\[)?.*?\b(class|struct|interface|enum|trait|func|fn|def|defp|defmacro|function|type|const|public|private|protected|"
    r"internal|export|static|impl|fun|val|var|let|object|protocol|extension|template|void|int|bool|async|module|macro_rules!)\b")
TYPE_WORD = re.compile(r"\b(class|struct|interface|enum|trait|type|protocol|object|module|def)\b")
PYTHON_DOC = re.compile(
    r'^([ \t]*)((?:async +)?def|class) +(\w+)[^\n]*:[ \t]*\n(\s+[rRuU]?("""|\'\'\')(.*?)\5[ \t]*\n)', re.M | re.S)
COMMENT = re.compile(
    r'^[ \t]*/\*\*?(?P<block>.*?)\*/[ \t]*\n|(?P<lines>(?:^[ \t]*(?:///?!?|#)(?![!\[]) ?[^\n]*\n)+)|^[ \t]*@doc +"""\n(?P<elixir>.*?)"""[ \t]*\n',
    re.M | re.S)
NAMED = re.compile(
    r"^[ \t]*(?:export\s+|default\s+|public\s+|private\s+|protected\s+|internal\s+|static\s+|abstract\s+|final\s+|async\s+|"
    r"pub(?:\([^)\n]*\))?\s+|unsafe\s+|open\s+|override\s+|sealed\s+)*(?:class|interface|struct|enum|trait|func|fn|def|function|type|object|"
    r"protocol|module|fun)\s+(?:\([^)\n]*\)\s*)?([A-Za-z_]\w{3,})[^\n]*$", re.M)
CONSTANT = re.compile(
    r"^[ \t]*(?:#define\s+|(?:export|pub|public|private|static|final|const|let|var|val|int|long|String|string|double|size_t|unsigned|auto|"
    r"constexpr|u?int\d*(?:_t)?)\s+)*[\"']?([A-Za-z_][\w.-]{4,})[\"']?(?:\s*:\s*[\w&'<>\[\]]+)?\s*(?:=|:|\s)\s*"
    r"(\d[\w.]*|\"[^\"\n]{2,40}\"|'[^'\n]{2,40}'|true|false|True|False)[;,]?[ \t]*$", re.M)
PARTS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
STOP = frozenset("""
    a an the of to in for is are be by on with that this from as it its or and if when will can return returns given used use using""".split())


def summary(comment):
    """The first paragraph of a doc comment in one line, without markup."""
    text = re.sub(r"^[ \t]*(?:\*|///?!?|#)[ \t]?", "", comment, flags=re.M).strip()
    text = re.split(r"\n\s*\n|\n\s*[@\\:](?:param|return|brief|arg)|\n\s*(?:Args|Parameters|Returns|Example)", text)[0]
    text = re.sub(r"\{@\w+ ([^}]*)\}|</?\w+>|`+|\*\*", lambda match: match.group(1) or "", text)
    return re.sub(r"\s+", " ", text).strip()


def is_prose(text):
    letters = sum(c.isalpha() or c == " " for c in text)
    return (4 <= len(text.split()) <= 50 and letters > 0.8 * len(text)
            and not re.search(r"copyright|licen[sc]e|todo|fixme|eslint|noqa|http", text, re.I))


def definition_after(text, at):
    """Offset of the definition that a comment ending at `at` speaks of, past up to three lines of attributes; None if there is none."""
    for _ in range(4):
        end = text.find("\n", at)
        line = text[at:end if end >= 0 else len(text)]
        bare = line.lstrip()
        if DEFINITION.match(line) and (re.search(r"[({=]", line) or TYPE_WORD.search(line)) and not bare.startswith(("//", "#", "*", "@")):
            return at + len(line) - len(bare)
        if end < 0 or not bare.startswith(("@", "#[", "[", "template", "pub(crate)")):
            return None
        at = end + 1
    return None


def doc_comments(path, text):
    """[(start, end, summary, definition)]: comments that can be cut out of the text at start:end and asked for."""
    if path.endswith(NOT_CODE):
        return []
    if path.endswith((".py", ".pyi")):
        found = [(m.start(4), m.end(4), summary(m.group(6)), m.start(2)) for m in PYTHON_DOC.finditer(text)]
    else:
        found = [(m.start(), m.end(), summary(m.group("block") or m.group("lines") or m.group("elixir") or ""), definition_after(text, m.end()))
                 for m in COMMENT.finditer(text)]
    return [f for f in found if f[3] is not None and is_prose(f[2])]


def without_comments(path, text, most=6):
    """-> (text with up to `most` doc comments cut out, "doc" questions whose offsets are in that text)."""
    found = doc_comments(path, text)
    pieces, cuts, asked, at = [], [], [], 0
    for start, end, comment, definition in sorted(random.Random(path).sample(found, min(len(found), most))):
        if start < at:
            continue
        pieces.append(text[at:start])
        cuts.append((start, end))
        asked.append((definition, comment))
        at = end
    questions = [(definition - sum(end - start for start, end in cuts if end <= definition), "doc", comment,
                  text[definition:].split("\n", 1)[0].strip()[:100]) for definition, comment in asked]
    return "".join(pieces) + text[at:], questions


def is_telling(name):
    """Long, or of two parts: a name that is likely to be meant when it is written."""
    return len(name) >= 9 or len(PARTS.findall(name)) >= 2


def names_and_values(path, text):
    """Up to three "name" and two "value" questions."""
    def start(match):
        return match.start() + len(match.group(0)) - len(match.group(0).lstrip())
    names = [(start(m), "name", m.group(1), m.group(0).strip()[:100]) for m in NAMED.finditer(text) if is_telling(m.group(1))]
    values = [(start(m), "value", m.group(1), m.group(2)) for m in CONSTANT.finditer(text)
              if is_telling(m.group(1)) and re.search(r"#define|[=:]", m.group(0)[:m.start(2) - m.start()])]
    draw = random.Random(path)
    return draw.sample(names, min(len(names), 3)) + draw.sample(values, min(len(values), 2))


def spaced(name):
    return " ".join(part.lower() for part in PARTS.findall(name))


def keywords(text):
    return [w for w in re.findall(r"[\w']+", text) if w.lower() not in STOP]


def phrase(kind, text, draw):
    """One of the ways in which people ask: the sentence, a question, key words, an identifier, its parts. `draw`: random.Random."""
    if kind == "name":
        return draw.choice([text, f"Where is {text} defined?", f"where is {text}", f"definition of {text}", spaced(text), spaced(text),
                            f"code for {spaced(text)}"])
    if kind == "value":
        return draw.choice([f"What is the value of {text}?", f"value of {text}", f"what is {text} set to", text])
    text = " ".join(text.split()[:40])
    chance, words = draw.random(), keywords(text)
    if chance < 0.35:
        return text
    text = text.rstrip(".")
    lower = text[0].lower() + text[1:] if len(text) > 1 and text[1].islower() else text
    if chance < 0.5:
        return lower
    if chance < 0.65:
        return draw.choice(["Where is the code that ", "Which function ", "find the code: ", "How does the code handle this: ", "where: "]) + lower
    if chance < 0.85 and len(words) >= 3:
        return " ".join(words[:12])
    if len(words) >= 5:
        kept = sorted(draw.sample(range(len(words)), max(3, len(words) * 2 // 3)))
        return " ".join(words[i] for i in kept)
    return lower

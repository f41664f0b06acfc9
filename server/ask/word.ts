/**
 * A chat model's text, checked: only sentences that cite evidence stay, and no HTML, link or image passes.
 *
 * The model's words are as little to be trusted as the repository's: links could carry text out of the machine and HTML
 * could act in the view, so both are reduced to their text.
 */
import { NOT_FOUND } from "./prompt.ts";
import type { Answer, Statement } from "./types.ts";

/** The answer in the model's words where they cite its evidence; the composed answer where nothing citable was said. */
export function checkWording(answer: Answer, text: string, wordedBy = "model"): Answer {
  if (isRefusal(text)) return refused(answer, wordedBy);
  const statements = statementsOf(text, answer.evidence.length);
  return statements.length > 0 ? { ...answer, found: true, statements, wordedBy } : answer;
}

function isRefusal(text: string): boolean {
  return new RegExp(`^\\W*${NOT_FOUND}\\W*$`, "i").test(text.trim());
}

function refused(answer: Answer, wordedBy: string): Answer {
  const sources = answer.evidence.slice(0, 3).map((_, at) => at);
  if (sources.length === 0) return answer;
  return {
    ...answer,
    found: false,
    statements: [{ text: "Not found: the nearest places do not answer this question.", sources }],
    wordedBy,
  };
}

/** Sentences with at least one citation of 1..`count`, in order. */
export function statementsOf(text: string, count: number): Statement[] {
  return sentences(plain(text)).flatMap((sentence) => {
    const cited = [...sentence.matchAll(CITATION)].map((match) => Number(match[1]) - 1).filter((at) => at >= 0 && at < count);
    const said = harmless(
      sentence
        .replace(CITATION, "")
        .replace(/\s+([.,;:!?])/g, "$1")
        .replace(/\s+/g, " ")
        .trim(),
    );
    return cited.length > 0 && /[\p{L}\p{N}]/u.test(said) ? [{ text: said, sources: [...new Set(cited)] }] : [];
  });
}

const CITATION = /\[(\d{1,3})\]/g;

/** Without fenced blocks, HTML, images and links; citations in one form, before the mark that ends their sentence. */
function plain(text: string): string {
  const kept = text.replace(/(`{3,}|~{3,})[\s\S]*?(?:\1|$)/g, "\n").replace(/【(\d+)[^】]*】/g, "[$1]");
  const outside = eachOutsideCode(kept, (part) =>
    withoutTags(part)
      .replace(/!\[([^\]]*)\]\([^)]*\)/g, "$1")
      .replace(/\[((?:[^\][]|\[\d+\])*)\]\([^)]*\)/g, (_, label: string) => (/^\d+$/.test(label) ? `[${label}]` : label))
      .replace(/\[((?:\d+)(?:\s*[,;]\s*\d+)+)\]/g, (_, list: string) =>
        list
          .split(/[,;]/)
          .map((it) => `[${it.trim()}]`)
          .join(""),
      ),
  );
  return outside.replace(/([.!?。])((?:\s*\[\d+\])+)/g, "$2$1");
}

/** Removing a tag may join another one together, so until nothing changes; a "<" before a letter never stays. */
function withoutTags(text: string): string {
  let before = text;
  for (;;) {
    const after = before.replace(/<!--[\s\S]*?(?:-->|$)|<\/?[a-zA-Z!?][^<>]*>/g, "");
    if (after === before) return after.replace(/<(?=[a-zA-Z!/?])/g, "‹");
    before = after;
  }
}

/** Applies `change` outside of `code` spans. Inside them "<" is shown as it is by every view, as code is text. */
function eachOutsideCode(text: string, change: (part: string) => string): string {
  return text
    .split(/(`[^`\n]+`)/)
    .map((part, at) => (at % 2 === 1 ? part : change(part)))
    .join("");
}

/** What splitting and removing may have joined: no "<" of a tag, no "](" of a link outside of the sentence's own code spans. */
function harmless(sentence: string): string {
  return eachOutsideCode(sentence, (part) => part.replace(/<(?=[a-zA-Z!/?])/g, "‹").replaceAll("](", "] ("));
}

function sentences(text: string): string[] {
  return text.split("\n").flatMap((line) => {
    const said = line.replace(/^\s*(?:[-*+•]|\d+[.)]|#{1,6}|>)\s+/, "").trim();
    return said ? said.split(/(?<=[.!?])\s+(?=[\p{Lu}`"'“\d])|(?<=。)/u) : [];
  });
}

// Limited markdown as data: paragraphs, headings, lists, fenced code; inside them code, strong, emphasis and citations like [2].
// Everything else, HTML and links above all, stays the text it is. The page builds DOM nodes from this; no HTML is ever parsed.

/** Reads blocks. Text that is still being streamed is fine: an open fence runs to the end. */
export function readMarkdown(text) {
  const blocks = [];
  let paragraph = [];
  let list;
  const end = () => {
    if (paragraph.length > 0) blocks.push({ type: "paragraph", inlines: readInlines(paragraph.join(" ")) });
    paragraph = [];
    list = undefined;
  };
  const lines = text.split(/\r?\n/);
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at];
    const fence = /^\s*(`{3,}|~{3,})\s*([\w+#.-]*)[^`]*$/.exec(line);
    if (fence) {
      end();
      const code = [];
      while (++at < lines.length && !closes(lines[at], fence[1])) code.push(lines[at]);
      blocks.push({ type: "code", language: fence[2], text: code.join("\n") });
      continue;
    }
    const heading = /^#{1,6}\s+(.*)$/.exec(line);
    const item = /^\s{0,8}(?:([-*+])|(\d{1,9})[.)])\s+(.*)$/.exec(line);
    if (heading) {
      end();
      blocks.push({ type: "heading", inlines: readInlines(heading[1].trim()) });
    } else if (item) {
      const ordered = item[2] !== undefined;
      if (!list || list.ordered !== ordered) {
        end();
        list = { type: "list", ordered, items: [] };
        blocks.push(list);
      }
      list.items.push(readInlines(item[3].trim()));
    } else if (line.trim() === "") end();
    else {
      if (list) end();
      paragraph.push(line.trim());
    }
  }
  end();
  return blocks;
}

// Code first: nothing inside it means anything. A marker without its partner is text. No part can match the empty text.
const inlinePattern =
  /(?<tick>`+)(?<code>.*?[^`])\k<tick>(?!`)|\*\*(?<strong>[^*\s](?:[^*]*[^*\s])?)\*\*|(?<![\w*])\*(?<emphasis>[^*\s](?:[^*]*[^*\s])?)\*(?![\w*])|\[(?<citation>\d{1,3})\]/g;

/** Reads the inlines of one line of text. */
export function readInlines(text) {
  const inlines = [];
  let from = 0;
  for (const match of text.matchAll(inlinePattern)) {
    const { code, strong, emphasis, citation } = match.groups;
    if (match.index > from) inlines.push({ type: "text", text: text.slice(from, match.index) });
    from = match.index + match[0].length;
    if (code !== undefined) inlines.push({ type: "code", text: code.trim() || code });
    else if (strong !== undefined) inlines.push({ type: "strong", text: strong });
    else if (emphasis !== undefined) inlines.push({ type: "emphasis", text: emphasis });
    else inlines.push({ type: "citation", number: Number(citation) });
  }
  if (from < text.length) inlines.push({ type: "text", text: text.slice(from) });
  return inlines;
}

function closes(line, fence) {
  const text = line.trim();
  return text.startsWith(fence) && text.replaceAll(fence[0], "") === "";
}

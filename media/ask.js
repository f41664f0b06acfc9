// The Ask view's page: the question box, the strip that says how the memory is, and the answers, newest first.
// It draws what extension/askView.ts sends and tells it what the person does. Text becomes text nodes, never HTML.
import { readMarkdown } from "./markdown.js";

const host = acquireVsCodeApi();
const $ = (id) => document.getElementById(id);
const question = $("question");
const turnsElement = $("turns");

/** Newest first, as the view sends them. */
let turns = [];
/** Turn ids whose sources or answers the person opened or closed: id -> open. */
const opened = new Map();

// ── building blocks ──

/** el("p", {class: "x", onclick: f}, "text", node, ...) */
function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== undefined && child !== ""));
  return element;
}

const drawings = {
  send: "M8 13V3M3.5 7.5 8 3l4.5 4.5",
  stop: "M4.5 4.5h7v7h-7z",
  file: "M4 1.5h5L12.5 5v9.5H4zM9 1.5V5h3.5",
  commit: "M8 5.5a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5M0.5 8h5M10.5 8h5",
};

function icon(name) {
  const namespace = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(namespace, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(namespace, "path");
  path.setAttribute("d", drawings[name]);
  svg.append(path);
  return svg;
}

// ── answers ──

function citation(turn, number) {
  const source = turn.sources[number];
  if (!source) return undefined;
  const where = source.path ? `${source.path}, ${source.label}` : source.label;
  return el(
    "button",
    { type: "button", class: "cite", title: where, "aria-label": `Source: ${where}`, onclick: () => jump(turn.id, number, false) },
    source.label,
  );
}

function inlines(turn, parts) {
  return parts.map((part) => {
    if (part.type === "code") return el("code", {}, part.text);
    if (part.type === "strong") return el("strong", {}, part.text);
    if (part.type === "emphasis") return el("em", {}, part.text);
    if (part.type === "citation") return citation(turn, part.number - 1) ?? `[${part.number}]`;
    return part.text;
  });
}

function blocks(turn, text) {
  return readMarkdown(text).map((block) => {
    if (block.type === "code") return el("pre", {}, el("code", {}, block.text));
    if (block.type === "heading") return el("p", { class: "heading" }, ...inlines(turn, block.inlines));
    if (block.type === "paragraph") return el("p", {}, ...inlines(turn, block.inlines));
    return el(block.ordered ? "ol" : "ul", {}, ...block.items.map((item) => el("li", {}, ...inlines(turn, item))));
  });
}

function statement(turn, { text, sources }) {
  const drawn = blocks(turn, text);
  const chips = sources.map((number) => citation(turn, number)).filter(Boolean);
  const last = drawn.at(-1);
  const cites = el("span", { class: "cites" }, ...chips);
  if (last?.tagName === "P") last.append(" ", cites);
  else drawn.push(cites);
  return el("div", { class: "statement" }, ...drawn);
}

function sourceCard(turn, source, number) {
  const head = el(
    "button",
    { type: "button", class: "place", onclick: () => jump(turn.id, number, false) },
    icon(source.commit ? "commit" : "file"),
    el("span", { class: "label" }, source.label),
    el("span", { class: "title" }, source.title),
  );
  const numbers = source.snippet.text
    .split("\n")
    .map((line, at) =>
      el(
        "span",
        { class: "line" },
        el("span", { class: "number", "aria-hidden": "true" }, source.snippet.firstLine ? String(source.snippet.firstLine + at) : ""),
        `${line}\n`,
      ),
    );
  return el(
    "li",
    { class: source.cited ? "source cited" : "source" },
    head,
    source.path && source.path !== source.label ? el("div", { class: "path" }, source.path) : undefined,
    source.snippet.text ? el("pre", { tabindex: "0", "aria-label": `Lines of ${source.label}` }, ...numbers) : undefined,
    source.why ? el("div", { class: "why" }, source.why) : undefined,
  );
}

function sourceList(turn) {
  if (turn.sources.length === 0) return undefined;
  const cited = turn.sources.filter((source) => source.cited).length;
  const key = `sources ${turn.id}`;
  const title = turn.found ? `${turn.sources.length} sources` : "Nearest places";
  const order = turn.sources.map((source, number) => ({ source, number })).sort((a, b) => Number(b.source.cited) - Number(a.source.cited));
  const list = (some) => some.map(({ source, number }) => sourceCard(turn, source, number));
  const first = Math.max(3, Math.min(cited, 5));
  const rest = order.slice(first);
  return el(
    "section",
    { class: "sources", "aria-label": title },
    el("h3", {}, title),
    el("ul", {}, ...list(order.slice(0, first))),
    rest.length > 0 ? fold(key, `${rest.length} more`, false, el("ul", {}, ...list(rest))) : undefined,
  );
}

/** A <details> that remembers across redraws whether it was open. */
function fold(key, title, open, ...children) {
  const details = el("details", { open: opened.get(key) ?? open }, el("summary", {}, title), ...children);
  details.addEventListener("toggle", () => opened.set(key, details.open));
  return details;
}

function byline(turn) {
  const parts = [];
  if (turn.state === "wording")
    parts.push(
      el(
        "span",
        { class: "working" },
        turn.wordedBy && turn.wordedBy !== "evidence" ? `${turn.wordedBy} is wording this …` : "Wording this …",
      ),
    );
  else if (turn.wordedBy && turn.wordedBy !== "evidence") parts.push(el("span", {}, `Worded by ${turn.wordedBy}, citations checked`));
  if (turn.couldWord)
    parts.push(
      el(
        "button",
        { type: "button", class: "link", onclick: () => send({ type: "word", id: turn.id }) },
        `Word this with ${turn.couldWord}`,
      ),
    );
  if (turn.note) parts.push(el("span", { class: "note" }, turn.note));
  return parts.length > 0 ? el("div", { class: "byline" }, ...parts) : undefined;
}

function body(turn) {
  if (turn.state === "asking") return [el("p", { class: "working" }, "Searching the memory …")];
  if (turn.state === "stopped") return [el("p", { class: "note" }, "Stopped.")];
  if (turn.state === "failed") return [el("p", { class: "error" }, turn.error)];
  const said =
    turn.state === "wording" && turn.saying
      ? el("div", { class: "saying", "aria-hidden": "true" }, ...blocks(turn, turn.saying))
      : el("div", { class: turn.found ? "statements" : "statements notfound" }, ...turn.statements.map((one) => statement(turn, one)));
  const followUps = turn.followUps.map((text) =>
    el("button", { type: "button", class: "follow", onclick: () => ask(text) }, ...inlines(turn, readMarkdown(text)[0]?.inlines ?? [])),
  );
  return [
    said,
    byline(turn),
    followUps.length > 0 ? el("div", { class: "follows", "aria-label": "Follow-up questions" }, ...followUps) : undefined,
    sourceList(turn),
  ];
}

function article(turn, newest) {
  const heading = el("h2", {}, turn.question);
  if (newest)
    return el("article", { id: `turn-${turn.id}`, "aria-busy": working(turn) ? "true" : "false" }, heading, ...body(turn).filter(Boolean));
  return el("article", { id: `turn-${turn.id}`, class: "older" }, fold(`turn ${turn.id}`, heading, false, ...body(turn).filter(Boolean)));
}

function working(turn) {
  return turn.state === "asking" || turn.state === "wording";
}

function draw() {
  turnsElement.replaceChildren(...turns.map((turn, at) => article(turn, at === 0)));
  if (turns.length > 1)
    turnsElement.append(el("button", { type: "button", class: "link clear", onclick: () => send({ type: "clear" }) }, "Clear answers"));
  $("welcome").hidden = turns.length > 0;
  drawSend();
}

/** Redraws one turn where it stands; focus stays on the element of the same place in it. */
function drawTurn(turn) {
  const at = turns.findIndex(({ id }) => id === turn.id);
  const before = at < 0 ? undefined : turns[at];
  if (at < 0) turns = [turn, ...turns];
  else turns[at] = turn;
  const old = $(`turn-${turn.id}`);
  if (at < 0 || !old) draw();
  else {
    const focused = [...old.querySelectorAll("button, summary, pre")].indexOf(document.activeElement);
    const fresh = article(turn, at === 0);
    old.replaceWith(fresh);
    if (focused >= 0) fresh.querySelectorAll("button, summary, pre")[focused]?.focus();
    drawSend();
  }
  if (before?.state !== turn.state) announce(turn);
}

function drawSaying(id, text) {
  const turn = turns.find((one) => one.id === id);
  if (turn) turn.saying = text;
  const statements = $(`turn-${id}`)?.querySelector(".statements, .saying");
  if (turn && statements) statements.replaceWith(el("div", { class: "saying", "aria-hidden": "true" }, ...blocks(turn, text)));
}

function announce(turn) {
  const places = `${turn.sources.length} source${turn.sources.length === 1 ? "" : "s"}`;
  const said = turn.statements.map(({ text }) => text).join(" ");
  if (turn.state === "answered") $("announce").textContent = turn.found ? `${said} ${places}.` : said;
  else if (turn.state === "failed") $("announce").textContent = turn.error;
  else if (turn.state === "asking") $("announce").textContent = "Searching.";
}

// ── question box and strip ──

function drawSend() {
  const running = turns.find(working);
  const stops = running !== undefined && question.value.trim() === "";
  const button = $("send");
  button.replaceChildren(icon(stops ? "stop" : "send"));
  button.title = stops ? "Stop" : "Ask (Enter)";
  button.setAttribute("aria-label", stops ? "Stop" : "Ask");
  button.disabled = !stops && question.value.trim() === "";
}

function grow() {
  question.style.height = "auto";
  question.style.height = `${Math.min(question.scrollHeight, 160)}px`;
}

function drawStrip({ tone, line, percent, action }) {
  $("strip").dataset.tone = tone;
  $("strip-line").textContent = line;
  const bar = $("bar");
  bar.hidden = tone !== "busy";
  bar.classList.toggle("unknown", percent < 0);
  bar.firstElementChild.style.width = percent < 0 ? "" : `${percent}%`;
  const button = $("strip-action");
  button.hidden = action === null;
  if (action) {
    button.textContent = action.label;
    button.onclick = () => send({ type: "command", command: action.command });
  }
  drawWelcome(tone);
}

const examples = ["Where is the configuration read?", "How are errors handled?", "What was changed most recently, and why?"];
let welcomed = "";

/** What the first run explains, without a dialog. */
function drawWelcome(tone) {
  if (welcomed === tone) return;
  welcomed = tone;
  $("welcome").replaceChildren(
    el(
      "p",
      { class: "lead" },
      "Everyline reads every file of this folder and every commit of its history, and answers with the lines it found.",
    ),
    el(
      "ul",
      {},
      el(
        "li",
        {},
        tone === "busy"
          ? "It is reading now. You can ask at once: words first, meaning follows."
          : "Answers cite file and lines. Click one to jump there.",
      ),
      el("li", {}, "Files that git ignores, secrets, binaries and very large files stay out."),
      el("li", {}, "Reading, searching and completing happen on this machine alone."),
    ),
    el("h3", {}, "Try"),
    ...examples.map((text) => el("button", { type: "button", class: "follow", onclick: () => ask(text) }, text)),
  );
}

// ── what the person does ──

function send(message) {
  host.postMessage(message);
}

function ask(text) {
  send({ type: "ask", question: text });
  question.value = "";
  grow();
  window.scrollTo({ top: 0 });
}

function jump(id, source, keepFocus) {
  send({ type: "jump", id, source, keepFocus });
}

$("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = question.value.trim();
  if (text !== "") return ask(text);
  const running = turns.find(working);
  if (running) send({ type: "stop", id: running.id });
});

question.addEventListener("input", () => {
  grow();
  drawSend();
  send({ type: "draft", text: question.value });
});

question.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    if (question.value.trim() !== "") $("ask").requestSubmit();
  } else if (event.key === "ArrowUp" && question.value === "" && turns[0]) {
    event.preventDefault();
    question.value = turns[0].question;
    grow();
    drawSend();
  } else if (event.key === "Escape") {
    const running = turns.find(working);
    if (running) send({ type: "stop", id: running.id });
  }
});

window.addEventListener("message", ({ data }) => {
  if (data.type === "all") {
    turns = data.turns;
    if (question.value === "") question.value = data.draft;
    grow();
    drawStrip(data.strip);
    draw();
  } else if (data.type === "turn") drawTurn(data.turn);
  else if (data.type === "saying") drawSaying(data.id, data.text);
  else if (data.type === "strip") drawStrip(data.strip);
  else if (data.type === "focus") question.focus();
});

drawSend();
send({ type: "ready" });

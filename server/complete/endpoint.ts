/**
 * Completion by a server that the user set (setting `completion.endpoint`): llama.cpp's /infill, or an OpenAI-compatible /completions
 * with a suffix. Never called without one. The reply is streamed and left as soon as a line is whole.
 */
import { httpUrl } from "../http-url.ts";
import type { ContextPart } from "./repository-context.ts";

export interface EndpointRequest {
  endpoint: string;
  model: string;
  path: string;
  prefix: string;
  suffix: string;
  context: readonly ContextPart[];
  signal: AbortSignal;
}

export interface EndpointReply {
  /** The first line of what it says. */
  text: string;
  /** Whether it ended by itself or at a line end, and not at the token limit. */
  complete: boolean;
}

const timeoutMs = 10_000;
const maxTokens = 64;
/** Characters of a reply that are read: a line has a few dozen. */
const largestReply = 64 * 1024;
/** Characters of what a server says of its refusal. */
const longestReason = 500;

/** Throws an error for people when the server cannot be asked or does not answer as it should; the signal's reason when aborted. */
export async function completeByEndpoint(request: EndpointRequest): Promise<EndpointReply> {
  const url = endpointUrl(request.endpoint);
  const infill = url.pathname.endsWith("/infill");
  const stop = new AbortController();
  const signal = AbortSignal.any([request.signal, stop.signal, AbortSignal.timeout(timeoutMs)]);
  const options: RequestInit = {
    method: "POST",
    headers: { "content-type": "application/json", accept: "text/event-stream" },
    body: JSON.stringify(infill ? infillBody(request) : completionsBody(request)),
    redirect: "error",
    signal,
  };
  const response = await fetch(url, options).catch((error: unknown) => {
    if (request.signal.aborted) throw error;
    throw new Error(`The completion server ${url.origin} cannot be reached: ${causeOf(error)}`);
  });
  try {
    if (!response.ok)
      throw new Error(`The completion server ${url.origin} answered with status ${response.status}${await saidBy(response)}`);
    return await readLine(response, infill ? infillText : completionsText);
  } finally {
    stop.abort(); // what it would still say is not wanted
  }
}

/** fetch says "fetch failed"; why stands behind it. */
function causeOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
}

/** The reason in the body of a refusal: that a model cannot fill in the middle is said there alone. */
async function saidBy(response: Response): Promise<string> {
  let text = "";
  for await (const bytes of response.body ?? []) {
    text += Buffer.from(bytes).toString("utf8");
    if (text.length > longestReason) break;
  }
  const said = messageIn(text) ?? text.slice(0, longestReason);
  return said.trim() === "" ? "" : `: ${said.trim()}`;
}

/** {"error":{"message":"…"}}, {"error":"…"} or {"message":"…"}. */
function messageIn(json: string): string | undefined {
  try {
    const { error, message } = JSON.parse(json) as { error?: { message?: unknown } | string; message?: unknown };
    const said = typeof error === "string" ? error : (error?.message ?? message);
    return typeof said === "string" ? said.slice(0, longestReason) : undefined;
  } catch {
    return undefined;
  }
}

/** "http://h/v1" and "http://h/v1/completions" name the same; "/infill" is llama.cpp's own. Throws for anything but http and https. */
export function endpointUrl(endpoint: string): URL {
  const url = httpUrl("everyline.completion.endpoint", endpoint);
  const path = url.pathname.replace(/\/+$/, "");
  url.pathname = /\/(?:completions|infill)$/.test(path) ? path : `${path}/completions`;
  return url;
}

function infillBody({ model, prefix, suffix, context }: EndpointRequest): object {
  return {
    ...(model && { model }),
    input_extra: context.map((part) => ({ filename: part.path, text: part.text })),
    input_prefix: prefix,
    input_suffix: suffix,
    prompt: "",
    n_predict: maxTokens,
    temperature: 0,
    stop: ["\n"],
    stream: true,
    cache_prompt: true,
  };
}

function completionsBody({ model, path, prefix, suffix, context }: EndpointRequest): object {
  const parts = context.map((part) => `${comment(path)} ${part.path}\n${part.text}\n\n`).join("");
  return {
    ...(model && { model }),
    prompt: `${parts}${comment(path)} ${path}\n${prefix}`,
    suffix,
    max_tokens: maxTokens,
    temperature: 0,
    stop: ["\n"],
    stream: true,
  };
}

function comment(path: string): string {
  return /\.(?:py|rb|sh|bash|ex|exs|ya?ml|toml|pl|r|jl)$/i.test(path) ? "#" : "//";
}

interface Event {
  text: string;
  /** Why it ended; "" while it goes on. */
  ended: "" | "stop" | "length";
}

function infillText(event: { content?: unknown; stop?: unknown; stop_type?: unknown; stopped_limit?: unknown }): Event {
  const text = typeof event.content === "string" ? event.content : "";
  if (event.stop !== true) return { text, ended: "" };
  return { text, ended: event.stop_type === "limit" || event.stopped_limit === true ? "length" : "stop" };
}

function completionsText(event: { choices?: { text?: unknown; finish_reason?: unknown }[] }): Event {
  const choice = event.choices?.[0];
  const ended = choice?.finish_reason === "length" ? "length" : choice?.finish_reason ? "stop" : "";
  return { text: typeof choice?.text === "string" ? choice.text : "", ended };
}

/** Reads server-sent events until a line is whole; a server that does not stream sends one JSON document. */
async function readLine(response: Response, read: (event: object) => Event): Promise<EndpointReply> {
  const streamed = response.headers.get("content-type")?.includes("text/event-stream") ?? false;
  const decoder = new TextDecoder();
  let waiting = "";
  let text = "";
  let size = 0;
  for await (const bytes of response.body ?? []) {
    waiting += decoder.decode(bytes, { stream: true });
    size += bytes.length;
    if (size > largestReply) throw new Error("The completion server's reply is larger than 64 kB");
    if (!streamed) continue;
    const lines = waiting.split("\n");
    waiting = lines.pop() as string;
    for (const line of lines) {
      if (!line.startsWith("data:") || line.includes("[DONE]")) continue;
      const said = parsed(line.slice(5));
      if ("error" in said) throw new Error(`The completion server failed: ${messageIn(line.slice(5)) ?? "it does not say why"}`);
      const event = read(said);
      text += event.text;
      if (text.includes("\n")) return { text: firstLine(text), complete: true };
      if (event.ended) return { text: firstLine(text), complete: event.ended === "stop" };
    }
  }
  if (streamed) return { text: firstLine(text), complete: true };
  const whole = read(parsed(waiting));
  return { text: firstLine(whole.text), complete: whole.ended !== "length" };
}

function parsed(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return value;
  } catch {
    // said below
  }
  throw new Error("The completion server's reply is not JSON");
}

function firstLine(text: string): string {
  return text.split(/\r?\n/)[0] as string;
}

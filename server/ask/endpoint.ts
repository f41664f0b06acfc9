/**
 * Wording by an OpenAI-compatible endpoint that the user set (settings `answerEndpoint`, `answerModel`). Never called
 * without one; whatever goes wrong, the composed answer stays and says why.
 */
import { httpUrl } from "../http-url.ts";
import type { Settings } from "../settings.ts";
import type { Answer } from "./types.ts";
import { checkWording } from "./word.ts";

export const ENDPOINT_TIMEOUT_MS = 30_000;
/** Bytes of a reply that are read: an answer has a few thousand. */
const LARGEST_REPLY = 1 << 20;

/** The answer as the endpoint words it, checked; the answer itself when none is set or nothing was found. Never rejects. */
export async function wordByEndpoint(
  answer: Answer,
  settings: Pick<Settings, "answerEndpoint" | "answerModel">,
  { signal, timeoutMs = ENDPOINT_TIMEOUT_MS }: { signal?: AbortSignal; timeoutMs?: number } = {},
): Promise<Answer> {
  if (!settings.answerEndpoint.trim() || answer.evidence.length === 0 || !answer.found) return answer;
  try {
    const text = await complete(completionsUrl(settings.answerEndpoint), settings.answerModel, answer, signals(timeoutMs, signal));
    return checkWording(answer, text, settings.answerModel || "endpoint");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const note = `not worded by ${settings.answerEndpoint}: ${reason}`;
    return { ...answer, incomplete: answer.incomplete ? `${answer.incomplete}; ${note}` : note };
  }
}

/** "http://localhost:11434/v1" and "…/v1/chat/completions" both name the same. Throws for anything but http and https. */
export function completionsUrl(endpoint: string): URL {
  const url = httpUrl("everyline.answerEndpoint", endpoint);
  const path = url.pathname.replace(/\/+$/, "");
  if (!path.endsWith("/chat/completions")) url.pathname = `${path}/chat/completions`;
  return url;
}

function signals(timeoutMs: number, signal: AbortSignal | undefined): AbortSignal {
  const timeout = AbortSignal.timeout(timeoutMs);
  return signal ? AbortSignal.any([timeout, signal]) : timeout;
}

async function complete(url: URL, model: string, { prompt }: Answer, signal: AbortSignal): Promise<string> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      ...(model && { model }),
      temperature: 0,
      stream: false,
      messages: [
        { role: "system", content: prompt.system },
        { role: "user", content: prompt.user },
      ],
    }),
    redirect: "error",
    signal,
  });
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(`it answered with status ${response.status}`);
  }
  return contentOf(await readLimited(response));
}

async function readLimited(response: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    size += part.length;
    if (size > LARGEST_REPLY) throw new Error("its reply is larger than 1 MB");
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}

function contentOf(body: string): string {
  let reply: unknown;
  try {
    reply = JSON.parse(body);
  } catch {
    throw new Error("its reply is not JSON");
  }
  const content = (reply as { choices?: { message?: { content?: unknown } }[] })?.choices?.[0]?.message?.content;
  if (typeof content !== "string") throw new Error("its reply holds no message");
  return content;
}

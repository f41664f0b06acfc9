import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { completionsUrl, wordByEndpoint } from "./endpoint.ts";
import type { Answer } from "./types.ts";

const answer: Answer = {
  question: "what",
  found: true,
  statements: [{ text: "Composed.", sources: [0] }],
  evidence: [{ path: "a.ts", startLine: 1, endLine: 1, commit: "", score: 1, reasons: [], bestStart: 1, bestEnd: 1, text: "x", title: "" }],
  followUps: [],
  prompt: { system: "rules", user: "sources" },
  wordedBy: "evidence",
  incomplete: "",
  ms: 1,
};

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
});

async function endpoint(listener: RequestListener): Promise<string> {
  const started = createServer(listener);
  server = started;
  await new Promise<void>((resolve) => started.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(started.address() as AddressInfo).port}/v1`;
}

function reply(content: string): RequestListener {
  return (_, response) => response.end(JSON.stringify({ choices: [{ message: { content } }] }));
}

describe("wordByEndpoint", () => {
  it("asks the endpoint with the prompt and takes its cited words", async () => {
    let body = "";
    let url = "";
    const answerEndpoint = await endpoint((request, response) => {
      url = request.url ?? "";
      request.on("data", (part) => {
        body += part;
      });
      request.on("end", () => reply("Worded [1].")(request, response));
    });
    const worded = await wordByEndpoint(answer, { answerEndpoint, answerModel: "m" });
    expect(worded.statements).toEqual([{ text: "Worded.", sources: [0] }]);
    expect(worded.wordedBy).toBe("m");
    expect(url).toBe("/v1/chat/completions");
    expect(JSON.parse(body)).toMatchObject({ model: "m", messages: [{ content: "rules" }, { content: "sources" }] });
  });

  it("is never called without being set, or for an answer not found", async () => {
    expect(await wordByEndpoint(answer, { answerEndpoint: " ", answerModel: "" })).toBe(answer);
    const lost = { ...answer, found: false };
    expect(await wordByEndpoint(lost, { answerEndpoint: "http://127.0.0.1:9", answerModel: "" })).toBe(lost);
  });

  it.each<[string, RequestListener]>([
    ["status 500", (_, response) => response.writeHead(500).end("no")],
    ["not JSON", (_, response) => response.end("<html>")],
    ["no message", (_, response) => response.end("{}")],
    ["larger than 1 MB", (_, response) => response.end("x".repeat(2 << 20))],
  ])("keeps the composed answer and says why: %s", async (note, listener) => {
    const answerEndpoint = await endpoint(listener);
    const kept = await wordByEndpoint(answer, { answerEndpoint, answerModel: "" });
    expect(kept.statements).toBe(answer.statements);
    expect(kept.incomplete).toContain(note);
  });

  it("gives up after its time", async () => {
    const answerEndpoint = await endpoint(() => {});
    const kept = await wordByEndpoint(answer, { answerEndpoint, answerModel: "" }, { timeoutMs: 20 });
    expect(kept.incomplete).toMatch(/timeout|abort/i);
  });
});

describe("completionsUrl", () => {
  it("takes a base or the whole address, and http alone", () => {
    expect(completionsUrl("http://h:1/v1/").href).toBe("http://h:1/v1/chat/completions");
    expect(completionsUrl("https://h/v1/chat/completions").href).toBe("https://h/v1/chat/completions");
    expect(() => completionsUrl("file:///etc/passwd")).toThrow("http");
    expect(() => completionsUrl("localhost")).toThrow("not a URL");
  });
});

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, vi } from "vitest";
import { SPECIAL } from "../../native/tokenizer.ts";
import { defaultSettings, type Settings } from "../settings.ts";
import { Completer, type CompletionMemory } from "./complete.ts";
import { ToySession, toyTokenizer } from "./toy.ts";
import type { CompletionRequest } from "./types.ts";

function memoryOf(
  session: ToySession,
  part: Partial<CompletionMemory> = {},
  settings: Partial<Settings["completion"]> = {},
): CompletionMemory {
  const row = { id: 7, path: "lib.ts", commit: "" };
  const index = {
    documentAt: async (path: string) => (path === "lib.ts" ? row : undefined),
    documents: async (ids: readonly number[]) => (ids.includes(7) ? [row] : []),
    chunkLines: async (asked: readonly { chunks: readonly number[] }[]) =>
      asked.map(({ chunks }) => chunks.map((chunk) => ({ startLine: chunk * 10 + 1, endLine: chunk * 10 + 10 }))),
    files: async () => [],
    definitions: async (documents: readonly number[]) => documents.map(() => []),
    symbolsNamed: async () => [],
    searchFiles: async () => [],
    documentFrequency: () => 0,
  };
  return {
    index: index as unknown as CompletionMemory["index"],
    engine: { session: () => session },
    tokenizer: toyTokenizer,
    settings: { ...defaultSettings, completion: { ...defaultSettings.completion, ...settings } },
    problem: "",
    headerPath: (path) => `sub/${path}`,
    fileText: async () => undefined,
    ...part,
  };
}

function request(place: string, part: Partial<CompletionRequest> = {}): CompletionRequest {
  const cursor = place.indexOf("|");
  return { path: "main.ts", language: "typescript", prefix: place.slice(0, cursor), suffix: place.slice(cursor + 1), ...part };
}

describe("Completer", () => {
  it("offers what the engine is sure of", async () => {
    const completer = new Completer(memoryOf(new ToySession(" getUser()")));
    const made = await completer.complete(request("x = |\n"));
    expect(made).toMatchObject({ text: "getUser()", shown: true, reason: "" });
    expect(made.confidence).toBeGreaterThan(0.5);
  });

  it("makes what the first request would wait for when it is told to, once", async () => {
    const vocabulary = vi.fn(toyTokenizer.vocabulary);
    const completer = new Completer(memoryOf(new ToySession(" foo"), { tokenizer: { ...toyTokenizer, vocabulary } }));
    completer.prepare();
    expect(vocabulary).toHaveBeenCalledTimes(1);
    expect((await completer.complete(request("x = |\n"))).text).toBe("foo");
    expect(vocabulary).toHaveBeenCalledTimes(1);
    expect(new Completer(memoryOf(new ToySession(""), { engine: null })).prepare()).toBeUndefined();
  });

  it("reads ahead where the cursor rests, once a place, and gives way to a request", async () => {
    const session = new ToySession(" foo");
    const completer = new Completer(memoryOf(session));
    completer.readAhead(request("x = |\n"));
    await vi.waitFor(() => expect(session.begun).toHaveLength(1));
    completer.readAhead(request("x =| \n"));
    let release = () => {};
    session.ready = new Promise((resolve) => {
      release = resolve;
    });
    completer.readAhead(request("y = |\n", { path: "far.ts" }));
    await vi.waitFor(() => expect(session.begun).toHaveLength(2));
    const made = completer.complete(request("y = |\n", { path: "far.ts" }));
    expect(session.cancelled).toBe(1);
    release();
    expect(await made).toMatchObject({ text: "foo", shown: true });
  });

  it("reads nothing ahead where nothing is completed, and takes a new session after one that failed", async () => {
    const broken = new ToySession("");
    broken.ready = Promise.reject(new Error("the pool is gone"));
    broken.ready.catch(() => {}); // it is waited for later
    const sessions = [broken, new ToySession(" foo")];
    const completer = new Completer(memoryOf(broken, { engine: { session: () => sessions.shift() as ToySession } }));
    completer.readAhead(request("A=|", { path: ".env" }));
    completer.readAhead(request("x = |\n"));
    expect(await completer.complete(request("y = |\n"))).toMatchObject({ reason: "the pool is gone" });
    expect(await completer.complete(request("z = |\n"))).toMatchObject({ text: "foo" });
    expect(broken.begun).toHaveLength(1);
  });

  it("gives what it is not sure of, but does not show it", async () => {
    const session = new ToySession(" getUser()");
    session.certainty = 4;
    const made = await new Completer(memoryOf(session)).complete(request("x = |\n"));
    expect(made).toMatchObject({ text: "getUser()", shown: false, reason: "low confidence" });
  });

  it("hides the file's own stored version, and reads the header as the memory writes it", async () => {
    const session = new ToySession(" foo");
    const completer = new Completer(memoryOf(session));
    await completer.complete(request("x = |", { path: "lib.ts" }));
    await completer.complete(request("x = |", { path: "main.ts" }));
    expect(session.begun.map(({ hidden }) => [...hidden])).toEqual([[7], []]);
    const header = toyTokenizer.encodeText("sub/lib.ts\nx =").ids;
    expect([...(session.begun[0]?.ids ?? [])].slice(0, header.length + 1)).toEqual([SPECIAL.file, ...header]);
  });

  it("names the lines it attended to, those that touch as one", async () => {
    const session = new ToySession(" foo");
    session.attended = [0, 1, 4].map((chunk) => ({ document: 7, chunk, weight: 0.25 })).concat({ document: 9, chunk: 0, weight: 0.1 });
    const { chunks } = await new Completer(memoryOf(session)).complete(request("x = |"));
    expect(chunks).toEqual([
      { path: "lib.ts", commit: "", startLine: 1, endLine: 20, weight: 0.5 },
      { path: "lib.ts", commit: "", startLine: 41, endLine: 50, weight: 0.25 },
    ]);
  });

  it("answers from the last result while it is typed along", async () => {
    const session = new ToySession(" getUser()");
    const completer = new Completer(memoryOf(session));
    await completer.complete(request("x = |\n"));
    expect((await completer.complete(request("x = get|\n"))).text).toBe("User()");
    expect((await completer.complete(request("x = getUser(|)\n"))).reason).toBe("nothing to add"); // the editor closed the bracket
    await vi.waitFor(() => expect(session.prefixes()).toEqual(["x =", "x = getUser"])); // the second: what would follow
    await completer.complete(request("x = gex|\n"));
    expect(session.begun).toHaveLength(3);
  });

  it("goes on after a word of the suggestion was accepted, without asking the engine", async () => {
    const session = new ToySession(" foo bar()");
    const completer = new Completer(memoryOf(session));
    const { text } = await completer.complete(request("x = |\n"));
    expect(text).toBe("foo bar()");
    expect((await completer.complete(request("x = foo|\n"))).text).toBe(" bar()");
    expect((await completer.complete(request("x = foo b|\n"))).text).toBe("ar()");
    expect(session.begun.length).toBeLessThanOrEqual(2); // the second: what would follow
  });

  it("has what follows a suggestion by the time it is accepted", async () => {
    const session = new ToySession(" foo");
    const completer = new Completer(memoryOf(session));
    await completer.complete(request("x = |\n"));
    await completer.complete(request("x = foo|\n")); // while it is being computed
    await completer.complete(request("x = foo|\n")); // once it is there
    expect(session.prefixes()).toEqual(["x =", "x = "]);
  });

  it("drops what it computes ahead when the user writes something else", async () => {
    const session = new ToySession(" foo");
    const completer = new Completer(memoryOf(session));
    await completer.complete(request("x = |\n"));
    session.ready = new Promise(() => {}); // the engine is slow from here on
    await vi.waitFor(() => expect(session.begun).toHaveLength(2));
    const other = completer.complete(request("x = b|\n"));
    expect(session.cancelled).toBe(1);
    void other;
  });

  it("does not ask a server of the user's own for what nobody wants yet", async () => {
    let asked = 0;
    const server = createServer((_, response) => {
      asked++;
      response.end(JSON.stringify({ content: "foo", stop: true }));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/infill`;
    const completer = new Completer(memoryOf(new ToySession(""), { engine: null, tokenizer: null }, { endpoint }));
    await completer.complete(request("x = |\n"));
    await completer.complete(request("y = |\n"));
    server.close();
    expect(asked).toBe(2);
  });

  it("answers a cancelled request at once, however long the engine takes to hear of it", async () => {
    const session = new ToySession(" foo");
    session.ready = new Promise(() => {});
    const controller = new AbortController();
    const asked = new Completer(memoryOf(session)).complete(request("a = |", { signal: controller.signal }));
    await new Promise(setImmediate);
    controller.abort();
    expect(await asked).toMatchObject({ text: "", reason: "cancelled" });
  });

  it("completes a block whose body is missing, up to its end", async () => {
    const session = new ToySession(" foo(bar) {");
    session.lines = [" foo(bar) {", "\n    getUser()", "\n}"];
    const completer = new Completer(memoryOf(session));
    expect((await completer.complete(request("while |\n"))).text).toBe("foo(bar) {\n    getUser()\n}");
    session.lines = [" foo(1) {"];
    expect((await completer.complete(request("for |\n    foo(1)\n}"))).text).toBe("foo(1) {");
  });

  it("lets the latest request win", async () => {
    const session = new ToySession(" foo");
    let release = () => {};
    session.ready = new Promise((resolve) => {
      release = resolve;
    });
    const completer = new Completer(memoryOf(session));
    const first = completer.complete(request("a = |"));
    await new Promise(setImmediate);
    const second = completer.complete(request("b = |"));
    release();
    expect(await first).toMatchObject({ text: "", shown: false, reason: "cancelled" });
    expect(await second).toMatchObject({ text: "foo" });
  });

  it("is cancelled by the request's own signal", async () => {
    const session = new ToySession(" foo");
    expect(await new Completer(memoryOf(session)).complete(request("a = |", { signal: AbortSignal.abort() }))).toMatchObject({
      reason: "cancelled",
    });
    expect(session.begun).toHaveLength(0);
  });

  it("says why there is nothing", async () => {
    const session = new ToySession(" foo");
    const reason = async (memory: CompletionMemory, place = request("a = |")) => (await new Completer(memory).complete(place)).reason;
    expect(await reason(memoryOf(session, { engine: null, problem: "the model is damaged" }))).toBe("the model is damaged");
    expect(await reason(memoryOf(session), request("A=|", { path: ".env" }))).toBe("secret file");
    expect(await reason(memoryOf(session, {}, { disabledLanguages: ["typescript"] }))).toBe("language is off");
    expect(session.begun).toHaveLength(0);
  });

  it("takes a new session after one that failed", async () => {
    const broken = new ToySession("");
    broken.ready = Promise.reject(new Error("the pool is gone"));
    broken.ready.catch(() => {}); // it is waited for later
    const sessions = [broken, new ToySession(" foo")];
    const completer = new Completer(memoryOf(broken, { engine: { session: () => sessions.shift() as ToySession } }));
    expect(await completer.complete(request("a = |"))).toMatchObject({ text: "", reason: "the pool is gone" });
    expect(await completer.complete(request("a = |"))).toMatchObject({ text: "foo" });
  });

  it("asks the user's own model where one is set, and holds its reply to the same manners", async () => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      request.on("data", (part) => asked.push(String(part)));
      request.on("end", () => response.end(JSON.stringify({ content: "getUser())", stop: true })));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/infill`;
    const memory = memoryOf(new ToySession(""), { engine: null, tokenizer: null, problem: "no model" }, { endpoint });
    const secret = 'key = "ghp_0123456789abcdefghijABCDEFGHIJ012345"';
    const made = await new Completer(memory).complete(request(`${secret}\nx = f(|)\n`));
    server.close();
    expect(made).toMatchObject({ text: "getUser()", shown: true });
    expect(asked.join("")).toContain("x = f(");
    expect(asked.join("")).not.toContain("ghp_0123456789");
  });

  it("offers no secret", async () => {
    const session = new ToySession(' "ghp_0123456789abcdefghijABCDEFGHIJ012345"');
    expect(await new Completer(memoryOf(session)).complete(request("token = |"))).toMatchObject({
      text: "",
      shown: false,
      reason: "secret",
    });
  });
});

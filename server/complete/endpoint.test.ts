import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { completeByEndpoint, endpointUrl } from "./endpoint.ts";

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

type Answer = (body: Record<string, unknown>, response: ServerResponse, request: IncomingMessage) => void;

/** A server that speaks as llama.cpp's or an OpenAI-compatible one does. */
async function serve(answer: Answer): Promise<string> {
  const made = createServer((request, response) => {
    let text = "";
    request.on("data", (part) => {
      text += part;
    });
    request.on("end", () => answer({ ...JSON.parse(text), url: request.url }, response, request));
  });
  server = made;
  await new Promise<void>((resolve) => made.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(made.address() as AddressInfo).port}`;
}

function events(response: ServerResponse, all: object[]): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  for (const event of all) response.write(`data: ${JSON.stringify(event)}\n\n`);
}

function ask(endpoint: string, signal = new AbortController().signal) {
  const context = [{ path: "lib/b.ts", text: "export function b(x: number) {}" }];
  return completeByEndpoint({ endpoint, model: "coder", path: "a.ts", prefix: "const y = ", suffix: "\nend", context, signal });
}

describe("completeByEndpoint", () => {
  it("asks llama.cpp's /infill, with the repository's parts as extra input", async () => {
    let asked: Record<string, unknown> = {};
    const url = await serve((body, response) => {
      asked = body;
      events(response, [{ content: "b(" }, { content: "1)" }, { content: "", stop: true, stop_type: "word" }]);
      response.end();
    });
    expect(await ask(`${url}/infill`)).toEqual({ text: "b(1)", complete: true });
    expect(asked).toMatchObject({
      url: "/infill",
      input_prefix: "const y = ",
      input_suffix: "\nend",
      input_extra: [{ filename: "lib/b.ts", text: "export function b(x: number) {}" }],
    });
  });

  it("asks an OpenAI-compatible server, with the parts before the text", async () => {
    let asked: Record<string, unknown> = {};
    const url = await serve((body, response) => {
      asked = body;
      events(response, [{ choices: [{ text: "b(1)", finish_reason: null }] }, { choices: [{ text: "", finish_reason: "length" }] }]);
      response.end("data: [DONE]\n\n");
    });
    expect(await ask(`${url}/v1`)).toEqual({ text: "b(1)", complete: false });
    expect(asked).toMatchObject({ url: "/v1/completions", model: "coder", suffix: "\nend" });
    expect(asked.prompt).toBe("// lib/b.ts\nexport function b(x: number) {}\n\n// a.ts\nconst y = ");
  });

  it("leaves a server that says more once the line is whole", async () => {
    let left = () => {};
    const leaving = new Promise<void>((resolve) => {
      left = resolve;
    });
    const url = await serve((_, response, request) => {
      request.socket.on("close", left);
      events(response, [{ content: "b(1)\nmore" }]); // and never ends
    });
    expect(await ask(`${url}/infill`)).toEqual({ text: "b(1)", complete: true });
    await leaving;
  });

  it("reads a reply that is not streamed", async () => {
    const url = await serve((_, response) =>
      response.writeHead(200, { "content-type": "application/json" }).end('{"content":"b(1)","stop":true}'),
    );
    expect(await ask(`${url}/infill`)).toEqual({ text: "b(1)", complete: true });
  });

  it.each<[string, Answer]>([
    ["status 503", (_, response) => void response.writeHead(503).end("busy")],
    [
      "status 501: Infill is not supported by this model",
      (_, response) => void response.writeHead(501).end('{"error":{"code":501,"message":"Infill is not supported by this model"}}'),
    ],
    ["does not support insert", (_, response) => void response.writeHead(400).end('{"error":"codellama does not support insert"}')],
    ["failed: slot is gone", (_, response) => events(response, [{ content: "b(" }, { error: { message: "slot is gone" } }])],
    ["not JSON", (_, response) => void response.writeHead(200, { "content-type": "text/event-stream" }).end("data: {oops\n\n")],
    ["terminated", (_, response) => void response.writeHead(200, { "content-length": "50" }).write("{", () => response.destroy())],
    ["cannot be reached", (_, response) => void response.writeHead(302, { location: "http://127.0.0.1:1/" }).end()],
    ["not JSON", (_, response) => void response.writeHead(200).end("<html>")],
    ["larger than 64 kB", (_, response) => void response.writeHead(200).end("x".repeat(1 << 17))],
  ])("says what is wrong: %s", async (reason, answer) => {
    await expect(ask(await serve(answer))).rejects.toThrow(reason);
  });

  it("names the address that does not answer", async () => {
    const url = await serve(() => {});
    await new Promise((resolve) => server?.close(resolve));
    await expect(ask(url)).rejects.toThrow(`${url} cannot be reached: connect ECONNREFUSED`);
  });

  it("shows nothing of a stream before its line is whole, and then that line alone", async () => {
    let say: (content: string) => void = () => {};
    const started = new Promise<void>((resolve) => {
      serve((_, response) => {
        response.writeHead(200, { "content-type": "text/event-stream" });
        say = (content) => void response.write(`data: ${JSON.stringify({ content })}\n\n`);
        resolve();
      }).then((url) => {
        asking = ask(`${url}/infill`);
      });
    });
    let asking: ReturnType<typeof ask> | undefined;
    await started;
    for (const part of ["b", "(1)", "\r\n  c"]) say(part);
    expect(await asking).toEqual({ text: "b(1)", complete: true });
  });

  it("stops within milliseconds when it is cancelled", async () => {
    const url = await serve(() => {});
    const abort = new AbortController();
    const asking = ask(url, abort.signal);
    setTimeout(() => abort.abort(), 20);
    const started = performance.now();
    await expect(asking).rejects.toThrow();
    expect(performance.now() - started).toBeLessThan(1000);
  });
});

describe("endpointUrl", () => {
  it("takes a base or the whole address, and http alone", () => {
    expect(endpointUrl("http://h:1/v1/").href).toBe("http://h:1/v1/completions");
    expect(endpointUrl("https://h/v1/completions").href).toBe("https://h/v1/completions");
    expect(endpointUrl("http://h:8080/infill").href).toBe("http://h:8080/infill");
    expect(() => endpointUrl("file:///etc/passwd")).toThrow("http");
    expect(() => endpointUrl("localhost")).toThrow("not a URL");
  });
});

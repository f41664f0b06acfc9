/** What people paste and type: traces, compiler errors, typing errors, other languages. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadAddon } from "../../native/load.ts";
import { Past } from "../history/past.ts";
import { TestFolder } from "../index/testing/folder.ts";
import { search } from "./search.ts";
import type { SearchSources } from "./sources.ts";
import type { Evidence, SearchResult } from "./types.ts";
import { FOUND } from "./weights.ts";

const files: Record<string, string> = {
  "app/views.py": `from app.store import OrderStore


def list_orders(request):
    store = OrderStore(request.settings)
    page = store.fetch_page(request.args["page"])
    return render(page)


def health(request):
    return "ok"
`,
  "app/store.py": `class OrderStore:
    """Keeps the orders of a shop."""

    def fetch_page(self, number):
        if number < 0:
            raise ValueError("page number must not be negative")
        return self.rows[number * 20 : number * 20 + 20]
`,
  "app/routing.py": `class Router:
    def __init__(self):
        self.url_map = {}

    def add_url_rule(self, rule, endpoint):
        """Registers a rule; the middleware sees it first."""
        self.url_map[rule] = endpoint
`,
  "web/src/cart.ts": `export interface Cart {
  items: string[];
}

export function totalPrice(cart: Cart, priceOf: (item: string) => number): number {
  return cart.items.map(priceOf).reduce((a, b) => a + b, 0);
}

export function applyDiscount(total: number, percent: number): number {
  return total * (1 - percent / 100);
}
`,
  "src/net/socket.c": `#include "socket.h"

int open_socket(const char *host, int port) {
  int handle = connect_to(host, port);
  if (handle < 0) return report_error("connection refused");
  return handle;
}
`,
  "pkg/queue/worker.go": `package queue

// drain runs until the queue is empty.
func (w *Worker) drain(ctx context.Context) error {
	for w.pending > 0 {
		w.runOne(ctx)
	}
	return nil
}
`,
  "src/Billing/Invoice.java": `package shop.billing;

public class Invoice {
  public void close(Customer customer) {
    if (customer == null) throw new IllegalStateException("no customer");
    this.closed = true;
  }
}
`,
  "crates/core/src/parser.rs": `pub fn parse_header(input: &str) -> Header {
    let (name, value) = input.split_once(':').unwrap();
    Header { name: name.into(), value: value.into() }
}
`,
  "lib/session.rb": `# セッションの有効期限を確認する
class Session
  def expired?
    Time.now > @deadline
  end
end
`,
  "lib/upload.rb": `# 上传文件到服务器
class Upload
  def push(path)
    @client.put(path)
  end
end
`,
};

let folder: TestFolder;
let sources: SearchSources;

beforeAll(async () => {
  folder = await TestFolder.make();
  const index = await folder.open({ addon: loadAddon() });
  await index.putFiles(await Promise.all(Object.entries(files).map(([path, text]) => folder.file(path, text))));
  sources = {
    index,
    engine: null,
    tokenizer: null,
    past: new Past(folder.root),
    fileText: (path) => readFile(join(folder.root, path), "utf8").catch(() => undefined),
    commitOf: () => undefined,
    headerPath: (path) => path,
  };
});
afterAll(() => folder.delete());

function ask(question: string): Promise<SearchResult> {
  return search(sources, question, { k: 5, scope: "files" });
}

async function first(question: string): Promise<Evidence | undefined> {
  return (await ask(question)).evidence[0];
}

describe("pasted stack traces", () => {
  it.each([
    [
      "Python",
      `Traceback (most recent call last):
  File "/srv/shop/app/store.py", line 6, in fetch_page
    raise ValueError("page number must not be negative")
ValueError: page number must not be negative`,
      "app/store.py",
      6,
    ],
    [
      "Node.js",
      `TypeError: Cannot read properties of undefined (reading 'map')
    at totalPrice (/home/dev/shop/web/src/cart.ts:6:21)
    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)`,
      "web/src/cart.ts",
      6,
    ],
    [
      "Go",
      `panic: runtime error: invalid memory address or nil pointer dereference
goroutine 17 [running]:
shop/pkg/queue.(*Worker).drain(0x0, {0x4f, 0x1})
	/build/shop/pkg/queue/worker.go:6 +0x2d`,
      "pkg/queue/worker.go",
      6,
    ],
    [
      "Java",
      `Exception in thread "main" java.lang.IllegalStateException: no customer
	at shop.billing.Invoice.close(Invoice.java:5)
	at java.base/java.lang.Thread.run(Thread.java:840)`,
      "src/Billing/Invoice.java",
      5,
    ],
    [
      "Rust",
      `thread 'main' panicked at crates/core/src/parser.rs:2:53:
called \`Option::unwrap()\` on a \`None\` value`,
      "crates/core/src/parser.rs",
      2,
    ],
  ])("of %s lead to the line of the frame", async (_, trace, path, line) => {
    const found = await ask(trace);
    expect(found.evidence[0]).toMatchObject({ path, bestStart: line, bestEnd: line });
    expect(found.evidence[0]?.reasons[0]).toBe(`stack frame at line ${line}`);
    expect(found.confidence).toBeGreaterThan(FOUND);
  });

  it("show the other frames' files next", async () => {
    const trace = `  File "app/views.py", line 6, in list_orders
  File "app/store.py", line 6, in fetch_page`;
    expect(
      (await ask(trace)).evidence
        .slice(0, 2)
        .map((it) => it.path)
        .sort(),
    ).toEqual(["app/store.py", "app/views.py"]);
  });
});

describe("pasted compiler errors", () => {
  it.each([
    [
      "TypeScript",
      "web/src/cart.ts(10,24): error TS2363: The right-hand side of an arithmetic operation must be a number",
      "web/src/cart.ts",
      10,
    ],
    ["GCC", "src/net/socket.c:5:26: error: implicit declaration of function 'report_error'", "src/net/socket.c", 5],
    [
      "rustc",
      `error[E0308]: mismatched types
 --> crates/core/src/parser.rs:3:20
  |
3 |     Header { name: name.into(), value: value.into() }`,
      "crates/core/src/parser.rs",
      3,
    ],
  ])("of %s lead to the line", async (_, error, path, line) => {
    expect(await first(error)).toMatchObject({ path, bestStart: line });
  });

  it("without a place lead to the symbol they name", async () => {
    expect((await first("undefined reference to `open_socket'"))?.path).toBe("src/net/socket.c");
    expect((await first("error TS2304: Cannot find name 'applyDiscount'."))?.title).toBe("function applyDiscount");
  });
});

describe("typing errors", () => {
  it.each([
    ["two letters swapped", "applyDisconut", "web/src/cart.ts"],
    ["one missing, in a name", "aplyDiscount", "web/src/cart.ts"],
    ["one missing, in a question", "where is the discont applied", "web/src/cart.ts"],
    ["one too many", "fetch_paage", "app/store.py"],
    ["one wrong", "what runs before a rule: midlleware", "app/routing.py"],
  ])("%s: %s", async (_, question, path) => {
    expect((await first(question))?.path).toBe(path);
  });

  it("make no answer of a question about something else", async () => {
    expect((await ask("kubernetes ingress annotations")).confidence).toBeLessThan(FOUND);
  });
});

describe("questions in other languages", () => {
  it.each([
    ["German", "Wo wird die url_map gefüllt?", "app/routing.py"],
    ["French", "Où est défini totalPrice et comment calcule-t-il la somme ?", "web/src/cart.ts"],
    ["Spanish", "¿Dónde se define applyDiscount y qué devuelve?", "web/src/cart.ts"],
    ["Russian", "Где определена функция open_socket?", "src/net/socket.c"],
    ["Japanese", "fetch_page はどこで呼ばれていますか", "app/store.py"],
    ["Chinese", "parse_header 函数在哪里定义", "crates/core/src/parser.rs"],
    ["Korean", "app/routing.py 파일은 무엇을 하나요", "app/routing.py"],
  ])("of %s find what they name, and are answered", async (_, question, path) => {
    const found = await ask(question);
    expect(found.evidence[0]?.path).toBe(path);
    expect(found.confidence).toBeGreaterThan(FOUND);
  });

  it("are refused where nothing of what they name is here", async () => {
    expect((await ask("Wo wird der KafkaConsumer gestartet?")).confidence).toBeLessThan(FOUND);
    expect((await ask("KafkaConsumer はどこで起動されますか")).confidence).toBeLessThan(FOUND);
  });

  it.each([
    ["セッションの有効期限", "lib/session.rb"],
    ["有効期限はどこで確認しますか", "lib/session.rb"],
    ["上传文件", "lib/upload.rb"],
    ["文件怎么上传到服务器", "lib/upload.rb"],
  ])("%s finds comments of that script by pairs of characters", async (question, path) => {
    expect((await first(question))?.path).toBe(path);
  });

  it("compounds are found by their words", async () => {
    expect((await first("the url map"))?.path).toBe("app/routing.py");
  });
});

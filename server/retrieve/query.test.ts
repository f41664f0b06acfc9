import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAXIMUM_QUERY, readQuery } from "./query.ts";

describe("readQuery: the kind of a question", () => {
  it.each([
    ["parseHeaders", "symbol"],
    ["Router.route", "symbol"],
    ["std::vector::push_back()", "symbol"],
    ["save!", "symbol"],
    ["src/http/parse.ts", "path"],
    ["tree.go", "path"],
    ["TypeError: Cannot read properties of undefined (reading 'map')", "literal"],
    ["error[E0382]: borrow of moved value", "literal"],
    ['"connection reset by peer"', "literal"],
    ["at parse (src/http.ts:10:3)", "literal"],
    ["/parse(Int|Float)\\w+/", "regex"],
    ["foo_\\d+\\.bar", "regex"],
    ["when was the retry limit introduced", "history"],
    ["Who wrote the parser?", "history"],
    ["why does it close the socket", "history"],
    ["which commit removed the cache", "history"],
    ["what changed between v1.2 and v1.3 in the router", "history"],
    ["what has changed in the parser last month", "history"],
    ["how are request bodies parsed", "question"],
    ["HTTP router and middleware composition", "question"],
    ["wie werden Anfragen gelesen", "question"],
    ["", "question"],
  ])("%j is a %s", (text, kind) => {
    expect(readQuery(text).kind).toBe(kind);
  });
});

describe("readQuery: what a question names", () => {
  it("finds identifiers by their look, and leaves prose alone", () => {
    expect(readQuery("where does parseHeaders call read_line and Mutex::lock()").identifiers).toEqual([
      "parseHeaders",
      "read_line",
      "lock",
      "Mutex",
      "Mutex::lock",
    ]);
    expect(readQuery("how are HTTP headers parsed").identifiers).toEqual([]);
    expect(readQuery("what does `serve` do").identifiers).toEqual(["serve"]);
  });

  it("finds identifiers in questions of any language", () => {
    expect(readQuery("parseHeaders はどこで定義されていますか").identifiers).toContain("parseHeaders");
  });

  it("joins neighbouring words to names", () => {
    expect(readQuery("the real ip of a request").names).toEqual(expect.arrayContaining(["realip", "real_ip", "request"]));
  });

  it("takes quoted text that is no name as a literal", () => {
    expect(readQuery("who prints \"listening on port\" and 'x'").literals).toEqual(["listening on port"]);
    expect(readQuery("don't split it's words").literals).toEqual([]);
  });

  it("takes the fixed parts of a regular expression as literals", () => {
    expect(readQuery("/timeout=\\d+ seconds [a-z]+ left/").literals).toEqual(["timeout=", "seconds", "left"]);
  });

  it("finds paths, with either slash, but not those of a URL", () => {
    expect(readQuery("what is in server\\index\\api.ts and Makefile").paths).toEqual(["server/index/api.ts", "Makefile"]);
    expect(readQuery("see https://example.com/a/b.html please").paths).toEqual([]);
  });

  it("reads the frames of Python, JavaScript, Go, C# and compilers", () => {
    const trace = [
      'File "/srv/app/views.py", line 12, in get',
      "at parse (/srv/src/http.ts:10:3)",
      "\t/go/src/chi/mux.go:82 +0x1d",
      "Program.cs(14,7): error CS0103",
      "lib/a.c:7:2: error: expected ';'",
    ].join("\n");
    expect(readQuery(trace).frames).toEqual([
      { path: "srv/app/views.py", line: 12 },
      { path: "srv/src/http.ts", line: 10 },
      { path: "go/src/chi/mux.go", line: 82 },
      { path: "Program.cs", line: 14 },
      { path: "lib/a.c", line: 7 },
    ]);
  });

  it("knows which roles are asked for", () => {
    expect(readQuery("tests of the parser").roles).toEqual(["test"]);
    expect(readQuery("installation guide in the docs").roles).toEqual(["documentation"]);
    expect(readQuery("request parsing").roles).toEqual([]);
  });

  it("drops question words for the word index, but never all", () => {
    expect(readQuery("how does the router find a route").words).toBe("router route");
    expect(readQuery("what is it").words).toBe("what is it");
  });
});

describe("readQuery on anything", () => {
  it("keeps its bounds and never throws", () =>
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: "binary" }),
          fc.string({ unit: fc.constantFrom("a", "B", "_", ".", "/", ":", "1", " ", "(", "`", "\\", "[", "*", '"', "\n") }),
        ),
        (text) => {
          const query = readQuery(text);
          expect(query.text.length).toBeLessThanOrEqual(MAXIMUM_QUERY);
          expect(query.words === "").toBe(query.text === "");
          expect(query.identifiers.every((it) => it.length > 0)).toBe(true);
        },
      ),
    ));

  it("takes time in proportion to the text", () => {
    for (const unit of ["a/", "a.", "\\(", "((", "[a", "_A", "a::", '"a', "`", "1:"])
      expect(readQuery(unit.repeat(50_000)).text.length).toBe(MAXIMUM_QUERY);
  });
});

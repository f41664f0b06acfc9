import { describe, expect, it } from "vitest";
import type { IndexReader } from "../index/api.ts";
import type { DocumentRow } from "../index/types.ts";
import { matchPaths, namedFiles, pathIndex } from "./paths.ts";

/** Words of a path, lower case, plural s dropped: enough of an analysis for these tests. */
const index = {
  terms: (text: string) =>
    text
      .toLowerCase()
      .split(/[^a-z]+/)
      .filter(Boolean)
      .map((it) => it.replace(/s$/, "")),
} as IndexReader;

function rows(...paths: string[]): DocumentRow[] {
  return paths.map((path, id) => ({ id, path }) as DocumentRow);
}

function matches(files: DocumentRow[], question: string): string[] {
  return matchPaths(pathIndex(index, files), index.terms(question))
    .best(10)
    .map((it) => it.document.path);
}

describe("matchPaths", () => {
  const files = rows("middleware/basic_auth.go", "middleware/logger.go", "middleware/compress.go", "tree.go", "auth/index.ts");

  it("prefers the file whose whole name is asked for", () => {
    expect(matches(files, "basic authentication middleware")[0]).toBe("middleware/basic_auth.go");
    expect(matches(files, "logger")).toEqual(["middleware/logger.go"]);
  });

  it("knows abbreviations by their beginning", () => {
    expect(matches(files, "compression of responses")).toContain("middleware/compress.go");
    expect(matches(files, "authentication")).toEqual(["auth/index.ts", "middleware/basic_auth.go"]);
  });

  it("takes the folder's name for an index file", () => {
    const [match] = matchPaths(pathIndex(index, files), ["auth"]).best(1);
    expect(match).toMatchObject({ document: { path: "auth/index.ts" }, name: 1, coverage: 1 });
  });

  it("finds nothing where nothing is shared", () => {
    expect(matches(files, "websocket")).toEqual([]);
  });
});

describe("namedFiles", () => {
  const files = rows("src/http.ts", "lib/src/http.ts", "http.ts", "other.ts");

  it("puts the very path first, then paths that end like it", () => {
    expect(namedFiles(files, "src/http.ts").map((it) => it.path)).toEqual(["src/http.ts", "http.ts", "lib/src/http.ts"]);
  });

  it("knows an absolute path of another machine", () => {
    expect(namedFiles(files, "home/me/tiny/lib/src/http.ts")[0]?.path).toBe("lib/src/http.ts");
  });

  it("never takes a name's end for a name", () => {
    expect(namedFiles(rows("my_http.ts"), "http.ts")).toEqual([]);
  });
});

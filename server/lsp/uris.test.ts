import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { pathInFolder, pathOfUri, uriInFolder } from "./uris.ts";

describe("pathOfUri", () => {
  it("knows file: URIs only", () => {
    expect(pathOfUri("file:///a/b%20c.ts")).toBe("/a/b c.ts");
    expect(pathOfUri("untitled:Untitled-1")).toBeUndefined();
    expect(pathOfUri("vscode-remote://host/a")).toBeUndefined();
  });

  it("refuses what is malformed instead of throwing", () => {
    for (const uri of ["", "file:", "file://host/a", "file:///a%2Fb", "file:///a%00b", "file:///%E0%A4%A", "::"]) {
      const path = pathOfUri(uri);
      expect(path === undefined || path.startsWith("/")).toBe(true);
    }
    expect(pathOfUri("file:///a%2Fb")).toBeUndefined();
    expect(pathOfUri("file:///a%00b")).toBeUndefined();
  });
});

describe("pathInFolder and uriInFolder", () => {
  it("refuse what leads out of the folder", () => {
    expect(pathInFolder("/repo", "file:///repo/../etc/passwd")).toBeUndefined();
    expect(pathInFolder("/repo", "file:///workshop/a.ts")).toBeUndefined();
    expect(pathInFolder("/repo", "file:///repo")).toBeUndefined();
    for (const path of ["..", "../a", "a/../../b", "/etc/passwd", "", "a\0b", "."]) expect(uriInFolder("/repo", path)).toBeUndefined();
  });

  it("keep a name that only begins with two dots", () => {
    expect(uriInFolder("/repo", "..a/b.ts")).toBe("file:///repo/..a/b.ts");
    expect(pathInFolder("/repo", "file:///repo/..a/b.ts")).toBe("..a/b.ts");
  });

  it("are each other's inverse for any path inside, with spaces, newlines, percent signs and other scripts", () =>
    fc.assert(
      fc.property(fc.array(name(), { minLength: 1, maxLength: 4 }), (parts) => {
        const path = parts.join("/");
        const uri = uriInFolder("/some where/öäü", path);
        expect(uri && pathInFolder("/some where/öäü", uri)).toBe(path);
      }),
    ));
});

function name() {
  return fc
    .string({ unit: "grapheme", minLength: 1, maxLength: 12 })
    .filter((text) => !/[/\\\0]/.test(text) && text !== "." && text !== "..");
}

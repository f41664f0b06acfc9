import { describe, expect, it } from "vitest";
import { parametersOf } from "./signature.ts";

describe("parametersOf", () => {
  it.each([
    ["sha256", "export const sha256 = async (data: Data): Promise<string | null> => {", ["data"], 1, 1],
    ["DecodeFixed32", "inline uint32_t DecodeFixed32(const char* ptr) {", ["ptr"], 1, 1],
    [
      "saferepr",
      "def saferepr(obj: object, maxsize: int | None = 1, use_ascii: bool = False) -> str:",
      ["obj", "maxsize", "use_ascii"],
      1,
      3,
    ],
    ["get", "def get(self, key, *args):", ["key", "args"], 1, Number.POSITIVE_INFINITY],
    ["run", "pub fn run(&mut self, gctx: &GlobalContext, f: impl Fn(u8) -> u8) -> Result<()> {", ["gctx", "f"], 2, 2],
    ["now", "fun now(): Long", [], 0, 0],
    ["deepMerge", "export function deepMerge<T>(target: T, source: Record<string, unknown>): T {", ["target", "source"], 2, 2],
    ["requireEncoder", "public func requireEncoder(for mediaType: HTTPMediaType) throws -> any ContentEncoder {", ["mediaType"], 1, 1],
    ["check", "check(a, b?: string, ...rest: number[]) {", ["a", "b", "rest"], 1, Number.POSITIVE_INFINITY],
    ["f", "void f(void)", [], 0, 0],
    ["Serve", "func (s *Server) Serve(ctx context.Context, next http.Handler) error {", ["ctx", "next"], 2, 2],
  ])("%s: %s", (name, signature, names, least, most) => {
    expect(parametersOf(name, signature)).toMatchObject({ names, least, most });
  });

  it("knows only the least of a list that is cut", () => {
    expect(parametersOf("f", "function f(a: string,")).toMatchObject({ names: ["a"], least: 1, most: Number.POSITIVE_INFINITY });
    expect(parametersOf("f", "def f(")).toMatchObject({ names: [], least: 1, most: Number.POSITIVE_INFINITY });
  });

  it("is undefined where there is no list", () => {
    expect(parametersOf("size", "readonly size: number")).toBeUndefined();
    expect(parametersOf("x", "const xs = (1)")).toBeUndefined();
  });
});

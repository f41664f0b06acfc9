import { describe, expect, it } from "vitest";
import { outline } from "./outline.ts";

/** "kind container.name start-end" of every definition. */
async function found(language: string, text: string): Promise<string[]> {
  const symbols = await outline(language, text);
  return symbols.map(
    ({ kind, container, name, startLine, endLine }) => `${kind} ${container}${container && "."}${name} ${startLine}-${endLine}`,
  );
}

/** A snippet a language, and what is defined in it. */
const snippets: [language: string, text: string, expected: string[]][] = [
  [
    "typescript",
    `export interface Shape { area(): number }
export abstract class Base<T> implements Shape {
  size = 1;
  onClick = () => 1;
  constructor(readonly t: T) { super(); }
  abstract area(): number;
  get "odd name"() { return 1; }
}
export const make = async (a: number) => {
  const local = 1;
  return a;
};
export const limit = 10;
type Id = string;
enum Color { Red }
namespace Deep { export function inner(): void {} }`,
    [
      "interface Shape 1-1",
      "method Shape.area 1-1",
      "class Base 2-8",
      "field Base.size 3-3",
      "method Base.onClick 4-4",
      "method Base.constructor 5-5",
      "method Base.area 6-6",
      "method Base.odd name 7-7",
      "function make 9-12",
      "constant limit 13-13",
      "type Id 14-14",
      "enum Color 15-15",
      "module Deep 16-16",
      "function Deep.inner 16-16",
    ],
  ],
  ["typescriptreact", "export function View() {\n  return <div />;\n}\n", ["function View 1-3"]],
  [
    "javascript",
    `exports.parse = function (text) {
  return text;
};
Router.prototype.add = (a) => a;
const table = { open() {}, close: function () {} };
class A { #x() {} }
function* walk() {}`,
    [
      "function parse 1-3",
      "function add 4-4",
      "constant table 5-5",
      "method table.open 5-5",
      "method table.close 5-5",
      "class A 6-6",
      "method A.#x 6-6",
      "function walk 7-7",
    ],
  ],
  [
    "python",
    `LIMIT = 3
class Flask(App):
    name = "x"
    @property
    def url(self):
        def inner(): pass
        return 1
async def main(): ...`,
    [
      "variable LIMIT 1-1",
      "class Flask 2-7",
      "field Flask.name 3-3",
      "method Flask.url 5-7",
      "function url.inner 6-6",
      "function main 8-8",
    ],
  ],
  [
    "go",
    `package chi
const (
	A = 1
)
var b = 2
type Mux struct { pool int }
type Router interface { Use(x int) }
type Fn func()
func New() *Mux { return nil }
func (mx *Mux) Use(x int) {
}
func (t tree[T]) walk() {}`,
    [
      "constant A 3-3",
      "variable b 5-5",
      "struct Mux 6-6",
      "interface Router 7-7",
      "method Router.Use 7-7",
      "type Fn 8-8",
      "function New 9-9",
      "method Mux.Use 10-11",
      "method tree.walk 12-12",
    ],
  ],
  [
    "rust",
    `pub struct Cache<T> { t: T }
impl<T> Cache<T> {
    pub fn get(&self) -> T { todo!() }
}
impl Drop for Cache<u8> { fn drop(&mut self) {} }
trait Read { fn read(&self); }
mod inner { const N: u8 = 1; }
enum E { A }
macro_rules! m { () => {} }`,
    [
      "struct Cache 1-1",
      "implementation Cache 2-4",
      "method Cache.get 3-3",
      "implementation Cache 5-5",
      "method Cache.drop 5-5",
      "trait Read 6-6",
      "method Read.read 6-6",
      "module inner 7-7",
      "constant inner.N 7-7",
      "enum E 8-8",
      "macro m 9-9",
    ],
  ],
  [
    "java",
    `public class Gson {
  private final int x = 1;
  public Gson() {}
  @Override
  public String toJson(Object o) {
    return "";
  }
  enum Kind { A }
  interface I { void run(); }
  record P(int a) {}
}`,
    [
      "class Gson 1-11",
      "field Gson.x 2-2",
      "method Gson.Gson 3-3",
      "method Gson.toJson 4-7",
      "enum Gson.Kind 8-8",
      "constant Kind.A 8-8",
      "interface Gson.I 9-9",
      "method I.run 9-9",
      "class Gson.P 10-10",
    ],
  ],
  [
    "csharp",
    `namespace N {
  public class C : B {
    int f;
    public int P { get; set; }
    public C() {}
    void M() { void L() {} }
    delegate void D();
  }
  struct S {}
}`,
    [
      "module N 1-10",
      "class N.C 2-8",
      "field C.f 3-3",
      "property C.P 4-4",
      "method C.C 5-5",
      "method C.M 6-6",
      "function M.L 6-6",
      "type C.D 7-7",
      "struct N.S 9-9",
    ],
  ],
  [
    "cpp",
    `#define LIMIT 10
#define MAX(a, b) a
namespace util {
template <class T> class Box {
  T get() const { return t; }
  void set(T t);
};
}
int* util::Box::find(int a) {
  return 0;
}
Box::~Box() {}
bool operator==(const A& a, const B& b) { return true; }
using Id = int;
enum class Color { Red };`,
    [
      "constant LIMIT 1-1",
      "macro MAX 2-2",
      "module util 3-8",
      "class util.Box 4-7",
      "method Box.get 5-5",
      "declaration Box.set 6-6",
      "function util::Box.find 9-11",
      "function Box.~Box 12-12",
      "function operator== 13-13",
      "type Id 14-14",
      "enum Color 15-15",
    ],
  ],
  [
    "c",
    `typedef struct node { int a; } node_t;
static char **split(const char *s)
{
  return 0;
}
int open_file(void);`,
    ["type node_t 1-1", "struct node_t.node 1-1", "function split 2-5", "declaration open_file 6-6"],
  ],
  [
    "ruby",
    `module Rack
  VERSION = 1
  class Builder < Base::Thing
    def use(x)
    end
    def self.parse; end
  end
end`,
    ["module Rack 1-8", "constant Rack.VERSION 2-2", "class Rack.Builder 3-7", "method Builder.use 4-5", "method Builder.parse 6-6"],
  ],
  [
    "php",
    `<?php
const A = 1;
function helper() {}
interface I { public function a(); }
trait T { private $x = 1; }
class C { public function run() {} }`,
    [
      "constant A 2-2",
      "function helper 3-3",
      "interface I 4-4",
      "method I.a 4-4",
      "trait T 5-5",
      "field T.x 5-5",
      "class C 6-6",
      "method C.run 6-6",
    ],
  ],
  [
    "shellscript",
    "NAME=x\nbuild() {\n  echo\n}\nfunction clean { :; }\n",
    ["variable NAME 1-1", "function build 2-4", "function clean 5-5"],
  ],
  [
    "css",
    ":root { --accent: red; color: blue }\n.button, a:hover {\n  top: 0;\n}\n@keyframes spin { to { top: 1 } }\n",
    ["rule :root 1-1", "variable :root.--accent 1-1", "rule .button, a:hover 2-4", "rule spin 5-5"],
  ],
  ["ini", "[core]\na = 1\n[remote]\nb = 2\n", ["section core 1-2", "section remote 3-4"]],
  [
    "powershell",
    "function Get-It {\n  1\n}\nclass P { [int] Run() { return 1 } }\n",
    ["function Get-It 1-3", "class P 4-4", "method P.Run 4-4"],
  ],
];

describe("outline", () => {
  it.each(snippets)("finds the definitions of %s", async (language, text, expected) => {
    expect(await found(language, text)).toEqual(expected);
  });

  it("gives the first line as signature", async () => {
    const [symbol] = await outline("python", "class A:\n    pass\n");
    expect(symbol!.signature).toBe("class A:");
  });

  it("finds what it can in broken code", async () => {
    expect(await found("typescript", "function good() {}\nclass {{{ broken\nfunction alsoGood() {}\n")).toContain("function good 1-1");
  });

  it("falls back to patterns for texts too long to parse", async () => {
    const text = `function first() {\n}\n${"// filler\n".repeat(50_000)}`;
    expect(await found("typescript", text)).toEqual(["function first 1-2"]);
  });

  it("knows nothing of an unknown language, whatever its name", async () => {
    expect(await outline("constructor", "function a() {}")).toEqual([]);
  });
});

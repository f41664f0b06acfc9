import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { linesOf } from "./passages.ts";
import { rows } from "./pattern-rows.ts";
import { outlineByPatterns } from "./patterns.ts";

/** "kind container.name start-end" of every definition. */
function found(language: string, text: string): string[] {
  return outlineByPatterns(language, linesOf(text)).map(
    ({ kind, container, name, startLine, endLine }) => `${kind} ${container}${container && "."}${name} ${startLine}-${endLine}`,
  );
}

const snippets: [language: string, text: string, expected: string[]][] = [
  [
    "kotlin",
    "data class User(val id: Int) {\n  fun <T> List<T>.second(): T {\n    return this[1]\n  }\n}\nprivate val limit = 3\n",
    ["class User 1-5", "function User.second 2-4", "property limit 6-6"],
  ],
  [
    "swift",
    "public struct Alamo {\n  let a = 1\n  func request(_ u: URL) -> Int {\n    1\n  }\n  init(a: Int) {}\n}\nextension Alamo: P {\n}\n",
    ["class Alamo 1-7", "property Alamo.a 2-2", "function Alamo.request 3-5", "method Alamo.init 6-6", "extension Alamo 8-9"],
  ],
  ["scala", "object Main extends App {\n  def run(a: Int): Int = {\n    a\n  }\n}\n", ["class Main 1-5", "function Main.run 2-4"]],
  [
    "elixir",
    'defmodule Plug.Conn do\n  @type t :: 1\n  def put(conn, a) do\n    conn\n  end\n  defp one(a), do: a\nend\ntest "works" do\nend\n',
    ["module Plug.Conn 1-7", "type Plug.Conn.t 2-2", "function Plug.Conn.put 3-5", "function Plug.Conn.one 6-6", "test works 8-9"],
  ],
  [
    "haskell",
    "module Main where\n\ndata Tree a = Leaf\n  | Node a\n\nwalk :: Tree a -> Int\nwalk t = 1\n  where x = 2\n\nclass Shape a where\n  area :: a -> Int\n",
    ["module Main 1-1", "type Tree 3-4", "function walk 6-6", "function walk 7-8", "class Shape 10-11"],
  ],
  [
    "lua",
    "local M = {\n}\nfunction M.open(a)\n  return a\nend\nlocal close = function()\nend\n",
    ["variable M 1-2", "function M.open 3-5", "function close 6-7"],
  ],
  [
    "zig",
    "pub const Pool = struct {\n    pub fn init() void {\n    }\n};\nconst limit = 1;\n",
    ["struct Pool 1-4", "function Pool.init 2-3", "constant limit 5-5"],
  ],
  ["dart", "class Box extends A {\n  int size(int a) {\n    return a;\n  }\n}\n", ["class Box 1-5", "function Box.size 2-4"]],
  ["r", "parse_it <- function(x) {\n  x\n}\n", ["function parse_it 1-3"]],
  ["julia", "module M\nstruct P\n  x\nend\nf(x) = x + 1\nend\n", ["module M 1-1", "struct P 2-4", "function f 5-5"]],
  ["perl", "package Dancer::App;\nsub run {\n  1;\n}\n", ["module Dancer::App 1-1", "function run 2-4"]],
  ["ocaml", "module M = struct\n  let rec go x =\n    x\nend\ntype t = int\n", ["module M 1-3", "function M.go 2-3", "type t 5-5"]],
  [
    "clojure",
    "(ns ring.core)\n(defn handle\n  [req]\n  req)\n(def x 1)\n",
    ["module ring.core 1-1", "function handle 2-4", "variable x 5-5"],
  ],
  ["erlang", "-module(cowboy).\nstart(A) ->\n  A.\n", ["module cowboy 1-3", "function cowboy.start 2-3"]],
  ["sql", "CREATE TABLE IF NOT EXISTS users (\n  id int\n);\n\nselect 1;\n", ["type users 1-3"]],
  [
    "markdown",
    "# Top\n\ntext\n\n## Install\n\n```sh\n# not a heading\n```\n\n## Use\nx\n# Other\n",
    ["section Top 1-12", "section Top.Install 5-9", "section Top.Use 11-12", "section Other 13-13"],
  ],
  [
    "toml",
    'name = "x"\n[dependencies]\na = "1"\n[[bin]]\n',
    ["key name 1-1", "section dependencies 2-3", "key dependencies.a 3-3", "section bin 4-4"],
  ],
  ["yaml", "on: push\njobs:\n  build:\n    a: 1\nname: x\n", ["key on 1-1", "key jobs 2-4", "key name 5-5"]],
  ["makefile", "CC := gcc\nall: a b\n\tcc\n\nclean:\n\trm\n", ["variable CC 1-1", "target all 2-3", "target clean 5-6"]],
  ["restructuredtext", "Title\n=====\n\ntext\n\nPart\n----\nx\n", ["section Title 1-8", "section Title.Part 6-8"]],
  ["viml", "function! s:open(a) abort\n  return 1\nendfunction\n", ["function s:open 1-3"]],
  ["scheme", "(define (go x)\n  x)\n", ["function go 1-2"]],
];

describe("outlineByPatterns", () => {
  it.each(snippets)("finds the definitions of %s", (language, text, expected) => {
    expect(found(language, text)).toEqual(expected);
  });

  it("stays inside the file and names what it finds, in any language on any text", () => {
    const piece = fc.constantFrom(
      "class A",
      "def f(x)",
      "function g() {",
      "}",
      "end",
      "# h",
      "==",
      "[s]",
      "k:",
      "(defn x",
      "  let y = 1",
      "\t",
      "fn z() {",
      "",
    );
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(rows)), fc.array(fc.oneof(piece, fc.string())), (language, pieces) => {
        const lines = linesOf(pieces.join("\n"));
        for (const { name, startLine, endLine } of outlineByPatterns(language, lines)) {
          expect(name).not.toBe("");
          expect(1 <= startLine && startLine <= endLine && endLine <= lines.length).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });

  it.each(Object.keys(rows))(
    "takes linear time on a hostile line of %s",
    (language) => {
      for (const unit of ["a", " ", "(", "a ", "public ", "<a", "a,", "a.", "@a ", "'"]) {
        const lines = [unit.repeat(490 / unit.length), `${unit.repeat(240 / unit.length)}{${unit.repeat(240 / unit.length)}`];
        expect(outlineByPatterns(language, lines).length).toBeLessThan(3);
      }
    },
    2000,
  );
});

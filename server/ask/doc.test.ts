import { describe, expect, it } from "vitest";
import { firstSentence } from "./doc.ts";

describe("firstSentence of code", () => {
  it.each([
    ["/**\n * Parses headers. Then more.\n * @param x\n */\nfunction f() {}", "Parses headers."],
    ["// Mux is a simple router,\n// e.g. for paths. It nests.\ntype Mux struct {", "Mux is a simple router, e.g. for paths."],
    ['def f(x):\n    """Return the app\n    of x.\n\n    More.\n    """', "Return the app of x."],
    ["/// Adds two numbers\npub fn add() {}", "Adds two numbers"],
    ["# Gives the name.\ndef name; end", "Gives the name."],
    ["-- | Folds a tree.\nfold :: Tree", "| Folds a tree."],
    ["/// <summary>Reads a token.</summary>\nvoid Read()", "Reads a token."],
    ['@doc """\nSends the response.\n"""\ndef send', "Sends the response."],
    ["// Copyright 2020 X\n// Licensed under MIT\n\n/* Runs it. */\nint run();", "Runs it."],
    ["#include <a.h>\nint x;", ""],
    ["const x = 1;", ""],
  ])("%j", (text, sentence) => {
    expect(firstSentence(text, false).replace(/^\| /, "")).toBe(sentence.replace(/^\| /, ""));
  });
});

describe("firstSentence of prose", () => {
  it("skips headings, badges and tables", () => {
    expect(firstSentence("# Install\n\n[![b](x)](y)\n\nRun `npm install`. Then start.", true)).toBe("Run `npm install`.");
  });
  it("is cut when long", () => {
    expect(firstSentence("word ".repeat(200), true).length).toBeLessThanOrEqual(240);
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LocatedAnswer, LocatedEvidence } from "../server/protocol.ts";
import { answered, newTurn, readMessage } from "./askMessages.ts";

describe("answered", () => {
  it("marks what is cited and drops citations of what is not there", () => {
    const turn = answered(newTurn(1, "q"), answer([{ text: "a", sources: [0, 7] }]));
    expect(turn.statements).toEqual([{ text: "a", sources: [0] }]);
    expect(turn.sources.map(({ cited }) => cited)).toEqual([true, false]);
    expect(turn.state).toBe("answered");
  });

  it("gives the page no URI", () => {
    expect(JSON.stringify(answered(newTurn(1, "q"), answer([])))).not.toContain("file://");
  });

  it("titles a commit with its subject", () => {
    expect(answered(newTurn(1, "q"), answer([])).sources[1]).toMatchObject({ label: "commit aaaaaaaa", title: "Fix it", commit: true });
  });
});

describe("readMessage", () => {
  it("takes what the page may say", () => {
    expect(readMessage({ type: "ask", question: "  why?  " })).toEqual({ type: "ask", question: "why?" });
    expect(readMessage({ type: "jump", id: 1, source: 0 })).toEqual({ type: "jump", id: 1, source: 0, keepFocus: false });
    expect(readMessage({ type: "command", command: "everyline.showLog" })).toEqual({ type: "command", command: "everyline.showLog" });
  });

  it("runs no command that is not listed, and asks nothing empty", () => {
    expect(readMessage({ type: "command", command: "workbench.action.terminal.sendSequence" })).toBeUndefined();
    expect(readMessage({ type: "ask", question: "   " })).toBeUndefined();
  });

  it("never throws", () => fc.assert(fc.property(fc.anything(), (value) => void readMessage(value))));
});

function answer(statements: LocatedAnswer["statements"]): LocatedAnswer {
  const place: LocatedEvidence = {
    uri: "file:///repo/a.ts",
    folder: "file:///repo",
    path: "a.ts",
    startLine: 1,
    endLine: 2,
    commit: "",
    score: 1,
    reasons: ["meaning"],
    bestStart: 1,
    bestEnd: 1,
    text: "x\ny",
    title: "function x",
  };
  const commit = {
    ...place,
    uri: "",
    path: "",
    startLine: 0,
    endLine: 0,
    bestStart: 0,
    commit: "a".repeat(40),
    text: "Fix it\n\nBody",
    title: "",
  };
  return {
    folder: "file:///repo",
    question: "q",
    found: true,
    statements,
    evidence: [place, commit],
    followUps: [],
    prompt: { system: "", user: "" },
    wordedBy: "evidence",
    incomplete: "",
    ms: 1,
  };
}

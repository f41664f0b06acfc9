import { describe, expect, it } from "vitest";
import type { OfferedMember } from "../complete/types.ts";
import type { MembersParams } from "../protocol.ts";
import { OfferedMembers } from "./members.ts";

const place = { uri: "file:///a.ts", line: 3, character: 9 };
const digest = { name: "digest", kind: "method" };

function asked(answer: () => Promise<OfferedMember[]>) {
  const questions: MembersParams[] = [];
  const members = new OfferedMembers((params) => {
    questions.push(params);
    return answer();
  });
  return { members, questions };
}

describe("OfferedMembers", () => {
  it("asks once behind the same receiver", async () => {
    const { members, questions } = asked(async () => [digest]);
    expect(await members.behind("  hasher.", place)).toEqual([digest]);
    expect(await members.behind("  hasher.", place)).toEqual([digest]);
    expect(questions).toEqual([place]);
    await members.behind("  other.", place);
    expect(questions).toHaveLength(2);
  });

  it("does not wait for a slow answer, and has it at the next key", async () => {
    let answer: (members: OfferedMember[]) => void = () => {};
    const { members, questions } = asked(() => new Promise((resolve) => (answer = resolve)));
    expect(await members.behind("  hasher.", place)).toBeUndefined();
    answer([digest]);
    expect(await members.behind("  hasher.", place)).toEqual([digest]);
    expect(questions).toHaveLength(1);
  });

  it("asks again where nothing was offered or the editor failed", async () => {
    const answers = [async () => [], () => Promise.reject(new Error("no such document")), async () => [digest]];
    const { members } = asked(() => (answers.shift() as () => Promise<OfferedMember[]>)());
    expect(await members.behind("  hasher.", place)).toBeUndefined();
    expect(await members.behind("  hasher.", place)).toBeUndefined();
    expect(await members.behind("  hasher.", place)).toEqual([digest]);
  });
});

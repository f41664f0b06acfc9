/** What kind of place a name comes to, by what stands before it in the line: the same for all names. */
export type NamePlaceFeature = "statement" | "assigns" | "condition" | "constructs" | "returning" | "inList";

/** `head`: the line up to the name. */
export function placeOfName(
  head: string,
  { condition, constructs, receiver }: { condition: boolean; constructs: boolean; receiver: boolean },
): Record<NamePlaceFeature, number> {
  const start = receiver ? head.replace(/[\p{L}\p{N}_$.>:\-?!()[\]]*$/u, "") : head;
  return {
    statement: +/^\s*(?:await\s+|try[?!]?\s+)*$/.test(start),
    assigns: +(assignedName(head) !== ""),
    condition: +condition,
    constructs: +constructs,
    returning: +/\breturn\s+(?:await\s+)?$/.test(start),
    inList: +/[(,]\s*$/.test(start),
  };
}

/** The name that the line assigns, "" where it assigns none. */
export function assignedName(before: string): string {
  return /([\p{L}_$][\p{L}\p{N}_$]*)(?:\s*:[^=]*)?\s*:?=(?![=>])[^=]*$/u.exec(before)?.[1] ?? "";
}

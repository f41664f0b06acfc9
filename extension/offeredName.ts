/** The name that an item of the suggestion list inserts: "getX" of "getX(int a) : String", of " •getX(int a)", of "?.getX". */
export function offeredName(label: string, filterText: string | undefined): string | undefined {
  return /^[\s•.?!>:\\-]*([\p{L}_$][\p{L}\p{N}_$]*)/u.exec(filterText ?? label)?.[1];
}

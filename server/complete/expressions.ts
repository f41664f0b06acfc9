/** Expressions near a cursor that may be written again: names, what is asked of them, literals. Pure text. */

export interface Expression {
  text: string;
  /** How often it stands in the lines read. */
  count: number;
  /** Lines between the cursor and the nearest place above. */
  above: number;
  /** Whether one of the places declares or assigns it. */
  declared: boolean;
  /** Whether the cursor sees one of the lines (scope.ts). */
  visible: boolean;
}

/** Lines above the cursor that are read. */
const linesAbove = 300;
const longest = 60;
const chain =
  /(?<![\p{L}\p{N}_$@.>:"'])[&*]?[$@]?[\p{L}_][\p{L}\p{N}_]*(?:(?:\??\.|->|::)[\p{L}_$][\p{L}\p{N}_]*)*(?:\(\)|\[[\p{L}\p{N}_.]+\]|!(?![=\p{L}]))?(?![\p{L}\p{N}_$])/gu;
/** What stands before or after a name where it is declared: a keyword, a type; `=`, `:=`, `: Type`, or a type in Go. */
const declaredBefore =
  /(?:\b(?:let|const|var|val|mut|auto|for|func|fn|def|fun)\s+|[\p{L}\p{N}_>\]][*&?]*\s+[*&]*|[\p{L}\p{N}_>\]]\s*[*&]+)$/u;
const declaredAfter = /^(?:\s*:?=(?!=)|\s*:\s*[&\p{L}[(]|,\s*\w+\s*:?=(?!=)|\s+(?:\*|\[\])*[\p{Lu}\p{L}][\p{L}\p{N}_.]*[,)])/u;

export const languageWords = new Set(
  "if else for while do return switch case break continue function func fn def class struct enum interface impl trait public private protected static final const let var val mut new delete try catch throw raise finally import using namespace export default async await yield in is as not and or where with void int long char bool boolean float double byte short unsigned signed uint8_t uint32_t uint64_t int32_t int64_t size_t usize isize u8 u16 u32 u64 i32 i64 elif except pass lambda override virtual extends implements throws abstract readonly inline guard auto typename suspend foreach fun".split(
    " ",
  ),
);

/** Of the lines above the cursor's, nearest first. `visible`: for each whether the cursor sees it. */
export function expressionsAbove(prefix: string, visible: readonly boolean[]): Map<string, Expression> {
  const found = new Map<string, Expression>();
  const lines = prefix.slice(-linesAbove * 60).split("\n");
  const last = lines.length - 1;
  for (let at = last - 1; at >= Math.max(0, lines.length - linesAbove); at--) {
    const line = lines[at] as string;
    if (/^\s*(?:\/\/|#(?!\[)|\*\s|\/\*|import\b|use\s|using\b|package\b)/.test(line)) continue;
    for (const match of line.matchAll(chain)) {
      const [text] = match;
      if (text.length > longest) continue;
      const bare = text.replace(/^[&*]/, "");
      if (languageWords.has(bare)) continue;
      const before = line.slice(Math.max(0, match.index - 40), match.index + text.length - bare.length);
      const after = line.slice(match.index + text.length, match.index + text.length + 40);
      const declared = (declaredBefore.test(before) && !endsInWord(before)) || declaredAfter.test(after);
      for (const one of bare === text ? [text] : [text, bare])
        add(found, one, { above: last - at, declared, visible: visible[last - at - 1] ?? false });
    }
  }
  return found;
}

function add(found: Map<string, Expression>, text: string, place: Omit<Expression, "text" | "count">): void {
  const known = found.get(text);
  if (!known) found.set(text, { text, count: 1, ...place });
  else {
    known.count++;
    known.declared ||= place.declared;
    known.visible ||= place.visible;
  }
}

/** Words after which a value stands and no declaration. */
function endsInWord(before: string): boolean {
  return /\b(?:return|await|new|throw|in|is|as|not|and|or|if|else|case|delete|yield|raise|go|defer|assert|typeof|instanceof)\s+[*&]*$/.test(
    before,
  );
}

/** Names of an expression: "&ctx->q.fd" has ctx, q, fd. Strings have none. */
export function namesOf(expression: string): string[] {
  return expression.replace(/(["'`])(?:\\.|(?!\1).)*\1/g, "").match(/[\p{L}_$][\p{L}\p{N}_$]*/gu) ?? [];
}

/** A number, string or one of the words that stand for a value. */
export function isLiteral(expression: string): boolean {
  return /^(?:-?\d[\w.]*|(["'])(?:\\.|(?!\1)[^\\\n])*\1|true|false|null|nil|None|True|False|NULL|nullptr|undefined)$/.test(expression);
}

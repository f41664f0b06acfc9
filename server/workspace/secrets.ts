/**
 * Secrets never enter the memory: files that are secret by their name, and lines of other files that look like one.
 *
 * The line rules name what is looked for: known token formats, key blocks, addresses with a password, and values given to a name such
 * as "password" that look random. They are tuned not to eat ordinary code: a name alone, a placeholder or a word is no secret.
 */

const secretNames =
  /^(?:\.env(?:[._-].*)?|\.envrc|id_(?:rsa|dsa|ecdsa|ed25519)(?:[._-](?!pub$).*)?|\.netrc|_netrc|\.pypirc|\.pgpass|\.my\.cnf|\.htpasswd|\.git-credentials|\.dockercfg|\.s3cfg|\.boto|\.vault[-_](?:pass|token).*|kubeconfig(?:\.(?:ya?ml|json|conf))?|.*\.kubeconfig|credentials?(?:\.(?:json|ya?ml|ini|xml|csv|txt|toml|properties|yml\.enc|enc|db))?|secrets?\.(?:ya?ml|json|toml|ini|env|properties|enc|yml\.enc|txt)|service[-_]?account.*\.json|client_secret.*\.json|.*\.tfstate(?:\..*)?)$/i;

const secretEndings =
  /\.(?:pem|key|p12|pfx|p8|p7b|pkcs12|jks|keystore|kdbx?|ppk|gpg|pgp|crt|cer|der|csr|ovpn|tfvars|mobileprovision|keytab|agekey)$/i;

const secretFolders = /(?:^|\/)(?:\.aws|\.ssh|\.gnupg|\.gcloud|\.azure|\.kube|\.password-store)\//i;

/** Whether the file at `path` ("/" between names) is a secret by its name: environment files, keys, certificates, credentials. */
export function isSecretPath(path: string): boolean {
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (secretNames.test(name) || secretEndings.test(name) || secretFolders.test(path)) return true;
  return /(?:^|\/)\.docker\/config\.json$/i.test(path);
}

/** Formats that are secrets wherever they stand. Each has a literal prefix and bounds, so that a scan stays linear. */
const tokens = [
  /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/g,
  /\bgh[pousr]_[A-Za-z0-9]{30,255}\b/g,
  /\bgithub_pat_[A-Za-z0-9_]{40,255}\b/g,
  /\bgl(?:pat|ptt|dt|rt)-[A-Za-z0-9_-]{20,255}/g,
  /\bxox[abeoprs]-[A-Za-z0-9-]{16,255}/g,
  /\bhooks\.slack\.com\/services\/T[A-Z0-9]{6,20}\/B[A-Z0-9]{6,20}\/[A-Za-z0-9]{16,64}/g,
  /\bAIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])/g,
  /\bya29\.[A-Za-z0-9_-]{20,255}/g,
  /\bsk-(?:ant-|proj-)?[A-Za-z0-9_-]{32,255}/g,
  /\b[sr]k_(?:live|test)_[A-Za-z0-9]{20,255}\b/g,
  /\bnpm_[A-Za-z0-9]{36}\b/g,
  /\bpypi-AgE[A-Za-z0-9_-]{40,255}/g,
  /\bhf_[A-Za-z]{30,64}\b/g,
  /\bSG\.[A-Za-z0-9_-]{16,64}\.[A-Za-z0-9_-]{16,64}/g,
  /\bdop_v1_[0-9a-f]{64}\b/g,
  /\bshp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}\b/g,
  /\bAGE-SECRET-KEY-1[0-9A-Z]{50,100}/g,
  /\beyJ[A-Za-z0-9_-]{10,500}\.eyJ[A-Za-z0-9_-]{10,4000}\.[A-Za-z0-9_-]{10,700}/g,
];

/** Whether any of them is there: one look instead of one for each. */
const anyToken = new RegExp(`\\b(?:${tokens.map(({ source }) => source.replace(/^\\b/, "")).join("|")})`);

/** What every secret found here has somewhere: most short texts are done with after this one look. */
const hint =
  /AKIA|ASIA|gh[pousr]_|github_pat_|gl(?:pat|ptt|dt|rt)-|xox[abeoprs]-|hooks\.slack|AIza|ya29\.|sk-|[sr]k_|npm_|pypi-|hf_|SG\.|dop_v1_|shp|AGE-|eyJ|:\/\/|pass|pwd|secret|token|key|credential|PRIVATE/i;

/** scheme://user:password@host; the literal comes first, which makes the scan six times as fast. */
const address = /(?<=\b[a-z][a-z0-9+.-]{1,20}):\/\/([^\s:/@'"`<>]{0,80}):([^\s@/'"`<>]{3,200})@[A-Za-z0-9[]/gi;

/** name = "value", name: 'value', name => "value"; the name ends in one of the words. */
const quoted =
  /(?:passw(?:or)?d|passphrase|pwd|secret|token|credentials?|(?:api|access|secret|private|auth|encryption|signing|account|client|shared|master|storage)[_-]?(?:key|secret|token))["'`\]]{0,2}\s{0,8}(?::=|=>|[:=])\s{0,8}["'`]([^"'`\s\\]{16,500})["'`]/gi;

/** What each of these values has before and in it: few texts have that. */
const quotedValue = /[:=>]\s{0,8}["'`][^"'`\s\\]{16}/;

/** The same without quotes, as in .ini, .yaml and .properties: a whole line. */
const bare =
  /^[ \t]{0,40}(?:export[ \t]+|-[ \t]+)?[\w.-]{0,60}(?:passw(?:or)?d|passphrase|secret|token|(?:api|access|secret|private|auth|client|account)[_-]?key)[ \t]{0,4}[:=][ \t]{0,4}([A-Za-z0-9+/=_~-]{20,500})[ \t]*\r?$/gim;

const bareValue = /[:=][ \t]{0,4}[A-Za-z0-9+/=_~-]{20}/;

const keyBlock = /-----BEGIN (?:[A-Z0-9]+ ){0,4}PRIVATE KEY(?: BLOCK)?-----/g;
const keyEnd = /-----END (?:[A-Z0-9]+ ){0,4}PRIVATE KEY(?: BLOCK)?-----/;
const keyHeader = /^[\s"'`+#*/\\|>]*(?:Proc-Type|DEK-Info|Version|Comment|Hash):/;
const longestKey = 200;
const longestKeyLine = 300;

/** What stands where a secret would stand in examples and templates. */
const placeholder =
  /^(?:x{3,}|\*{3,}|\.{3,}|-+|(?:my|your|the|some|a|test|db|user|admin|root|super|change|example|dummy|fake|secret|sample|foo|bar|baz|not)?[._-]?(?:user|pass|passw(?:or)?d|passwd|pwd|pw|secret|token|key|me|it|this|credentials?)[._-]?\d{0,4}|[a-z]{1,5})$/i;
const template = /[${}<>%]|\.\.\.|example|your[_-]|dummy|redacted|placeholder|changeme|xxxx|\*\*\*/i;

/**
 * Blanks the lines of `text` that look like secrets (the line ends stay, so does the number of lines). Lines: 1-based, ascending.
 */
export function redactSecrets(text: string): { text: string; lines: number[] } {
  if (!hint.test(text)) return { text, lines: [] };
  const found = secretOffsets(text);
  const blocks = [...text.matchAll(keyBlock)].map((match) => match.index);
  if (found.length === 0 && blocks.length === 0) return { text, lines: [] };
  const lines = text.split("\n");
  const secret = new Set(lineNumbers(lines, found));
  for (const first of lineNumbers(lines, blocks)) for (const line of keyLines(lines, first)) secret.add(line);
  if (secret.size === 0) return { text, lines: [] };
  for (const line of secret) lines[line - 1] = lines[line - 1]!.endsWith("\r") ? "\r" : "";
  return { text: lines.join("\n"), lines: [...secret].sort((a, b) => a - b) };
}

/** Where secrets start in the text. */
function secretOffsets(text: string): number[] {
  const offsets: number[] = [];
  for (const pattern of anyToken.test(text) ? tokens : []) {
    for (const match of text.matchAll(pattern)) if (isRandom(match[0], 2.5)) offsets.push(match.index);
  }
  for (const match of text.matchAll(address)) {
    if (!isExample(match[1]!, match[2]!)) offsets.push(match.index);
  }
  for (const [pattern, value] of [
    [quoted, quotedValue],
    [bare, bareValue],
  ] as const) {
    for (const match of value.test(text) ? text.matchAll(pattern) : []) {
      // a match may begin with the blanks of its line, never with the end of the one before
      if (looksRandom(match[1]!)) offsets.push(match.index + match[0].lastIndexOf(match[1]!));
    }
  }
  return offsets;
}

/** Whether a user and password are those of examples: placeholders, words about passwords, twice the same. */
function isExample(user: string, password: string): boolean {
  if (password === user || placeholder.test(password) || template.test(password)) return true;
  return !/\d/.test(password) && /pass|word|secret|key|token|user/i.test(password);
}

/** The 1-based lines that hold the offsets. */
function lineNumbers(lines: readonly string[], offsets: readonly number[]): number[] {
  const sorted = [...offsets].sort((a, b) => a - b);
  const numbers: number[] = [];
  let line = 0;
  let end = lines[0]!.length;
  for (const offset of sorted) {
    while (offset > end) end += 1 + lines[++line]!.length;
    numbers.push(line + 1);
  }
  return numbers;
}

/** The lines of a key block that begins on line `first`; none where only its header is spoken of. */
function keyLines(lines: readonly string[], first: number): number[] {
  if (/[A-Za-z0-9+/]{40}/.test(lines[first - 1]!.replace(/-{5}[^-]*-{5}/g, " "))) return [first]; // the whole key as one string
  const found = [first];
  let hasMaterial = false;
  for (let line = first + 1; line <= lines.length && line <= first + longestKey; line++) {
    const content = lines[line - 1]!;
    if (keyEnd.test(content)) {
      found.push(line);
      break;
    }
    if (content.length > longestKeyLine) break;
    const length = materialLength(content);
    const belongs = length >= 32 || (hasMaterial && length > 0) || content.trim() === "" || keyHeader.test(content);
    if (!belongs) break;
    hasMaterial ||= length >= 32;
    found.push(line);
  }
  return hasMaterial ? found : [];
}

/** Characters of key material on a line that has nothing else, but for what code and comments put around it; else 0. */
function materialLength(line: string): number {
  const material = line
    .replaceAll("\\n", "")
    .replace(/^[\s"'`+#*/\\|>,(]+/, "")
    .replace(/["'`+\\,);\s]+$/, "");
  return /^[A-Za-z0-9+/=]+$/.test(material) ? material.length : 0;
}

/** Bits a character. */
function entropy(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}

function isRandom(text: string, bits: number): boolean {
  return entropy(text) >= bits && !template.test(text);
}

/** Whether a value was made by a random generator rather than by a person: mixed characters, no words, no path, no call. */
function looksRandom(value: string): boolean {
  if (placeholder.test(value) || !isRandom(value, 3)) return false;
  if (/[()[\]\s;,]/.test(value) || /^(?:\/|\.{1,2}\/|https?:|[a-z]+:\/\/|@|#)/i.test(value)) return false;
  if (!/\d/.test(value) || !/[A-Za-z]/.test(value)) return false;
  if (/^[0-9a-f-]{32,}$/i.test(value)) return entropy(value) >= 3;
  return entropy(value) >= 3.5 && wordShare(value) < 0.5;
}

/** The share of characters in runs that read like words: five letters or more of one case, perhaps capitalised. */
function wordShare(value: string): number {
  let inWords = 0;
  for (const match of value.matchAll(/[A-Z]?[a-z]{4,}|[A-Z]{5,}/g)) if (/[aeiouy]/i.test(match[0])) inWords += match[0].length;
  return inWords / value.length;
}

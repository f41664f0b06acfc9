/**
 * What the repository's definitions say of the names that may follow a cursor: those of imported files, of files beside the file, of
 * the file itself, and the members of the receiver's type.
 */
import { extname } from "node:path";
import type { IndexReader } from "../index/api.ts";
import type { DocumentRow, SymbolDefinition, SymbolRow } from "../index/types.ts";
import { turn } from "../turns.ts";
import { FileNames } from "./imports.ts";
import { Kept } from "./kept.ts";
import { type Parameters, parametersOf } from "./signature.ts";
import { membersIn, type Receiver, type Surroundings, typesIn } from "./surroundings.ts";
import type { OfferedMember } from "./types.ts";

/** What is asked of a memory. */
export interface NameSources {
  readonly index: Pick<IndexReader, "files" | "symbolsNamed" | "definitions" | "searchFiles">;
  /** A file's text with secret-looking lines blanked; undefined where it cannot be read. */
  fileText(path: string): Promise<string | undefined>;
}
type NameIndex = NameSources["index"];

/** Where a definition stands as seen from the file; "named": anywhere, and the file imports or calls something of that name. */
export type Scope = "file" | "imported" | "beside" | "named" | "type" | "parent type" | "module";

export interface Definition {
  name: string;
  kind: string;
  container: string;
  signature: string;
  path: string;
  scope: Scope;
}

export interface KnownNames {
  /** Definitions that the file can name, by name. */
  readonly definitions: ReadonlyMap<string, readonly Definition[]>;
  /** Definitions inside of what the receiver is: its type's members, its module's definitions. Empty without a receiver. */
  readonly members: readonly Definition[];
  /** What other files ask of a receiver of that name, with how often. */
  readonly elsewhere: ReadonlyMap<string, number>;
  /** Names that the language's own server offers behind the receiver: those that exist. Undefined where it was not heard of. */
  readonly offered?: ReadonlySet<string>;
  /** Of the functions of that name: the least and most arguments that one of them takes. */
  parametersOf(name: string): Parameters | undefined;
}

const mostImported = 40;
const mostBeside = 40;
const mostTypes = 8;
/** Files read of a type: extensions of one type may stand in many. */
const mostTypeFiles = 16;
const moduleKinds = new Set(["module", "namespace"]);
const functionKinds = new Set(["function", "method", "declaration", "macro"]);
const typeKinds = new Set([
  "class",
  "interface",
  "struct",
  "enum",
  "trait",
  "type",
  "extension",
  "module",
  "namespace",
  "object",
  "protocol",
  "impl",
]);

/** Names of a file that are asked for one by one. */
const mostNamed = 200;
const mostModules = 4;
const mostHits = 24;
const mostTexts = 8;
const itself = new Set(["this", "self", "super", "Self", "static", "parent", "cls"]);

type Asked = Pick<KnownNames, "members" | "elsewhere">;

interface FileDefinitions {
  ofFile: readonly Definition[];
  byName: ReadonlyMap<string, readonly Definition[]>;
}

const mostKept = 8;
/** By list of files: another list comes with any change of the index. */
const namesOf = new WeakMap<readonly DocumentRow[], FileNames>();
/** By path and imports. */
const keptDefinitions = new Kept<FileDefinitions>(mostKept);
/** By path, receiver and imports: a name that is being written asks for them with every key. */
const keptMembers = new Kept<Asked>(mostKept);

/** `open`: paths of the files open in the editor, which count as those beside the file. */
export async function knownNames(
  sources: NameSources,
  { path, open = [] }: { path: string; open?: readonly string[] },
  around: Surroundings,
  receiver: Receiver | null,
): Promise<KnownNames> {
  const files = await sources.index.files();
  const names = namesOf.get(files) ?? new FileNames(files);
  namesOf.set(files, names);
  const place = [path, ...open, "", ...around.imports].join("\n");
  const { ofFile, byName: definitions } = await keptDefinitions.get(files, place, () =>
    definitionsFor({ index: sources.index, files, names, path, open, around }),
  );
  if (!receiver) return known(definitions, [], new Map());
  const { members, elsewhere } = await keptMembers.get(files, `${receiver.path}\n${place}`, async () => {
    const texts = await textsWith(sources, receiver, path);
    const members = await membersOf({ files, names, around, receiver, definitions, ofFile, path, texts, sources });
    return { members, elsewhere: askedIn(texts, receiver) };
  });
  return known(definitions, members, elsewhere);
}

/** With what the language's own server offers behind the receiver, of which the index may know nothing: members of a library's types, say. */
export function withOffered(known: KnownNames, offered: readonly OfferedMember[]): KnownNames {
  const indexed = new Set(known.members.map(({ name }) => name));
  const others = offered.filter(({ name }) => !indexed.has(name));
  const members = others.map(({ name, kind }): Definition => ({ name, kind, container: "", signature: "", path: "", scope: "type" }));
  return { ...known, members: [...known.members, ...members], offered: new Set(offered.map(({ name }) => name)) };
}

/** What the texts ask of a receiver of that name, with how often. */
function askedIn(texts: readonly string[], receiver: Receiver): Map<string, number> {
  const asked = new Map<string, number>();
  for (const text of texts) for (const [name, times] of membersIn(text, receiver.name)) asked.set(name, (asked.get(name) ?? 0) + times);
  return asked;
}

interface DefinitionQuestion {
  index: NameIndex;
  files: readonly DocumentRow[];
  names: FileNames;
  path: string;
  open: readonly string[];
  around: Surroundings;
}

async function definitionsFor({ index, files, names, path, open, around }: DefinitionQuestion): Promise<FileDefinitions> {
  const own = files.find((file) => file.path === path);
  const imported = [...new Set(around.imports.flatMap((statement) => names.meant(statement, path)))].slice(0, mostImported);
  const opened = files.filter((file) => file.path !== path && open.includes(file.path) && isOfLanguage(file, own?.language, path));
  const beside = [...new Set([...opened, ...names.beside(path)])].filter((file) => !imported.includes(file)).slice(0, mostBeside);
  const [ofFile, ofImported, ofBeside] = await Promise.all([
    definitionsOf(index, own ? [own] : [], "file"),
    definitionsOf(index, imported, "imported"),
    definitionsOf(index, beside, "beside"),
  ]);
  await turn();
  const found = byName([...ofFile, ...ofImported, ...ofBeside]);
  await turn();
  for (const one of await namedBy(index, files, around, found)) found.set(one.name, [...(found.get(one.name) ?? []), one]);
  return { ofFile, byName: found };
}

/** Whether a file is written in the language of the one at `path`, which may be too new to have one. */
function isOfLanguage(file: DocumentRow, language: string | undefined, path: string): boolean {
  return file.language === language || extname(file.path) === extname(path);
}

/** Definitions anywhere of names that the file imports or calls, and that none of the files it is known to see defines. */
async function namedBy(
  index: NameIndex,
  files: readonly DocumentRow[],
  around: Surroundings,
  found: ReadonlyMap<string, unknown>,
): Promise<Definition[]> {
  const unknown = [...around.occurrences]
    .filter(([name, { calls, imported }]) => (calls > 0 || imported > 0) && name.length > 2 && !found.has(name))
    .map(([name]) => name)
    .slice(0, mostNamed);
  const paths = new Map(files.map((file) => [file.id, file.path]));
  const rows = (await index.symbolsNamed(unknown)).filter((row) => around.occurrences.has(row.name));
  return rows.map((row) => definition(row, paths.get(row.document) ?? "", "named"));
}

/** A definition's parameters, read once: definitions are kept while the index does not change. */
const parametersRead = new WeakMap<Definition, { parameters: Parameters | undefined }>();

function readParameters(one: Definition): Parameters | undefined {
  const read = parametersRead.get(one) ?? { parameters: parametersOf(one.name, one.signature) };
  parametersRead.set(one, read);
  return read.parameters;
}

function known(definitions: KnownNames["definitions"], members: KnownNames["members"], elsewhere: KnownNames["elsewhere"]): KnownNames {
  const ofReceiver = byName(members);
  const parameters = (name: string) => {
    const all = ofReceiver.get(name) ?? definitions.get(name) ?? [];
    return all
      .filter((one) => functionKinds.has(one.kind))
      .map(readParameters)
      .filter((one) => one !== undefined);
  };
  return {
    definitions,
    members,
    elsewhere,
    parametersOf(name) {
      const found = parameters(name);
      const [first] = found;
      if (!first) return undefined;
      return { ...first, least: Math.min(...found.map((one) => one.least)), most: Math.max(...found.map((one) => one.most)) };
    },
  };
}

interface MemberQuestion {
  files: readonly DocumentRow[];
  names: FileNames;
  around: Surroundings;
  receiver: Receiver;
  definitions: ReadonlyMap<string, readonly Definition[]>;
  ofFile: readonly Definition[];
  path: string;
  /** Other files that name the receiver. */
  texts: readonly string[];
  sources: NameSources;
}

/** Texts of the files that name the receiver most, without the file itself. */
async function textsWith(sources: NameSources, receiver: Receiver, path: string): Promise<string[]> {
  if (receiver.name.length < 3 || itself.has(receiver.name)) return [];
  const hits = await sources.index.searchFiles(receiver.name, mostHits, { path: 0, symbols: 0, body: 1 });
  const paths = [...new Set(hits.map((hit) => hit.path))].filter((other) => other !== path).slice(0, mostTexts);
  return (await Promise.all(paths.map((other) => sources.fileText(other)))).filter((text) => text !== undefined);
}

async function membersOf(question: MemberQuestion): Promise<Definition[]> {
  const { files, receiver, sources } = question;
  const paths = new Map(files.map((file) => [file.id, file.path]));
  const types = typeNames(question);
  const modules = receiver.name === "" ? [] : modulesOf(question).slice(0, mostModules);
  const [ofModules, own] = await Promise.all([
    definitionsOf(sources.index, modules, "module"),
    membersOfTypes(sources, paths, types, "type"),
  ]);
  const parents = [...new Set(own.types.flatMap((type) => capitalised(type.signature)))].filter((one) => !types.includes(one));
  const inherited = parents.length > 0 ? await membersOfTypes(sources, paths, parents.slice(0, mostTypes), "parent type") : { members: [] };
  return [...ofModules.filter((one) => one.container === ""), ...own.members, ...inherited.members];
}

/** Files that the receiver names: the import that brings it, else a file of that name. */
function modulesOf({ names, around, receiver, path }: MemberQuestion): readonly DocumentRow[] {
  const word = new RegExp(`(?<![\\w$])${receiver.name.replaceAll("$", "\\$")}(?![\\w$])`);
  const importing = around.imports.filter((statement) => word.test(statement));
  const meant = importing.flatMap((statement) => names.meant(statement, path));
  return meant.length > 0 ? meant : names.named(receiver.name);
}

/** Types that the receiver may have, likeliest first. */
function typeNames({ around, receiver, definitions, ofFile, texts }: MemberQuestion): string[] {
  const { name } = receiver;
  if (itself.has(name)) return [...new Set(ofFile.map((one) => one.container).filter((one) => one !== ""))].slice(0, mostTypes);
  const found = [...around.typesOf(name)];
  found.unshift(
    ...receiver.path
      .split(/\W+/)
      .filter((part) => /^\p{Lu}/u.test(part))
      .reverse(),
  );
  for (const definition of definitions.get(name) ?? [])
    found.push(...typesIn(definition.signature, name), ...resultTypes(definition.signature));
  if (found.length === 0) for (const text of texts) found.push(...typesIn(text, name));
  const bare = name.replace(/^[_$m]*_+|_+$/g, "").replace(/^\$/, "");
  if (bare !== "") found.push(camel(bare));
  return [...new Set(found)].slice(0, mostTypes);
}

function resultTypes(signature: string): string[] {
  const result = /(?:->|\)\s*:|=>)\s*(.*)$/.exec(signature)?.[1] ?? "";
  return capitalised(result);
}

function capitalised(text: string): string[] {
  return (text.match(/\p{Lu}[\p{L}\p{N}_]*/gu) ?? []).filter((one) => /\p{Ll}/u.test(one));
}

function camel(name: string): string {
  return name
    .split("_")
    .map((part) => part.slice(0, 1).toUpperCase() + part.slice(1))
    .join("");
}

async function membersOfTypes(
  sources: NameSources,
  paths: ReadonlyMap<number, string>,
  types: readonly string[],
  scope: Scope,
): Promise<{ types: SymbolRow[]; members: Definition[] }> {
  const wanted = new Set(types);
  const rows = (await sources.index.symbolsNamed(types)).filter((row) => wanted.has(row.name) && typeKinds.has(row.kind));
  const documents = [...new Set(rows.map((row) => row.document))].slice(0, mostTypeFiles);
  const all = await sources.index.definitions(documents);
  const found = all.flatMap((symbols, at) =>
    symbols.filter((row) => wanted.has(row.container)).map((row) => definition(row, paths.get(documents[at] as number) ?? "", scope)),
  );
  const listed = new Set(found.map((one) => one.container));
  const unlisted = rows.filter((row) => !listed.has(row.name)).slice(0, mostTexts);
  const declared = await Promise.all(unlisted.map((row) => declaredIn(row, paths.get(row.document) ?? "", sources, scope)));
  return { types: rows, members: [...found, ...declared.flat()] };
}

/** Functions that a type's text declares: for those that the outline leaves out. */
async function declaredIn(type: SymbolRow, path: string, sources: NameSources, scope: Scope): Promise<Definition[]> {
  const lines = (await sources.fileText(path))?.split("\n").slice(type.startLine - 1, type.endLine) ?? [];
  return lines.flatMap((line) => {
    const name = /([\p{L}_$][\p{L}\p{N}_$]*)\s*\(/u.exec(line.replace(/\/\/.*/, ""))?.[1];
    return name ? [{ name, kind: "method", container: type.name, signature: line.trim(), path, scope }] : [];
  });
}

async function definitionsOf(index: NameIndex, files: readonly DocumentRow[], scope: Scope): Promise<Definition[]> {
  const all = await index.definitions(files.map(({ id }) => id));
  return files.flatMap((file, at) => {
    const symbols = all[at] ?? [];
    const modules = new Set(symbols.filter((row) => moduleKinds.has(row.kind)).map((row) => row.name));
    // What a namespace holds is named without a receiver.
    return symbols.map((row) => definition(modules.has(row.container) ? { ...row, container: "" } : row, file.path, scope));
  });
}

function definition({ name, kind, container, signature }: SymbolDefinition, path: string, scope: Scope): Definition {
  return { name, kind, container, signature, path, scope };
}

function byName(all: readonly Definition[]): Map<string, Definition[]> {
  const found = new Map<string, Definition[]>();
  for (const one of all) {
    const known = found.get(one.name);
    if (known) known.push(one);
    else found.set(one.name, [one]);
  }
  return found;
}

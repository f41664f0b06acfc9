/** The Sources tree: the places behind the last answer, or behind the completion accepted last. */
import {
  type Disposable,
  EventEmitter,
  MarkdownString,
  ThemeIcon,
  type TreeDataProvider,
  TreeItem,
  TreeItemCollapsibleState,
  type TreeView,
  Uri,
  window,
} from "vscode";
import { labelOf, linesOf, type Source, snippetOf } from "./source.ts";

export class SourcesTree implements TreeDataProvider<Source>, Disposable {
  readonly #changed = new EventEmitter<void>();
  readonly onDidChangeTreeData = this.#changed.event;
  readonly #view: TreeView<Source>;
  #sources: readonly Source[] = [];

  constructor() {
    this.#view = window.createTreeView("everyline.sourcesView", { treeDataProvider: this });
  }

  get sources(): readonly Source[] {
    return this.#sources;
  }

  /** `of`: what they are the sources of, as the view's message. */
  show(sources: readonly Source[], of: string): void {
    this.#sources = sources;
    this.#view.message = sources.length > 0 ? of : undefined;
    this.#changed.fire();
  }

  getChildren(element?: Source): Source[] {
    return element ? [] : [...this.#sources];
  }

  getTreeItem(source: Source): TreeItem {
    const item = new TreeItem(labelOf(source), TreeItemCollapsibleState.None);
    item.description = source.commit ? subjectOf(source) : source.title || folderOf(source.path);
    item.tooltip = tooltipOf(source);
    item.command = { command: "everyline.openSource", title: "Open", arguments: [source] };
    item.contextValue = source.change ? "commitWithChange" : source.commit ? "commit" : "file";
    if (source.path === "") item.iconPath = new ThemeIcon("git-commit");
    else {
      item.iconPath = ThemeIcon.File;
      item.resourceUri = Uri.parse(source.uri);
    }
    const where = source.path === "" ? labelOf(source) : `${source.path}, lines ${linesOf(source)}`;
    item.accessibilityInformation = { label: [where, source.title, ...source.reasons].filter(Boolean).join(", ") };
    return item;
  }

  dispose(): void {
    this.#view.dispose();
    this.#changed.dispose();
  }
}

/** Text of the repository goes in as code and as plain text: it cannot bring links or commands. */
function tooltipOf(source: Source): MarkdownString {
  const tip = new MarkdownString();
  tip.appendText(source.path ? `${source.path}:${linesOf(source)}` : `commit ${source.commit}`);
  if (source.title) tip.appendMarkdown("\n\n").appendText(source.title);
  if (source.reasons.length > 0) tip.appendMarkdown("\n\n").appendText(source.reasons.join(" · "));
  const { text } = snippetOf(source, 12);
  if (text) tip.appendCodeblock(text, languageOf(source.path));
  return tip;
}

function languageOf(path: string): string {
  return /\.(\w{1,12})$/.exec(path)?.[1] ?? "";
}

function subjectOf({ text }: Source): string {
  return text.split("\n", 1)[0] ?? "";
}

function folderOf(path: string): string {
  return path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : "";
}

/** All file documents in memory, refreshed by what changed since: what every question needs and must not wait for. */
import { existsSync } from "node:fs";
import { StoreReader } from "./store-reader.ts";
import { type Changes, unpackChanges } from "./store-rows.ts";
import type { StoreThread } from "./store-thread.ts";
import type { DocumentRow } from "./types.ts";

export class FilesCache {
  readonly #reader: StoreThread<StoreReader>;
  #number = 0;
  #wanted = 1;
  readonly #byId = new Map<number, DocumentRow>();
  readonly #idByPath = new Map<string, number>();
  #list: readonly DocumentRow[] = [];
  #refreshing: Promise<Changes> | undefined;

  /** `known`: what was read before there was a reader. */
  constructor(reader: StoreThread<StoreReader>, known?: Changes) {
    this.#reader = reader;
    if (known) this.#take(known);
  }

  /** The last transaction it knows. */
  get number(): number {
    return this.#number;
  }

  /** The last transaction it was told of. */
  get wanted(): number {
    return Math.max(this.#wanted, this.#number);
  }

  /** The database is at transaction `number` now. */
  outdated(number: number): void {
    this.#wanted = number;
  }

  async files(): Promise<readonly DocumentRow[]> {
    await this.#current();
    return this.#list;
  }

  async byId(): Promise<ReadonlyMap<number, DocumentRow>> {
    await this.#current();
    return this.#byId;
  }

  /** Of the files known, as of the last refresh. */
  ids(): number[] {
    return [...this.#byId.keys()];
  }

  /** 0 where there is no such file, as of the last refresh. */
  idOf(path: string): number {
    return this.#idByPath.get(path) ?? 0;
  }

  /** Reads what changed since the last time. */
  refresh(): Promise<Changes> {
    this.#refreshing ??= this.#read().finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  async #current(): Promise<void> {
    while (this.#number < this.#wanted) await this.refresh();
  }

  async #read(): Promise<Changes> {
    const changes = unpackChanges(await this.#reader.call("changes", this.#number));
    this.#take(changes);
    return changes;
  }

  #take(changes: Changes): void {
    if (changes.complete) {
      const kept = new Set(changes.changed.map(({ id }) => id));
      changes.removed = [...this.#byId.keys()].filter((id) => !kept.has(id));
    }
    for (const id of changes.removed) this.#remove(id);
    for (const row of changes.changed) {
      this.#byId.set(row.id, row);
      this.#idByPath.set(row.path, row.id);
    }
    if (changes.removed.length || changes.changed.length) this.#list = [...this.#byId.values()];
    this.#number = changes.number;
  }

  #remove(id: number): void {
    const row = this.#byId.get(id);
    if (!row) return;
    this.#byId.delete(id);
    if (this.#idByPath.get(row.path) === id) this.#idByPath.delete(row.path);
  }
}

/**
 * The files of an index, read on this thread while the others start: a start does not wait for them. Undefined where there is no index yet,
 * or none that can be read: the threads say why.
 */
export function readFiles(file: string): Changes | undefined {
  if (!existsSync(file)) return undefined;
  try {
    const store = new StoreReader(file);
    try {
      return unpackChanges(store.changes(0));
    } finally {
      store.close();
    }
  } catch {
    return undefined;
  }
}

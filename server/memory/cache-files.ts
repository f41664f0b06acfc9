/**
 * The cache's data files: landmarks (rows of 264 bytes) and K/V segments, written at reserved offsets.
 *
 * Files only ever grow or are unlinked; they are never truncated, because engines of several processes map them.
 * What may fail on a full or broken disk goes through `Disk`, so that a test can fill it.
 */
import { closeSync, fdatasyncSync, mkdirSync, openSync, readdirSync, readSync, rmSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";

/** The calls that a full disk fails. */
export interface Disk {
  /** Writes all bytes at the byte offset. Throws as fs does (ENOSPC, EDQUOT, EIO). */
  write(fd: number, bytes: Uint8Array, offset: number): void;
  sync(fd: number): void;
}

export const realDisk: Disk = {
  write(fd, bytes, offset) {
    let done = 0;
    while (done < bytes.length) done += writeSync(fd, bytes, done, bytes.length - done, offset + done);
  },
  sync: fdatasyncSync,
};

export function landmarkPath(folder: string, generation: number): string {
  return join(folder, `landmarks-${generation}.bin`);
}

export function segmentPath(folder: string, segment: number): string {
  return join(folder, `kv-${String(segment).padStart(5, "0")}.bin`);
}

/** Open descriptors of one process's writing side. */
export class CacheFiles {
  readonly #folder: string;
  readonly #disk: Disk;
  #open = new Map<string, number>();
  #dirty = new Set<number>();

  constructor(folder: string, disk: Disk) {
    this.#folder = folder;
    this.#disk = disk;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }

  writeLandmarks(generation: number, bytes: Uint8Array, offset: number): void {
    this.#write(landmarkPath(this.#folder, generation), bytes, offset);
  }

  writeSegment(segment: number, bytes: Uint8Array, offset: number): void {
    this.#write(segmentPath(this.#folder, segment), bytes, offset);
  }

  /** What was written since the last call is on the disk afterwards. */
  sync(): void {
    for (const fd of this.#dirty) this.#disk.sync(fd);
    this.#dirty.clear();
  }

  /** undefined when the file is missing or shorter than asked for. */
  readLandmarks(generation: number, offset: number, bytes: number): Uint8Array<ArrayBuffer> | undefined {
    return this.#read(landmarkPath(this.#folder, generation), offset, bytes);
  }

  readSegment(segment: number, offset: number, bytes: number): Uint8Array<ArrayBuffer> | undefined {
    return this.#read(segmentPath(this.#folder, segment), offset, bytes);
  }

  /** Creates the file when it is not there, so that readers can map it. */
  createLandmarks(generation: number): void {
    this.#descriptor(landmarkPath(this.#folder, generation), "a+");
  }

  /** Bytes on disk, 0 when missing. */
  sizeOf(path: string): number {
    return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  }

  /** Names of all data files in the folder. */
  list(): string[] {
    return readdirSync(this.#folder)
      .filter((name) => /^(landmarks|kv)-\d+\.bin$/.test(name))
      .map((name) => join(this.#folder, name));
  }

  /** Processes that map the file keep what they see. */
  unlink(path: string): void {
    const fd = this.#open.get(path);
    if (fd !== undefined) closeSync(fd);
    if (fd !== undefined) this.#dirty.delete(fd);
    this.#open.delete(path);
    rmSync(path, { force: true });
  }

  close(): void {
    for (const fd of this.#open.values()) closeSync(fd);
    this.#open.clear();
    this.#dirty.clear();
  }

  #write(path: string, bytes: Uint8Array, offset: number): void {
    const fd = this.#descriptor(path, "a+");
    this.#disk.write(fd, bytes, offset);
    this.#dirty.add(fd);
  }

  #read(path: string, offset: number, bytes: number): Uint8Array<ArrayBuffer> | undefined {
    const buffer = new Uint8Array(bytes);
    let done = 0;
    try {
      const fd = this.#descriptor(path, "r+");
      while (done < bytes) {
        const read = readSync(fd, buffer, done, bytes - done, offset + done);
        if (read === 0) return undefined;
        done += read;
      }
    } catch {
      return undefined; // gone or unreadable: the caller encodes anew
    }
    return buffer;
  }

  #descriptor(path: string, flags: "a+" | "r+"): number {
    const known = this.#open.get(path);
    if (known !== undefined) return known;
    // Linux ignores the offset of a write to a descriptor opened for appending: "a+" creates, "r+" is what is kept.
    if (flags === "a+") closeSync(openSync(path, "a", 0o600));
    const fd = openSync(path, "r+");
    this.#open.set(path, fd);
    return fd;
  }
}

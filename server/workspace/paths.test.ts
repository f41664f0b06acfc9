import { execFile } from "node:child_process";
import { appendFile, mkdir, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { type Files, type Folder, folder as plainFolder, repository } from "../../test/unit/repository.ts";
import { gitBlobId } from "./blob.ts";
import { isRelativeInside, PathError, ReadError, readInside, resolveInside } from "./paths.ts";

const made: Folder[] = [];
afterEach(async () => {
  for (const folder of made.splice(0)) await folder.dispose();
});
async function folder(files: Files = {}): Promise<Folder> {
  const folder = await plainFolder(files);
  made.push(folder);
  return folder;
}
const reasonOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "none",
    (error) => (error instanceof ReadError ? error.reason : error instanceof PathError ? "refused" : `${error}`),
  );

describe("resolveInside", () => {
  it("resolves what lies inside, existing or not", async () => {
    const { path } = await folder({ "lib/a.ts": "" });
    expect(await resolveInside(path, "lib/a.ts")).toBe(join(path, "lib/a.ts"));
    expect(await resolveInside(path, "lib/new.ts")).toBe(join(path, "lib/new.ts"));
    expect(await resolveInside(path, "none/yet/new.ts")).toBe(join(path, "none/yet/new.ts"));
    expect(await resolveInside(path, "..a/b..")).toBe(join(path, "..a/b.."));
  });

  it("refuses absolute paths, dots, NUL and empty names", async () => {
    const { path } = await folder();
    for (const bad of ["", "/etc/passwd", "..", "a/../../b", "a/..", "./a", "a//b", "a/", "a\0b", "."]) {
      await expect(resolveInside(path, bad)).rejects.toThrow(PathError);
    }
  });

  it("refuses a link on the way, wherever it leads", async () => {
    const outside = await folder({ "secret.ts": "" });
    const { path } = await folder({ "real/a.ts": "" });
    await symlink(outside.path, join(path, "out"));
    await symlink("real", join(path, "in"));
    await symlink("loop", join(path, "loop"));
    for (const bad of ["out/secret.ts", "in/a.ts", "loop/a.ts"]) await expect(resolveInside(path, bad)).rejects.toThrow(PathError);
  });

  it("never gives a path outside, whatever the text", async () => {
    const { path } = await folder({ "a/b": "" });
    const part = fc.constantFrom("a", "b", "..", ".", "", "/", "\0", "\\", "a b", "%2e%2e");
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 6 }), async (parts) => {
        const text = parts.join("/");
        const resolved = await resolveInside(path, text).catch(() => undefined);
        expect(resolved === undefined || resolved.startsWith(`${path}/`)).toBe(true);
        if (!isRelativeInside(text)) expect(resolved).toBeUndefined();
      }),
    );
  });

  it("works when the folder itself was opened through a link", async () => {
    const { path } = await folder({ "real/a.ts": "text" });
    await symlink("real", join(path, "opened"));
    expect((await readInside(join(path, "opened"), "a.ts")).toString()).toBe("text");
  });
});

describe("readInside", () => {
  it("reads the bytes of a regular file", async () => {
    const { path } = await folder({ "a.bin": Buffer.from([0, 255, 10]), empty: "" });
    expect([...(await readInside(path, "a.bin"))]).toEqual([0, 255, 10]);
    expect((await readInside(path, "empty")).length).toBe(0);
  });

  it("refuses a link, a folder and a pipe without waiting", async () => {
    const { path } = await folder({ "a.ts": "" });
    await symlink("a.ts", join(path, "link"));
    await mkdir(join(path, "folder"));
    await promisify(execFile)("mkfifo", [join(path, "pipe")]);
    expect(await reasonOf(readInside(path, "link"))).toBe("refused");
    expect(await reasonOf(readInside(path, "folder"))).toBe("unreadable");
    expect(await reasonOf(readInside(path, "pipe"))).toBe("unreadable");
  });

  it("tells a vanished file from one that is too large", async () => {
    const { path } = await folder({ "large.txt": "x".repeat(101), "right.txt": "x".repeat(100) });
    expect(await reasonOf(readInside(path, "large.txt", 100))).toBe("too large");
    expect((await readInside(path, "right.txt", 100)).length).toBe(100);
    expect(await reasonOf(readInside(path, "gone.txt"))).toBe("vanished");
    expect(await reasonOf(readInside(path, "right.txt/below"))).toBe("vanished");
    await appendFile(join(path, "right.txt"), "x");
    expect(await reasonOf(readInside(path, "right.txt", 100))).toBe("too large");
    await rm(join(path, "right.txt"));
    expect(await reasonOf(readInside(path, "right.txt"))).toBe("vanished");
  });
});

describe("gitBlobId", () => {
  it("is the id that git gives the same bytes", async () => {
    const contents = [Buffer.from(""), Buffer.from("text\r\n"), Buffer.from([0, 1, 2, 255]), Buffer.from("ü".repeat(10_000))];
    const repo = await repository(Object.fromEntries(contents.map((bytes, number) => [`${number}`, bytes])));
    made.push(repo);
    const ids = (await repo.git("hash-object", "--no-filters", ...contents.map((_, number) => String(number)))).trim().split("\n");
    expect(contents.map(gitBlobId)).toEqual(ids);
  });
});

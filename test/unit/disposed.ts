/** Temporary repositories and folders that are gone after each test. */
import { afterEach } from "vitest";
import { type Files, type Folder, folder, type Repository, repository } from "./repository.ts";

/** Call once in a test file, at its top. */
export function disposed(): { repository(files?: Files): Promise<Repository>; folder(files?: Files): Promise<Folder> } {
  const made: Folder[] = [];
  afterEach(async () => {
    for (const one of made.splice(0)) await one.dispose();
  });
  const kept = async <T extends Folder>(making: Promise<T>): Promise<T> => {
    const one = await making;
    made.push(one);
    return one;
  };
  return { repository: (files) => kept(repository(files)), folder: (files) => kept(folder(files)) };
}

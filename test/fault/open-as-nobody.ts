/** Opens a folder as a user without rights (root may read everything) and prints the error: open-as-nobody.ts FOLDER HOME. */

import { openParts } from "../../server/memory/open.ts";
import { defaultSettings } from "../../server/settings.ts";
import { FolderError } from "../../server/workspace/discover.ts";

const [folder, home] = process.argv.slice(2);
process.setgroups!([]);
process.setgid!(65534);
process.setuid!(65534);
try {
  await openParts({ folder: folder!, home: home!, settings: defaultSettings, watch: false });
  process.stdout.write("opened\n");
} catch (error) {
  const { name, message } = error as Error;
  process.stdout.write(`${error instanceof FolderError ? "FolderError" : name}: ${message}\n`);
}

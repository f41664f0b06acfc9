/** A process that puts made-up encodings into a cache: put-many.ts FOLDER FIRST COUNT. Says "20" after twenty of them. */
import { CacheStore } from "../cache-store.ts";
import { entry } from "./encodings.ts";

const [folder, first, count] = process.argv.slice(2);
const store = new CacheStore(folder!, { capBytes: 1e9, segmentBytes: 16e6 }, (text) => {
  throw new Error(text);
});
for (let seed = Number(first); seed < Number(first) + Number(count); seed++) {
  store.put([entry(seed, 1 + (seed % 3))]);
  if (seed === Number(first) + 20) process.send?.("20");
}
store.close();
process.disconnect?.();

/** A program that keeps the memory of a folder until it is killed, and sends its status whenever it changes: keep-memory.ts FOLDER HOME. */
import { Memory } from "../../server/memory/memory.ts";
import { defaultSettings } from "../../server/settings.ts";

const [folder, home] = process.argv.slice(2);
let last = "";
const memory = await Memory.open({
  folder: folder!,
  home: home!,
  settings: defaultSettings,
  watch: true,
  onMessage: (level, text) => process.stderr.write(`${level}: ${text}\n`),
});
memory.start();
setInterval(async () => {
  const { state, encoded, files } = await memory.status();
  const text = JSON.stringify({ state, encoded, files });
  if (text !== last) process.send?.({ state, encoded, files });
  last = text;
}, 5);

/** The built addon and the model's folder, for tests of the tokenizer and the word index. */
import { createRequire } from "node:module";
import { join } from "node:path";
import type { NativeAddon } from "../../native/addon.ts";

const root = join(import.meta.dirname, "..", "..");

export const MODEL = join(root, "model");
export const addon = createRequire(import.meta.url)(join(root, "dist", "everyline.node")) as NativeAddon;

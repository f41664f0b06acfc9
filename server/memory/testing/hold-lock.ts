/** A process that tries to take a lock, says whether it did, and keeps it until it is killed: hold-lock.ts PATH. */
import { Lock } from "../lock.ts";

process.send?.(new Lock(process.argv[2]!).tryLock());
process.on("message", () => {});

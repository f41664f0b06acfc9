/** A process that tries to take a lock, says whether it did, and keeps it until it is killed: hold-lock.ts PATH. */
import { Lock } from "../lock.ts";

const lock = new Lock(process.argv[2]!);
process.send?.(lock.tryLock());
// Refers to the lock: one that is collected as garbage is free.
process.on("message", () => process.send?.(lock.held));

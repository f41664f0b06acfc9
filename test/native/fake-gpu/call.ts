/** One call of an engine that believes in a GPU, beside the CPU's: node call.ts LIBRARY CALL. Prints what happened as JSON. */
import { unwrap } from "../../../native/addon.ts";
import { addon, attach, encode, largestDifference, modelFolder, none, someIds } from "../engine-files.ts";

const [, , cudaLibrary, call] = process.argv;
const options = { model: modelFolder, threads: 1, isa: "" };
const engine = unwrap(await addon.loadEngine({ ...options, cudaLibrary: cudaLibrary!, gpuIdleSeconds: 0.3 }));
const cpu = unwrap(await addon.loadEngine({ ...options, backend: "cpu" }));
const documents = [someIds(300), someIds(70, 2)];
const encoded = await encode(cpu, documents);
const disposals = [engine, cpu].map((one) => {
  const attached = attach(one, documents, encoded);
  unwrap(one.addDocuments(attached.places));
  return attached.dispose;
});

const before = engine.stats();
const calls: Record<string, () => Promise<boolean>> = {
  encode: async () => {
    const mine = await encode(engine, documents);
    return mine.every(
      ({ kv, landmarks }, i) => Buffer.compare(kv, encoded[i]!.kv) === 0 && Buffer.compare(landmarks, encoded[i]!.landmarks) === 0,
    );
  },
  search: async () => {
    const [mine, theirs] = [unwrap(await engine.search(someIds(9), 2)), unwrap(await cpu.search(someIds(9), 2))];
    return largestDifference(mine.scores, theirs.scores) === 0;
  },
  begin: async () => {
    const [mine, theirs] = [engine, cpu].map((one) => unwrap(one.session()));
    const logits = [unwrap(await mine!.begin(someIds(90), none)), unwrap(await theirs!.begin(someIds(90), none))].map(
      (step) => step.logits,
    );
    return largestDifference(logits[0]!, logits[1]!) === 0;
  },
  reads: async () => {
    const session = unwrap(engine.session());
    const mapped = engine.stats().resident;
    unwrap(await session.begin(someIds(90), none));
    return engine.stats().resident === mapped;
  },
  idle: async () => {
    const session = unwrap(engine.session());
    unwrap(await session.begin(someIds(90), none));
    const inUse = engine.stats().gpuBytes;
    await new Promise((resolve) => setTimeout(resolve, 900));
    const idle = engine.stats().gpuBytes;
    unwrap(await session.next(9));
    return inUse === 4096 && idle === 0 && engine.stats().gpuBytes === 4096;
  },
};
const asWanted = await calls[call!]!();
const { backend, withoutGpu } = engine.stats();
engine.close();
cpu.close();
for (const dispose of disposals) dispose();
console.log(JSON.stringify({ before: before.backend, asWanted, backend, withoutGpu }));

/** How much of the machine the engine takes: less while the user types, on battery, and for history, which nobody waits for. */
import type { Engine } from "../../native/engine.ts";

const paces = { full: 1, history: 0.5, typing: 0.5, battery: 0.25 };
/** Milliseconds after the last key until the user counts as not typing. */
const typingMs = 2000;

export class Pace {
  readonly #engine: Engine | null;
  #battery = false;
  #typing: NodeJS.Timeout | undefined;
  #inHistory = false;
  #stopped = false;

  constructor(engine: Engine | null) {
    this.#engine = engine;
  }

  /** On battery encoding takes a quarter of the time of half of the threads. */
  setBattery(battery: boolean): void {
    this.#battery = battery;
    this.#set();
  }

  /** Whether what is encoded now is history. */
  setHistory(inHistory: boolean): void {
    this.#inHistory = inHistory;
    this.#set();
  }

  /** A key was pressed. */
  typed(): void {
    clearTimeout(this.#typing);
    this.#typing = setTimeout(() => {
      this.#typing = undefined;
      this.#set();
    }, typingMs);
    this.#typing.unref();
    this.#set();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#typing);
  }

  #set(): void {
    if (this.#stopped) return;
    const alone = this.#inHistory ? paces.history : paces.full;
    this.#engine?.setPace(this.#battery ? paces.battery : this.#typing ? paces.typing : alone);
  }
}

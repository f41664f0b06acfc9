/** Whether the machine runs on battery, as Linux tells it: polled, for the kernel offers no event without a bus client. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

const pollMs = 60_000;

/** True when a battery discharges and no mains supply is connected. False where nothing is known. */
export async function onBattery(supplies = "/sys/class/power_supply"): Promise<boolean> {
  let discharging = false;
  for (const name of await readdir(supplies).catch(() => [])) {
    const folder = join(supplies, name);
    const type = await read(folder, "type");
    if (type !== "Battery" && (await read(folder, "online")) === "1") return false;
    // A mouse or a headset has a battery, too: its scope is "Device".
    if (type === "Battery" && (await read(folder, "scope")) !== "Device" && (await read(folder, "status")) === "Discharging") {
      discharging = true;
    }
  }
  return discharging;
}

/** Calls `changed` at once when on battery, then at every change. Returns what stops it. */
export function watchPower(changed: (battery: boolean) => void): () => void {
  let last = false;
  const look = async () => {
    const battery = await onBattery();
    if (battery === last) return;
    last = battery;
    changed(battery);
  };
  void look();
  const timer = setInterval(look, pollMs).unref();
  return () => clearInterval(timer);
}

async function read(folder: string, name: string): Promise<string> {
  return (await readFile(join(folder, name), "utf8").catch(() => "")).trim();
}

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { onBattery } from "./power.ts";

const made: string[] = [];
afterEach(async () => {
  for (const folder of made.splice(0)) await rm(folder, { recursive: true });
});

describe("onBattery", () => {
  it("is true when a battery discharges without mains", async () => {
    expect(await onBattery(await supplies({ BAT0: { type: "Battery", status: "Discharging" }, AC: { type: "Mains", online: "0" } }))).toBe(
      true,
    );
  });

  it("is false with mains, while charging, and for the battery of a device", async () => {
    expect(await onBattery(await supplies({ BAT0: { type: "Battery", status: "Discharging" }, AC: { type: "Mains", online: "1" } }))).toBe(
      false,
    );
    expect(await onBattery(await supplies({ BAT0: { type: "Battery", status: "Charging" } }))).toBe(false);
    expect(await onBattery(await supplies({ mouse: { type: "Battery", status: "Discharging", scope: "Device" } }))).toBe(false);
  });

  it("is false where nothing is known", async () => {
    expect(await onBattery("/nowhere")).toBe(false);
  });
});

async function supplies(all: Record<string, Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "everyline-power-"));
  made.push(folder);
  for (const [name, values] of Object.entries(all)) {
    await mkdir(join(folder, name));
    for (const [key, value] of Object.entries(values)) await writeFile(join(folder, name, key), `${value}\n`);
  }
  return folder;
}

/** A small real repository whose files have changed, moved and gone: what the history tests jump to. */
import { type Repository, repository } from "../unit/repository.ts";

export interface Renovated extends Repository {
  /** Full shas. */
  commits: { made: string; modified: string; renamed: string; deleted: string };
}

/** Long enough that a change in the middle is out of sight when the file opens at its start. */
function depots(count: number): string {
  const rows = Array.from({ length: count }, (_, i) => `  { code: "D${i + 1}", street: "Harbour Road ${i + 1}", places: ${20 + i} },`);
  return `export const depots = [\n${rows.join("\n")}\n];\n`;
}

const distance = `/** Distance between two places on the globe, in kilometres. */
export function distanceBetween(a: Place, b: Place): number {
  const [phi1, phi2] = [radians(a.latitude), radians(b.latitude)];
  const lambda = radians(b.longitude - a.longitude);
  return 6371 * Math.acos(Math.sin(phi1) * Math.sin(phi2) + Math.cos(phi1) * Math.cos(phi2) * Math.cos(lambda));
}

export interface Place {
  latitude: number;
  longitude: number;
}

function radians(degrees: number): number {
  return (degrees * Math.PI) / 180;
}
`;

const fax = `/** Sends a delivery note by fax, for depots without a network. */
export class FaxGateway {
  constructor(private readonly modem: string) {}

  dialAndSend(number: string, pages: string[]): boolean {
    return pages.every((page) => page.length > 0 && number !== "" && this.modem !== "");
  }
}
`;

export async function renovated(): Promise<Renovated> {
  const made = await repository({ "src/depots.ts": depots(120), "src/geo.ts": distance, "src/fax.ts": fax });
  const first = await made.commit("Depots, distances and delivery notes by fax", "2024-01-10");
  await made.write({ "src/depots.ts": depots(120).replace("Harbour Road 80", "Lighthouse Square 7") });
  const modified = await made.commit("Move the depot D80 to Lighthouse Square\n\nThe old building was flooded.", "2024-02-10");
  await made.git("mv", "src/geo.ts", "src/distance.ts");
  await made.write({ "src/distance.ts": distance.replace("6371", "EARTH_RADIUS").replace("/**", "const EARTH_RADIUS = 6371;\n\n/**") });
  const renamed = await made.commit("Name the earth radius, and the file for what it computes", "2024-03-10");
  await made.git("rm", "--quiet", "src/fax.ts");
  const deleted = await made.commit("Remove the fax gateway\n\nNo depot has a modem any more.", "2024-04-10");
  return { ...made, commits: { made: first, modified, renamed, deleted } };
}

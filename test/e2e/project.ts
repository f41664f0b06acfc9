/** A small real repository for the end-to-end tests: a web service in TypeScript with a Python tool beside it. */
import { type Repository, repository } from "../unit/repository.ts";

const files = {
  "README.md": "# Parcel service\n\nTracks parcels. Start it with `npm start`; the port comes from the environment.\n",
  "src/config.ts": `/** Settings of the service, read from the environment once. */
export interface Config {
  port: number;
  databaseUrl: string;
  retryLimit: number;
}

export function readConfig(env: Record<string, string | undefined>): Config {
  return {
    port: Number(env.PORT ?? 8080),
    databaseUrl: env.DATABASE_URL ?? "postgres://localhost/parcels",
    retryLimit: Number(env.RETRY_LIMIT ?? 3),
  };
}
`,
  "src/limiter.ts": `/** Limits how often a client may call: a token bucket for each client address. */
export class RateLimiter {
  private readonly buckets = new Map<string, { tokens: number; refilled: number }>();

  constructor(
    private readonly capacity: number,
    private readonly refillPerSecond: number,
  ) {}

  /** Takes one token for the client; false when its bucket is empty. */
  tryAcquire(client: string, now: number): boolean {
    const bucket = this.buckets.get(client) ?? { tokens: this.capacity, refilled: now };
    bucket.tokens = Math.min(this.capacity, bucket.tokens + ((now - bucket.refilled) / 1000) * this.refillPerSecond);
    bucket.refilled = now;
    this.buckets.set(client, bucket);
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }
}
`,
  "src/tracking.ts": `/** Where a parcel is: the events of its journey, newest last. */
export interface TrackingEvent {
  parcel: string;
  place: string;
  at: Date;
}

export class TrackingLog {
  private readonly events: TrackingEvent[] = [];

  append(event: TrackingEvent): void {
    this.events.push(event);
  }

  latest(parcel: string): TrackingEvent | undefined {
    return this.events.filter((event) => event.parcel === parcel).at(-1);
  }
}
`,
  "src/routes.ts": `import { TrackingLog } from "./tracking.ts";

export interface Route {
  method: "GET" | "POST";
  path: string;
  handler: string;
}

export const routes: Route[] = [
  { method: "GET", path: "/parcels", handler: "listParcels" },
  { method: "GET", path: "/drivers", handler: "listDrivers" },
  { method: "GET", path: "/depots", handler: "listDepots" },
  { method: "GET", path: "/vehicles", handler: "listVehicles" },
  { method: "GET", path: "/customers", handler: "listCustomers" },
  { method: "GET", path: "/invoices", handler: "listInvoices" },
];

export const log = new TrackingLog();
`,
  "tools/import_parcels.py": `"""Imports parcels from a CSV file into the service."""
import csv


def read_rows(path):
    """Yields one dictionary a row."""
    with open(path, newline="") as file:
        yield from csv.DictReader(file)


def import_file(path, client):
    """Sends every row; returns how many were accepted."""
    return sum(1 for row in read_rows(path) if client.post("/parcels", row).ok)
`,
  ".gitignore": "node_modules/\n",
};

export async function project(): Promise<Repository> {
  const made = await repository(files);
  await made.commit("Track parcels: limiter, routes, tracking log, importer");
  return made;
}

/**
 * What a client sends as the section "everyline", as Settings.
 *
 * People write settings by hand: a value of the wrong kind falls back to its default and is named, so that the log can say so.
 */
import { defaultSettings, type Settings } from "../settings.ts";

export interface ReadSettings {
  settings: Settings;
  /** A sentence for each value that was not usable. */
  problems: string[];
}

export function readSettings(value: unknown): ReadSettings {
  const problems: string[] = [];
  const root = record(value);
  const past = record(root.history);
  const completion = record(root.completion);
  const defaults = defaultSettings;

  function take<T>(from: Record<string, unknown>, key: string, name: string, fallback: T, accept: (value: unknown) => T | undefined): T {
    const given = from[key];
    if (given === undefined || given === null) return fallback;
    const accepted = accept(given);
    if (accepted !== undefined) return accepted;
    problems.push(
      `The setting everyline.${name} has a value that cannot be used (${shown(given)}); its default is used: ${shown(fallback)}.`,
    );
    return fallback;
  }

  const settings: Settings = {
    exclude: take(root, "exclude", "exclude", defaults.exclude, strings),
    history: {
      commits: take(past, "commits", "history.commits", defaults.history.commits, commits),
      refs: take(past, "refs", "history.refs", defaults.history.refs, refs),
      encodeTokens: take(
        past,
        "encodeTokens",
        "history.encodeTokens",
        defaults.history.encodeTokens,
        autoOr(number(0, Number.MAX_SAFE_INTEGER)),
      ),
    },
    cacheGigabytes: take(root, "cacheGigabytes", "cacheGigabytes", defaults.cacheGigabytes, number(0.1, 10_000)),
    gpuGigabytes: take(root, "gpuGigabytes", "gpuGigabytes", defaults.gpuGigabytes, autoOr(number(0, 10_000))),
    completion: {
      enabled: take(completion, "enabled", "completion.enabled", defaults.completion.enabled, boolean),
      disabledLanguages: take(
        completion,
        "disabledLanguages",
        "completion.disabledLanguages",
        defaults.completion.disabledLanguages,
        strings,
      ),
      inComments: take(completion, "inComments", "completion.inComments", defaults.completion.inComments, boolean),
      inStrings: take(completion, "inStrings", "completion.inStrings", defaults.completion.inStrings, boolean),
      languageServers: take(completion, "languageServers", "completion.languageServers", defaults.completion.languageServers, boolean),
      delayMs: take(completion, "delayMs", "completion.delayMs", defaults.completion.delayMs, number(0, 10_000)),
      minimumConfidence: take(
        completion,
        "minimumConfidence",
        "completion.minimumConfidence",
        defaults.completion.minimumConfidence,
        number(0, 1),
      ),
      endpoint: take(completion, "endpoint", "completion.endpoint", defaults.completion.endpoint, string),
      model: take(completion, "model", "completion.model", defaults.completion.model, string),
    },
    answerEndpoint: take(root, "answerEndpoint", "answerEndpoint", defaults.answerEndpoint, string),
    answerModel: take(root, "answerModel", "answerModel", defaults.answerModel, string),
    encodeLargeFolders: take(root, "encodeLargeFolders", "encodeLargeFolders", defaults.encodeLargeFolders, boolean),
  };
  return { settings, problems };
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

function strings(value: unknown): string[] | undefined {
  return Array.isArray(value) && value.every((item) => typeof item === "string") ? value : undefined;
}

function boolean(value: unknown): boolean | undefined {
  return typeof value === "boolean" ? value : undefined;
}

function string(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function number(least: number, most: number): (value: unknown) => number | undefined {
  return (value) => (typeof value === "number" && value >= least && value <= most ? value : undefined);
}

function commits(value: unknown): Settings["history"]["commits"] | undefined {
  if (value === "all" || value === "none") return value;
  return typeof value === "number" && Number.isInteger(value) && value >= 0 ? value : undefined;
}

function refs(value: unknown): Settings["history"]["refs"] | undefined {
  return value === "HEAD" || value === "all" ? value : undefined;
}

function autoOr<T>(accept: (value: unknown) => T | undefined): (value: unknown) => "auto" | T | undefined {
  return (value) => (value === "auto" ? value : accept(value));
}

function shown(value: unknown): string {
  return JSON.stringify(value)?.slice(0, 80) ?? String(value);
}

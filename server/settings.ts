/** The settings that the server knows, with their defaults. package.json (contributes.configuration) describes them for people. */
export interface Settings {
  /** Globs of files that never belong to the memory. */
  exclude: string[];
  history: {
    /** "all", "none", or how many of the newest. */
    commits: "all" | "none" | number;
    /** Of the commits that HEAD reaches, or of all that any branch or tag does. */
    refs: "HEAD" | "all";
    /** Tokens of commits encoded, newest first; "auto": 3 million on a CPU, all on a GPU. */
    encodeTokens: "auto" | number;
  };
  /** Gigabytes of K/V kept in the cache for the user. */
  cacheGigabytes: number;
  /** Gigabytes that a window may hold on a GPU; "auto": half of what is free; 0: no GPU is used. Read when the engine starts. */
  gpuGigabytes: "auto" | number;
  completion: {
    enabled: boolean;
    /** Language ids without completion. */
    disabledLanguages: string[];
    /** Whether suggestions come in comments and in strings. */
    inComments: boolean;
    inStrings: boolean;
    /** Whether the editor is asked which members a language's own extension knows. */
    languageServers: boolean;
    /** Milliseconds between the last key and the computation of a completion, at most. */
    delayMs: number;
    /** 0..1: nothing is shown below it. */
    minimumConfidence: number;
    /** A server of the user's own that fills in the middle (llama.cpp or OpenAI-compatible); empty = the model of this product. */
    endpoint: string;
    model: string;
  };
  /** An OpenAI-compatible endpoint that words answers; empty = none. Never used without being set. */
  answerEndpoint: string;
  answerModel: string;
  /** Encode although the folder is over 50,000 files or 500 MB of text. */
  encodeLargeFolders: boolean;
}

export const defaultSettings: Settings = {
  exclude: [],
  history: { commits: "all", refs: "HEAD", encodeTokens: "auto" },
  cacheGigabytes: 8,
  gpuGigabytes: "auto",
  completion: {
    enabled: true,
    disabledLanguages: [],
    inComments: true,
    inStrings: true,
    languageServers: true,
    delayMs: 120,
    minimumConfidence: 0.4,
    endpoint: "",
    model: "",
  },
  answerEndpoint: "",
  answerModel: "",
  encodeLargeFolders: false,
};

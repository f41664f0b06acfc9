/**
 * The chat model of VS Code that words an answer, where there is one.
 *
 * Nothing is sent before the user chose it: a model is used unasked only when this extension may already use it; otherwise the view
 * offers it as a button, and VS Code asks for consent. Looking for models never blocks: vendors that do not answer are given up.
 */
import {
  type CancellationToken,
  CancellationTokenSource,
  type LanguageModelAccessInformation,
  type LanguageModelChat,
  LanguageModelChatMessage,
  lm,
} from "vscode";

/** Milliseconds to find a model, and for it to word an answer. */
const findMs = 2_000;
const wordMs = 60_000;

export interface Prompt {
  system: string;
  user: string;
}

export interface Model {
  chat: LanguageModelChat;
  /** Whether it may be used without asking the user first. */
  allowed: boolean;
}

/** A model of the user's, best one that may be used already; undefined when there is none. */
export async function findModel(access: LanguageModelAccessInformation): Promise<Model | undefined> {
  const models = await Promise.race([lm.selectChatModels().then(undefined, () => []), after<LanguageModelChat[]>(findMs, [])]);
  const allowed = models.find((model) => access.canSendRequest(model) === true);
  if (allowed) return { chat: allowed, allowed: true };
  const askable = models.find((model) => access.canSendRequest(model) === undefined);
  return askable && { chat: askable, allowed: false };
}

/** Streams the model's text. Throws what the model throws: its message is for people. */
export async function* wordingOf(model: LanguageModelChat, { system, user }: Prompt, token: CancellationToken): AsyncGenerator<string> {
  // The stable API knows no system role: rules first, then the material.
  const messages = [LanguageModelChatMessage.User(system), LanguageModelChatMessage.User(user)];
  const limit = new CancellationTokenSource();
  const cancelled = token.onCancellationRequested(() => limit.cancel());
  const timer = setTimeout(() => limit.cancel(), wordMs);
  try {
    const justification = "To word an answer from the places that Everyline found.";
    const response = await model.sendRequest(messages, { justification }, limit.token);
    yield* response.text;
  } finally {
    clearTimeout(timer);
    cancelled.dispose();
    limit.dispose();
  }
}

function after<T>(ms: number, value: T): Promise<T> {
  return new Promise((resolve) => setTimeout(() => resolve(value), ms));
}

/** package.json says what the code does: commands, settings, views, tools and files agree. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { defaultSettings } from "../server/settings.ts";
import { viewCommands } from "./askMessages.ts";

const root = join(import.meta.dirname, "..");
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const { contributes } = manifest;
const code = readdirSync(import.meta.dirname)
  .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
  .map((name) => readFileSync(join(import.meta.dirname, name), "utf8"))
  .join("\n");

/** Run by the editor after an inline completion was inserted; no person runs it. */
const internal = ["everyline.completionAccepted"];

describe("the manifest's commands", () => {
  const contributed: string[] = contributes.commands.map(({ command }: { command: string }) => command);

  it("are those that the code registers", () => {
    expect([...contributed, ...internal].sort()).toEqual(named(/register(?:Command)?\("(everyline\.\w+)"/g));
  });

  it("are the only ones that menus, keys, texts and the Ask view name", () => {
    const menus = Object.values<{ command: string }[]>(contributes.menus).flat();
    const keys: { command: string }[] = contributes.keybindings;
    const texts = [...JSON.stringify(contributes).matchAll(/\(command:(everyline\.\w+)\)|onCommand:(everyline\.\w+)/g)];
    const used = [...menus, ...keys]
      .map(({ command }) => command)
      .concat(
        texts.map((match) => match[1] ?? match[2] ?? ""),
        viewCommands,
      );
    for (const command of used.filter((one) => one.startsWith("everyline."))) expect([...contributed, ...internal]).toContain(command);
  });
});

describe("the manifest's settings", () => {
  const properties: Record<string, Record<string, unknown>> = Object.assign(
    {},
    ...contributes.configuration.map(({ properties }: { properties: object }) => properties),
  );

  it("have the server's defaults", () => {
    const { "everyline.answers.wording": wording, ...servers } = properties;
    expect(wording?.default).toBe("auto"); // the extension's own
    expect(Object.fromEntries(Object.entries(servers).map(([key, { default: value }]) => [key, value]))).toEqual(
      flat("everyline", defaultSettings),
    );
  });

  it("are described, ordered and scoped", () => {
    for (const property of Object.values(properties)) {
      expect(property).toMatchObject({ markdownDescription: expect.any(String), order: expect.any(Number) });
      expect(["machine", "window", "resource"]).toContain(property.scope);
    }
  });

  it("keep a folder from naming where text is sent", () => {
    const endpoints = ["everyline.answerEndpoint", "everyline.answerModel", "everyline.completion.endpoint", "everyline.completion.model"];
    for (const key of endpoints) expect(properties[key]?.scope).toBe("machine");
  });

  it("that are restricted without trust exist", () => {
    for (const key of manifest.capabilities.untrustedWorkspaces.restrictedConfigurations) expect(Object.keys(properties)).toContain(key);
  });
});

describe("the manifest's parts", () => {
  it("are registered: views, tools, participant, MCP provider", () => {
    const views = Object.values<{ id: string }[]>(contributes.views).flat();
    for (const { id } of [...views, ...contributes.chatParticipants, ...contributes.mcpServerDefinitionProviders])
      expect(code).toContain(`"${id}"`);
    expect(contributes.languageModelTools.map(({ name }: { name: string }) => name).sort()).toEqual(named(/registerTool\("(\w+)"/g));
  });

  it("name files that exist", () => {
    const files = [...JSON.stringify(manifest).matchAll(/"(media\/[^"]+)"/g)].map((match) => match[1] ?? "");
    expect(files.length).toBeGreaterThan(5);
    for (const file of files) expect(existsSync(join(root, file)), file).toBe(true);
  });

  it("need no newer VS Code than the API that is compiled against", () => {
    expect(manifest.engines.vscode).toBe(`^${manifest.devDependencies["@types/vscode"]}`);
    expect(manifest.enabledApiProposals).toBeUndefined();
  });
});

function named(pattern: RegExp): string[] {
  return [...new Set([...code.matchAll(pattern)].map((match) => match[1] ?? ""))].sort();
}

/** { completion: { enabled } } -> { "everyline.completion.enabled": … } */
function flat(prefix: string, value: object): Record<string, unknown> {
  return Object.assign(
    {},
    ...Object.entries(value).map(([key, inner]) =>
      typeof inner === "object" && inner !== null && !Array.isArray(inner)
        ? flat(`${prefix}.${key}`, inner)
        : { [`${prefix}.${key}`]: inner },
    ),
  );
}

/** The memory for any agent in VS Code: an MCP server for each folder, run by VS Code's own Node when an agent wants it. */
import { type Disposable, EventEmitter, type ExtensionContext, lm, McpStdioServerDefinition, workspace } from "vscode";

export function registerMcp(context: ExtensionContext): Disposable[] {
  const changed = new EventEmitter<void>();
  const launcher = context.asAbsolutePath("bin/everyline.mjs");
  const { version } = context.extension.packageJSON as { version: string };
  return [
    changed,
    workspace.onDidChangeWorkspaceFolders(() => changed.fire()),
    lm.registerMcpServerDefinitionProvider("everyline.memory", {
      onDidChangeMcpServerDefinitions: changed.event,
      provideMcpServerDefinitions: () =>
        (workspace.workspaceFolders ?? [])
          .filter(({ uri }) => uri.scheme === "file")
          .map(({ name, uri }) => {
            const environment = { ELECTRON_RUN_AS_NODE: "1" };
            return new McpStdioServerDefinition(
              `Everyline: ${name}`,
              process.execPath,
              [launcher, "mcp", uri.fsPath],
              environment,
              version,
            );
          }),
    }),
  ];
}

/** The language server's door: VS Code starts it with --node-ipc, other clients with --stdio. */
import { createConnection } from "vscode-languageserver/node";
import { surviveErrors } from "./lsp/errors.ts";
import { openFolder } from "./lsp/open.ts";
import { serve } from "./lsp/serve.ts";

const connection = createConnection();
surviveErrors((message) => connection.console.error(message));
// Over IPC the end of the client is a closed channel; over stdio the connection itself notices.
process.on("disconnect", () => process.exit(0));
serve(connection, openFolder);
connection.listen();

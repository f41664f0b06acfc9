/** The HTML of the Ask view: a frame without content; media/ask.js fills it. */
import { randomBytes } from "node:crypto";

export interface PageResources {
  script: string;
  style: string;
  /** Where the webview's own files come from. */
  source: string;
}

export function pageOf({ script, style, source }: PageResources): string {
  const nonce = randomBytes(18).toString("base64url");
  const policy = [
    "default-src 'none'",
    `style-src ${source}`,
    // The script imports markdown.js from beside it: modules that a trusted module imports need their source named.
    `script-src 'nonce-${nonce}' ${source}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="${style}">
<title>Ask Everyline</title>
</head>
<body>
<form id="ask">
  <div id="box">
    <textarea id="question" rows="1" placeholder="Ask about this repository" aria-label="Question about this repository" autocomplete="off" maxlength="2000"></textarea>
    <button id="send" type="submit" title="Ask (Enter)" aria-label="Ask"></button>
  </div>
  <div id="strip"><span id="strip-line"></span><button id="strip-action" type="button" hidden></button><div id="bar" hidden><div></div></div></div>
</form>
<div id="announce" class="unseen" role="status" aria-live="polite"></div>
<section id="welcome" hidden></section>
<main id="turns" aria-label="Answers"></main>
<script type="module" nonce="${nonce}" src="${script}"></script>
</body>
</html>`;
}

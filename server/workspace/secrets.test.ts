import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { redactSecrets } from "./secrets.ts";

const lines = (text: string): number[] => redactSecrets(text).lines;
/** Assembled here, so that no scanner takes this file for a leak. */
const token = (prefix: string, length: number): string => prefix + "a1B2c3D4e5F6g7H8i9J0kLmNoPqRsTuVwXyZ".repeat(4).slice(0, length);
const body = "MIIEpAIBAAKCAQEA7bq98Lk2jH4sT0pQxYzVwUuRrTtSsPpOoNnMmLlKkJjIiHhG";

describe("redactSecrets", () => {
  it.each([
    ["an AWS key id", `id = ${"AKIA"}IOSFODNN7QWERTYZ`],
    ["a GitHub token", `run(${token("ghp_", 36)})`],
    ["a GitLab token", token("glpat-", 20)],
    ["a Slack token", token("xoxb-", 40)],
    ["a JSON web token", `Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.${token("", 30)}`],
    ["an npm token", token("npm_", 36)],
    ["a private key in one string", `key = "-----BEGIN PRIVATE KEY-----\\n${body}\\n-----END PRIVATE KEY-----"`],
    ["a password in an address", "postgres://admin:h7Kw92mQz@db.internal:5432/app"],
    ["a quoted password", 'password: "q8Zr4T!mWx92#LpVd"'],
    ["a quoted secret key", "SECRET_KEY = 'k3j9d8s7f6g5h4j3k2l1mN0pQ'"],
    ["a bare token", "api_key: 9f8e7d6c5b4a39281706f5e4d3c2b1a0"],
    ["an exported secret", "export AWS_SECRET_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYzzQwErTyKE"],
  ])("blanks the line of %s and nothing else", (_name, line) => {
    const { text, lines } = redactSecrets(`before\n${line}\nafter\n`);
    expect(text).toBe("before\n\nafter\n");
    expect(lines).toEqual([2]);
  });

  it("blanks a whole key block, in code, too, and keeps line ends", () => {
    const block = [
      "a",
      "-----BEGIN RSA PRIVATE KEY-----",
      "Proc-Type: 4,ENCRYPTED",
      "",
      body,
      "Ab12+/==",
      "-----END RSA PRIVATE KEY-----",
      "b",
    ];
    expect(redactSecrets(block.join("\r\n")).text).toBe(["a", "", "", "", "", "", "", "b"].join("\r\n"));
    const code = [
      'const key = "-----BEGIN RSA PRIVATE KEY-----\\n" +',
      `  "${body}\\n" +`,
      `  "${body}\\n" +`,
      '  "-----END RSA PRIVATE KEY-----";',
      "next();",
    ];
    expect(lines(code.join("\n"))).toEqual([1, 2, 3, 4]);
  });

  it("does not blank the rest of a file after a key that never ends", () => {
    expect(lines(["-----BEGIN PRIVATE KEY-----", body, body, "function next() {", "  return 1;", "}"].join("\n"))).toEqual([1, 2, 3]);
  });

  it.each([
    ["a header spoken of", 'if (text.startsWith("-----BEGIN PRIVATE KEY-----")) {\n  return parse(text);\n}'],
    ["a name", "const password = form.get('password');"],
    ["a type", "interface Login { user: string; password: string; token?: string }"],
    ["a placeholder", 'password = "your-password-here-please"'],
    ["words", 'token = "the_quick_brown_fox_token"'],
    ["a call", "token: generateToken({ length: 32, charset })"],
    ["a template", `url = "https://$${"{user}"}:$${"{password}"}@host/path"`],
    ["an example address", "postgresql://user:password@localhost/db"],
    ["an environment variable", 'api_key = os.environ["SERVICE_API_KEY_1"]'],
    ["a constant's name", "SECRET_TOKEN = 'X-Amz-Security-Token-2'"],
    ["a path", "secret: '/run/secrets/app/database1.txt'"],
    ["a commit id", "const base = '33850c0ebd23ae615e6823993d441f46d80b1ff0';"],
    ["a digest", '"integrity": "sha512-abcDEF123+/abcDEF123+/abcDEF123+/=="'],
    ["an identifier with sk-", "<div class='task-list-item-is-checked-and-disabled-now'>"],
    ["a port in an address", "http://localhost:8080/path@2x.png"],
    ["an address with a mail address in its query", "https://example.org:443/?mail=a@b.org"],
  ])("leaves %s alone", (_name, text) => {
    expect(redactSecrets(text)).toEqual({ text, lines: [] });
  });

  it("keeps the number of lines and every other line, whatever the text", () =>
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.string({ maxLength: 60 }),
            fc.constantFrom(
              "-----BEGIN PRIVATE KEY-----",
              "-----END PRIVATE KEY-----",
              body,
              'password="q8Zr4T!mWx92#LpVd"',
              token("ghp_", 36),
              "\r",
              "",
            ),
          ),
          { maxLength: 20 },
        ),
        (parts) => {
          const text = parts.join("\n");
          const result = redactSecrets(text);
          const before = text.split("\n");
          const after = result.text.split("\n");
          expect(after.length).toBe(before.length);
          const blanked = new Set(result.lines);
          for (const [index, line] of before.entries())
            expect(after[index]).toBe(blanked.has(index + 1) ? (line.endsWith("\r") ? "\r" : "") : line);
        },
      ),
    ));

  it("finds nothing more in what it has blanked", () =>
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom("a", "", "\r", token("ghp_", 36), 'password="q8Zr4T!mWx92#LpVd"', "http://a:b1c2d3@e")),
        (parts) => {
          const once = redactSecrets(parts.join("\n")).text;
          expect(redactSecrets(once).text).toBe(once);
        },
      ),
    ));

  it("takes linear time on text made to be slow", () => {
    for (const text of [
      `password${" ".repeat(900_000)}`,
      "a://".repeat(250_000),
      "-----BEGIN ".repeat(90_000),
      "eyJ".repeat(300_000),
      "-eyJ".repeat(250_000),
      "ya29.".repeat(200_000),
      `-----BEGIN PRIVATE KEY-----\n${`${"+".repeat(4000)}\n`.repeat(100)}`,
      `${"a".repeat(900_000)}=`,
      "password=".repeat(100_000),
      '"'.repeat(900_000),
    ]) {
      expect(redactSecrets(text).lines).toEqual([]);
    }
  });
});

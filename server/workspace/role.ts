/** What part a file plays in its repository, by its path and its first lines. */
import type { FileRole } from "../index/types.ts";

const vendoredFolder =
  /(?:^|\/)(?:vendor|vendors|vendored|_vendor|_vendored|third[_-]?party|node_modules|bower_components|jspm_packages|godeps|pods|carthage|site-packages|extern|externals)\//i;
const vendoredName =
  /^(?:jquery|bootstrap|modernizr|d3|lodash|underscore|backbone|angular|react|vue|moment|require|prototype|mathjax|htmx)(?:[.-]v?\d[\w.]*)?(?:\.(?:slim|bundle|umd|prod|all))*(?:\.min)?\.(?:js|css)$/i;

const lockNames: ReadonlySet<string> = new Set([
  "bun.lock",
  "cargo.lock",
  "composer.lock",
  "flake.lock",
  "gemfile.lock",
  "go.sum",
  "go.work.sum",
  "gradle.lockfile",
  "mix.lock",
  "npm-shrinkwrap.json",
  "package-lock.json",
  "package.resolved",
  "packages.lock.json",
  "pdm.lock",
  "pipfile.lock",
  "pnpm-lock.yaml",
  "podfile.lock",
  "poetry.lock",
  "pubspec.lock",
  "uv.lock",
  "yarn.lock",
]);
const generatedName =
  /(?:\.min\.(?:js|css|mjs)|\.(?:js|css|ts)\.map|\.pb\.(?:go|cc|h|swift|dart)|_pb2(?:_grpc)?\.pyi?|_pb\.(?:js|d\.ts|rb)|\.g\.(?:dart|cs|i\.cs)|\.freezed\.dart|\.designer\.cs|[._-]generated\.[a-z]+|\.gen\.(?:go|ts|rs)|\.snap|\.ipynb|\.svg|\.[ct]sv|\.jsonl)$|^(?:zz_generated|bindata\.go$)/i;
const generatedFolder = /(?:^|\/)(?:__snapshots__|__generated__|generated|_?dist|\.yarn\/(?:releases|plugins|cache))\//i;
/** Only compiled languages' output is expected in a "dist" folder. */
const distributed = /(?:^|\/)_?dist\/.*\.(?:[cm]?js|css|map|d\.ts|html)$/i;
const generatedMark =
  /@generated\b|\bdo not (?:edit|modify)\b|\bcode generated\b|<auto-?generated|\bauto-?(?:matically )?generated\b|\bgenerated (?:automatically|by (?:the )?(?:protocol|protoc|swagger|openapi|antlr|bison|flex|swig|cython|autoconf|automake|thrift|sqlc|mockgen|wire|stringer|ent|bindgen|cmake))/i;
const commentLine = /^\s*(?:\/\/|\/\*|\*|#|--|;|<!--|%|"""|'''|\{-|\(\*|REM\b)/i;

const testFolder =
  /(?:^|\/)(?:tests?|__tests?__|specs?|testdata|test[_-]?(?:data|suite|utils|helpers|fixtures|cases)|testing|fixtures?|__fixtures__|__mocks__|mocks|e2e|cypress|integration[_-]tests?|unit[_-]?tests?|benches|bench|benchmarks?|src\/(?:test|it|androidTest))\//i;
const testName =
  /^(?:test_.*\.pyi?|conftest\.py|tests?\.(?:py|rs|ts|js|go|rb|php)|.*_tests?\.(?:go|py|rs|c|cc|cpp|rb|exs?|erl|dart|lua|jl|zig|php|ml|el)|.*_spec\.(?:rb|lua|cr)|.*[._-](?:test|spec|tests|bench|e2e|cy|stories)\.[cm]?[jt]sx?|.*\.(?:test|spec)\.(?:vue|svelte|php)|.*[a-z0-9](?:Tests?|TestCase|IT|Spec|Benchmark)\.(?:java|kt|scala|cs|groovy|swift|php|fs|hs|m|mm|cpp)|.*_(?:benchmark|bench)\.(?:py|rb|cc|go)|.*\.(?:bats|t))$/;
const exampleFolder =
  /(?:^|\/)(?:examples?|_examples?|samples?|demos?|tutorials?|playgrounds?|cookbook|recipes|snippets|docs?_src|quickstarts?|getting[_-]started|starters?|templates?\/(?:examples?|starters?))\//i;
const exampleName = /^(?:examples?|demo|sample)[._-].*|^example_test\.go$|.*[._-](?:example|sample)\.[a-z]+$/i;

const documentName =
  /^(?:readme|changelog|changes|history|news|licen[cs]e|copying|notice|authors|contributors|contributing|maintainers|code_of_conduct|security|support|todo|install|upgrading|migration|release[_-]?notes|roadmap|faq|governance)(?:[._-].*)?$/i;
/** A name from the list above with one of these endings is code about the thing. */
const codeEnding =
  /\.(?:[cm]?[jt]sx?|go|py|rs|java|kt|rb|php|cs|c|cc|cpp|h|hpp|swift|scala|sql|sh|exs?|dart|lua|vue|svelte|hs|ml|zig|s?css)$/i;
const documentEnding = /\.(?:md|mdx|markdown|rst|adoc|asciidoc|txt|tex|texi|org|pod|rdoc|textile|man|[1-8])$/i;
const documentFolder = /(?:^|\/)(?:docs?|documentation|_?posts|man|manual|wiki)\//i;
const documentPage = /\.(?:html?|css|scss|json|ya?ml|py|js|ts|toml|inc)$/i;

const configurationName =
  /^(?:\.[\w.-]+|dockerfile(?:\..*)?|containerfile|.*\.dockerfile|docker-compose.*|makefile(?:\..*)?|gnumakefile|cmakelists\.txt|requirements.*\.txt|constraints.*\.txt|go\.(?:mod|work)|gemfile|rakefile|podfile|jenkinsfile|justfile|procfile|vagrantfile|brewfile|build(?:\.bazel)?|workspace(?:\.bazel)?|meson\.build|configure(?:\.ac|\.in)?|setup\.(?:py|cfg)|codeowners|robots\.txt|manifest\.in|.*[.-]config\.[cm]?[jt]s|(?:gulp|grunt)file\..*|.*\.(?:json|json5|jsonc|ya?ml|toml|ini|cfg|conf|properties|xml|plist|editorconfig|gradle|gradle\.kts|cmake|mk|sbt|csproj|fsproj|vbproj|sln|props|targets|nix|tf|hcl|bzl|cabal|gemspec|podspec|lock|po|pot|service|desktop|in|am|ac))$/i;
const configurationFolder = /^(?:\.[\w-]+)\//;

/** Large data files of JSON or XML are tables, not settings. */
const largestSettings = 200_000;

/** The role of the file at `path` ("/" between names) with this text. Vendored beats generated, generated beats what folder it is in. */
export function fileRole(path: string, text: string): FileRole {
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (vendoredFolder.test(path) || vendoredName.test(name)) return "vendored";
  if (isGenerated(path, name, text)) return "generated";
  if (testFolder.test(path) || testName.test(name)) return "test";
  if (exampleFolder.test(path) || exampleName.test(name)) return "example";
  if (configurationName.test(name)) return documentFolder.test(path) && documentPage.test(name) ? "documentation" : "configuration";
  if ((documentName.test(name) && !codeEnding.test(name)) || documentEnding.test(name)) return "documentation";
  if (documentFolder.test(path) && documentPage.test(name)) return "documentation";
  if (configurationFolder.test(path)) return "configuration";
  return "source";
}

function isGenerated(path: string, name: string, text: string): boolean {
  if (lockNames.has(name.toLowerCase()) || generatedName.test(name)) return true;
  if (distributed.test(path) || (generatedFolder.test(path) && !/(?:^|\/)_?dist\//i.test(path))) return true;
  if (/\.(?:json|xml|geojson|ya?ml)$/i.test(name) && text.length > largestSettings) return true;
  if (/\.(?:[cm]?js|css)$/i.test(name) && isMinified(text)) return true;
  return hasMark(text);
}

/** A mark counts in a comment among the first lines: code that writes or looks for the mark has it elsewhere. */
function hasMark(text: string): boolean {
  const head = text.slice(0, 3000);
  if (!generatedMark.test(head)) return false;
  return head.split("\n", 20).some((line) => commentLine.test(line) && generatedMark.test(line));
}

/** Code without line breaks: over 250 characters a line on average. */
function isMinified(text: string): boolean {
  if (text.length < 2000) return false;
  let lines = 1;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) lines++;
  return text.length / lines > 250;
}

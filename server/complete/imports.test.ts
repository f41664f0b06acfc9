import { describe, expect, it } from "vitest";
import type { DocumentRow } from "../index/types.ts";
import { FileNames, importedNames } from "./imports.ts";

const paths = [
  "src/utils/crypto.ts",
  "lib/utils/crypto.ts",
  "src/middleware/cache/index.ts",
  "util/coding.h",
  "src/_pytest/assertion/truncate.py",
  "src/_pytest/assertion/compare_text.py",
  "common/src/main/java/io/netty/util/internal/ObjectUtil.java",
  "src/util/cache.rs",
  "modules/caddytls/tls.go",
  "modules/caddytls/automation.go",
  "src/Illuminate/Foundation/Bootstrap/LoadConfiguration.php",
];
const files = new FileNames(paths.map((path, id) => ({ id, path, role: "source" }) as DocumentRow));
const meant = (statement: string, from: string) => files.meant(statement, from).map(({ path }) => path);

describe("FileNames", () => {
  it.each([
    ["import { sha256 } from '../../utils/crypto'", "src/middleware/cache/x.ts", "src/utils/crypto.ts"],
    ['import { cache } from "./middleware/cache"', "src/app.ts", "src/middleware/cache/index.ts"],
    ['#include "util/coding.h"', "table/block.cc", "util/coding.h"],
    ["from .compare_text import _notin_text", "src/_pytest/assertion/util.py", "src/_pytest/assertion/compare_text.py"],
    ["from _pytest.assertion import truncate", "src/_pytest/main.py", "src/_pytest/assertion/truncate.py"],
    ["import io.netty.util.internal.ObjectUtil;", "A.java", "common/src/main/java/io/netty/util/internal/ObjectUtil.java"],
    [
      "import static io.netty.util.internal.ObjectUtil.checkPositive;",
      "A.java",
      "common/src/main/java/io/netty/util/internal/ObjectUtil.java",
    ],
    ["use crate::util::cache::{Entry, Store};", "src/main.rs", "src/util/cache.rs"],
    ["use Illuminate\\Foundation\\Bootstrap\\LoadConfiguration;", "a.php", "src/Illuminate/Foundation/Bootstrap/LoadConfiguration.php"],
  ])("%s", (statement, from, path) => {
    expect(meant(statement, from)[0]).toBe(path);
  });

  it("takes a folder's files where a package is imported", () => {
    expect(meant('import "github.com/caddyserver/caddy/v2/modules/caddytls"', "modules/caddyhttp/app.go")).toEqual(
      ["modules/caddytls/automation.go", "modules/caddytls/tls.go"].reverse(),
    );
  });

  it("means nothing of the repository by what is not there", () => {
    expect(meant("import React from 'react'", "src/a.ts")).toEqual([]);
    expect(meant("#include <vector>", "a.cc")).toEqual([]);
  });

  it("lists the files beside a file", () => {
    expect(files.beside("modules/caddytls/tls.go").map(({ path }) => path)).toEqual(["modules/caddytls/automation.go"]);
  });
});

describe("importedNames", () => {
  it("are those that the file can write, not the words of paths", () => {
    expect(importedNames("import type { A, b as c } from './utils/x'")).toEqual(["A", "b", "c"]);
    expect(importedNames("const { d } = require('./d')")).toEqual(["d"]);
    expect(importedNames("import io.netty.util.ObjectUtil;")).toEqual(["ObjectUtil"]);
    expect(importedNames('#include "util/coding.h"')).toEqual([]);
  });
});

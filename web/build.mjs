// Bundles the dashboard and writes its files, packed, as a C++ source (src/gateway/page_files.h).
//
// usage: node build.mjs --files FOLDER [--source FILE]     the files themselves, and the source with all of them
//        node build.mjs --tests FOLDER                     the tests, for node --test
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import * as esbuild from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const types = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
  txt: "text/plain; charset=utf-8",
};
const bundled = ["preact", "uplot"];

/** Of all files together, packed. */
const most_bytes = 300 * 1024;

/** Path and bytes of each file of the page. */
export async function page_files() {
  const result = await esbuild.build({
    entryPoints: { app: join(here, "src/main.tsx") },
    absWorkingDir: here,
    bundle: true,
    write: false,
    outdir: "/",
    minify: true,
    format: "esm",
    target: ["chrome111", "firefox113", "safari16.4"],
    jsx: "automatic",
    jsxImportSource: "preact",
    legalComments: "none",
    logLevel: "warning",
  });
  const files = result.outputFiles.map((file) => ({
    path: "/" + file.path.split("/").pop(),
    bytes: Buffer.from(file.contents),
  }));
  for (const name of ["index.html", "icon.svg"])
    files.push({ path: "/" + name, bytes: readFileSync(join(here, "src", name)) });
  const licences = bundled.map(
    (name) => `${name}\n\n${readFileSync(join(here, "node_modules", name, "LICENSE"), "utf8")}`,
  );
  files.push({ path: "/licences.txt", bytes: Buffer.from("The page contains:\n\n" + licences.join("\n\n")) });
  return files.sort((a, b) => (a.path < b.path ? -1 : 1)).map(packed);
}

function packed(file) {
  const etag = '"' + createHash("sha256").update(file.bytes).digest("hex").slice(0, 20) + '"';
  return { ...file, type: types[file.path.split(".").pop()], etag, gzip: gzipSync(file.bytes, { level: 9 }) };
}

// Texts of escapes compile in no time, where arrays of numbers take seconds.
function cpp_text(bytes) {
  let text = "";
  for (const byte of bytes) text += "\\x" + byte.toString(16).padStart(2, "0");
  return `"${text}"`;
}

function cpp_source(files) {
  const rows = files.map(
    (file) =>
      `    {"${file.path}", "${file.type}", ${JSON.stringify(file.etag)},\n     {${cpp_text(file.gzip)}, ${file.gzip.length}}},\n`,
  );
  return `// Written by web/build.mjs.
#include "gateway/page_files.h"

namespace gangline {
namespace {

constexpr PageFile files[] = {
${rows.join("")}};

}  // namespace

std::span<const PageFile> page_files() { return files; }

}  // namespace gangline
`;
}

async function build_tests(folder) {
  const tests = readdirSync(join(here, "tests")).filter((name) => name.endsWith(".ts"));
  await esbuild.build({
    entryPoints: tests.map((name) => join(here, "tests", name)),
    absWorkingDir: here,
    bundle: true,
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    format: "esm",
    platform: "node",
    target: "node18",
    packages: "external",
    sourcemap: "inline",
    logLevel: "warning",
  });
}

function option(name) {
  const at = process.argv.indexOf(name);
  return at < 0 ? undefined : process.argv[at + 1];
}

async function main() {
  const tests = option("--tests");
  if (tests) return build_tests(tests);
  const folder = option("--files");
  const source = option("--source");
  const files = await page_files();
  if (folder) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    for (const file of files) writeFileSync(join(folder, file.path), file.bytes);
  }
  if (source) writeFileSync(source, cpp_source(files));
  const sum = files.reduce((bytes, file) => bytes + file.gzip.length, 0);
  if (sum > most_bytes) throw new Error(`the page has ${sum} bytes packed; the most is ${most_bytes}`);
  console.log(
    `dashboard: ${files.map((file) => `${file.path.slice(1)} ${file.gzip.length}`).join(", ")}; ${sum} bytes packed`,
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();

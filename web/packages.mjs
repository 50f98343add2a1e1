// Fetches the npm packages that package-lock.json names, unless they are there.
//
// usage: node packages.mjs [--tests]     --tests: those that only tests use as well
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const mark = join(here, "node_modules", ".fetched");
const lock = createHash("sha256")
  .update(readFileSync(join(here, "package-lock.json")))
  .digest("hex");
const wanted = process.argv.includes("--tests") ? "tests" : "build";

const [there, kind] = existsSync(mark) ? readFileSync(mark, "utf8").split(" ") : [];
if (there !== lock || (wanted === "tests" && kind !== "tests")) {
  console.log("dashboard: fetching its npm packages");
  const words = ["ci", "--ignore-scripts", "--loglevel=error"];
  if (wanted === "build") words.push("--omit=dev");
  const npm = spawnSync("npm", words, { cwd: here, stdio: ["ignore", "ignore", "inherit"] });
  if (npm.status !== 0) {
    console.error("dashboard: npm could not fetch them; -DGANGLINE_WEB=OFF builds without the dashboard");
    process.exit(1);
  }
  writeFileSync(mark, `${lock} ${wanted}`);
}

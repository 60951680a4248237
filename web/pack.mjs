// Make the npm package of the reader, as the page has it: `node pack.mjs [FOLDER]`, by default in build/npm. The page must
// have been built, and `npm run check` must have installed TypeScript.
import { execFileSync } from "node:child_process";
import { cpSync, rmSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

const WEB = fileURLToPath(new URL(".", import.meta.url));
const PAGE = fileURLToPath(new URL("../src/tenfold/serve/page/", import.meta.url));
const FOLDER = resolve(process.argv[2] ?? `${WEB}../build/npm`);
const PACKAGE = `${FOLDER}/tenfold-reader`;

rmSync(PACKAGE, { recursive: true, force: true });
cpSync(`${PAGE}reader`, PACKAGE, { recursive: true });
for (const name of ["package.json", "README.md"]) cpSync(`${WEB}reader/${name}`, `${PACKAGE}/${name}`);
cpSync(`${WEB}../LICENSE`, `${PACKAGE}/LICENSE`);

// of the modules that the package's users call, and what these import, but LiteRT.js, whose own names types would need
const types = ["--declaration", "--emitDeclarationOnly", "--allowJs", "--target", "es2023", "--lib", "es2023,dom"];
run(`${WEB}node_modules/.bin/tsc`, ...types, "--module", "es2022", "--moduleResolution", "bundler", "index.js");
run("npm", "pack", "--silent", "--pack-destination", FOLDER);

function run(command, ...options) {
  execFileSync(command, options, { cwd: PACKAGE, stdio: "inherit" });
}

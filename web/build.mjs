// Put the page together in src/tenfold/serve/page: these files, LiteRT.js, the networks from src/tenfold/models/shipped,
// the constants from src/tenfold/base, and the recipe `browser` and the arithmetic of the page that learns.
import asc from "assemblyscript/asc";
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parse } from "smol-toml";

const PAGE = fileURLToPath(new URL("../src/tenfold/serve/page/", import.meta.url));
const SHIPPED = fileURLToPath(new URL("../src/tenfold/models/shipped/", import.meta.url));
const CONSTANTS = new URL("../src/tenfold/base/constants.json", import.meta.url);
const RECIPE = new URL("../src/tenfold/recipes/browser.toml", import.meta.url);
const PROJECT = new URL("../pyproject.toml", import.meta.url);
const WEB = fileURLToPath(new URL(".", import.meta.url));
const LITERT = `${WEB}node_modules/@litertjs/`;
// LiteRT.js takes the first where the browser has relaxed SIMD, the second elsewhere
const RUNTIMES = ["litert_wasm_internal", "litert_wasm_compat_internal"];

rmSync(PAGE, { recursive: true, force: true });
mkdirSync(PAGE, { recursive: true });

for (const name of readdirSync(WEB)) {
  const isSource = /\.(html|css|js|svg|png|jpg|webmanifest)$/.test(name) || ["reader", "learn", "languages"].includes(name);
  if (isSource) cpSync(WEB + name, PAGE + name, { recursive: true, filter: (file) => !/\.(ts|md)$|package\.json$/.test(file) });
}

// a script, because not all browsers import JSON
writeFileSync(`${PAGE}reader/constants.js`, `export default ${readFileSync(CONSTANTS, "utf8")}`);

writeFileSync(`${PAGE}learn/recipe.js`, `export default ${JSON.stringify(parse(readFileSync(RECIPE, "utf8")))}`);
await compileKernels("kernels", ["simd"]);
await compileKernels("kernels-relaxed", ["simd", "relaxed-simd"]);

const [, repository] = readFileSync(PROJECT, "utf8").match(/^Repository = "(.*)"$/m);
const index = readFileSync(`${PAGE}index.html`, "utf8");
writeFileSync(`${PAGE}index.html`, index.replace('href="REPOSITORY"', `href="${repository}"`));

// where the npm package finds it, too: LiteRT.js' package beside the reader
for (const name of RUNTIMES.flatMap((runtime) => [`${runtime}.js`, `${runtime}.wasm`])) {
  cpSync(`${LITERT}core/wasm/${name}`, `${PAGE}@litertjs/core/wasm/${name}`);
}
cpSync(`${WEB}litert-license.txt`, `${PAGE}reader/litert-license.txt`);
writeFileSync(`${PAGE}reader/litert.js`, adaptLiteRt(readFileSync(`${LITERT}core/dist/index.js`, "utf8")));

cpSync(`${SHIPPED}reader-int8.tflite`, `${PAGE}reader/model.tflite`);
cpSync(`${SHIPPED}text-lines-int8.tflite`, `${PAGE}reader/text-lines.tflite`);
cpSync(`${SHIPPED}ink-int8.tflite`, `${PAGE}reader/ink.tflite`);
cpSync(`${SHIPPED}thresholds.json`, `${PAGE}reader/thresholds.json`);
cpSync(`${SHIPPED}reader.safetensors`, `${PAGE}reader.safetensors`);

// of what is loaded before anything is read, so that the page can say how much has come
const sizes = [...RUNTIMES.map((runtime) => `@litertjs/core/wasm/${runtime}.wasm`), "reader/model.tflite", "reader/text-lines.tflite"].map((name) => [name, statSync(PAGE + name).size]);
writeFileSync(`${PAGE}sizes.js`, `export default ${JSON.stringify(Object.fromEntries(sizes))};\n`);

// the service worker keeps every file, the index as ./, but of the runtimes the one that the browser needs, and the
// weights when they are first asked for
const files = readdirSync(PAGE, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => `${entry.parentPath}/${entry.name}`.replaceAll("\\", "/").replaceAll("//", "/"))
  .sort();
const version = createHash("sha256");
for (const file of files) version.update(readFileSync(file));
const kept = files
  .map((file) => file.slice(PAGE.length))
  .filter((file) => !/^service-worker\.js$|^index\.html$|license|_internal\.|\.safetensors$|languages/.test(file));
const constants = `const VERSION = "${version.digest("hex").slice(0, 16)}";\nconst FILES = ${JSON.stringify(kept)};\n`;
writeFileSync(`${PAGE}service-worker.js`, constants + readFileSync(`${PAGE}service-worker.js`, "utf8"));
console.log(`${files.length} files in ${PAGE}`);

/** Compile learn/kernels.ts for browsers with some features of WebAssembly. */
async function compileKernels(name, features) {
  const options = ["--optimizeLevel", "3", "--noAssert", "--runtime", "stub", "--disableWarning", "201"];
  const enabled = features.flatMap((feature) => ["--enable", feature]);
  const files = [`${WEB}learn/kernels.ts`, "--outFile", `${PAGE}learn/${name}.wasm`];
  const { error, stderr } = await asc.main([...files, ...options, ...enabled]);
  if (error) throw new Error(stderr.toString(), { cause: error });
}

/**
 * LiteRT.js' module, started by runtime.js, which all browsers, workers and Node can load by its address; and without a
 * graphics processor, which networks as small as these have no use for.
 */
function adaptLiteRt(script) {
  const changes = [
    ['from "@litertjs/wasm-utils"', 'from "./runtime.js"'],
    ["await Environment.create()", "await Environment.create({ webGpuDevice: null })"],
    ["//# sourceMappingURL=index.js.map", ""],
  ];
  for (const [from, to] of changes) {
    if (script.split(from).length !== 2) throw new Error(`LiteRT.js has not one ${from}`);
    script = script.replace(from, to);
  }
  return `// LiteRT.js, see litert-license.txt, with changes by tenfold in how it starts\n${script}`;
}

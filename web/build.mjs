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
mkdirSync(`${PAGE}litert`, { recursive: true });

for (const name of readdirSync(WEB)) {
  const isSource = /\.(html|css|js|svg|png|jpg|webmanifest)$/.test(name) || ["reader", "learn"].includes(name);
  if (isSource) cpSync(WEB + name, PAGE + name, { recursive: true, filter: (file) => !file.endsWith(".ts") });
}

// a script, because not all browsers import JSON
writeFileSync(`${PAGE}reader/constants.js`, `export default ${readFileSync(CONSTANTS, "utf8")}`);

writeFileSync(`${PAGE}learn/recipe.js`, `export default ${JSON.stringify(parse(readFileSync(RECIPE, "utf8")))}`);
await compileKernels("kernels", ["simd"]);
await compileKernels("kernels-relaxed", ["simd", "relaxed-simd"]);

const [, repository] = readFileSync(PROJECT, "utf8").match(/^Repository = "(.*)"$/m);
const index = readFileSync(`${PAGE}index.html`, "utf8");
writeFileSync(`${PAGE}index.html`, index.replace('href="REPOSITORY"', `href="${repository}"`));

for (const runtime of RUNTIMES) {
  for (const ending of [".js", ".wasm"]) cpSync(`${LITERT}core/wasm/${runtime}${ending}`, `${PAGE}litert/${runtime}${ending}`);
}
copyScript("core/dist/index.js", "litert.js");
copyScript("wasm-utils/dist/index.js", "wasm-utils.js");
cpSync(`${WEB}litert-license.txt`, `${PAGE}litert/LICENSE.txt`);

cpSync(`${SHIPPED}reader-int8.tflite`, `${PAGE}model.tflite`);
cpSync(`${SHIPPED}text-lines-int8.tflite`, `${PAGE}text-lines.tflite`);
cpSync(`${SHIPPED}ink-int8.tflite`, `${PAGE}ink.tflite`);
for (const name of ["reader.safetensors", "thresholds.json"]) cpSync(SHIPPED + name, PAGE + name);

// of what is loaded before anything is read, so that the page can say how much has come
const sizes = [...RUNTIMES.map((runtime) => `litert/${runtime}.wasm`), "model.tflite", "text-lines.tflite"].map((name) => [name, statSync(PAGE + name).size]);
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
  .filter((file) => !/^service-worker\.js$|^index\.html$|LICENSE|_internal\.|\.safetensors$/.test(file));
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

/** Copy a module of LiteRT.js, whose import by name a browser would not find. */
function copyScript(source, name) {
  const script = readFileSync(LITERT + source, "utf8")
    .replace('from "@litertjs/wasm-utils"', 'from "./wasm-utils.js"')
    .replace(/\/\/# sourceMappingURL=.*/, "");
  writeFileSync(`${PAGE}litert/${name}`, script);
}

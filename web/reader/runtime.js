/**
 * Starting LiteRT.js' WebAssembly: in a page, in workers of both kinds, and in Node.
 *
 * The build puts this in the place of `@litertjs/wasm-utils`, which adds a script element to the page or calls
 * `importScripts`; module workers and Node have neither.
 */

// Beside this package, where npm puts it. Written out in full, because that is what bundlers look for.
const FILES = {
  "litert_wasm_internal.js": new URL("../@litertjs/core/wasm/litert_wasm_internal.js", import.meta.url),
  "litert_wasm_internal.wasm": new URL("../@litertjs/core/wasm/litert_wasm_internal.wasm", import.meta.url),
  "litert_wasm_compat_internal.js": new URL("../@litertjs/core/wasm/litert_wasm_compat_internal.js", import.meta.url),
  "litert_wasm_compat_internal.wasm": new URL("../@litertjs/core/wasm/litert_wasm_compat_internal.wasm", import.meta.url),
};

/** One of Node's own modules; taken so, no bundler looks for it. */
export const nodeModule = (name) => host.process.getBuiltinModule(`node:${name}`);

const host = /** @type {any} */ (globalThis);
/** @type {(options: object) => Promise<object>} what the script defines */
let factory;

/**
 * What LiteRT.js calls to load its WebAssembly.
 *
 * @template T
 * @param {new (module: object) => T} LiteRt
 * @param {string} script the name of one of the scripts in `FILES`
 * @returns {Promise<T>}
 * @throws {Error} if the script is not there
 */
export async function createWasmLib(LiteRt, script) {
  const url = FILES[script];
  const isFile = url.protocol === "file:"; // in Node
  try {
    await (isFile ? evaluate(url) : load(url));
  } catch (cause) {
    throw new Error(`${url}: LiteRT.js did not load; is @litertjs/core there? (${cause.message})`, { cause });
  }
  const locateFile = (name) => (isFile ? nodeModule("url").fileURLToPath(FILES[name]) : FILES[name].href);
  // printErr is where LiteRT writes what it does; what goes wrong, it throws
  return new LiteRt(await factory({ locateFile, printErr: () => {} }));
}

/** The script is no module, but gives what it defines to the `define` of an AMD loader. */
async function load(url) {
  const { define } = host;
  host.define = Object.assign((_, make) => (factory = make()), { amd: true });
  try {
    await import(/* @vite-ignore */ /* webpackIgnore: true */ url.href);
  } finally {
    if (define) host.define = define;
    else delete host.define;
  }
}

/** Node takes every script in LiteRT.js' package for a module: run this one as what it is, CommonJS. */
async function evaluate(url) {
  const path = nodeModule("url").fileURLToPath(url);
  const code = await nodeModule("fs/promises").readFile(path, "utf8");
  const module = { exports: /** @type {any} */ ({}) };
  const run = new Function("require", "module", "exports", "__filename", "__dirname", code);
  run(nodeModule("module").createRequire(url), module, module.exports, path, nodeModule("path").dirname(path));
  factory = module.exports;
}

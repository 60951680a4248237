// Keeps the page for use without a network. VERSION and FILES stand above this, written by build.mjs.

const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));
const CACHE = `tenfold-${VERSION}`;
const runtime = new URL(worker.location.href).searchParams.get("runtime"); // of LiteRT.js, the one this browser needs

worker.addEventListener("install", (event) => event.waitUntil(keepAll()));

/** Keep every file; if the network is lost on the way, what has come stays, and the next try goes on from there. */
async function keepAll() {
  const cache = await caches.open(CACHE);
  const files = ["./", ...FILES, ...["js", "wasm"].map((ending) => `@litertjs/core/wasm/${runtime}.${ending}`)];
  const keep = async (file) => {
    if (await cache.match(file)) return;
    await cache.add(new Request(file, { cache: "no-cache" })); // asks whether what the browser has is still right
  };
  await Promise.all(files.map(keep));
}

// a new version waits until the page asks for it, or is closed: its files must not meet those of the old one
worker.addEventListener("message", ({ data }) => {
  if (data === "take over") worker.skipWaiting();
});

worker.addEventListener("activate", (event) => {
  event.waitUntil(
    (async () => {
      for (const name of await caches.keys()) {
        if (name.startsWith("tenfold-") && name !== CACHE) await caches.delete(name);
      }
      await worker.clients.claim();
    })(),
  );
});

worker.addEventListener("fetch", (event) => {
  if (event.request.method === "GET") event.respondWith(answer(event.request));
});

/** From what is kept, else from the network; the weights for the look inside, and a language, are kept once asked for. */
async function answer(request) {
  const cache = await caches.open(CACHE);
  const kept = await cache.match(request, { ignoreSearch: true });
  if (kept) return kept;
  const response = await fetch(request);
  if (response.ok && /\.safetensors$|languages\//.test(request.url)) cache.put(request, response.clone()).catch(() => {});
  return response;
}

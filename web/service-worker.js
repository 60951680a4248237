// Keeps the page for use without a network. VERSION and FILES stand above this, written by build.mjs.

const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));
const CACHE = `tenfold-${VERSION}`;
const runtime = new URL(worker.location.href).searchParams.get("runtime"); // of LiteRT.js, the one this browser needs

worker.addEventListener("install", (event) => {
  const files = ["./", ...FILES, `litert/${runtime}.js`, `litert/${runtime}.wasm`];
  const fresh = files.map((file) => new Request(file, { cache: "no-cache" })); // asks whether what it has is still right
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(fresh)));
  worker.skipWaiting();
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
  if (event.request.method !== "GET") return;
  event.respondWith(
    caches
      .open(CACHE)
      .then((cache) => cache.match(event.request, { ignoreSearch: true }))
      .then((kept) => kept ?? fetch(event.request)),
  );
});

// MNIST, from the files in which it was published: gzip, and inside it the IDX format.

const FILES = {
  trainImages: "train-images-idx3-ubyte.gz",
  trainLabels: "train-labels-idx1-ubyte.gz",
  testImages: "t10k-images-idx3-ubyte.gz",
  testLabels: "t10k-labels-idx1-ubyte.gz",
};
const BYTES = 11_594_722; // of all four
const CACHE = "mnist"; // apart from the page's, which every new version replaces
const GZIP = [0x1f, 0x8b]; // how such a file begins

/** @typedef {{trainImages: Uint8Array, trainLabels: Uint8Array, testImages: Uint8Array, testLabels: Uint8Array}} Digits */

/**
 * Load the 60,000 images to learn from and the 10,000 to test with.
 *
 * @param {(share: number) => void} tell called with the share that has come, 0 to 1
 * @returns {Promise<Digits>} pixels and labels, one after the other
 */
export async function loadDigits(tell) {
  let received = 0;
  const count = (bytes) => tell(Math.min(1, (received += bytes) / BYTES));
  const load = async ([name, file]) => [name, await loadIdx(file, count)];
  return Object.fromEntries(await Promise.all(Object.entries(FILES).map(load)));
}

async function loadIdx(file, count) {
  let content = await fetchOnce(new URL(`../mnist/${file}`, import.meta.url), count);
  const start = new Uint8Array(await content.slice(0, 2).arrayBuffer());
  if (GZIP.every((byte, i) => start[i] === byte)) {
    // where the server has not let the browser do that
    content = await new Response(content.stream().pipeThrough(new DecompressionStream("gzip"))).blob();
  }
  const bytes = new Uint8Array(await content.arrayBuffer());
  const dimensions = bytes[3];
  const sizes = Array.from({ length: dimensions }, (_, i) => new DataView(bytes.buffer).getUint32(4 + 4 * i));
  const values = bytes.subarray(4 + 4 * dimensions);
  if (values.length !== sizes.reduce((a, b) => a * b)) throw new Error(`${file} is damaged`);
  return values;
}

/** A file, which is kept for use without a network. */
async function fetchOnce(url, count) {
  const cache = await self.caches?.open(CACHE).catch(() => undefined); // some browsers keep nothing in private windows
  const response = (await cache?.match(url)) ?? (await fetch(url));
  if (!response.ok || !response.body) throw new Error(`${url.pathname}: ${response.status} ${response.statusText}`);
  const parts = [];
  for (const reader = response.body.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) break;
    count(value.length);
    parts.push(value);
  }
  const content = new Blob(parts);
  cache?.put(url, new Response(content)).catch(() => {}); // without room for it, the page works all the same
  return content;
}

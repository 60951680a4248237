// Reads pictures away from the page, which stays responsive. A classic worker, because LiteRT.js calls importScripts.

const ready = Promise.all([import("./model.js"), import("./reader/index.js")]).then(
  async ([{ loadModel }, { Reader }]) => {
    const { classify, runtime } = await loadModel();
    return { reader: new Reader(classify), runtime };
  },
);

ready.then(
  ({ runtime }) => self.postMessage({ runtime }),
  (error) => self.postMessage({ failure: error.message }),
);

self.addEventListener("message", async ({ data: { id, picture } }) => {
  try {
    const { reader } = await ready;
    self.postMessage({ id, ...(await reader.read(picture)) });
  } catch (error) {
    self.postMessage({ id, error: error.message });
  }
});

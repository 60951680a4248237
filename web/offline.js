// The page without a network: kept by the service worker, and replaced by a new version only when asked.

const RETRY = 30_000; // milliseconds after which a page that could not be kept is tried again

/**
 * Keep the page for use without a network, and say when it is; if the network is lost on the way, try again.
 *
 * @param {string} runtime the name of the WebAssembly files that this browser needs
 * @param {(text: string) => void} tell called with how far it is
 * @param {(take: () => void) => void} offer called when there is a new version, with what to call to use it
 */
export async function keepOffline(runtime, tell, offer) {
  const container = navigator.serviceWorker;
  if (!container) return tell("This browser needs a connection to open the page.");
  watch(container, offer);
  while (true) {
    try {
      const registration = await container.register(`service-worker.js?runtime=${runtime}`);
      if (!registration.active) tell("Being kept for use without a connection…");
      await settled(registration);
      if (registration.active) break;
      tell("Not yet kept for use without a connection: some files did not come. Trying again soon.");
    } catch {
      tell("Not kept for use without a connection: this browser does not allow it, or there is none.");
    }
    await new Promise((resolve) => {
      addEventListener("online", resolve, { once: true });
      setTimeout(resolve, RETRY);
    });
  }
  tell("Ready for use without a connection.");
}

/** Wait until a worker that is being installed has been, or has failed. */
async function settled(registration) {
  const fresh = registration.installing ?? registration.waiting;
  while (fresh && !registration.active && fresh.state !== "redundant") {
    await new Promise((resolve) => fresh.addEventListener("statechange", resolve, { once: true }));
  }
}

/** Offer a new version, whether it waits or another tab has taken it. */
async function watch(container, offer) {
  const isUpdate = () => Boolean(container.controller);
  let isTaken = false;
  let hadOne = isUpdate();
  container.addEventListener("controllerchange", () => {
    if (isTaken) location.reload();
    else if (hadOne) offer(() => location.reload());
    hadOne = true;
  });
  const registration = await container.ready;
  const offerWaiting = () => {
    const { waiting } = registration;
    if (!waiting || !isUpdate()) return;
    offer(() => {
      isTaken = true;
      waiting.postMessage("take over");
    });
  };
  offerWaiting();
  registration.addEventListener("updatefound", () => {
    const fresh = registration.installing;
    fresh?.addEventListener("statechange", () => fresh.state === "installed" && offerWaiting());
  });
}

// Reads away from the page, which stays responsive.

const SELDOM = 100; // milliseconds; while a stroke goes on, an answer comes as often, although something newer waits
const PATIENCE = 100; // milliseconds; what was drawn while the page was loading is read first
// A 3 on the pad, and from one to the next that touches it
const [THREE, ASIDE] = [[[260, 160], [330, 110], [390, 170], [320, 270], [400, 350], [330, 440], [240, 390]], 150];

const modules = ["./progress.js", "./reader/networks.js", "./reader/index.js", "./reader/adaptation.js"];
const ready = Promise.all(modules.map((name) => import(name))).then(
  async ([{ watchLoading }, { loadNetworks }, { Reader }, { Adaptation }]) => {
    const runtime = await watchLoading((loaded) => self.postMessage({ loaded }));
    const { classify, classifyLine, classifyInk, thresholds } = await loadNetworks();
    const inTurn = (network) => async (pixels) => {
      await turn();
      return network(pixels);
    };
    const networks = {
      classify: inTurn(classify),
      classifyLine: inTurn(classifyLine),
      classifyInk: inTurn(classifyInk),
    };
    const adaptation = new Adaptation(classify);
    /** A reader that is adapted to the digits that were taught, if there are any. */
    async function teach(hand) {
      if (!hand.labels.length) return { reader: new Reader(networks, thresholds), before: [], after: [] };
      const { correct, ...found } = await adaptation.learn(hand);
      return { reader: new Reader({ ...networks, correct }, thresholds), ...found };
    }
    return { reader: new Reader(networks, thresholds), teach, runtime };
  },
);

ready.then(
  ({ runtime }) => {
    self.postMessage({ runtime });
    setTimeout(warmUp, PATIENCE);
  },
  (error) => self.postMessage({ failure: error.message }),
);

class Superseded extends Error {}

/** @typedef {import("./sheet.js").Point} Point */
/** @typedef {{id?: number, strokes: Point[][], picture?: undefined} | {id?: number, strokes?: undefined, picture: ImageData}} Task */

/** @type {Task | null} what to read next; what comes while something is being read takes its place */
let newest = null;
/** @type {{lesson: number, hand: import("./reader/adaptation.js").Hand} | null} what to learn next */
let untaught = null;
let isReading = false;
let since = 0; // when the last answer came, or there was something to read after a rest
const { port1: begin, port2: inbox } = new MessageChannel();

self.addEventListener("message", ({ data }) => {
  if (data.hand) untaught = data;
  else newest = data;
  if (isReading) return;
  since = performance.now();
  readAll();
});

async function readAll() {
  isReading = true;
  while (untaught || newest) {
    await nextTurn();
    if (untaught) await learn();
    if (!newest) continue;
    const { id, strokes, picture } = newest;
    newest = null;
    try {
      const { reader } = await ready;
      const { lines, unread } = await (strokes ? reader.readStrokes(strokes) : reader.read(picture));
      since = performance.now();
      if (id !== undefined) self.postMessage({ id, lines, unread });
    } catch (error) {
      if (id !== undefined && !(error instanceof Superseded)) self.postMessage({ id, error: error.message });
    }
  }
  isReading = false;
}

/** Learn what was taught; from then on, what reads is adapted to it. */
async function learn() {
  const { lesson, hand } = /** @type {NonNullable<typeof untaught>} */ (untaught);
  untaught = null;
  const { teach } = await ready;
  const { reader, before, after } = await teach(hand);
  (await ready).reader = reader;
  self.postMessage({ lesson, before, after });
}

/** A turn of its own, after all messages that wait. */
function nextTurn() {
  return new Promise((resolve) => {
    inbox.onmessage = resolve;
    begin.postMessage(null);
  });
}

/** Let messages come in the middle of a reading, and break it off if they bring something newer. */
async function turn() {
  await nextTurn();
  if (newest && performance.now() < since + SELDOM) throw new Superseded();
}

/** Read a number that is being drawn, unless there is something else to read: code is slow when it first runs. */
async function warmUp() {
  const toStroke = (points, aside) => points.map(([x, y]) => ({ x: x + aside, y }));
  for (let n = 2; n <= 2 * THREE.length && !isReading; n++) {
    const strokes = [toStroke(THREE.slice(0, n), 0)];
    if (n > THREE.length) strokes.push(toStroke(THREE.slice(0, n - THREE.length), ASIDE));
    newest = { strokes };
    await readAll();
  }
}

// Computes what inside.js shows, away from the page: every layer while somebody draws, and when the drawing rests, which
// ink mattered and what would make it another digit.
import { Network, toProbabilities } from "./network.js";
import constants from "./reader/constants.js";

const { SIDE } = constants.form;
const REST = 300; // milliseconds without a new image
const [PATCH, STEP] = [4, 3]; // pixels: the square of ink that is wiped away or added, and from one to the next
const MOST = 8; // squares that may make it another digit: with more, it would be redrawn
const TRIED = 8; // squares that are tried for each of them
const OTHERS = 2; // digits that it may become: those of the next highest scores

/** @typedef {{pixels: number[], isAdded: boolean, scores: Float32Array}} Change of a square, and the scores with it */

const network = fetch("reader.safetensors").then(async (response) => {
  if (!response.ok) throw new Error(`reader.safetensors: ${response.status} ${response.statusText}`);
  return new Network(await response.arrayBuffer());
});
network.then(
  ({ layers, weights, bias }) => self.postMessage({ layers, weights, bias }),
  (error) => self.postMessage({ failure: error.message }),
);

let newest = 0; // the number of the image that came last
self.addEventListener("message", async ({ data: { id, image } }) => {
  newest = id;
  const reader = await network.catch(() => null);
  if (!reader) return;
  const { maps, scores } = reader.read(image);
  self.postMessage({ id, maps, scores });
  await rest(REST);
  if (newest === id) await study(id, image, scores, reader);
});

/** Wait as long. */
const rest = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

const { port1: begin, port2: inbox } = new MessageChannel();

/** Let messages come, which a timer would do only every 4 milliseconds. */
function nextTurn() {
  return new Promise((resolve) => {
    inbox.onmessage = resolve;
    begin.postMessage(null);
  });
}

class Superseded extends Error {}

/** Find which ink mattered and what would make it another digit; end as soon as there is another image. */
async function study(id, image, scores, network) {
  const read = async (changes) => {
    await nextTurn();
    if (newest !== id) throw new Superseded();
    return network.read(withChanges(image, changes)).scores;
  };
  const [label, ...others] = [...scores.keys()].sort((a, b) => scores[b] - scores[a]);
  try {
    /** @type {Change[]} */
    const changes = [];
    for (const square of squares(image)) changes.push({ ...square, scores: await read([square]) });
    self.postMessage({ id, label, heat: toHeat(changes, scores, label), readings: changes.length });
    const found = [];
    for (const other of others.slice(0, OTHERS)) found.push(await turn(changes, label, other, read));
    const [chosen] = found.filter(Boolean).sort((a, b) => a.length - b.length);
    const other = chosen ? others[found.indexOf(chosen)] : others[0];
    const change = chosen && {
      image: withChanges(image, chosen),
      probability: toProbabilities(await read(chosen))[other],
    };
    self.postMessage({ id, label, other, change });
  } catch (error) {
    if (!(error instanceof Superseded)) throw error;
  }
}

/** How far ahead of all other digits the label is. */
const lead = (scores, label) => scores[label] - Math.max(...scores.filter((_, digit) => digit !== label));

/** How much less the label is ahead without each pixel: the mean over the squares that were wiped away there. */
function toHeat(changes, scores, label) {
  const [heat, covered] = [new Float32Array(SIDE ** 2), new Float32Array(SIDE ** 2)];
  for (const { pixels, isAdded, scores: without } of changes) {
    if (isAdded) continue;
    for (const pixel of pixels) {
      heat[pixel] += lead(scores, label) - lead(without, label);
      covered[pixel]++;
    }
  }
  return heat.map((sum, pixel) => sum / Math.max(1, covered[pixel]));
}

/** The squares of an image that can be wiped away, because there is ink, or added to, because some is beside. */
function* squares(image) {
  for (let top = 0; top + PATCH <= SIDE; top += STEP) {
    for (let left = 0; left + PATCH <= SIDE; left += STEP) {
      const within = (margin) => {
        const found = [];
        for (let y = Math.max(0, top - margin); y < Math.min(SIDE, top + PATCH + margin); y++) {
          for (let x = Math.max(0, left - margin); x < Math.min(SIDE, left + PATCH + margin); x++) found.push(y * SIDE + x);
        }
        return found;
      };
      const mean = (pixels) => pixels.reduce((sum, pixel) => sum + image[pixel], 0) / pixels.length;
      const pixels = within(0);
      if (mean(pixels) > 25) yield { pixels, isAdded: false };
      if (mean(pixels) < 180 && mean(within(2)) > 12) yield { pixels, isAdded: true };
    }
  }
}

/** @returns {Uint8Array} the image with some squares wiped away or added */
function withChanges(image, changes) {
  const changed = image.slice();
  for (const { pixels, isAdded } of changes) for (const pixel of pixels) changed[pixel] = isAdded ? 255 : 0;
  return changed;
}

/**
 * The few squares that make an image another digit: one after the other, the one that helps most of the most promising,
 * until it is; then those that are not needed are left out again.
 *
 * @param {Change[]} changes
 * @param {number} label
 * @param {number} other the digit to become
 * @param {(changes: Change[]) => Promise<Float32Array>} read gives the scores with some changes
 * @returns {Promise<Change[] | null>} null if few are not enough
 */
async function turn(changes, label, other, read) {
  const gain = (scores) => scores[other] - scores[label];
  const isOther = async (tried) => lead(await read(tried), other) > 0;
  const ranked = changes.toSorted((a, b) => gain(b.scores) - gain(a.scores));
  /** @type {Change[]} */
  let chosen = [];
  while (!(chosen.length && (await isOther(chosen)))) {
    if (chosen.length === MOST) return null;
    const free = ranked.filter((change) => !chosen.some((each) => isContrary(each, change))).slice(0, TRIED);
    let best = { change: free[0], gain: -Infinity };
    for (const change of free) {
      const found = gain(await read([...chosen, change]));
      if (found > best.gain) best = { change, gain: found };
    }
    if (!best.change) return null;
    chosen.push(best.change);
  }
  for (const change of [...chosen]) {
    const fewer = chosen.filter((each) => each !== change);
    if (fewer.length && (await isOther(fewer))) chosen = fewer;
  }
  return chosen;
}

/** Whether a change undoes another, or is the same. */
const isContrary = (one, other) =>
  one === other || (one.isAdded !== other.isAdded && one.pixels.some((pixel) => other.pixels.includes(pixel)));

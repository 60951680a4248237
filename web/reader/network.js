/** The networks, and what the one for digits said of late. */

import { logSoftmax, mean } from "./numbers.js";

/**
 * What the network saw and said: the logarithms of the probabilities of the ten digits, how much it is seen to be a
 * digit, from 0 to 1, and how much its being one surprises, in nats.
 *
 * @typedef {{part: import("./parts.js").Part, image: Uint8Array, answer: Float32Array, score: number, surprise: number}} Digit
 */

// How far an answer is from none, in nats, for what is as likely a digit as not; how fast doubt fades on both sides.
const [HALF_SURE, STEEP] = [1, 0.5];
export const DOUBT = 0.01; // added to the score of a digit, so that none is impossible
const KEPT = 100; // digits that are remembered

/** Shows parts of pages to a network; what was on the page before, as most of a drawing that grows, not again. */
export class Network {
  #classify;
  /** @type {Map<string, Digit>} by the pixels of the page; those that were seen last come last */
  #known = new Map();

  /**
   * @param {(images: Uint8Array) => Promise<Float32Array>} classify n images of 28x28 to n times 10 logits
   * @param {(image: Uint8Array) => Promise<Float32Array>} classifyRow an image of 40x64 or 40x128 to 11 logits for every second column
   */
  constructor(classify, classifyRow) {
    this.#classify = classify;
    this.classifyRow = classifyRow;
  }

  /**
   * @param {import("./page.js").Page} page
   * @param {import("./parts.js").Part[]} parts each as a digit
   * @returns {Promise<Digit[]>}
   */
  async look(page, parts) {
    const seen = parts.map((part) => {
      const ink = page.cutOut(part);
      const key = `${page.isImage} ${ink.width} ${TEXT.decode(ink.data)}`;
      const digit = /** @type {Digit} */ ({ ...(this.#known.get(key) ?? { image: page.image(ink) }), part });
      return { key, digit };
    });
    const fresh = seen.filter(({ digit }) => !digit.answer);
    const images = new Uint8Array(fresh.length * 784);
    fresh.forEach(({ digit }, i) => images.set(digit.image, i * 784));
    const logits = fresh.length ? await this.#classify(images) : [];
    fresh.forEach(({ digit }, i) => Object.assign(digit, judge(logits.slice(10 * i, 10 * i + 10))));
    for (const { key, digit } of seen) {
      this.#known.delete(key);
      this.#known.set(key, digit);
    }
    for (const key of [...this.#known.keys()].slice(0, -KEPT)) this.#known.delete(key);
    return seen.map(({ digit }) => digit);
  }
}

function judge(logits) {
  const answer = logSoftmax(logits);
  const sure = score(answer);
  return { answer, score: sure, surprise: -Math.log(sure * Math.exp(Math.max(...answer)) + DOUBT) };
}

/**
 * How much the network sees a digit, from 0 to 1, by how far its answer is from that of no idea at all.
 *
 * The distance is the divergence (Kullback and Leibler's, in nats) of even probabilities from those of the answer.
 *
 * @param {Float32Array} answer the logarithms of the probabilities of the ten digits
 */
function score(answer) {
  const distance = -mean(answer) - Math.log(answer.length);
  return 1 / (1 + Math.exp(STEEP * (HALF_SURE - distance)));
}

const TEXT = new TextDecoder("latin1"); // a character for every byte

/** Classifying connected components as digits. */

import constants from "./constants.js";
import { logSoftmax, mean } from "./numbers.js";

/**
 * A connected component that has been classified: its image like those of MNIST, the logarithms of the probabilities of
 * the ten digits, how certain it is that this is a digit, from 0 to 1, what reading it as one costs, in nats, and whether
 * the network was adapted with an image much like it.
 *
 * @typedef {object} Digit
 * @property {import("./components.js").Component} component
 * @property {Uint8Array} image
 * @property {Float32Array} answer
 * @property {number} score
 * @property {number} cost
 * @property {boolean} [taught]
 */

const { DOUBT } = constants.digits;
const { HALF_SURE, STEEP } = constants.refusal;
const KEPT = 100; // digits that are remembered

/** Classifies components of pages; what was on a page before, such as most of a growing drawing, not again. */
export class Classifier {
  #classify;
  #correct;
  /** @type {Map<string, Digit>} by the pixels of the page; those that were seen last come last */
  #known = new Map();

  /**
   * @param {(images: Uint8Array) => Promise<Float32Array>} classify n images of 28x28 to n times 10 logits
   * @param {(image: Uint8Array) => Promise<Float32Array>} classifyLine an image of 40x64 or 40x128 to 21 logits for every second column
   * @param {(images: Uint8Array, logits: Float32Array) => boolean[]} correct corrects logits in place, and says which images were taught
   */
  constructor(classify, classifyLine, correct) {
    this.#classify = classify;
    this.#correct = correct;
    this.classifyLine = classifyLine;
  }

  /**
   * @param {import("./page.js").Page} page
   * @param {import("./components.js").Component[]} components each as a digit
   * @returns {Promise<Digit[]>}
   */
  async classify(page, components) {
    const seen = components.map((component) => {
      const ink = page.cutOut(component);
      const key = `${page.isImage} ${ink.width} ${TEXT.decode(ink.data)}`;
      const digit = /** @type {Digit} */ ({ ...(this.#known.get(key) ?? { image: page.image(ink) }), component });
      return { key, digit };
    });
    const fresh = seen.filter(({ digit }) => !digit.answer);
    const images = new Uint8Array(fresh.length * 784);
    fresh.forEach(({ digit }, i) => images.set(digit.image, i * 784));
    const logits = fresh.length ? await this.#classify(images) : new Float32Array();
    const taught = this.#correct(images, logits);
    fresh.forEach(({ digit }, i) => Object.assign(digit, judge(logits.slice(10 * i, 10 * i + 10)), { taught: taught[i] }));
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
  return { answer, score: sure, cost: -Math.log(sure * Math.exp(Math.max(...answer)) + DOUBT) };
}

/**
 * How certain the network is that something is a digit, from 0 to 1, by how far its answer is from even probabilities.
 *
 * The distance is the Kullback-Leibler divergence, in nats, of even probabilities from those of the answer.
 *
 * @param {Float32Array} answer the logarithms of the probabilities of the ten digits
 */
function score(answer) {
  const distance = -mean(answer) - Math.log(answer.length);
  return 1 / (1 + Math.exp(STEEP * (HALF_SURE - distance)));
}

const TEXT = new TextDecoder("latin1"); // a character for every byte

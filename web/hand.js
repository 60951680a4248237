// The digits that were taught: kept on this device, in a file, and taken back.
import constants from "./reader/constants.js";

const { SIDE } = constants.form;
const { MOST_TAUGHT } = constants.adaptation;
const FORMAT = "tenfold hand 1"; // as in tenfold.data.hand
const SAME = 5; // gray levels: images whose pixels differ by less, on average, are the same drawing
const LARGEST = 2e6; // bytes of a file
const NOT_KEPT =
  "This browser has no room for it, or does not allow it: what you taught is gone once the page is closed. Save it as a file.";

/** @typedef {{label: number, image: Uint8Array}} Taught */

/** Digits that were taught. All tabs have the same; where nothing can be stored, each has its own while it is open. */
export class Hand {
  /** @type {Taught[]} */
  digits = [];
  /** @type {Taught[][]} */
  #past = [];
  #isStored = true;

  /**
   * @param {string} key under which they are stored
   * @param {() => void} changed called when another tab has changed them, or may have
   */
  constructor(key, changed) {
    this.key = key;
    this.#restore();
    const renew = () => {
      this.#restore();
      this.#past = []; // of what the other tab has done nothing is taken back here
      changed();
    };
    addEventListener("storage", (event) => (event.key === key || event.key === null) && renew());
    addEventListener("pageshow", (event) => event.persisted && renew()); // after a step back; no other tab was heard of
  }

  get canUndo() {
    return this.#past.length > 0;
  }

  /**
   * Teach digits; what the same drawing was taken for before is forgotten.
   *
   * @param {Taught[]} added
   * @throws {Error} if they are too many, or cannot be stored; in that case they are taught all the same
   */
  teach(added) {
    const digits = [...this.digits.filter((old) => !added.some((fresh) => isSame(old.image, fresh.image))), ...added];
    if (digits.length > MOST_TAUGHT) throw new Error(`No more than ${MOST_TAUGHT} digits can be taught.`);
    this.#change(digits);
  }

  forget() {
    this.#change([]);
  }

  undo() {
    const before = this.#past.pop();
    if (before) this.#store(before);
  }

  #change(digits) {
    this.#past.push(this.digits);
    this.#store(digits);
  }

  #store(digits) {
    this.digits = digits;
    this.#isStored = false;
    try {
      localStorage.setItem(this.key, JSON.stringify({ labels: labelsOf(digits), images: toBase64(join(digits)) }));
      this.#isStored = true;
    } catch {
      throw new Error(NOT_KEPT);
    }
  }

  #restore() {
    if (!this.#isStored) return; // there is less than here
    try {
      const { labels, images } = JSON.parse(localStorage.getItem(this.key) ?? '{"labels": "", "images": ""}');
      this.digits = divide(labels, fromBase64(images));
    } catch {} // forbidden or damaged: what is here stays
  }

  /** The digits as a file, which Python reads, too. */
  async toFile() {
    const packed = new Blob([join(this.digits)]).stream().pipeThrough(new CompressionStream("deflate"));
    const images = toBase64(new Uint8Array(await new Response(packed).arrayBuffer()));
    return new Blob([JSON.stringify({ format: FORMAT, labels: labelsOf(this.digits), images }) + "\n"], { type: "application/json" });
  }
}

function isSame(one, other) {
  let difference = 0;
  for (let i = 0; i < one.length; i++) difference += Math.abs(one[i] - other[i]);
  return difference < SAME * one.length;
}

/** The images one after the other. */
export function join(digits) {
  const images = new Uint8Array(digits.length * SIDE ** 2);
  digits.forEach(({ image }, i) => images.set(image, i * SIDE ** 2));
  return images;
}

/**
 * The digits in a file.
 *
 * @param {File} file
 * @returns {Promise<Taught[]>}
 * @throws {Error} if it is another kind of file, or damaged
 */
export async function openHand(file) {
  const foreign = new Error(`${file.name} is not a file of taught digits. Open one that this page or tenfold adapt has saved.`);
  if (file.size > LARGEST) throw foreign;
  const text = await file.text();
  if (!text.slice(0, 100).includes(FORMAT)) throw foreign;
  try {
    const { labels, images } = JSON.parse(text);
    return divide(labels, await unpack(fromBase64(images), labels.length * SIDE ** 2));
  } catch {
    throw new Error(`${file.name} is damaged; nothing was taught. Save it again.`);
  }
}

/** Decompress as many bytes; more, as from a hostile file, are an error. */
async function unpack(packed, size) {
  const reader = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate")).getReader();
  const found = new Uint8Array(size);
  let come = 0;
  for (let part; (part = await reader.read()), !part.done; come += part.value.length) found.set(part.value, come);
  if (come !== size) throw new RangeError("too few images");
  return found;
}

const labelsOf = (digits) => digits.map(({ label }) => label).join("");

/** @returns {Taught[]} */
function divide(labels, images) {
  if (!/^\d*$/.test(labels) || images.length !== labels.length * SIDE ** 2) throw new RangeError("labels without images");
  return Array.from(labels, (label, i) => ({ label: Number(label), image: images.slice(i * SIDE ** 2, (i + 1) * SIDE ** 2) }));
}

function toBase64(bytes) {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

const fromBase64 = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));

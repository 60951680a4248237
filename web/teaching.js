// "That is a 7": the digit that is shown is taught, and what was taught is shown, saved, opened, and taken back.
import { toPercent } from "./answer.js";
import { paintGray } from "./gray.js";
import { Hand, join, openHand } from "./hand.js";

/** @typedef {import("./reading.js").Digit} Digit */

const say = ({ label, probability }) => (label === null ? "no digit" : `${label}, ${toPercent(probability)} sure`);

/** The parts of the page with which the reader is taught. */
export class Teaching {
  #busy = Promise.resolve();

  /**
   * @param {HTMLElement} correct the buttons beside the answer
   * @param {HTMLElement} section what was taught
   * @param {import("./reading.js").RemoteReader} reader
   * @param {() => Promise<void>} readAgain called when the reader has changed
   * @param {() => Digit | undefined} shown the digit that is shown
   */
  constructor(correct, section, reader, readAgain, shown) {
    const find = (/** @type {string} */ id) => /** @type {HTMLElement} */ (section.querySelector(id));
    this.reader = reader;
    this.readAgain = readAgain;
    this.shown = shown;
    this.correct = correct;
    this.note = /** @type {HTMLElement} */ (correct.querySelector("#taught"));
    this.state = find("#hand-state");
    this.list = find("#hand-digits");
    this.message = find("#hand-message");
    const [undo, forget, save] = ["#hand-undo", "#hand-forget", "#hand-save"].map((id) => /** @type {HTMLButtonElement} */ (find(id)));
    this.buttons = { undo, forget, save };
    this.hand = new Hand("tenfold-hand", () => this.#learn());
    correct.addEventListener("click", ({ target }) => {
      const { digit } = /** @type {HTMLElement} */ (target).dataset;
      if (digit) this.#teach(Number(digit));
    });
    undo.addEventListener("click", () => this.#change(() => this.hand.undo(), "Taken back."));
    forget.addEventListener("click", () => this.#change(() => this.hand.forget(), "Forgotten. Undo brings it back."));
    save.addEventListener("click", () => this.#save());
    const file = /** @type {HTMLInputElement} */ (find("input"));
    find("#hand-open").addEventListener("click", () => file.click());
    file.addEventListener("change", async () => {
      const [chosen] = file.files ?? [];
      try {
        const added = await openHand(chosen);
        await this.#change(() => this.hand.teach(added), `${added.length} digits taught from ${chosen.name}.`);
      } catch (error) {
        this.message.textContent = error.message;
      }
      file.value = ""; // so that the same file can be chosen again
    });
  }

  /** Learn what was taught when the page was last open. */
  start() {
    return this.#learn();
  }

  /** Offer to correct a digit, or nothing. */
  offer(digit) {
    this.correct.hidden = !digit;
    if (digit !== this.offered) this.note.textContent = "";
    this.offered = digit;
  }

  async #teach(label) {
    const before = this.shown();
    if (!before) return;
    await this.#change(() => this.hand.teach([{ label, image: before.image }]), "");
    const after = this.shown();
    if (after) this.note.textContent = `Taught. Before: ${say(before)}. Now: ${say(after)}.`;
  }

  /** Change what is taught, say what was done or what is wrong, and read anew. */
  #change(change, done) {
    this.message.textContent = done;
    try {
      change();
    } catch (error) {
      this.message.textContent = error.message;
    }
    return this.#learn();
  }

  /** Hand what is taught to the reader, one change after the other, and show it. */
  #learn() {
    this.#busy = this.#busy.then(async () => {
      const { digits } = this.hand;
      const labels = digits.map(({ label }) => label);
      const { before, after } = await this.reader.teach({ labels, images: join(digits) });
      const right = (found) => found.filter((digit, i) => digit === labels[i]).length;
      const alone = `${digits.length} taught. The network alone reads ${right(before)} of them right.`;
      const together = `Each read with the others taught: ${right(after)} right.`;
      this.state.textContent = digits.length > 1 ? `${alone} ${together}` : digits.length ? alone : "Nothing is taught yet.";
      this.list.replaceChildren(...digits.map(toItem));
      this.buttons.undo.disabled = !this.hand.canUndo;
      this.buttons.forget.disabled = this.buttons.save.disabled = !digits.length;
      await this.readAgain();
    });
    return this.#busy;
  }

  async #save() {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await this.hand.toFile());
    link.download = "my.hand";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href));
    this.message.textContent = "Saved as my.hand.";
  }
}

/** @type {WeakMap<import("./hand.js").Taught, HTMLElement>} of the digits in the list: there may be a thousand */
const items = new WeakMap();

function toItem(digit) {
  const known = items.get(digit);
  if (known) return known;
  const [item, canvas] = [document.createElement("li"), document.createElement("canvas")];
  paintGray(canvas, digit.image, 255);
  item.append(canvas, String(digit.label));
  items.set(digit, item);
  return item;
}

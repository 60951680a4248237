// For a class: two challenges, and a view for the projector.
import { toPercent } from "./answer.js";
import { paintGray } from "./gray.js";

/** @typedef {import("./reading.js").Digit} Digit */

const TASKS = {
  fool: (digit) =>
    `Write ${digit} so that everybody in the room reads it, and the network does not. Points: the percentage that it gives to other digits.`,
  clear: (digit) => `Write the clearest ${digit}. Ten points: 10 to 1 that it is one; 20 points: 100 to 1; 30 points: 1,000 to 1.`,
};

/** The part of the page with the challenges. */
export class ClassMode {
  /** @type {"fool" | "clear"} */
  #task = "fool";
  /** @type {Digit | undefined} */
  #digit;
  /** @type {Record<string, {points: number, digit: Digit}[]>} by task and digit, for as long as the page is open */
  #entries = {};

  /** @param {HTMLElement} section */
  constructor(section) {
    const find = (/** @type {string} */ id) => /** @type {HTMLElement} */ (section.querySelector(id));
    this.target = /** @type {HTMLSelectElement} */ (find("#target"));
    this.task = find("#task");
    this.score = find("#score");
    this.enter = /** @type {HTMLButtonElement} */ (find("#enter"));
    this.list = find("#entries");
    this.choices = [...section.querySelectorAll("[data-task]")];
    for (const choice of this.choices) {
      choice.addEventListener("click", () => {
        this.#task = /** @type {HTMLElement} */ (choice).dataset.task === "fool" ? "fool" : "clear";
        this.#show();
      });
    }
    this.target.addEventListener("change", () => this.#show());
    this.enter.addEventListener("click", () => {
      if (this.#digit) this.#list.push({ points: this.#points(this.#digit), digit: this.#digit });
      this.#show();
    });
    const projector = find("#projector");
    const project = (/** @type {boolean} */ isOn) => {
      document.documentElement.classList.toggle("projector", isOn);
      projector.ariaPressed = String(isOn);
      if (isOn) scrollTo(0, 0);
    };
    projector.addEventListener("click", async () => {
      const isOn = !document.documentElement.classList.contains("projector");
      project(isOn);
      try {
        await (isOn ? document.documentElement.requestFullscreen() : document.exitFullscreen());
      } catch {} // not every browser has it, and the view helps without it, too
    });
    document.addEventListener("fullscreenchange", () => document.fullscreenElement || project(false));
    this.#show();
  }

  /** Judge the digit that is shown, or nothing. */
  offer(digit) {
    this.#digit = digit;
    this.#show();
  }

  get #list() {
    return (this.#entries[this.#task + this.target.value] ??= []);
  }

  #points({ probabilities }) {
    const wanted = Number(this.target.value);
    const others = probabilities.reduce((sum, each, digit) => sum + (digit === wanted ? 0 : each), 0);
    return Math.max(0, Math.round(this.#task === "fool" ? 100 * others : 10 * Math.log10(probabilities[wanted] / others)));
  }

  #show() {
    const [digit, wanted] = [this.#digit, Number(this.target.value)];
    for (const choice of this.choices) choice.ariaPressed = String(/** @type {HTMLElement} */ (choice).dataset.task === this.#task);
    this.task.textContent = TASKS[this.#task](wanted);
    this.enter.disabled = !digit;
    this.score.textContent = "Write one digit on the pad.";
    if (digit) {
      const sure = toPercent(digit.probability);
      const read = digit.label === null ? "It reads no digit." : `It reads ${digit.label}, ${sure} sure.`;
      this.score.textContent = `${read} ${this.#points(digit)} points.`;
    }
    const ranked = this.#list.toSorted((one, other) => other.points - one.points);
    this.list.replaceChildren(...ranked.map(toItem));
  }
}

function toItem({ points, digit }) {
  const [item, canvas] = [document.createElement("li"), document.createElement("canvas")];
  paintGray(canvas, digit.image, 255);
  item.append(canvas, `${points} points`);
  return item;
}

// What was read: the number, and of one of its digits the probabilities and the image that the network saw.
import { paintGray } from "./features.js";

/**
 * A probability as text.
 *
 * @param {number} probability
 */
export function toPercent(probability) {
  return probability > 0.999 ? "> 99.9 %" : `${(100 * probability).toFixed(1)} %`;
}

/**
 * What the network says to a digit, in words.
 *
 * @param {{label: number | null, probability: number}} digit
 */
export function describe({ label, probability }) {
  return label === null ? "no digit" : `${label}, ${toPercent(probability)} sure`;
}

/** A bar for the probability of each digit. */
export class Bars {
  /** @param {HTMLElement} list */
  constructor(list) {
    this.rows = Array.from({ length: 10 }, (_, digit) => {
      const row = document.createElement("li");
      const [name, track, value] = ["digit", "track", "value"].map((className) => {
        const part = document.createElement("span");
        part.className = className;
        row.append(part);
        return part;
      });
      name.textContent = String(digit);
      const bar = document.createElement("span");
      bar.className = "bar";
      track.append(bar);
      list.append(row);
      return { row, bar, value };
    });
  }

  /**
   * @param {Float32Array | null} probabilities of the ten digits; null if there is no digit
   * @param {number | null} label
   */
  show(probabilities, label = null) {
    for (const [digit, { row, bar, value }] of this.rows.entries()) {
      row.classList.toggle("top", digit === label);
      bar.style.scale = `${probabilities?.[digit] ?? 0} 1`;
      value.textContent = probabilities ? toPercent(probabilities[digit]) : "";
    }
  }
}

/** The parts of the page that show the answer. */
export class Answer {
  /**
   * @param {HTMLElement} section
   * @param {(index: number) => void} choose called when one of the digits is chosen
   */
  constructor(section, choose) {
    const find = (/** @type {string} */ id) => /** @type {HTMLElement} */ (section.querySelector(id));
    this.number = find("#number");
    this.verdict = find("#verdict");
    this.seen = /** @type {HTMLCanvasElement} */ (find("#seen"));
    this.number.addEventListener("click", ({ target }) => {
      const button = /** @type {Element} */ (target).closest("button");
      if (button) choose([...this.number.querySelectorAll("button")].indexOf(button));
    });
    this.bars = new Bars(find("#bars"));
  }

  /**
   * Show a text and no digit.
   *
   * @param {string} text
   */
  clear(text) {
    this.number.replaceChildren();
    this.verdict.textContent = text;
    this.bars.show(null);
    paintGray(this.seen, new Uint8Array(784), 255);
  }

  /**
   * @param {import("./reading.js").Digit[][]} lines with at least one digit
   * @param {number} chosen which of all digits is shown in detail
   */
  show(lines, chosen) {
    const digits = lines.flat();
    const chosenDigit = digits[chosen];
    this.#showNumber(lines, chosenDigit);
    const { label, probability, probabilities, image } = chosenDigit;
    this.verdict.textContent = label === null ? "no digit" : `${toPercent(probability)} sure`;
    this.bars.show(probabilities, label);
    paintGray(this.seen, image, 255);
  }

  #showNumber(lines, chosenDigit) {
    const old = this.number.querySelectorAll("button");
    const digits = lines.flat();
    const isSameLayout = this.layout === lines.map((line) => line.length).join();
    if (!isSameLayout || old.length !== digits.length) {
      this.layout = lines.map((line) => line.length).join();
      this.number.replaceChildren(
        ...lines.map((line) => {
          const row = document.createElement("div");
          row.append(...line.map(() => document.createElement("button")));
          return row;
        }),
      );
      this.number.dataset.size = digits.length === 1 ? "one" : digits.length <= 4 ? "few" : "many";
    }
    for (const [index, button] of this.number.querySelectorAll("button").entries()) {
      const digit = digits[index];
      button.type = "button";
      button.textContent = String(digit.label ?? "?");
      button.ariaLabel = describe(digit);
      button.ariaPressed = String(digit === chosenDigit);
    }
  }
}

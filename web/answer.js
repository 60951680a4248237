// What was read: the number and how certain it is, and of one of its digits the probabilities and the image.
import { paintGray } from "./gray.js";

const UNSURE = 0.9; // a digit that is less probable is marked
const FEW = 3; // probabilities that are shown unless all are asked for

/** @typedef {import("./reading.js").Digit} Digit */

/** Whether a digit is marked: it is not one, or it may well be another. */
export function isUnsure({ label, probability }) {
  return label === null || probability < UNSURE;
}

/**
 * The probability that all digits of a line are right, if each may be wrong by itself; null if one is no digit.
 *
 * @param {Digit[]} line
 */
export function certainty(line) {
  if (line.some(({ label }) => label === null)) return null;
  return line.reduce((product, { probability }) => product * probability, 1);
}

/**
 * A probability as text.
 *
 * @param {number} probability
 */
export function toPercent(probability) {
  if (probability > 0.999) return ">\u00a099.9%";
  if (probability < 0.005) return "<\u00a00.5%";
  return `${(100 * probability).toFixed(probability > 0.99 ? 1 : 0)}%`;
}

/**
 * How certain what was read is, in words.
 *
 * @param {Digit[][]} lines
 */
export function describe(lines) {
  const digits = lines.flat();
  const refused = digits.filter(({ label }) => label === null).length;
  if (refused === digits.length) return "no digit";
  const isOrAre = refused > 1 ? "are no digits" : "is no digit";
  if (lines.length > 1) {
    const unsure = digits.filter(isUnsure).length;
    const doubt = unsure ? `${unsure} of them marked as unsure` : `each at least ${toPercent(UNSURE)} sure`;
    return `${digits.length} digits in ${lines.length} lines, ${doubt}`;
  }
  const sure = certainty(digits);
  if (sure === null) return `${refused} of ${digits.length} ${isOrAre}`;
  return digits.length > 1 ? `${toPercent(sure)} sure of the whole number` : `${toPercent(sure)} sure`;
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
    this.unread = find("#unread");
    this.seen = /** @type {HTMLCanvasElement} */ (find("#seen"));
    this.figure = find("figure");
    this.details = find("#details");
    this.of = find("#of");
    this.list = find("#bars");
    this.all = find("#all");
    this.number.addEventListener("click", ({ target }) => {
      const button = /** @type {Element} */ (target).closest("button");
      if (button) choose([...this.number.querySelectorAll("button")].indexOf(button));
    });
    this.bars = new Bars(this.list);
    this.all.addEventListener("click", () => {
      this.all.ariaExpanded = String(this.all.ariaExpanded !== "true");
      if (this.shown) this.#showProbabilities(this.shown);
    });
  }

  /**
   * Show a text and no digit.
   *
   * @param {string} text
   */
  clear(text) {
    this.number.replaceChildren();
    this.verdict.textContent = text;
    this.unread.hidden = this.figure.hidden = this.details.hidden = true;
  }

  /**
   * @param {Digit[][]} lines with at least one digit
   * @param {number} chosen which of all digits is shown in detail
   * @param {boolean} hasUnread whether there is ink that was not read
   */
  show(lines, chosen, hasUnread) {
    const digit = lines.flat()[chosen];
    this.#showNumber(lines, digit);
    this.verdict.textContent = describe(lines);
    this.unread.hidden = !hasUnread;
    this.details.hidden = digit.label === null; // the probabilities are those of ten digits, so they say nothing of it
    this.figure.hidden = false;
    this.#showProbabilities(digit);
    paintGray(this.seen, digit.image, 255);
  }

  /** @param {Digit[][]} lines */
  #showNumber(lines, chosenDigit) {
    const old = this.number.querySelectorAll("button");
    const digits = lines.flat();
    const layout = lines.map((line) => line.length).join();
    if (this.layout !== layout || old.length !== digits.length) {
      this.layout = layout;
      this.number.replaceChildren(
        ...lines.map((line) => {
          const row = document.createElement("div");
          row.append(...line.map(() => document.createElement("button")));
          if (lines.length > 1) row.append(document.createElement("small"));
          return row;
        }),
      );
      this.number.dataset.size = digits.length === 1 ? "one" : digits.length <= 5 ? "few" : "many";
    }
    for (const [index, button] of this.number.querySelectorAll("button").entries()) {
      const digit = digits[index];
      button.type = "button";
      button.textContent = String(digit.label ?? "?");
      button.ariaLabel = describe([[digit]]).replace(/^(?!no)/, `${digit.label}, `);
      button.ariaPressed = String(digit === chosenDigit);
      button.className = isUnsure(digit) ? "unsure" : "";
    }
    for (const [index, small] of this.number.querySelectorAll("small").entries()) {
      const sure = certainty(lines[index]);
      small.textContent = sure === null ? "" : toPercent(sure);
    }
  }

  /** @param {Digit} digit */
  #showProbabilities(digit) {
    this.shown = digit;
    const { probabilities, label } = digit;
    this.bars.show(probabilities, label);
    this.of.textContent = `How probable each digit is for the ${label}`;
    const showsAll = this.all.ariaExpanded === "true";
    const ranked = [...probabilities.keys()].sort((a, b) => probabilities[b] - probabilities[a]).slice(0, FEW);
    const wanted = (showsAll ? [...this.bars.rows.keys()] : ranked).map((index) => this.bars.rows[index].row);
    if (wanted.some((row, i) => this.list.children[i] !== row) || this.list.children.length !== wanted.length) {
      this.list.replaceChildren(...wanted);
    }
  }
}

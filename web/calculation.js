// One number of the network, and how it comes about: patch times filter, added up.
import { inWords } from "./language.js";
import { explain } from "./network.js";

const SHOWN = 3; // inputs, or numbers for a score: those that count most
const [LARGEST, READABLE] = [34, 24]; // pixels of a square; of one that has room for its number
const [SIGN, SUM] = [18, 62]; // pixels for a sign between squares, and for the sum at the end

/** A number as people write it. */
export const say = (value, places = 2) => value.toFixed(places).replace("-", "−").replace(/^−(0\.0+)$/, "$1");

export class Calculation {
  /** @type {{map: number, row: number, column: number, side: number} | null} what it was made from, a stage before */
  from = null;

  /** @param {HTMLElement} figure with a heading, a canvas and a paragraph */
  constructor(figure) {
    const find = (/** @type {string} */ selector) => /** @type {any} */ (figure.querySelector(selector));
    this.title = find("h3");
    this.canvas = find("canvas");
    this.words = find("p");
  }

  /** A pixel of the image; the image is an input, so nothing is calculated. */
  showPixel({ side, values }, row, column) {
    this.from = null;
    const value = values[row * side + column];
    const kind = value === 0 ? "paper" : value === 1 ? "ink" : "the edge of a stroke";
    this.#paint([]);
    return this.#say(`The image, row ${row + 1}, column ${column + 1}`, `${say(value)}: ${kind}.`);
  }

  /**
   * A number in a map of a layer.
   *
   * @param {import("./network.js").Layer} layer
   * @param {number} stage the number of the layer, from 1
   * @param {import("./network.js").Maps[]} maps of all stages
   * @param {{map: number, row: number, column: number}} at
   */
  showSum(layer, stage, maps, { map, row, column }) {
    const { parts, bias, total, row: top, column: left } = explain(layer, maps[stage - 1], map, row, column);
    const ranked = parts.toSorted((a, b) => Math.abs(b.sum) - Math.abs(a.sum)).slice(0, SHOWN);
    this.from = { map: ranked[0].input, row: top, column: left, side: layer.kernel };
    const name = ({ input }) => (parts.length > 1 ? `map ${input + 1}` : "");
    this.#paint(ranked.map((part) => ({ ...part, side: layer.kernel, name: name(part) })));
    const products = parts.length * layer.kernel ** 2;
    const rest = parts.length - ranked.length;
    const shown = ranked.map(({ sum }) => say(sum)).join(" + ").replaceAll("+ −", "− ");
    const others = total - bias - ranked.reduce((sum, part) => sum + part.sum, 0);
    const sums =
      rest > 0
        ? `The ${SHOWN} maps that count most give ${shown}, the ${rest} others together ${say(others)}.`
        : `They add up to ${shown}.`;
    const kept =
      total > 0 ? "That is above 0, so it stays." : "That is not above 0, so it becomes 0: nothing was found here.";
    const four = layer.pool ? " It is the largest of four such sums, side by side." : "";
    return this.#say(
      `Layer ${stage}, map ${map + 1}, row ${row + 1}, column ${column + 1}`,
      `What is there (left) times the filter (middle) gives ${products} products (right). ${sums} ` +
        `With the filter's own ${say(bias)}, it is ${say(total)}.${four} ${kept}`,
    );
  }

  /**
   * The score of a digit.
   *
   * @param {{weights: Float32Array, bias: Float32Array}} network
   * @param {import("./network.js").Maps} maps the last ones
   * @param {Float32Array} scores
   * @param {number} digit
   */
  showScore({ weights, bias }, { side, values }, scores, digit) {
    const parts = Array.from(values, (value, i) => {
      const weight = weights[digit * values.length + i];
      const name = `map ${Math.floor(i / side ** 2) + 1}`;
      return { patch: [value], weights: [weight], sum: value * weight, side: 1, place: i, name };
    });
    const ranked = parts.toSorted((a, b) => Math.abs(b.sum) - Math.abs(a.sum)).slice(0, SHOWN);
    const [{ place }] = ranked;
    const [row, column] = [Math.floor(place / side) % side, place % side];
    this.from = { map: Math.floor(place / side ** 2), row, column, side: 1 };
    this.#paint(ranked);
    const rest = scores[digit] - bias[digit] - ranked.reduce((sum, part) => sum + part.sum, 0);
    const shown = ranked.map(({ sum }) => say(sum)).join(" + ").replaceAll("+ −", "− ");
    return this.#say(
      `The score of the ${digit}`,
      `Each of the last ${values.length} numbers (left) times a weight that the ${digit} has for it (middle). The ` +
        `${SHOWN} that count most give ${shown}, all others together ${say(rest)}, and the ${digit} starts from ` +
        `${say(bias[digit])}: ${say(scores[digit])}.`,
    );
  }

  #say(title, words) {
    this.title.textContent = title;
    this.words.textContent = words;
    return `${title}. ${words}`;
  }

  /** Draw rows of patch × filter = products, in the colors of the page. */
  #paint(rows) {
    const { canvas } = this;
    canvas.hidden = rows.length === 0;
    if (canvas.hidden) return;
    const [{ side }] = rows;
    const names = rows[0].name ? SUM : 0;
    const across = this.words.clientWidth;
    const square = Math.floor(Math.min(LARGEST, (across - names - 3 * SIGN - SUM) / (3 * side)));
    const [width, pitch] = [names + 3 * side * square + 3 * SIGN + SUM, side * square + 12];
    const style = getComputedStyle(canvas);
    const [ink, paper] = [style.color, style.backgroundColor];
    const colors = { ink, paper, above: style.outlineColor, below: style.caretColor };
    Object.assign(canvas, { width: width * devicePixelRatio, height: rows.length * pitch * devicePixelRatio });
    Object.assign(canvas.style, { width: `${width}px`, height: `${rows.length * pitch}px` });
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    context.scale(devicePixelRatio, devicePixelRatio);
    Object.assign(context, { textAlign: "center", textBaseline: "middle" });
    const most = (lists) => Math.max(...lists.flatMap((list) => [...list]).map(Math.abs), 1e-6);
    const products = rows.map(({ patch, weights }) => patch.map((value, i) => value * weights[i]));
    const scales = [most(rows.map(({ patch }) => patch)), most(rows.map(({ weights }) => weights)), most(products)];
    for (const [number, { patch, weights, sum, name }] of rows.entries()) {
      const [top, middle] = [number * pitch, number * pitch + (side * square) / 2];
      const write = (text, x, size = 14) => {
        Object.assign(context, { fillStyle: colors.ink, font: `${size}px system-ui, sans-serif` });
        context.fillText(inWords(text), x, middle);
      };
      if (names) write(name, names / 2, 12);
      for (const [list, values] of [patch, weights, products[number]].entries()) {
        const left = names + list * (side * square + SIGN);
        paintSquares(context, values, scales[list], left, top, square, colors);
        write(["×", "=", "→"][list], left + side * square + SIGN / 2);
      }
      write(say(sum), width - SUM / 2);
    }
  }
}

/** Draw a square of numbers: blue if above 0, orange if below, stronger the larger. */
function paintSquares(context, values, largest, left, top, square, colors) {
  const side = Math.sqrt(values.length);
  for (const [i, value] of [...values].entries()) {
    const [x, y] = [left + (i % side) * square, top + Math.floor(i / side) * square];
    context.globalAlpha = Math.min(1, Math.abs(value) / largest);
    context.fillStyle = value > 0 ? colors.above : colors.below;
    context.fillRect(x, y, square - 1, square - 1);
    context.globalAlpha = 0.35;
    context.strokeStyle = colors.ink;
    context.lineWidth = 0.5;
    context.strokeRect(x, y, square - 1, square - 1);
    context.globalAlpha = 1;
    if (square < READABLE) continue;
    context.fillStyle = Math.abs(value) / largest > 0.55 ? colors.paper : colors.ink;
    context.font = `${square * 0.32}px system-ui, sans-serif`;
    context.fillText(inWords(say(value)), x + square / 2, y + square / 2);
  }
}

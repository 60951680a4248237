// Two curves on one canvas, from the start of the training to its end.
import { inWords } from "../language.js";
import { colors } from "../pad.js";

const PAD = { left: 52, right: 12, top: 10, bottom: 24 }; // for the numbers at the axes, in pixels of the page

/** @typedef {{x: number, values: (number | null)[]}} Point a value for each curve, or null where there is none */

/** A chart whose curves grow. */
export class Curves {
  /** @type {Point[]} */
  #points = [];
  #end = 1;

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {{top: number, ticks: number[], tell: (value: number) => string, colors: string[]}} options the largest
   *   value, those marked at the axis, how they are written, and of the curves which of `colors()`
   */
  constructor(canvas, options) {
    this.canvas = canvas;
    this.options = options;
    new ResizeObserver(() => this.paint()).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.paint());
  }

  /**
   * Begin anew.
   *
   * @param {number} end of the horizontal axis
   */
  clear(end) {
    this.#points = [];
    this.#end = end;
    this.paint();
  }

  /** @param {Point} point to the right of all others */
  add(point) {
    this.#points.push(point);
    this.paint();
  }

  paint() {
    const { canvas, options } = this;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    if (!width) return;
    Object.assign(canvas, { width: width * devicePixelRatio, height: height * devicePixelRatio });
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    context.scale(devicePixelRatio, devicePixelRatio);
    const color = colors(canvas);
    const toX = (x) => PAD.left + ((width - PAD.left - PAD.right) * x) / this.#end;
    const toY = (y) => height - PAD.bottom - ((height - PAD.top - PAD.bottom) * Math.min(y, options.top)) / options.top;

    Object.assign(context, { font: "13px system-ui, sans-serif", textBaseline: "middle", textAlign: "right" });
    for (const tick of options.ticks) {
      context.fillStyle = color.ink;
      context.fillText(inWords(options.tell(tick)), PAD.left - 8, toY(tick));
      context.fillStyle = color.ghost;
      context.fillRect(PAD.left, toY(tick), width - PAD.left - PAD.right, 1);
    }
    context.fillStyle = color.ink;
    const seen = this.#end > 1 ? `${this.#end.toLocaleString("en")} images seen` : "images seen"; // before a network begins
    context.fillText(inWords(seen), width - PAD.right, height - 9);

    Object.assign(context, { lineWidth: 2.5, lineJoin: "round", lineCap: "round" });
    for (const [index, name] of options.colors.entries()) {
      context.strokeStyle = context.fillStyle = color[name];
      context.beginPath();
      let last = [-1, -1];
      for (const { x, values } of this.#points) {
        const value = values[index];
        if (value === null || Number.isNaN(value)) continue;
        context.lineTo(toX(x), toY(value));
        last = [toX(x), toY(value)];
      }
      context.stroke();
      if (last[0] < 0) continue;
      context.beginPath();
      context.arc(last[0], last[1], 4, 0, 2 * Math.PI);
      context.fill();
    }
  }
}

// How the look inside paints: ink, maps, and what mattered in the ink.
import { paintStrokes } from "./reader/drawing.js";
import { onPad, paintPicture } from "./pad.js";

const INK = 320; // pixels of the canvas that shows the ink
const ROOM = 0.84; // the share of it that the ink fills
const FAINT = 40; // gray levels; ink that is fainter is not marked as wiped away
const [NIGHT, BLUE, WHITE] = [[32, 44, 58], [45, 146, 214], [255, 255, 255]]; // 0, in the middle, and the largest

/** @typedef {import("./inside.js").Shown} Shown */

/** The two colors of what speaks for an answer and against it, as this page shows them. */
function speaking(canvas) {
  const { outlineColor, caretColor } = getComputedStyle(canvas);
  return { yes: outlineColor, no: caretColor };
}

/**
 * Color the ink by what it did for the answer.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {Shown} shown
 * @param {Float32Array} heat of each pixel, above 0 if it speaks for the answer
 */
export function paintHeat(canvas, shown, heat) {
  const most = Math.max(...heat.map(Math.abs)) || 1;
  const overlay = new OffscreenCanvas(28, 28);
  const context = /** @type {OffscreenCanvasRenderingContext2D} */ (overlay.getContext("2d"));
  const { yes, no } = speaking(canvas);
  for (const [pixel, value] of heat.entries()) {
    context.globalAlpha = Math.abs(value) / most;
    context.fillStyle = value > 0 ? yes : no;
    context.fillRect(pixel % 28, Math.floor(pixel / 28), 1, 1);
  }
  paintInk(canvas, shown, overlay);
}

/**
 * Show an image, and marked in it what would make it another digit.
 *
 * @param {HTMLCanvasElement} canvas 28 by 28
 * @param {Uint8Array} image
 * @param {Uint8Array} [changed] the other digit; none if it is too far away
 */
export function paintOther(canvas, image, changed = image) {
  const { yes, no } = speaking(canvas);
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  for (const [i, before] of image.entries()) {
    const gray = `rgb(${before} ${before} ${before})`;
    context.fillStyle = changed[i] > before ? yes : changed[i] < before && before > FAINT ? no : gray;
    context.fillRect(i % 28, Math.floor(i / 28), 1, 1);
  }
}

/**
 * Show the ink of a digit as it was drawn, or the part of the picture.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {Shown} shown
 * @param {OffscreenCanvas} [overlay] 28 by 28 colors, to lay on the ink
 */
export function paintInk(canvas, { digit, strokes, picture, place }, overlay) {
  if (canvas.width !== INK) Object.assign(canvas, { width: INK, height: INK });
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const box = onPad(digit.box, place);
  const scale = (ROOM * INK) / Math.max(box.width, box.height);
  const [x, y] = [(INK - scale * box.width) / 2, (INK - scale * box.height) / 2];
  context.reset();
  context.save();
  context.translate(x - scale * box.x, y - scale * box.y);
  context.scale(scale, scale);
  const { color, textDecorationColor } = getComputedStyle(canvas);
  if (!picture) paintStrokes(context, strokes, overlay ? textDecorationColor : color);
  else if (!overlay) paintPicture(context, picture);
  context.restore();
  if (!overlay) return;
  const ink = inkBox(digit.image);
  /** @type {[number, number, number, number]} */
  const target = [x, y, scale * box.width, scale * box.height];
  if (picture) {
    const shape = new OffscreenCanvas(28, 28);
    const pixels = new ImageData(28, 28);
    for (const [i, level] of digit.image.entries()) pixels.data.set([128, 138, 148, level], 4 * i);
    shape.getContext("2d")?.putImageData(pixels, 0, 0);
    context.drawImage(shape, ink.x, ink.y, ink.width, ink.height, ...target);
  }
  context.globalCompositeOperation = "source-atop";
  context.drawImage(overlay, ink.x, ink.y, ink.width, ink.height, ...target);
}

/** The box around the ink in an image. */
function inkBox(image) {
  const places = [...image.keys()].filter((i) => image[i] > 20);
  const [xs, ys] = [places.map((i) => i % 28), places.map((i) => Math.floor(i / 28))];
  const [x, y] = [Math.min(...xs), Math.min(...ys)];
  return { x, y, width: Math.max(...xs) - x + 1, height: Math.max(...ys) - y + 1 };
}

/**
 * Show maps side by side, a pixel for each number; brightness follows the square root, so that what is weak is seen, too.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {import("./network.js").Maps} maps
 * @param {number} columns
 */
export function paintMaps(canvas, { count, side, values }, columns) {
  const [width, height] = [columns * (side + 1) - 1, Math.ceil(count / columns) * (side + 1) - 1];
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const pixels = new ImageData(width, height);
  const most = values.reduce((largest, value) => Math.max(largest, value), 1e-9);
  for (let map = 0, i = 0; map < count; map++) {
    const [left, top] = [(map % columns) * (side + 1), Math.floor(map / columns) * (side + 1)];
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++, i++) {
        pixels.data.set(glow(Math.sqrt(values[i] / most)), 4 * ((top + y) * width + left + x));
      }
    }
  }
  canvas.getContext("2d")?.putImageData(pixels, 0, 0);
}

/** From night through blue to white. */
function glow(share) {
  const [low, high, t] = share < 0.6 ? [NIGHT, BLUE, share / 0.6] : [BLUE, WHITE, (share - 0.6) / 0.4];
  return [...low.map((from, i) => from + (high[i] - from) * t), 255];
}

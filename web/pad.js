// The pad on the screen: the drawing or a picture, with the boxes of what was read.
import { HEIGHT, WIDTH } from "./drawing.js";

const MARGIN = 4; // between a digit and its box
const [READ, REFUSED] = ["#0072b2", "#c24e00"]; // on pictures, which are not darker on dark pages

/** @typedef {{scale: number, x: number, y: number}} Place from pixels of what is read to the pad's units */

/**
 * Where a picture lies on the pad: as large as fits, in the middle.
 *
 * @param {{width: number, height: number}} picture
 * @returns {Place}
 */
export function fit({ width, height }) {
  const scale = Math.min(WIDTH / width, HEIGHT / height);
  return { scale, x: (WIDTH - scale * width) / 2, y: (HEIGHT - scale * height) / 2 };
}

/**
 * How many of the pad's units a pixel of the page is.
 *
 * @param {HTMLCanvasElement} canvas
 */
export function toUnits(canvas) {
  return WIDTH / canvas.clientWidth;
}

/**
 * A box on the pad, in its units.
 *
 * @param {{x: number, y: number, width: number, height: number}} box
 * @param {Place} place
 */
export function onPad({ x, y, width, height }, place) {
  const { scale } = place;
  return { x: place.x + scale * x, y: place.y + scale * y, width: scale * width, height: scale * height };
}

/**
 * Prepare the canvas: as many pixels as the screen shows of it, in the pad's units, with nothing on it.
 *
 * @param {HTMLCanvasElement} canvas
 */
export function begin(canvas) {
  const width = Math.round(canvas.clientWidth * devicePixelRatio);
  const height = Math.round((width * HEIGHT) / WIDTH);
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.setTransform(width / WIDTH, 0, 0, width / WIDTH, 0, 0);
  context.clearRect(0, 0, WIDTH, HEIGHT);
  return context;
}

/**
 * Draw a picture, as large as fits.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {HTMLCanvasElement} picture
 */
export function paintPicture(context, picture) {
  const { scale, x, y } = fit(picture);
  context.imageSmoothingQuality = "high";
  context.drawImage(picture, x, y, scale * picture.width, scale * picture.height);
}

/**
 * Draw a box around each digit, the chosen one stronger; on a picture also what was read, above it.
 *
 * @param {CanvasRenderingContext2D} context in the pad's units
 * @param {import("./reading.js").Digit[]} digits
 * @param {{place: Place, chosen: number, isPicture: boolean, color: string}} how the color is that of boxes in a drawing
 */
export function paintBoxes(context, digits, { place, chosen, isPicture, color }) {
  const unit = toUnits(context.canvas);
  Object.assign(context, { font: `600 ${15 * unit}px system-ui, sans-serif`, textAlign: "center", textBaseline: "middle" });
  for (const [index, digit] of digits.entries()) {
    const box = onPad(digit.box, place);
    const [x, y] = [box.x - MARGIN * unit, box.y - MARGIN * unit];
    context.strokeStyle = isPicture ? (digit.label === null ? REFUSED : READ) : color;
    context.globalAlpha = index === chosen || isPicture ? 1 : 0.5;
    context.lineWidth = (index === chosen ? 3 : 1.5) * unit;
    context.beginPath();
    context.roundRect(x, y, box.width + 2 * MARGIN * unit, box.height + 2 * MARGIN * unit, 5 * unit);
    context.stroke();
    if (isPicture) paintLabel(context, digit.label ?? "?", x, y > 22 * unit ? y - 22 * unit : y, unit);
  }
  context.globalAlpha = 1;
}

/** A digit in white on the color of its box. */
function paintLabel(context, text, x, y, unit) {
  context.fillStyle = context.strokeStyle;
  context.beginPath();
  context.roundRect(x, y, 17 * unit, 22 * unit, 4 * unit);
  context.fill();
  context.fillStyle = "white";
  context.fillText(text, x + 8.5 * unit, y + 11 * unit);
}

/**
 * Show where the keyboard's pen is.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {{x: number, y: number}} pen
 * @param {string} color
 */
export function paintPen(context, { x, y }, color) {
  context.strokeStyle = color;
  context.lineWidth = 3;
  context.beginPath();
  context.arc(x, y, 18, 0, 2 * Math.PI);
  context.stroke();
}

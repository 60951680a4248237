// The pad on the screen: the drawing or a picture, with the boxes of what was read.
import { isUnsure } from "./answer.js";
import { HEIGHT, WIDTH } from "./reader/drawing.js";
import { placeLabels } from "./labels.js";

const MARGIN = 4; // between a digit and its box
const [TALLEST, LOWEST, SHARE] = [22, 13, 0.42]; // pixels of a label's height, and its share of the height of the box
const [TEXT, NARROW, WIDE] = [0.68, 0.8, 1.3]; // of that: the text, the width of one character and of two
const DASH = [5, 4]; // around ink that was not read
const [READ, DOUBTFUL] = ["#0072b2", "#b34700"]; // on pictures, which are not darker on dark pages

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
 * The colors to paint with, as the browser shows them: a canvas knows neither CSS variables nor the reader's own colors.
 *
 * @param {HTMLCanvasElement} canvas whose style has them
 */
export function colors(canvas) {
  const { color, outlineColor, caretColor, textDecorationColor, columnRuleColor } = getComputedStyle(canvas);
  return { ink: color, read: outlineColor, doubtful: caretColor, ghost: textDecorationColor, paper: columnRuleColor };
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
 * Draw a box around each digit, the chosen one stronger, and beside it what was read; dashed, ink that was not.
 *
 * A digit that stands alone in a drawing has no box.
 *
 * @param {CanvasRenderingContext2D} context in the pad's units
 * @param {import("./reading.js").Digit[]} digits
 * @param {import("./reading.js").Box[]} unread
 * @param {{place: Place, chosen: number, isPicture: boolean, read: string, doubtful: string, paper: string}} how the
 *   colors are those in a drawing
 */
export function paintAnswer(context, digits, unread, { place, chosen, isPicture, read, doubtful, paper }) {
  const unit = toUnits(context.canvas);
  const [sure, unsure, label] = isPicture ? [READ, DOUBTFUL, "white"] : [read, doubtful, paper];
  const boxes = [...digits.map(({ box }) => box), ...unread].map((box) => {
    const { x, y, width, height } = onPad(box, place);
    const margin = MARGIN * unit;
    return { x: x - margin, y: y - margin, width: width + 2 * margin, height: height + 2 * margin };
  });
  const hasBoxes = isPicture || boxes.length > 1;
  for (const [index, { x, y, width, height }] of boxes.entries()) {
    const digit = digits[index];
    if (digit && !hasBoxes) continue;
    context.strokeStyle = digit && !isUnsure(digit) ? sure : unsure;
    context.lineWidth = (index === chosen ? 3 : 1.5) * unit;
    context.setLineDash(digit ? [] : DASH.map((length) => length * unit));
    context.beginPath();
    context.roundRect(x, y, width, height, 5 * unit);
    context.stroke();
  }
  context.setLineDash([]);
  const texts = digits.map((digit) => `${digit.label ?? ""}${isUnsure(digit) ? "?" : ""}`);
  const sizes = texts.map((text, i) => {
    const height = Math.min(TALLEST * unit, Math.max(LOWEST * unit, SHARE * boxes[i].height));
    return { width: (text.length > 1 ? WIDE : NARROW) * height, height };
  });
  for (const [index, found] of placeLabels(boxes, sizes, { width: WIDTH, height: HEIGHT }).entries()) {
    if (found) paintLabel(context, texts[index], found, isUnsure(digits[index]) ? unsure : sure, label);
  }
}

/** A digit in the color of paper on the color of its box. */
function paintLabel(context, text, { x, y, width, height }, color, paper) {
  context.fillStyle = color;
  context.beginPath();
  context.roundRect(x, y, width, height, height / 5);
  context.fill();
  Object.assign(context, { font: `600 ${TEXT * height}px system-ui, sans-serif`, textAlign: "center", textBaseline: "middle" });
  context.fillStyle = paper;
  context.fillText(text, x + width / 2, y + 0.54 * height);
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

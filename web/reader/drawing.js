/** Strokes as a picture to read. */

import constants from "./constants.js";

export const WIDTH = 800; // of the page's pad, in its own units, whatever its size on the screen
export const HEIGHT = 600;

const PEN = 28; // thickness of a stroke
const [THIN, FINEST] = [1 / 8, 4]; // when it is read: at most this share of the tallest, as in MNIST, but so thick
const DOT = 0.01; // by how much every stroke is longer: browsers draw no line of length 0, which is what a dot is
const READ_AT = 0.22; // pixels for each unit in the picture that is read, if all of the pad is: fewer are read sooner
const { INK_SIDE } = constants.form;
const { FINE } = constants.normalize;
const MOST = FINE * INK_SIDE; // pixels of the tallest stroke there; of more, its digit would only be made smaller again
const PAPER = 80; // around the ink there

/** @typedef {{x: number, y: number}} Point */

/**
 * Draw strokes.
 *
 * @param {CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D} context in the pad's units
 * @param {Point[][]} strokes
 * @param {string} color
 * @param {number} [pen] their thickness
 */
export function paintStrokes(context, strokes, color, pen = PEN) {
  Object.assign(context, { strokeStyle: color, lineWidth: pen, lineCap: "round", lineJoin: "round" });
  for (const stroke of strokes) {
    context.beginPath();
    context.moveTo(stroke[0].x, stroke[0].y);
    // curves from middle to middle are smooth where the points lie far apart
    for (let i = 1; i < stroke.length - 1; i++) {
      const { x, y } = stroke[i];
      context.quadraticCurveTo(x, y, (x + stroke[i + 1].x) / 2, (y + stroke[i + 1].y) / 2);
    }
    const last = stroke[stroke.length - 1];
    context.lineTo(last.x + DOT, last.y);
    context.stroke();
  }
}

/**
 * What was drawn, as a picture to read, with what lies beside the pad, and with a thin pen where it is small.
 *
 * @param {Point[][]} strokes at least one
 * @returns {{picture: ImageData, place: {scale: number, x: number, y: number}}} black on white, and where it lies on the pad
 */
export function toPicture(strokes) {
  const tallest = Math.max(...strokes.map((stroke) => bounds(stroke).height));
  const pen = Math.min(PEN, Math.max(THIN * tallest, FINEST));
  const all = bounds(strokes.flat());
  const [x, y] = [all.x - PAPER, all.y - PAPER].map(Math.floor);
  const [width, height] = [all.width, all.height].map((side) => side + 2 * PAPER + 1);
  canvas ??= new OffscreenCanvas((WIDTH + 2 * PAPER) * READ_AT + 1, (HEIGHT + 2 * PAPER) * READ_AT + 1);
  const scale = Math.min(canvas.width / width, canvas.height / height, MOST / (tallest + pen));
  const context = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));
  context.reset();
  context.fillStyle = "white";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.scale(scale, scale);
  context.translate(-x, -y);
  paintStrokes(context, strokes, "black", pen);
  const picture = context.getImageData(0, 0, Math.floor(width * scale), Math.floor(height * scale));
  return { picture, place: { scale: 1 / scale, x, y } };
}

/** @type {OffscreenCanvas} for the largest such picture; a new one takes longer than what is drawn on it */
let canvas;

/** @param {Point[]} points */
function bounds(points) {
  const [xs, ys] = [points.map(({ x }) => x), points.map(({ y }) => y)];
  const [x, y] = [Math.min(...xs), Math.min(...ys)];
  return { x, y, width: Math.max(...xs) - x, height: Math.max(...ys) - y };
}

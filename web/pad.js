// The pad on the screen: the drawing or a picture, with the boxes of what was read.
import { HEIGHT, WIDTH } from "./drawing.js";

const MARGIN = 4; // between a digit and its box

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

/** How many of the pad's units a pixel of the page is. */
export function toUnits(canvas) {
  return WIDTH / canvas.clientWidth;
}

/** A box on the pad, in its units. */
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
  const context = canvas.getContext("2d");
  context.setTransform(width / WIDTH, 0, 0, width / WIDTH, 0, 0);
  context.clearRect(0, 0, WIDTH, HEIGHT);
  return context;
}

/** Draw a picture, as large as fits. */
export function paintPicture(context, picture) {
  const { scale, x, y } = fit(picture);
  context.imageSmoothingQuality = "high";
  context.drawImage(picture, x, y, scale * picture.width, scale * picture.height);
}

/**
 * Draw a box around each digit, the chosen one stronger, and where wanted what was read above it.
 *
 * @param {CanvasRenderingContext2D} context in the pad's units
 * @param {import("./reading.js").Digit[]} digits
 * @param {{place: Place, chosen: number, labels: boolean, colors: {read: string, refused: string, label: string}}} how
 */
export function paintBoxes(context, digits, { place, chosen, labels, colors }) {
  const unit = toUnits(context.canvas);
  Object.assign(context, { textAlign: "center", textBaseline: "middle" });
  for (const [index, digit] of digits.entries()) {
    const box = onPad(digit.box, place);
    const color = digit.label === null ? colors.refused : colors.read;
    context.strokeStyle = context.fillStyle = color;
    context.globalAlpha = index === chosen ? 1 : 0.55;
    context.lineWidth = (index === chosen ? 2.5 : 1.5) * unit;
    context.beginPath();
    const [x, y] = [box.x - MARGIN * unit, box.y - MARGIN * unit];
    context.roundRect(x, y, box.width + 2 * MARGIN * unit, box.height + 2 * MARGIN * unit, 5 * unit);
    context.stroke();
    if (!labels) continue;
    const size = 18 * unit;
    const isRoom = y > 1.2 * size;
    const [left, top, side] = [x, isRoom ? y - 1.2 * size : y, 1.2 * size];
    context.globalAlpha = 1;
    context.beginPath();
    context.roundRect(left, top, 0.8 * side, side, 4 * unit);
    context.fill();
    context.fillStyle = colors.label;
    context.font = `600 ${0.8 * size}px system-ui, sans-serif`;
    context.fillText(digit.label ?? "?", left + 0.4 * side, top + side / 2);
  }
  context.globalAlpha = 1;
}

/** Show where the keyboard's pen is. */
export function paintPen(context, { x, y }, color) {
  context.strokeStyle = color;
  context.lineWidth = 3;
  context.beginPath();
  context.arc(x, y, 18, 0, 2 * Math.PI);
  context.stroke();
}

// What was drawn, and how it is drawn: with mouse, finger, pen or keyboard.
import constants from "./reader/constants.js";

export const WIDTH = 800; // of the pad, in its own units, whatever its size on the screen
export const HEIGHT = 600;

const PEN = 28; // thickness of a stroke
const [THIN, THINNEST] = [1 / 8, 4]; // when it is read: at most this share of the tallest, as in MNIST, but so thick
const STEP = 10; // of the keyboard's pen
const READ_AT = 0.22; // pixels for each unit in the picture that is read, if all of the pad is: fewer are read sooner
const { INK_SIDE } = constants.form;
const { FINE } = constants.normalize;
const TALLEST = FINE * INK_SIDE; // pixels of the tallest stroke there; of more, its digit would only be made smaller again
const MARGIN = 80; // of paper around the ink there

/** @typedef {import("./sheet.js").Point} Point */

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
    context.lineTo(last.x, last.y);
    context.stroke();
  }
}

/**
 * What was drawn, as a picture to read, with what lies beside the pad, and with a thin pen where it is small.
 *
 * @param {Point[][]} strokes at least one
 * @returns {{picture: ImageData, place: import("./pad.js").Place}} black on white, and where it lies on the pad
 */
export function toPicture(strokes) {
  const tallest = Math.max(...strokes.map((stroke) => bounds(stroke).height));
  const pen = Math.min(PEN, Math.max(THIN * tallest, THINNEST));
  const all = bounds(strokes.flat());
  const [x, y] = [all.x - MARGIN, all.y - MARGIN].map(Math.floor);
  const [width, height] = [all.width, all.height].map((side) => side + 2 * MARGIN + 1);
  canvas ??= new OffscreenCanvas((WIDTH + 2 * MARGIN) * READ_AT + 1, (HEIGHT + 2 * MARGIN) * READ_AT + 1);
  const scale = Math.min(canvas.width / width, canvas.height / height, TALLEST / (tallest + pen));
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

/**
 * Draw with mouse, finger or pen.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {import("./sheet.js").Sheet} sheet on which nothing is drawn while it shows a picture
 * @param {() => void} changed called after every change
 */
export function drawWithPointers(canvas, sheet, changed) {
  function toPoints(events) {
    const box = canvas.getBoundingClientRect();
    const [across, down] = [WIDTH / box.width, HEIGHT / box.height];
    return events.map(({ clientX, clientY }) => ({ x: (clientX - box.left) * across, y: (clientY - box.top) * down }));
  }

  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || sheet.picture) return;
    canvas.setPointerCapture(event.pointerId);
    sheet.begin(event.pointerId, toPoints([event])[0]);
    changed();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!sheet.isDrawing(event.pointerId)) return;
    const moves = event.getCoalescedEvents?.() ?? [];
    sheet.extend(event.pointerId, toPoints(moves.length ? moves : [event]));
    changed();
  });
  for (const name of /** @type {const} */ (["pointerup", "pointercancel"])) {
    canvas.addEventListener(name, ({ pointerId }) => {
      if (!sheet.isDrawing(pointerId)) return;
      sheet.end(pointerId);
      changed();
    });
  }
}

/**
 * Draw with the keyboard: arrow keys move the pen, Space sets it down and lifts it, Escape lifts it.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {import("./sheet.js").Sheet} sheet on which nothing is drawn while it shows a picture
 * @param {() => void} changed called whenever the sheet or the pen's place changes
 * @param {(text: string) => void} tell called with where the pen is and whether it is down
 * @returns {{x: number, y: number}} where the pen is, kept up to date
 */
export function drawWithKeys(canvas, sheet, changed, tell) {
  const PEN_KEY = "keyboard";
  /** @type {Record<string, [number, number]>} */
  const ARROWS = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };
  const pen = { x: WIDTH / 2, y: HEIGHT / 4 };

  canvas.addEventListener("keydown", (event) => {
    if (sheet.picture) return;
    if (event.key === " ") {
      if (event.repeat) return;
      if (sheet.isDrawing(PEN_KEY)) sheet.end(PEN_KEY);
      else sheet.begin(PEN_KEY, { ...pen });
    } else if (event.key === "Escape" && sheet.isDrawing(PEN_KEY)) {
      sheet.end(PEN_KEY);
    } else if (event.key in ARROWS && !event.altKey) {
      const [right, down] = ARROWS[event.key];
      pen.x = Math.min(Math.max(pen.x + right, 0), WIDTH);
      pen.y = Math.min(Math.max(pen.y + down, 0), HEIGHT);
      sheet.extend(PEN_KEY, [{ ...pen }]);
    } else return;
    event.preventDefault();
    const [across, down] = [pen.x / WIDTH, pen.y / HEIGHT].map((share) => Math.round(100 * share));
    tell(`Pen ${sheet.isDrawing(PEN_KEY) ? "down" : "up"}, ${across} % from the left, ${down} % from the top`);
    changed();
  });
  canvas.addEventListener("blur", () => sheet.end(PEN_KEY));
  return pen;
}

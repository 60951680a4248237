// How strokes are drawn: with mouse, finger, pen or keyboard.
import { HEIGHT, WIDTH } from "./reader/drawing.js";

const STEP = 10; // of the keyboard's pen

/** @typedef {import("./sheet.js").Point} Point */

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
    tell(`Pen ${sheet.isDrawing(PEN_KEY) ? "down" : "up"}, ${across}% from the left, ${down}% from the top`);
    changed();
  });
  canvas.addEventListener("blur", () => sheet.end(PEN_KEY));
  return pen;
}

// Digits to write by themselves, so that the page shows what it is for, and samples to try.
/** @typedef {import("./sheet.js").Point} Point */

const STEPS = 6; // points for each of those below, on the curve through their middles
const PACE = 2; // points in a frame while a sample is written

/** @type {Record<string, number[][]>} strokes in a square of 100 by 100: x and y in turn; a point given twice is a corner */
const SHAPES = {
  1: [[46, 6, 50, 40, 46, 95]],
  2: [[18, 28, 40, 6, 72, 14, 70, 46, 18, 92, 18, 92, 50, 88, 86, 91]],
  3: [[22, 18, 48, 4, 74, 20, 44, 46, 44, 46, 80, 66, 52, 96, 16, 84]],
  4: [[44, 6, 14, 62, 14, 62, 50, 60, 84, 60], [64, 34, 62, 66, 60, 96]],
  5: [[80, 10, 32, 12, 32, 12, 26, 46, 56, 40, 82, 62, 64, 94, 18, 88]],
  7: [[14, 14, 50, 10, 86, 12, 86, 12, 60, 50, 44, 95]],
  8: [[70, 26, 50, 4, 26, 24, 50, 46, 76, 72, 50, 97, 24, 72, 50, 46, 70, 26]],
  9: [[72, 22, 48, 6, 24, 28, 44, 52, 70, 34, 72, 16, 72, 16, 68, 58, 58, 96]],
  doubtful: [[52, 8, 26, 32, 24, 54, 50, 56, 74, 42], [73, 8, 72, 45, 66, 96]],
  star: [[50, 4, 50, 4, 26, 94, 26, 94, 96, 36, 96, 36, 4, 36, 4, 36, 74, 94, 74, 94, 50, 4]],
};

/** What the pad shows while it is empty, as if it was being written. */
const [GHOST] = place("8", 300, 120, 200, 280);

/** @type {Record<string, Point[][]>} to try, by name */
export const SAMPLES = {
  digit: place("3", 270, 110, 270, 380),
  number: [
    ...place("5", 70, 180, 150, 240),
    ...place("2", 205, 190, 165, 235),
    ...place("7", 420, 180, 140, 250),
    ...place("4", 575, 175, 160, 250),
  ],
  doubtful: place("doubtful", 260, 110, 280, 380),
  star: place("star", 220, 120, 360, 360),
};

/** The strokes of a shape, smooth, in a part of the pad. */
function place(shape, left, top, width, height) {
  return SHAPES[shape].map((numbers) => {
    const points = Array.from({ length: numbers.length / 2 }, (_, i) => ({
      x: left + (width * numbers[2 * i]) / 100,
      y: top + (height * numbers[2 * i + 1]) / 100,
    }));
    return smooth(points);
  });
}

/** Many points on the curve that goes from middle to middle of those given, as `paintStrokes` draws it. */
function smooth(points) {
  const middle = (a, b) => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 });
  const found = [points[0]];
  for (let i = 1; i < points.length - 1; i++) {
    const start = i === 1 ? points[0] : middle(points[i - 1], points[i]);
    const end = i === points.length - 2 ? points[i + 1] : middle(points[i], points[i + 1]);
    for (let step = 1; step <= STEPS; step++) {
      const t = step / STEPS;
      const along = (axis) => (1 - t) ** 2 * start[axis] + 2 * t * (1 - t) * points[i][axis] + t ** 2 * end[axis];
      found.push({ x: along("x"), y: along("y") });
    }
  }
  return found;
}

/** Whether things may move by themselves. */
const isCalm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/**
 * Write a sample on the sheet, point by point; at once where motion is unwelcome. Whoever undoes or clears ends it.
 *
 * @param {import("./sheet.js").Sheet} sheet
 * @param {Point[][]} strokes
 * @param {() => void} changed called after every change
 */
export async function write(sheet, strokes, changed) {
  const pen = "sample";
  for (const [first, ...rest] of strokes) {
    sheet.begin(pen, first);
    const pace = isCalm() ? rest.length : PACE;
    for (let i = 0; i < rest.length && sheet.isDrawing(pen); i += pace) {
      sheet.extend(pen, rest.slice(i, i + pace));
      changed();
      if (!isCalm()) await new Promise(requestAnimationFrame);
    }
    if (!sheet.isDrawing(pen)) return;
    sheet.end(pen);
  }
  changed();
}

/** A digit that writes itself, once, each time the pad becomes empty. */
export class Ghost {
  #written = 0; // points
  #frame = 0;

  /** @param {() => void} changed called whenever there is more to paint */
  constructor(changed) {
    this.changed = changed;
  }

  /** Begin to write. */
  start() {
    this.stop();
    this.#written = isCalm() ? GHOST.length : 1;
    const go = () => {
      this.changed();
      this.#frame = this.#written < GHOST.length ? requestAnimationFrame(go) : 0;
      this.#written++;
    };
    go();
  }

  stop() {
    cancelAnimationFrame(this.#frame);
  }

  /** What has been written so far. */
  get stroke() {
    return GHOST.slice(0, this.#written);
  }
}

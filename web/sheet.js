// What the pad shows: strokes or a picture, with the states before and after it, kept for as long as the tab lives.

const [MOST_STEPS, MOST_PICTURES] = [200, 3]; // that can be taken back; a picture takes up to 16 MB

/** @typedef {import("./reader/drawing.js").Point} Point */
/** @typedef {{strokes: Point[][], picture: HTMLCanvasElement | null}} State a picture is shown instead of the strokes */

/** A sheet of paper on which everything can be undone, also that it was cleared. */
export class Sheet {
  /** @type {State} */
  #now;
  /** @type {State[]} */
  #past = [];
  /** @type {State[]} */
  #future = [];
  /** @type {Map<number | string, Point[]>} strokes that go on, by the pointer that draws them */
  #open = new Map();
  /** Counts the changes of what is on it. */
  version = 0;

  /** @param {string} key under which the strokes are kept in the tab's storage */
  constructor(key) {
    this.key = key;
    this.#now = { strokes: restore(key), picture: null };
  }

  get strokes() {
    return this.#now.strokes;
  }

  get picture() {
    return this.#now.picture;
  }

  get isEmpty() {
    return !this.picture && this.strokes.length === 0;
  }

  get canUndo() {
    return this.#past.length > 0;
  }

  get canRedo() {
    return this.#future.length > 0;
  }

  /** Whether some stroke goes on. */
  get isBusy() {
    return this.#open.size > 0;
  }

  /**
   * Begin a stroke, whichever pointer or key draws it.
   *
   * @param {number | string} pen
   * @param {Point} point
   */
  begin(pen, point) {
    const stroke = [point];
    this.#open.set(pen, stroke);
    this.#change({ strokes: [...this.strokes, stroke], picture: null });
  }

  /**
   * Go on with a stroke.
   *
   * @param {number | string} pen
   * @param {Point[]} points
   */
  extend(pen, points) {
    const stroke = this.#open.get(pen);
    if (!stroke) return;
    stroke.push(...points);
    this.version++;
  }

  /** @param {number | string} pen */
  end(pen) {
    if (this.#open.delete(pen)) this.save();
  }

  /** @param {number | string} pen */
  isDrawing(pen) {
    return this.#open.has(pen);
  }

  /** @param {HTMLCanvasElement} picture */
  show(picture) {
    this.#open.clear();
    this.#change({ strokes: this.strokes, picture });
  }

  /** @param {Point[][]} strokes instead of what is on it */
  replace(strokes) {
    this.#open.clear();
    this.#change({ strokes, picture: null });
    this.save();
  }

  clear() {
    this.#open.clear();
    if (!this.isEmpty) this.#change({ strokes: [], picture: null });
    this.save();
  }

  undo() {
    this.#step(this.#past, this.#future);
  }

  redo() {
    this.#step(this.#future, this.#past);
  }

  /** Keep the strokes in the tab's storage; where that is forbidden or full, the page works all the same. */
  save() {
    const numbers = this.strokes.map((stroke) => stroke.flatMap(({ x, y }) => [Math.round(x), Math.round(y)]));
    try {
      sessionStorage.setItem(this.key, JSON.stringify(numbers));
    } catch {}
  }

  #change(next) {
    this.version++;
    this.#past.push(this.#now);
    this.#now = next;
    this.#future = [];
    const pictures = () => new Set(this.#past.map(({ picture }) => picture)).size;
    while (this.#past.length > MOST_STEPS || pictures() > MOST_PICTURES) this.#past.shift();
  }

  #step(from, to) {
    const next = from.pop();
    if (!next) return;
    this.version++;
    to.push(this.#now);
    this.#now = next;
    this.#open.clear();
    this.save();
  }
}

/** The strokes that were kept; none if there are none, or storage is forbidden. */
function restore(key) {
  try {
    /** @type {number[][]} */
    const numbers = JSON.parse(sessionStorage.getItem(key) ?? "[]");
    return numbers.map((stroke) =>
      Array.from({ length: stroke.length / 2 }, (_, i) => ({ x: stroke[2 * i], y: stroke[2 * i + 1] })),
    );
  } catch {
    return [];
  }
}

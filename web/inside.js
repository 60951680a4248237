// The look inside: from one's own ink to the ten scores, every number of the network that reads single digits.
import { Calculation, say } from "./calculation.js";
import { paintHeat, paintInk, paintMaps, paintOther } from "./inside-paint.js";
import { toProbabilities } from "./network.js";

const COLUMNS = [1, 6, 6, 7, 8, 8]; // of the maps of the image and of each layer, side by side
const INVITATION = "Draw a digit to see it go through.";
const MOVES = /** @type {Record<string, [number, number, number]>} */ ({
  ArrowUp: [0, -1, 0],
  ArrowDown: [0, 1, 0],
  ArrowLeft: [0, 0, -1],
  ArrowRight: [0, 0, 1],
  PageUp: [-1, 0, 0],
  PageDown: [1, 0, 0],
}); // of what is explained: map, row, column
const STILL = 500; // milliseconds without a change, after which a screen reader is told

/** @typedef {import("./network.js").Maps} Maps */
/** @typedef {{digit: import("./reading.js").Digit, strokes: import("./sheet.js").Point[][],
 *    picture: HTMLCanvasElement | null, place: import("./pad.js").Place}} Shown a digit, and from what it was read */

export class Inside {
  /** @type {Worker | null} */
  #worker = null;
  /** @type {{layers: import("./network.js").Layer[], weights: Float32Array, bias: Float32Array} | null} */
  #network = null;
  /** @type {Shown | null} what is to be shown */
  #shown = null;
  /** @type {Shown | null} what the worker has been asked about last */
  #asked = null;
  #id = 0; // counts what the worker has been asked
  #isBusy = false;
  /** @type {Maps[]} */
  #maps = [];
  /** @type {Float32Array | null} */
  #scores = null;
  /** What is explained: of a stage, the image being 0 and the scores being the last, a place in a map, or a score. */
  #chosen = { stage: 1, map: 0, row: 0, column: 0 };
  #isTouched = false; // else the strongest place of the first layer is explained
  #timer = 0;

  /** @param {HTMLElement} section */
  constructor(section) {
    const find = (/** @type {string} */ selector) => /** @type {any} */ (section.querySelector(selector));
    this.view = find("#view");
    this.state = find("#inside-state");
    this.ink = find("#own-ink");
    /** @type {HTMLCanvasElement[]} of the image and of each layer */
    this.atlases = [...section.querySelectorAll(/** @type {"canvas"} */ ("canvas.maps"))];
    this.scores = find("#scores");
    this.mattered = find("#mattered");
    this.other = find("#other");
    this.calculation = new Calculation(find("#calculation"));
    this.markers = [this.#marker("chosen"), this.#marker("patch")];
    const button = find("#look");
    button.addEventListener("click", () => {
      this.view.hidden = !this.view.hidden;
      button.ariaExpanded = String(!this.view.hidden);
      button.textContent = this.view.hidden ? "Look inside" : "Close";
      if (!this.view.hidden) this.#open();
    });
    for (const [stage, atlas] of this.atlases.entries()) this.#listen(atlas, stage);
    this.scores.append(...Array.from({ length: 10 }, (_, digit) => this.#makeScore(digit)));
    new ResizeObserver(() => this.#explain()).observe(this.view);
  }

  /**
   * Show a digit, now or when the view is opened.
   *
   * @param {Shown | null} shown null if there is none
   */
  show(shown) {
    this.#shown = shown;
    this.#ask();
  }

  /** Begin to work, when it is looked at for the first time: only then are the weights fetched. */
  #open() {
    if (!this.#worker) {
      this.#worker = new Worker("inside-worker.js", { type: "module" });
      this.#worker.onmessage = ({ data }) => this.#receive(data);
      this.#worker.onerror = () => this.#fail("inside-worker.js does not run");
    }
    this.#ask();
  }

  #fail(reason) {
    this.state.textContent = `The weights could not be loaded (${reason}). Check the connection and reload the page.`;
    this.#worker?.terminate();
    this.#worker = null;
  }

  #ask() {
    if (this.view.hidden || !this.#worker || this.#isBusy || this.#shown === this.#asked) return;
    this.#asked = this.#shown;
    if (!this.#network || !this.#shown) this.state.textContent = this.#network ? INVITATION : "Loading the weights…";
    this.view.classList.toggle("empty", !this.#shown);
    if (!this.#shown) return;
    this.#isBusy = true;
    this.#worker.postMessage({ id: ++this.#id, image: this.#shown.digit.image });
  }

  #receive({ failure, layers, weights, bias, id, maps, scores, heat, ...found }) {
    if (failure) return this.#fail(failure);
    if (layers) {
      this.#network = { layers, weights, bias };
      if (!this.#shown) this.state.textContent = INVITATION;
    } else if (maps) {
      this.#isBusy = false;
      [this.#maps, this.#scores] = [maps, scores];
      this.#paint(/** @type {Shown} */ (this.#asked));
      this.#ask();
    } else if (id === this.#id && this.#asked) {
      if (heat) this.#showHeat(this.#asked, heat, found);
      else this.#showOther(this.#asked, found);
    }
  }

  /** @param {Shown} shown */
  #paint(shown) {
    this.state.textContent = "";
    paintInk(this.ink, shown);
    for (const [stage, maps] of this.#maps.entries()) paintMaps(this.atlases[stage], maps, COLUMNS[stage]);
    const scores = /** @type {Float32Array} */ (this.#scores);
    const probabilities = toProbabilities(scores);
    const best = scores.indexOf(Math.max(...scores));
    const [least, most] = [Math.min(...scores), Math.max(...scores)];
    for (const [digit, row] of [...this.scores.children].entries()) {
      row.classList.toggle("top", digit === best);
      row.querySelector(".bar").style.scale = `${(scores[digit] - least) / (most - least || 1)} 1`;
      row.querySelector(".value").textContent = say(scores[digit], 1);
      row.ariaLabel = `${digit}: score ${say(scores[digit], 1)}, ${(100 * probabilities[digit]).toFixed(1)}%`;
    }
    this.mattered.parentElement.classList.add("waiting");
    this.other.parentElement.classList.add("waiting");
    const { label } = shown.digit;
    this.#note(best, label);
    if (!this.#isTouched) this.#chosen = strongest(this.#maps[1]);
    this.#explain();
  }

  /** Say what the reader makes of these scores, if that is something else. */
  #note(best, label) {
    const other = `The reader says ${label}: it also heeds what it was taught and, in a number, asks a network for whole lines.`;
    const none = "The reader says that it is no digit: the scores differ less than they do for digits.";
    this.view.querySelector("#note").textContent = label === null ? none : label === best ? "" : other;
  }

  /** Choose places of an atlas with pointers and keys. */
  #listen(atlas, stage) {
    const choose = (event) => {
      const maps = this.#maps[stage];
      if (!maps) return;
      const { offsetX, offsetY } = event;
      const [columns, pitch] = [COLUMNS[stage], maps.side + 1];
      const x = Math.floor((offsetX / atlas.clientWidth) * (columns * pitch - 1));
      const y = Math.floor((offsetY / atlas.clientHeight) * (Math.ceil(maps.count / columns) * pitch - 1));
      const map = Math.floor(y / pitch) * columns + Math.floor(x / pitch);
      if (map < 0 || map >= maps.count || x < 0 || x >= columns * pitch) return;
      const inside = (place) => Math.min(Math.max(place % pitch, 0), maps.side - 1);
      this.#choose({ stage, map, row: inside(y), column: inside(x) });
    };
    atlas.addEventListener("pointerdown", choose);
    atlas.addEventListener("pointermove", (event) => event.buttons && choose(event));
    atlas.addEventListener("focus", () => atlas.matches(":focus-visible") && this.#choose({ ...this.#chosen, stage }));
    atlas.addEventListener("keydown", (event) => {
      if (!(event.key in MOVES)) return;
      event.preventDefault();
      const [map, row, column] = MOVES[event.key];
      const now = this.#chosen;
      this.#choose({ stage, map: now.map + map, row: now.row + row, column: now.column + column });
    });
  }

  #makeScore(digit) {
    const row = document.createElement("button");
    row.type = "button";
    const [name, track, value, bar] = ["digit", "track", "value", "bar"].map((className) =>
      Object.assign(document.createElement("span"), { className }),
    );
    name.textContent = String(digit);
    track.append(bar);
    row.append(name, track, value);
    row.addEventListener("click", () => this.#choose({ stage: this.atlases.length, map: digit, row: 0, column: 0 }));
    return row;
  }

  #marker(className) {
    const marker = document.createElement("div");
    marker.className = `marker ${className}`;
    return marker;
  }

  #choose({ stage, map, row, column }) {
    this.#isTouched = true;
    const maps = this.#maps[stage];
    const clamp = (value, count) => Math.min(Math.max(value, 0), count - 1);
    this.#chosen = maps
      ? { stage, map: clamp(map, maps.count), row: clamp(row, maps.side), column: clamp(column, maps.side) }
      : { stage, map, row, column };
    this.#explain();
  }

  /** Explain the chosen number, and mark it and the patch that it was made from. */
  #explain() {
    if (!this.#maps.length || !this.#network || this.view.hidden) return;
    const { stage, map, row, column } = this.#chosen;
    const [chosen, patch] = this.markers;
    for (const marker of this.markers) marker.remove();
    const scores = /** @type {Float32Array} */ (this.#scores);
    const text =
      stage === 0
        ? this.calculation.showPixel(this.#maps[0], row, column)
        : stage < this.atlases.length
          ? this.calculation.showSum(this.#network.layers[stage - 1], stage, this.#maps, { map, row, column })
          : this.calculation.showScore(this.#network, this.#maps[stage - 1], scores, map);
    if (stage < this.atlases.length) this.#mark(chosen, stage, map, row, column, 1);
    const { from } = this.calculation;
    if (from) this.#mark(patch, stage - 1, from.map, from.row, from.column, from.side);
    for (const [digit, score] of [...this.scores.children].entries()) {
      score.ariaPressed = String(stage === this.atlases.length && digit === map);
    }
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => (this.view.querySelector("#explained").textContent = text), STILL);
  }

  /** Put a marker around a square of a map. */
  #mark(marker, stage, map, row, column, side) {
    const { count, side: whole } = this.#maps[stage];
    const [columns, pitch] = [COLUMNS[stage], whole + 1];
    const [width, height] = [columns * pitch - 1, Math.ceil(count / columns) * pitch - 1];
    const [x, y] = [(map % columns) * pitch + column, Math.floor(map / columns) * pitch + row];
    Object.assign(marker.style, {
      left: `${(100 * x) / width}%`,
      top: `${(100 * y) / height}%`,
      width: `${(100 * side) / width}%`,
      height: `${(100 * side) / height}%`,
    });
    /** @type {HTMLElement} */ (this.atlases[stage].parentElement).append(marker);
  }

  #showHeat(shown, heat, /** @type {any} */ { readings, label }) {
    paintHeat(this.mattered, shown, heat);
    this.mattered.parentElement.classList.remove("waiting");
    this.view.querySelector("#mattered-words").textContent =
      `Blue ink speaks for the ${label}, orange ink against it, and gray ink hardly counts. To find out, a small square ` +
      `was wiped away or filled in ${readings} times, and the rest read again.`;
  }

  #showOther(shown, /** @type {any} */ { label, other, change }) {
    paintOther(this.other, shown.digit.image, change?.image);
    this.other.parentElement.classList.remove("waiting");
    this.view.querySelector("#other-words").textContent = change
      ? `It would take little to make this ${label} a ${other}: without the orange ink, and with the blue, the network ` +
        `reads ${other}, ${Math.round(100 * change.probability)}% sure. This is the ink that decides.`
      : `The next highest score is that of the ${other}, but it is far away: no few squares of ink make it that.`;
  }
}

/** The largest number in the maps of the first layer. */
function strongest({ side, values }) {
  const place = values.indexOf(values.reduce((most, value) => Math.max(most, value), 0));
  return { stage: 1, map: Math.floor(place / side ** 2), row: Math.floor(place / side) % side, column: place % side };
}

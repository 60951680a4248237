// The page "Watch it learn": what is set goes to the worker that trains, and what comes from it is shown.
import { drawWithKeys, drawWithPointers } from "../drawing.js";
import { paintGray } from "../gray.js";
import { speak } from "../language.js";
import * as pad from "../pad.js";
import { Bars, toPercent } from "../answer.js";
import { paintStrokes, toPicture } from "../reader/drawing.js";
import { toLightInk } from "../reader/load.js";
import { normalize } from "../reader/normalize.js";
import { Sheet } from "../sheet.js";
import { Curves } from "./curves.js";
import { isRelaxed } from "./network.js";
import { BEST, RATES, RUINS } from "./settings.js";
import { comment, conclude } from "./words.js";

const SIZE = 784; // pixels of an image
const SEED = new URLSearchParams(location.search).get("seed"); // learn.html?seed=1 begins the same way every time
const RARELY = 5000; // milliseconds from one thing that a screen reader is told to the next
const CHOICES = {
  rate: [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 10],
  batch: [32, 64, 128, 256, 512],
  width: [8, 16, 32],
  dropout: [0, 0.1, 0.25, 0.5],
  activation: { relu: "ReLU", tanh: "tanh", sigmoid: "sigmoid" },
  optimizer: { adam: "Adam", momentum: "momentum", sgd: "SGD" },
};

const find = (selector) => document.querySelector(selector);
const ruins = /** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll("[data-ruin]"));
const accuracy = new Curves(find("#accuracy"), {
  ...{ top: 1, ticks: [0, 0.5, 0.9, 1], colors: ["doubtful", "read"] },
  tell: (value) => `${100 * value}%`,
});
const loss = new Curves(find("#loss"), { top: 2.5, ticks: [0, 1, 2], tell: String, colors: ["doubtful"] });
const bars = new Bars(find("#bars"));
const drawing = new Sheet("tenfold-strokes-learn");
const canvas = find("#pad");
const pen = connectPad();

/** @type {import("./settings.js").Settings} */
let settings = BEST;
/** @type {Worker | null} */
let trainer = null;
let total = 0; // steps
let isGoing = false;
let told = 0; // when a screen reader was

speak(find("#language"));
connectControls();
showSettings();

function connectControls() {
  find("#start").addEventListener("click", start);
  find("#pause").addEventListener("click", () => (isGoing ? hold() : resume()));
  find("#step").addEventListener("click", () => {
    hold();
    trainer?.postMessage(["step"]);
  });
  for (const [id, choices] of Object.entries(CHOICES)) {
    for (const [value, text] of Object.entries(choices)) {
      find(`#${id}`).append(new Option(text, Array.isArray(choices) ? text : value)); // the text may be translated
    }
    find(`#${id}`).addEventListener("change", () => change(readSettings(id)));
  }
  for (const button of ruins) {
    button.addEventListener("click", () => {
      settings = { ...BEST, ...RUINS[/** @type {string} */ (button.dataset.ruin)] };
      showSettings();
      start();
    });
  }
  find("#mend").addEventListener("click", () => {
    settings = BEST;
    showSettings();
    start();
  });
  find("#clear").addEventListener("click", () => {
    drawing.clear();
    changed();
  });
}

/** The settings as chosen. */
function readSettings(changed) {
  const value = (id) => find(`#${id}`).value;
  const width = Number(value("width"));
  const optimizer = value("optimizer");
  return {
    ...settings,
    ...{ optimizer, activation: value("activation"), batch_size: Number(value("batch")) },
    peak_lr: changed === "optimizer" ? RATES[optimizer] : Number(value("rate")),
    network_options: { stem: width, width, dropout: Number(value("dropout")) },
  };
}

function change(changed) {
  settings = changed;
  showSettings();
  if (trainer) start();
}

function showSettings() {
  const { peak_lr: rate, batch_size: batch, network_options: { width, dropout }, activation, optimizer } = settings;
  for (const [id, value] of Object.entries({ rate, batch, width, dropout, activation, optimizer })) find(`#${id}`).value = value;
  for (const button of ruins) {
    const ruined = Object.entries(RUINS[/** @type {string} */ (button.dataset.ruin)]);
    button.ariaPressed = String(ruined.every(([key, value]) => settings[key] === value));
  }
  find("#mend").disabled = JSON.stringify(settings) === JSON.stringify(BEST);
}

/** Train a new network. */
function start() {
  if (typeof WebAssembly === "undefined") {
    return warn("This browser has no WebAssembly, in which the network computes; try another browser.");
  }
  warn("");
  if (!trainer) {
    trainer = new Worker(new URL("trainer.js", import.meta.url), { type: "module" });
    trainer.addEventListener("message", ({ data }) => {
      for (const [name, value] of Object.entries(data)) hear[name](value);
    });
    trainer.addEventListener("error", ({ message }) => hear.failure(message || "trainer.js does not run"));
    find("#state").textContent = "Loading the images…";
  }
  trainer.postMessage(["start", { ...settings, seed: Number(SEED ?? crypto.getRandomValues(new Uint16Array(1))[0]) }]);
  setGoing(true);
}

function hold() {
  trainer?.postMessage(["pause"]);
  setGoing(false);
}

function resume() {
  trainer?.postMessage(["go"]);
  setGoing(true);
}

function setGoing(going) {
  isGoing = going;
  find("#start").textContent = trainer ? "Start again" : "Start learning";
  find("#pause").textContent = going ? "Pause" : "Go on";
}

/** What the worker says. */
const hear = {
  loaded(share) {
    find("#state").textContent = share < 1 ? `Loading the images: ${Math.floor(100 * share)}%` : "Unpacking the images…";
    find("#done").value = share;
  },

  begun({ weights, steps, workers, shown }) {
    total = steps;
    const images = steps * settings.batch_size;
    accuracy.clear(images);
    loss.clear(images);
    find("#pause").disabled = find("#step").disabled = false;
    showImages(shown);
    find("#status").textContent = `A new network with ${weights.toLocaleString("en")} weights begins.`;
    find("#run").dataset.workers = workers;
    const runtime = isRelaxed ? "litert_wasm_internal" : "litert_wasm_compat_internal"; // of the page that reads
    navigator.serviceWorker?.register(`service-worker.js?runtime=${runtime}`);
  },

  progress(progress) {
    const { steps, images, seconds, loss: now, accuracy: trained, testAccuracy, rate, filters, answers } = progress;
    accuracy.add({ x: images, values: [trained, testAccuracy] });
    if (now !== null) loss.add({ x: images, values: [now] });
    const number = (n) => n.toLocaleString("en");
    find("#state").textContent =
      `Step ${number(steps)} of ${number(total)}, ${number(images)} images seen, ${seconds.toFixed(1)} s, ` +
      `rate ${rate.toPrecision(2)}: ${toPercent(testAccuracy)} of new images right`;
    find("#done").value = steps / total;
    find("#accuracy").ariaLabel = `Accuracy: ${toPercent(testAccuracy)} of new images`;
    find("#loss").ariaLabel = now === null ? "Loss" : `Loss: ${now.toFixed(3)}`;
    find("#comment").textContent = comment(progress, settings);
    showAnswers(answers);
    showFilters(filters);
    ask();
    if (performance.now() > told + RARELY) {
      told = performance.now();
      find("#status").textContent = `${toPercent(testAccuracy)} of new images right`;
    }
  },

  paused() {
    if (!isGoing) find("#state").textContent += "; paused";
  },

  finished(finished) {
    setGoing(false);
    find("#pause").disabled = find("#step").disabled = true;
    find("#state").textContent = find("#status").textContent = conclude(finished);
    find("#done").value = 1;
  },

  /** @param {Float32Array} probabilities */
  probabilities(probabilities) {
    if (drawing.isEmpty) return;
    const label = probabilities.indexOf(Math.max(...probabilities));
    bars.show(probabilities, label);
    find("#verdict").textContent = `It reads a ${label}, ${toPercent(probabilities[label])} sure.`;
  },

  failure(reason) {
    trainer?.terminate();
    trainer = null;
    setGoing(false);
    find("#pause").disabled = find("#step").disabled = true;
    find("#state").textContent = "Nothing is learned.";
    warn(`It cannot learn here (${reason}). Check the connection, and start again.`);
  },
};

function showImages({ images, labels }) {
  const tiles = [...labels].map((label, index) => {
    const tile = document.createElement("span");
    tile.dataset.label = String(label);
    const image = document.createElement("canvas");
    paintGray(image, images.subarray(index * SIZE, (index + 1) * SIZE), 255);
    tile.append(image);
    return tile;
  });
  find("#grid").replaceChildren(...tiles);
}

function showAnswers(answers) {
  let right = 0;
  for (const [index, tile] of [...find("#grid").children].entries()) {
    const isRight = Number(tile.dataset.label) === answers[index];
    right += Number(isRight);
    tile.className = isRight ? "right" : "wrong";
    tile.dataset.answer = answers[index];
  }
  find("#grid").ariaLabel = `${right} of ${answers.length} test images are right`;
}

/** Each filter in gray: dark below zero, light above. */
function showFilters(filters) {
  const canvases = find("#filters").children;
  if (canvases.length !== filters.length) {
    find("#filters").replaceChildren(...filters.map(() => document.createElement("canvas")));
  }
  for (const [index, filter] of filters.entries()) {
    const largest = Math.max(...filter.map(Math.abs));
    paintGray(canvases[index], filter.map((weight) => weight + largest), 2 * largest);
  }
}

function connectPad() {
  new ResizeObserver(paint).observe(canvas);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);
  for (const name of ["focus", "blur"]) canvas.addEventListener(name, paint);
  drawWithPointers(canvas, drawing, changed);
  return drawWithKeys(canvas, drawing, changed, (place) => {
    find("#status").textContent = place;
  });
}

function changed() {
  paint();
  find("#clear").disabled = drawing.isEmpty;
  if (drawing.isEmpty) {
    bars.show(null);
    find("#verdict").textContent = "Draw a digit.";
  } else ask();
}

/** Ask the network, as it is now, what was drawn. */
function ask() {
  if (trainer && !drawing.isEmpty) trainer.postMessage(["read", normalize(toLightInk(toPicture(drawing.strokes).picture))]);
}

function paint() {
  const { ink, read } = pad.colors(canvas);
  const context = pad.begin(canvas);
  paintStrokes(context, drawing.strokes, ink);
  if (pen && canvas.matches(":focus-visible")) pad.paintPen(context, pen, read);
  find("#hint").hidden = !drawing.isEmpty;
}

/** Say what is wrong, or with an empty text that nothing is. */
function warn(message) {
  find("#message").textContent = message;
}

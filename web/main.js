// The page: what is drawn or shown to it is read, and the answer shown.
import { Answer, describe } from "./answer.js";
import { photograph } from "./camera.js";
import { Drawing, drawWithKeys, drawWithPointers, paintStrokes } from "./drawing.js";
import { FirstLayer, paintGray } from "./features.js";
import * as pad from "./pad.js";
import { findPicture, openPicture } from "./pictures.js";
import { reader } from "./reading.js";

const INVITATION = "Draw a digit, or several side by side.";
const QUIET = 600; // milliseconds without a change, after which a screen reader is told the answer
const SELDOM = 100; // milliseconds from one picture of the network to the next: the answer goes first

const find = (selector) => document.querySelector(selector);
const canvas = find("#pad");
const drawing = new Drawing();
const answer = new Answer(find("#answer"), choose);

/** @type {HTMLCanvasElement | null} shown and read instead of the drawing */
let picture = null;
/** @type {import("./reading.js").Digit[][] | null} what was read last; null if nothing has been */
let lines = null;
/** @type {pad.Place | null} where on the pad that was */
let place = null;
let chosen = 0;
let content = 0; // counts what the pad has shown: an answer to what it shows no more is dropped
let state = "Loading the network…"; // what is said where there is nothing to read, or to read with
let canRead = false;
let frame = 0; // in which the pad will be painted again
let announcement = 0; // the timer of what a screen reader will be told
let glance = 0; // the timer of the next look into the network
/** @type {FirstLayer | null} */
let firstLayer = null;

const pen = connectPad();
connectControls();
start();

/** Draw on the pad, or choose a digit in the picture there. */
function connectPad() {
  const isOpen = () => !picture;
  canvas.addEventListener("pointerdown", (event) => picture && chooseAt(event));
  drawWithPointers(canvas, drawing, isOpen, changed);
  return drawWithKeys(canvas, drawing, isOpen, changed);
}

/** Connect buttons, keys, and the ways in for pictures. */
function connectControls() {
  find("#undo").addEventListener("click", undo);
  find("#clear").addEventListener("click", clear);
  find("#file").addEventListener("change", ({ target }) => {
    show(() => openPicture(target.files[0]));
    target.value = ""; // so that the same file can be chosen again
  });
  find("#open").addEventListener("click", () => find("#file").click());
  find("#photograph").addEventListener("click", () => show(() => photograph(find("#camera"))));
  document.addEventListener("keydown", (event) => {
    if (find("dialog[open]")) return;
    if ((event.ctrlKey || event.metaKey) && !event.shiftKey && event.key.toLowerCase() === "z") undo();
    else if (event.key === "Delete" || event.key === "Escape") clear();
    else return;
    event.preventDefault();
  });
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    showFile(event.dataTransfer?.files);
  });
  document.addEventListener("paste", (event) => showFile(event.clipboardData?.files));
  new ResizeObserver(paint).observe(canvas);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);
  for (const name of ["focus", "blur"]) canvas.addEventListener(name, paint);
  find("#features").addEventListener("toggle", showFeatures);
}

/** Wait for what reads, and say so if it does not come. */
async function start() {
  showAnswer();
  if (!reader) {
    return giveUp("This browser has no WebAssembly, which the network needs.", "try another browser");
  }
  try {
    const [runtime] = await Promise.all([reader.ready, loadFirstLayer()]);
    navigator.serviceWorker?.register(`service-worker.js?runtime=${runtime}`);
  } catch (error) {
    return giveUp(`The network could not be loaded (${error.message}).`, "check the connection and reload the page");
  }
  canRead = true;
  state = INVITATION;
  showAnswer();
  readAgain();
}

function giveUp(reason, remedy) {
  state = "Nothing is read.";
  showAnswer();
  warn(`${reason} You can draw, but nothing is read; ${remedy}.`);
}

async function loadFirstLayer() {
  const response = await fetch("first-layer.json");
  if (!response.ok) throw new Error(`first-layer.json: ${response.status} ${response.statusText}`);
  firstLayer = new FirstLayer(await response.json());
  find("#maps").append(...firstLayer.bias.map(() => document.createElement("canvas")));
}

/** What to do whenever a stroke grows. */
function changed() {
  warn("");
  paint();
  readAgain();
}

function undo() {
  if (picture) picture = null;
  else drawing.undo();
  replaceContent();
}

function clear() {
  picture = null;
  drawing.clear();
  replaceContent();
}

function replaceContent() {
  content++;
  lines = place = null;
  warn("");
  showAnswer();
  readAgain();
}

function showFile(files) {
  if (files?.length) show(() => openPicture(findPicture(files)));
}

/** Show a picture in the place of the drawing, when it comes. */
async function show(take) {
  warn("");
  try {
    const taken = await take();
    if (!taken) return;
    picture = taken;
  } catch (error) {
    return warn(error.message);
  }
  replaceContent();
}

/** Read what the pad shows, and show the answer, unless the pad shows something newer by then. */
async function readAgain() {
  if (!reader || !canRead || isBlank()) return;
  const of = content;
  /** @type {import("./reading.js").Found | null} */
  let found = { lines: [] };
  let failure = "";
  try {
    found = await reader.read(picture ? { picture: toPixels(picture) } : { strokes: drawing.strokes });
  } catch (error) {
    failure = `Nothing could be read: ${error.message}`;
  }
  if (!found || of !== content) return;
  const before = digits().length;
  lines = found.lines;
  place = picture ? pad.fit(picture) : (found.place ?? null);
  if (digits().length !== before) chosen = picture ? 0 : digits().length - 1; // else what was chosen stays so
  if (picture) warn(failure); // a drawing has only begun
  showAnswer();
}

function isBlank() {
  return !picture && drawing.isEmpty;
}

function toPixels(canvas) {
  return canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
}

function digits() {
  return lines?.flat() ?? [];
}

function choose(index) {
  chosen = index;
  showAnswer();
}

/** Choose the digit of a picture that was touched. */
function chooseAt({ offsetX, offsetY }) {
  const unit = pad.toUnits(canvas);
  const touched = digits().findIndex((digit) => {
    const { x, y, width, height } = pad.onPad(digit.box, /** @type {pad.Place} */ (place));
    const [right, down] = [offsetX * unit - x, offsetY * unit - y];
    return right >= 0 && right <= width && down >= 0 && down <= height;
  });
  if (touched >= 0) choose(touched);
}

/** Show the current answer everywhere. */
function showAnswer() {
  if (lines && digits().length) answer.show(lines, chosen);
  else if (lines) answer.clear("no digit");
  else answer.clear(canRead && !isBlank() ? "Reading…" : state);
  paint();
  glance ||= setTimeout(showFeatures, SELDOM);
  announce();
}

function announce() {
  clearTimeout(announcement);
  announcement = setTimeout(() => {
    const [first, ...others] = digits();
    const number = lines?.map((line) => line.map(({ label }) => label ?? "no digit").join(" ")).join(", ");
    find("#status").textContent = others.length ? number : first ? describe(first) : answer.verdict.textContent;
  }, QUIET);
}

function showFeatures() {
  glance = 0;
  if (!firstLayer || !find("#features").open) return;
  const image = digits()[chosen]?.image;
  const maps = firstLayer.apply(image ?? new Uint8Array(784)).map((map) => map.map(Math.sqrt)); // shows what is weak too
  const largest = image ? Math.max(...maps.map((map) => Math.max(...map))) : Infinity;
  for (const [index, map] of find("#maps").querySelectorAll("canvas").entries()) paintGray(map, maps[index], largest);
}

/** Paint the pad, once a frame at most. */
function paint() {
  frame ||= requestAnimationFrame(() => {
    frame = 0;
    paintNow();
  });
}

function paintNow() {
  const style = getComputedStyle(canvas);
  const color = (name) => style.getPropertyValue(name);
  const context = pad.begin(canvas);
  if (picture) pad.paintPicture(context, picture);
  else paintStrokes(context, drawing.strokes, color("--ink"));
  if (place && (picture || digits().length > 1)) {
    pad.paintBoxes(context, digits(), { place, chosen, isPicture: Boolean(picture), color: color("--accent") });
  }
  if (!picture && canvas.matches(":focus-visible")) pad.paintPen(context, pen, color("--accent"));
  find("#hint").hidden = !isBlank();
  find("#keys").hidden = picture !== null;
  find("#undo").disabled = find("#clear").disabled = isBlank();
}

/** Say what is wrong, or with an empty text that nothing is. */
function warn(message) {
  find("#message").textContent = message;
}

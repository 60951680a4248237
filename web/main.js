// The page: what is drawn or shown to it is read, and the answer shown.
import { Answer, describe } from "./answer.js";
import { photograph } from "./camera.js";
import { ClassMode } from "./class.js";
import { drawWithKeys, drawWithPointers } from "./drawing.js";
import { Inside } from "./inside.js";
import { speak } from "./language.js";
import { fromFragment, toFragment } from "./link.js";
import { keepOffline } from "./offline.js";
import * as pad from "./pad.js";
import { fetchPicture, findPicture, openPicture } from "./pictures.js";
import { paintStrokes } from "./reader/drawing.js";
import { reader } from "./reading.js";
import { Ghost, SAMPLES, write } from "./samples.js";
import { Sheet } from "./sheet.js";
import { Teaching } from "./teaching.js";

const INVITATION = "Draw a digit, or several side by side.";
const QUIET = 600; // milliseconds without a change, after which a screen reader is told the answer

const find = (selector) => document.querySelector(selector);
const canvas = find("#pad");
const sheet = new Sheet("tenfold-strokes");
const answer = new Answer(find("#answer"), choose);
const inside = new Inside(find("#inside"));
const ghost = new Ghost(paint);
const classMode = new ClassMode(find("#class"));
const teaching = reader && new Teaching(find("#correct"), find("#hand"), reader, readAgain, () => digits()[chosen]);

/** @type {import("./reading.js").Digit[][] | null} what was read last; null if nothing has been */
let lines = null;
/** @type {import("./reading.js").Box[]} of ink that was not read */
let unread = [];
/** @type {pad.Place | null} where on the pad that was */
let place = null;
let chosen = 0;
let asked = -1; // the version of the sheet that is read, or was
let content = 0; // counts what the pad has shown: an answer to what it shows no more is dropped
let state = "Loading the network…"; // what is said where there is nothing to read, or to read with
let canRead = false;
let failed = ""; // why what the pad shows could not be read the last time
let wasEmpty = false; // before the last change
let frame = 0; // in which the pad will be painted again
let announcement = 0; // the timer of what a screen reader will be told

speak(find("#language"));
const pen = connectPad();
connectControls();
openLink();
start();

/** Draw on the pad, or choose a digit in the picture there. */
function connectPad() {
  canvas.addEventListener("pointerdown", (event) => sheet.picture && chooseAt(event));
  drawWithPointers(canvas, sheet, changed);
  return drawWithKeys(canvas, sheet, changed, (text) => (find("#pen").textContent = text));
}

/** Connect buttons, keys, and the ways in for pictures. */
function connectControls() {
  find("#undo").addEventListener("click", undo);
  find("#redo").addEventListener("click", redo);
  find("#clear").addEventListener("click", clear);
  find("#file").addEventListener("change", ({ target }) => {
    show(() => openPicture(target.files[0]));
    target.value = ""; // so that the same file can be chosen again
  });
  find("#link").addEventListener("click", copyLink);
  addEventListener("hashchange", openLink);
  find("#open").addEventListener("click", () => find("#file").click());
  find("#photograph").addEventListener("click", () => show(() => photograph(find("#camera"))));
  find("#samples").addEventListener("click", ({ target }) => tryOut(target.dataset.sample));
  document.addEventListener("keydown", (event) => {
    if (find("dialog[open]")) return;
    const key = event.ctrlKey || event.metaKey ? `Ctrl+${event.key.toLowerCase()}` : event.key;
    if (key === "Ctrl+z") (event.shiftKey ? redo : undo)();
    else if (key === "Ctrl+y") redo();
    else if (key === "Delete") clear();
    else return;
    event.preventDefault();
  });
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    showFile(event.dataTransfer?.files);
  });
  document.addEventListener("paste", (event) => showFile(event.clipboardData?.files));
  addEventListener("pagehide", () => sheet.save()); // a stroke may go on
  new ResizeObserver(paint).observe(canvas);
  for (const query of ["(prefers-color-scheme: dark)", "(forced-colors: active)"]) {
    matchMedia(query).addEventListener("change", paint);
  }
  for (const name of ["focus", "blur"]) canvas.addEventListener(name, paint);
}

/** Wait for what reads, and say so if it does not come. */
async function start() {
  showAnswer();
  if (!reader) {
    return giveUp("This browser has no WebAssembly, which the network needs.", "try another browser");
  }
  reader.onprogress = (share) => {
    find("#loading").value = share;
    state = `Loading the network… ${Math.floor(100 * share)}%`;
    if (!canRead) showAnswer();
  };
  try {
    keepOffline(await reader.ready, (text) => (find("#offline").textContent = text), offerUpdate);
  } catch (error) {
    return giveUp(`The network could not be loaded (${error.message}).`, "check the connection and reload the page");
  }
  canRead = true;
  find("#loading").hidden = true;
  state = INVITATION;
  showAnswer();
  teaching?.start(); // which reads
}

function giveUp(reason, remedy) {
  state = "Nothing is read.";
  find("#loading").hidden = true;
  showAnswer();
  warn(`${reason} You can draw, but nothing is read; ${remedy}.`);
}

/** Say that there is a new version of the page; the drawing is kept when it is taken. */
function offerUpdate(take) {
  find("#update").hidden = false;
  find("#update button").onclick = take;
}

/** What to do whenever a stroke grows or ends, or the keyboard's pen moves. */
function changed() {
  warn("");
  paint();
  if (sheet.version !== asked) readAgain();
}

function undo() {
  sheet.undo();
  replaceContent();
}

function redo() {
  sheet.redo();
  replaceContent();
}

function clear() {
  const isCleared = !sheet.isEmpty;
  sheet.clear();
  replaceContent();
  if (isCleared) tell("Cleared. Undo brings it back.");
  canvas.focus({ preventScroll: true });
}

/** Draw what a link holds; its end goes, so that a reload keeps what is drawn from then on. */
function openLink() {
  try {
    const strokes = fromFragment(location.hash);
    if (!strokes) return;
    history.replaceState(null, "", location.pathname + location.search);
    sheet.replace(strokes);
    replaceContent();
  } catch (error) {
    warn(error.message);
  }
}

async function copyLink() {
  const link = location.href.split("#")[0] + toFragment(sheet.strokes);
  try {
    await navigator.clipboard.writeText(link);
    tell("Link copied.");
    find("#link span").textContent = "Copied";
    setTimeout(() => (find("#link span").textContent = "Link"), 2000);
  } catch {
    warn(`Copy this link: ${link}`);
  }
}

function tryOut(name) {
  if (!name) return;
  canvas.focus({ preventScroll: true }); // the button disappears
  if (name === "page") show(() => fetchPicture("sample.jpg"));
  else write(sheet, SAMPLES[name], changed);
}

function replaceContent() {
  content++;
  lines = place = null;
  unread = [];
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
    sheet.show(taken);
  } catch (error) {
    return warn(error.message);
  }
  replaceContent();
}

/** Read what the pad shows, and show the answer, unless the pad shows something newer by then. */
async function readAgain() {
  if (!reader || !canRead || sheet.isEmpty) return;
  const { picture, strokes } = sheet;
  asked = sheet.version;
  const of = content;
  /** @type {import("./reading.js").Found | null} */
  let found = { lines: [], unread: [] };
  let failure = "";
  try {
    found = await reader.read(picture ? { picture: toPixels(picture) } : { strokes });
  } catch (error) {
    failure = `Nothing could be read: ${error.message}`;
  }
  if (!found || of !== content) return;
  const before = digits().length;
  ({ lines, unread } = found);
  place = picture ? pad.fit(picture) : { scale: 1, x: 0, y: 0 };
  if (digits().length !== before) chosen = picture ? 0 : digits().length - 1; // else what was chosen stays so
  if (picture && (failure || failed)) warn(failure); // a drawing has only begun
  failed = failure;
  showAnswer();
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

/** Choose the digit of a picture that was touched; elsewhere, say why nothing is drawn. */
function chooseAt({ offsetX, offsetY }) {
  const unit = pad.toUnits(canvas);
  const touched = digits().findIndex((digit) => {
    const { x, y, width, height } = pad.onPad(digit.box, /** @type {pad.Place} */ (place));
    const [right, down] = [offsetX * unit - x, offsetY * unit - y];
    return right >= 0 && right <= width && down >= 0 && down <= height;
  });
  if (touched >= 0) choose(touched);
  else warn("This is a picture: touch a digit in it to choose that. To draw, take the picture away with Undo or Clear.");
}

/** Show the current answer everywhere. */
function showAnswer() {
  if (lines && digits().length) answer.show(lines, chosen, unread.length > 0);
  else if (lines) answer.clear("no digit");
  else answer.clear(canRead && !sheet.isEmpty ? "Reading…" : state);
  paint();
  const digit = digits()[chosen];
  teaching?.offer(digit);
  classMode.offer(digits().length === 1 ? digit : undefined);
  inside.show(digit && place ? { digit, place, strokes: sheet.strokes, picture: sheet.picture } : null);
  announce();
}

function announce() {
  clearTimeout(announcement);
  announcement = setTimeout(() => {
    const number = lines?.map((line) => line.map(({ label }) => label ?? "no digit").join(" ")).join(", ");
    const isNumber = digits().length > 1 || digits()[0]?.label != null;
    const text = lines && isNumber ? `${number}, ${describe(lines)}` : answer.verdict.textContent;
    tell(unread.length ? `${text}; some ink was not read` : text);
  }, QUIET);
}

/** Tell a screen reader. */
function tell(text) {
  find("#status").textContent = text;
}

/** Paint the pad, once a frame at most. */
function paint() {
  frame ||= requestAnimationFrame(() => {
    frame = 0;
    paintNow();
  });
}

function paintNow() {
  const { isEmpty, picture } = sheet;
  if (isEmpty !== wasEmpty) isEmpty ? ghost.start() : ghost.stop();
  wasEmpty = isEmpty;
  const colors = pad.colors(canvas);
  const context = pad.begin(canvas);
  if (picture) pad.paintPicture(context, picture);
  else paintStrokes(context, isEmpty ? [ghost.stroke] : sheet.strokes, isEmpty ? colors.ghost : colors.ink);
  if (place) {
    const marked = sheet.isBusy ? [] : unread; // what has only begun is not yet read
    pad.paintAnswer(context, digits(), marked, { place, chosen, isPicture: Boolean(picture), ...colors });
  }
  if (!picture && canvas.matches(":focus-visible")) pad.paintPen(context, pen, colors.read);
  find("#hint").hidden = find("#samples").hidden = !isEmpty;
  find("#keys").hidden = picture !== null;
  find("#clear").disabled = isEmpty;
  find("#link").disabled = isEmpty || picture !== null;
  find("#undo").disabled = !sheet.canUndo;
  find("#redo").disabled = !sheet.canRedo;
}

/** Say what is wrong, or with an empty text that nothing is. */
function warn(message) {
  find("#message").textContent = message;
}

// The worker that trains. It takes commands from the page, and has helpers, one for every further processor core.
import constants from "../reader/constants.js";
import { loadDigits } from "./data.js";
import { Learner } from "./learner.js";
import { loadKernels } from "./network.js";
import { oneCycle, Optimizer } from "./optimizers.js";

const { SIDE } = constants.form;
const MOST_WORKERS = 4;
const SHOWN = 100; // test images in the page's grid
const TESTED = 500; // test images that are read for every point of the curves
const OFTEN = 300; // milliseconds from one report to the next
const MEMORY = 0.1; // the weight of a batch in the running means of BatchNorm

/** @typedef {import("./settings.js").Settings} Settings */
/** @typedef {import("./data.js").Digits} Digits */
/**
 * @typedef {{kernels: WebAssembly.Module, own: Digits, count: number, testImages: Uint8Array, testLabels: Uint8Array}}
 *   Loaded `own` is this worker's share of the images, `count` how many there are to learn from
 */

const cores = navigator.hardwareConcurrency || 1;
const workers = cores >= MOST_WORKERS ? MOST_WORKERS : cores >= 2 ? 2 : 1;
/** @type {Helper[]} */
let helpers = [];
/** @type {Promise<Loaded> | null} */
let loading = null;
/** @type {Run | null} */
let run = null;

const commands = { start, pause, go, step, read };

self.addEventListener("message", async ({ data: [command, ...rest] }) => {
  try {
    await commands[command](...rest);
  } catch (error) {
    run = null;
    self.postMessage({ failure: error.message });
  }
});

/** @param {Settings} settings */
async function start(settings) {
  const loaded = await (loading ??= setUp());
  run?.pause();
  run = new Run(settings, loaded);
  await run.begin();
}

function pause() {
  run?.pause();
}

function go() {
  return run?.go(Infinity);
}

function step() {
  return run?.go(run.steps + 1);
}

function read(image) {
  if (run) self.postMessage({ probabilities: run.learner.read(image) });
}

/** Load everything, and give every worker its share of the images. */
async function setUp() {
  let told = 0;
  const tell = (loaded) => {
    if (loaded < 1 && performance.now() < told + 50) return;
    told = performance.now();
    self.postMessage({ loaded });
  };
  const [kernels, all] = await Promise.all([loadKernels(), loadDigits(tell)]);
  helpers = Array.from({ length: workers - 1 }, () => new Helper());
  const { trainImages, trainLabels, testImages, testLabels } = all;
  const share = (index) => ({
    trainImages: deal(trainImages, trainLabels.length, index),
    trainLabels: deal(trainLabels, trainLabels.length, index),
    testImages: deal(testImages, testLabels.length, index),
    testLabels: deal(testLabels, testLabels.length, index),
  });
  await Promise.all(helpers.map((helper, i) => helper.ask("setUp", kernels, share(i + 1))));
  return { kernels, own: share(0), count: trainLabels.length, testImages, testLabels };
}

/** Every so many-th item, as cards are dealt. */
function deal(items, count, index) {
  const size = items.length / count;
  const share = new Uint8Array(Math.ceil((count - index) / workers) * size);
  for (let from = index, to = 0; from < count; from += workers, to++) {
    share.set(items.subarray(from * size, (from + 1) * size), to * size);
  }
  return share;
}

/** A worker that is asked, and answers in the same order. */
class Helper {
  #worker = new Worker(new URL("helper.js", import.meta.url), { type: "module" });
  #waiting = [];

  constructor() {
    this.#worker.addEventListener("message", ({ data }) => this.#waiting.shift()(data));
    this.#worker.addEventListener("error", ({ message }) => {
      self.postMessage({ failure: message || "helper.js does not run" });
    });
  }

  /** Let it call a method of its learner. */
  ask(...message) {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#worker.postMessage(message);
    });
  }
}

/** One training. */
class Run {
  steps = 0;
  seconds = 0;
  #limit; // of steps, after which it pauses
  #isGoing = false;
  #sums = { loss: 0, correct: 0, steps: 0 }; // since the last report
  #reported = 0; // when

  /**
   * @param {Settings} settings
   * @param {Loaded} loaded
   */
  constructor(settings, loaded) {
    this.settings = settings;
    this.loaded = loaded;
    for (const [i, helper] of helpers.entries()) helper.ask("begin", settings, workers, i + 1);
    this.learner = new Learner(loaded.kernels, loaded.own, settings, workers, 0);
    this.optimizer = new Optimizer(settings, this.learner.network.parameterCount);
    this.total = Math.round((settings.epochs * loaded.count) / settings.batch_size);
    this.#limit = this.total;
  }

  /** Show what the new network can do before it has learned anything, and train it. */
  async begin() {
    const { testImages, testLabels } = this.loaded;
    const shown = { images: testImages.slice(0, SHOWN * SIDE ** 2), labels: testLabels.slice(0, SHOWN) };
    self.postMessage({ begun: { weights: this.learner.network.parameterCount, steps: this.total, workers, shown } });
    await this.#report();
    await this.#train();
  }

  /**
   * Train until a number of steps, or the end.
   *
   * @param {number} limit
   */
  go(limit) {
    this.#limit = Math.min(limit, this.total);
    return this.#train();
  }

  async #train() {
    if (this.#isGoing) return;
    this.#isGoing = true;
    while (this.steps < this.#limit && run === this) {
      const began = performance.now();
      await this.#step();
      this.seconds += (performance.now() - began) / 1000;
      if (performance.now() > this.#reported + OFTEN && run === this) await this.#report();
    }
    this.#isGoing = false;
    if (run !== this) return;
    if (this.#sums.steps) await this.#report();
    if (this.steps === this.total) await this.#finish();
    else self.postMessage({ paused: true });
  }

  pause() {
    this.#limit = 0;
  }

  async #step() {
    const { network } = this.learner;
    const { peak_lr: peak, warmup } = this.settings;
    const answers = helpers.map((helper) => helper.ask("gradient", network.copyState()));
    const results = [this.learner.gradient(), ...(await Promise.all(answers))];
    const { change } = results[0];
    for (const other of results.slice(1)) for (let i = 0; i < change.length; i++) change[i] += other.change[i];
    for (let i = 0; i < change.length; i++) change[i] /= workers;
    const rate = peak * oneCycle(warmup, this.steps / this.total);
    this.optimizer.step(network.weights, change.subarray(0, network.parameterCount), rate);
    for (let i = network.parameterCount; i < change.length; i++) {
      network.state[i] += MEMORY * (change[i] - network.state[i]);
    }
    this.steps++;
    this.#sums.steps++;
    for (const { loss, correct } of results) {
      this.#sums.loss += loss / workers;
      this.#sums.correct += correct;
    }
  }

  /** What the network reads in the first test images. */
  async #test(count) {
    const state = this.learner.network.copyState();
    const [share, length] = [Math.ceil(count / workers), this.loaded.testLabels.length];
    const own = (index) => Math.min(share, Math.ceil((length - index) / workers));
    const answers = helpers.map((helper, i) => helper.ask("test", state, own(i + 1)));
    const shares = [this.learner.test(state, own(0)), ...(await Promise.all(answers))];
    return Uint8Array.from({ length: count }, (_, i) => shares[i % workers][Math.floor(i / workers)]);
  }

  /** Tell the page how it goes. */
  async #report() {
    const { loss, correct, steps } = this.#sums;
    this.#sums = { loss: 0, correct: 0, steps: 0 };
    const answers = await this.#test(TESTED);
    const { testLabels } = this.loaded;
    const right = answers.reduce((sum, answer, i) => sum + Number(answer === testLabels[i]), 0);
    const { batch_size: batch, peak_lr: peak, warmup } = this.settings;
    if (run !== this) return;
    self.postMessage({
      progress: {
        steps: this.steps,
        images: this.steps * batch,
        seconds: this.seconds,
        loss: steps ? loss / steps : null,
        accuracy: steps ? correct / (steps * batch) : null,
        testAccuracy: right / TESTED,
        rate: peak * oneCycle(warmup, this.steps / this.total),
        filters: this.learner.network.filters,
        answers: answers.slice(0, SHOWN),
      },
    });
    this.#reported = performance.now();
  }

  /** Read all test images. */
  async #finish() {
    const { testLabels } = this.loaded;
    const answers = await this.#test(testLabels.length);
    const right = answers.reduce((sum, answer, i) => sum + Number(answer === testLabels[i]), 0);
    if (run === this) self.postMessage({ finished: { right, of: testLabels.length, seconds: this.seconds } });
  }
}

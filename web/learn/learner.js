// What one worker does: with its share of the images, it computes gradients and tests the network.
import constants from "../reader/constants.js";
import { distort } from "./augment.js";
import { Network } from "./network.js";
import { Random } from "./random.js";

const { SIDE, CLASSES, MEAN, STD } = constants.form;
const SIZE = SIDE ** 2;

/** @typedef {import("./settings.js").Settings} Settings */

/** Learns from a share of the images. */
export class Learner {
  /**
   * @param {WebAssembly.Module} kernels
   * @param {import("./data.js").Digits} digits the share
   * @param {Settings} settings
   * @param {number} workers how many share the work
   * @param {number} index of this one
   */
  constructor(kernels, digits, settings, workers, index) {
    this.digits = digits;
    this.settings = settings;
    this.random = new Random(1000 * settings.seed + index + 1);
    const options = { ...settings.network_options, activation: settings.activation };
    this.network = new Network(kernels, options, settings.batch_size / workers, settings.seed);
    this.network.random = this.random; // the same weights in all workers, but not the same Dropout
    const count = Math.min(Math.ceil(settings.images / workers), digits.trainLabels.length);
    this.order = this.random.shuffle(Uint32Array.from({ length: count }, (_, i) => i));
    this.next = 0;
    this.labels = digits.trainLabels.slice(0, count);
    if (settings.shuffled) this.random.shuffle(this.labels);
    this.batchLabels = new Uint8Array(this.network.batch);
    this.image = new Float32Array(SIZE);
  }

  /**
   * Gradients of the mean loss of the next batch.
   *
   * @param {Float32Array} [state] of the network, if it has changed elsewhere
   */
  gradient(state) {
    const { network, settings } = this;
    if (state) network.state.set(state);
    for (let i = 0; i < network.batch; i++) {
      if (this.next === this.order.length) {
        this.random.shuffle(this.order);
        this.next = 0;
      }
      const index = this.order[this.next++];
      distort(this.#cut(this.digits.trainImages, index), settings.augment, this.random, this.image);
      this.#show(this.image, i);
      this.batchLabels[i] = this.labels[index];
    }
    const { loss, correct } = network.backward(this.batchLabels, settings.label_smoothing);
    return { loss, correct, change: network.change.slice() };
  }

  /**
   * What the network reads in the first test images of its share.
   *
   * @param {Float32Array} state of the network
   * @param {number} count
   * @returns {Uint8Array} digits
   */
  test(state, count) {
    this.network.state.set(state);
    const answers = new Uint8Array(count);
    for (let start = 0; start < count; start += this.network.batch) {
      const images = Math.min(this.network.batch, count - start);
      for (let i = 0; i < images; i++) this.#show(this.#cut(this.digits.testImages, start + i), i);
      const probabilities = this.network.predict(images);
      for (let i = 0; i < images; i++) answers[start + i] = largest(probabilities.subarray(i * CLASSES, (i + 1) * CLASSES));
    }
    return answers;
  }

  /**
   * Probabilities of the ten digits for an image.
   *
   * @param {Uint8Array} image 784 pixels
   */
  read(image) {
    this.#show(image, 0);
    return this.network.predict(1);
  }

  #cut(images, index) {
    return images.subarray(index * SIZE, (index + 1) * SIZE);
  }

  #show(pixels, index) {
    for (let i = 0; i < SIZE; i++) this.image[i] = (pixels[i] / 255 - MEAN) / STD;
    this.network.show(this.image, index);
  }
}

/** The place of the largest number. */
function largest(numbers) {
  let best = 0;
  for (let i = 1; i < numbers.length; i++) if (numbers[i] > numbers[best]) best = i;
  return best;
}

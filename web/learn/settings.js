// What can be set, and what spoils a training.
import recipe from "./recipe.js";

/**
 * @typedef {typeof recipe & {activation: string, images: number, shuffled: boolean}} Settings `images` is how many to
 *   learn from; `shuffled` is whether their labels are exchanged at random
 */

/** The recipe `browser` of the Python package, whose network has ReLU. @type {Settings} */
export const BEST = { ...recipe, activation: "relu", images: 60_000, shuffled: false };

/** The usual learning rate of each optimizer. @type {Record<string, number>} */
export const RATES = { adam: BEST.peak_lr, momentum: 0.1, sgd: 0.3 };

/** Three ways to spoil it. @type {Record<string, Partial<Settings>>} */
export const RUINS = {
  labels: { shuffled: true },
  rate: { peak_lr: 10 },
  images: { images: 100, augment: { rotation: 0, scale: 0, shift: 0 } },
};

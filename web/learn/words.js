// What the page says to what happens, in words.

/** @typedef {import("./settings.js").Settings} Settings */

/**
 * @typedef {{steps: number, images: number, loss: number | null, accuracy: number | null, testAccuracy: number}} Progress
 */

/**
 * What the curves show at this point.
 *
 * @param {Progress} progress
 * @param {Settings} settings
 */
export function comment({ steps, loss, accuracy, testAccuracy }, settings) {
  if (!steps) {
    return "The network is new. Its weights are random numbers, so it guesses: about one answer in ten is right, by luck.";
  }
  if (loss === null || accuracy === null) return "";
  if (Number.isNaN(loss)) {
    return "The weights have grown beyond all numbers. Nothing can be learned from here: the steps were far too long.";
  }
  if (settings.shuffled) {
    return "The labels have nothing to do with the images, so there is nothing to find out. The best it can do is to guess, and the loss stays near 2.3, that of a blind guess.";
  }
  if (accuracy > testAccuracy + 0.04 && accuracy > 0.9) {
    return "Look at the gap: nearly every training image is right, but many new ones are not. It learns the images by heart instead of what makes a digit. That is called overfitting; more images help.";
  }
  if (settings.peak_lr > 1 && loss > 0.7) {
    return "Every step leaps far over the goal, and the network loses what it had found. In the end it can only guess. A smaller learning rate would help.";
  }
  if (testAccuracy < 0.5) {
    return "After every batch, each weight moves a little in the direction that would have made the loss smaller. Nobody tells it what a digit looks like.";
  }
  if (testAccuracy < 0.9) return "Most digits are right now, and most tiles are green. The easy ones come first.";
  if (testAccuracy < 0.98) {
    return "It is right nine times out of ten and more. From here on, progress is slow: what is left are digits that look like others.";
  }
  return "Now only rare shapes are wrong. The rate sinks to zero, so that the last steps are small and settle on the best place.";
}

/**
 * What came out.
 *
 * @param {{right: number, of: number, seconds: number}} finished
 */
export function conclude({ right, of, seconds }) {
  const share = ((100 * right) / of).toFixed(2);
  const number = (n) => n.toLocaleString("en");
  return `Finished after ${seconds.toFixed(1)} seconds of training: ${number(right)} of ${number(of)} test images are right, ${share}%. It had seen none of them while it learned.`;
}

// Random numbers that a seed determines.

/** A xorshift generator. Source: G. Marsaglia, "Xorshift RNGs", Journal of Statistical Software 8(14), 2003. */
export class Random {
  /** @param {number} seed */
  constructor(seed) {
    this.state = (seed + 1) * 2654435769; // neighboring seeds begin far apart
    for (let i = 0; i < 8; i++) this.next();
  }

  /** A number from 0 up to 1. */
  next() {
    this.state ^= this.state << 13;
    this.state ^= this.state >>> 17;
    this.state ^= this.state << 5;
    return (this.state >>> 0) / 2 ** 32;
  }

  /**
   * A number from -limit to limit.
   *
   * @param {number} limit
   */
  within(limit) {
    return limit * (2 * this.next() - 1);
  }

  /**
   * Put the items of a list in random order, in place.
   *
   * @template {{length: number, [index: number]: number}} T
   * @param {T} items
   */
  shuffle(items) {
    for (let i = items.length - 1; i > 0; i--) {
      const other = Math.floor(this.next() * (i + 1));
      [items[i], items[other]] = [items[other], items[i]];
    }
    return items;
  }
}

// The arithmetic of training, in AssemblyScript, which build.mjs compiles to WebAssembly with SIMD.
//
// Feature maps are float32 in the order (image, row, column, channel), so that the pixels below a filter are a few runs
// of adjacent numbers, one for each row of the filter. `offsets` says for every pixel of an output where its first run
// begins, in bytes from the start of the input. Numbers of pixels are multiples of 4, and of channels of 8.

/** a b + c, in one instruction where the browser has relaxed SIMD. */
// @ts-ignore: decorator
@inline
function madd(a: v128, b: v128, c: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? f32x4.relaxed_madd(a, b, c) : f32x4.add(f32x4.mul(a, b), c);
}

/**
 * Convolution: y (pixels, channels) from x, and filters w (rows length, channels).
 *
 * `pitch` is the distance in bytes from one run of the input to the next. 4 pixels times 8 channels are computed
 * together, in registers.
 */
export function convolve(
  x: usize, offsets: usize, pixels: i32, rows: i32, length: i32, pitch: i32, w: usize, channels: i32, y: usize,
): void {
  const row: usize = channels << 2;
  for (let n = 0; n < channels; n += 8) {
    for (let p = 0; p < pixels; p += 4) {
      let s00 = f32x4.splat(0), s01 = s00, s10 = s00, s11 = s00, s20 = s00, s21 = s00, s30 = s00, s31 = s00;
      const at = offsets + (p << 2);
      let b = w + (n << 2);
      for (let r = 0; r < rows; r++) {
        let a0: usize = x + load<u32>(at) + r * pitch;
        let a1: usize = x + load<u32>(at, 4) + r * pitch;
        let a2: usize = x + load<u32>(at, 8) + r * pitch;
        let a3: usize = x + load<u32>(at, 12) + r * pitch;
        const end: usize = a0 + (length << 2);
        while (a0 < end) {
          let b0 = v128.load(b), b1 = v128.load(b, 16);
          let a = v128.load32_splat(a0);
          s00 = madd(a, b0, s00), s01 = madd(a, b1, s01);
          a = v128.load32_splat(a1);
          s10 = madd(a, b0, s10), s11 = madd(a, b1, s11);
          a = v128.load32_splat(a2);
          s20 = madd(a, b0, s20), s21 = madd(a, b1, s21);
          a = v128.load32_splat(a3);
          s30 = madd(a, b0, s30), s31 = madd(a, b1, s31);
          b += row;
          b0 = v128.load(b), b1 = v128.load(b, 16);
          a = v128.load32_splat(a0, 4);
          s00 = madd(a, b0, s00), s01 = madd(a, b1, s01);
          a = v128.load32_splat(a1, 4);
          s10 = madd(a, b0, s10), s11 = madd(a, b1, s11);
          a = v128.load32_splat(a2, 4);
          s20 = madd(a, b0, s20), s21 = madd(a, b1, s21);
          a = v128.load32_splat(a3, 4);
          s30 = madd(a, b0, s30), s31 = madd(a, b1, s31);
          b += row;
          a0 += 8, a1 += 8, a2 += 8, a3 += 8;
        }
      }
      let to = y + ((p * channels + n) << 2);
      v128.store(to, s00), v128.store(to, s01, 16);
      v128.store((to += row), s10), v128.store(to, s11, 16);
      v128.store((to += row), s20), v128.store(to, s21, 16);
      v128.store((to += row), s30), v128.store(to, s31, 16);
    }
  }
}

/**
 * Gradient of `convolve` with respect to its input, added to dx: every pixel spreads its gradient dy over the runs that
 * it was computed from. `wt` are the filters transposed, (channels, rows length); `chunk` pixels at a time stay in the
 * cache.
 */
export function spread(
  dy: usize, offsets: usize, pixels: i32, rows: i32, length: i32, pitch: i32, wt: usize, channels: i32, dx: usize,
  chunk: i32,
): void {
  const row: usize = (rows * length) << 2;
  const next: usize = channels << 2;
  for (let start = 0; start < pixels; start += chunk) {
    const stop = min(start + chunk, pixels);
    for (let r = 0; r < rows; r++) {
      for (let k = 0; k < length; k += 8) {
        const first = wt + ((r * length + k) << 2);
        const place: usize = dx + r * pitch + (k << 2);
        for (let p = start; p < stop; p += 4) {
          let s00 = f32x4.splat(0), s01 = s00, s10 = s00, s11 = s00, s20 = s00, s21 = s00, s30 = s00, s31 = s00;
          let b = first;
          let a0: usize = dy + p * next;
          const end = a0 + next, two = next << 1;
          let a2 = a0 + two;
          while (a0 < end) {
            const b0 = v128.load(b), b1 = v128.load(b, 16);
            let a = v128.load32_splat(a0);
            s00 = madd(a, b0, s00), s01 = madd(a, b1, s01);
            a = v128.load32_splat(a0 + next);
            s10 = madd(a, b0, s10), s11 = madd(a, b1, s11);
            a = v128.load32_splat(a2);
            s20 = madd(a, b0, s20), s21 = madd(a, b1, s21);
            a = v128.load32_splat(a2 + next);
            s30 = madd(a, b0, s30), s31 = madd(a, b1, s31);
            b += row, a0 += 4, a2 += 4;
          }
          const at = offsets + (p << 2);
          add(place + load<u32>(at), s00, s01); // one after the other: runs of neighbors overlap
          add(place + load<u32>(at, 4), s10, s11);
          add(place + load<u32>(at, 8), s20, s21);
          add(place + load<u32>(at, 12), s30, s31);
        }
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function add(to: usize, a: v128, b: v128): void {
  v128.store(to, f32x4.add(v128.load(to), a));
  v128.store(to, f32x4.add(v128.load(to, 16), b), 16);
}

/** Gradient of `convolve` with respect to its filters: dw (rows length, channels) from x and the gradient dy of y. */
export function correlate(
  x: usize, offsets: usize, pixels: i32, rows: i32, length: i32, pitch: i32, dy: usize, channels: i32, dw: usize,
  chunk: i32,
): void {
  const row: usize = channels << 2;
  memory.fill(dw, 0, rows * length * row);
  for (let start = 0; start < pixels; start += chunk) {
    const at = offsets + (start << 2);
    const end = offsets + (min(start + chunk, pixels) << 2);
    for (let r = 0; r < rows; r++) {
      for (let k = 0; k < length; k += 4) {
        const place: usize = x + r * pitch + (k << 2);
        for (let n = 0; n < channels; n += 8) {
          let s00 = f32x4.splat(0), s01 = s00, s10 = s00, s11 = s00, s20 = s00, s21 = s00, s30 = s00, s31 = s00;
          let b = dy + ((start * channels + n) << 2);
          for (let o = at; o < end; o += 4) {
            const from: usize = place + load<u32>(o);
            const b0 = v128.load(b), b1 = v128.load(b, 16);
            let a = v128.load32_splat(from);
            s00 = madd(a, b0, s00), s01 = madd(a, b1, s01);
            a = v128.load32_splat(from, 4);
            s10 = madd(a, b0, s10), s11 = madd(a, b1, s11);
            a = v128.load32_splat(from, 8);
            s20 = madd(a, b0, s20), s21 = madd(a, b1, s21);
            a = v128.load32_splat(from, 12);
            s30 = madd(a, b0, s30), s31 = madd(a, b1, s31);
            b += row;
          }
          let to = dw + (((r * length + k) * channels + n) << 2);
          add(to, s00, s01);
          add((to += row), s10, s11);
          add((to += row), s20, s21);
          add((to += row), s30, s31);
        }
      }
    }
  }
}

/** 2x2 max pooling: y (images, side/2, side/2, channels) from x (images, side, side, channels). */
export function pool(x: usize, images: i32, side: i32, channels: i32, y: usize): void {
  const right: usize = channels << 2;
  const down: usize = side * right;
  for (let row = 0; row < (images * side) >> 1; row++) {
    for (let column = 0; column < side >> 1; column++) {
      let from: usize = x + 2 * row * down + 2 * column * right;
      for (const end = from + right; from < end; from += 16, y += 16) {
        const top = f32x4.pmax(v128.load(from), v128.load(from + right));
        v128.store(y, f32x4.pmax(top, f32x4.pmax(v128.load(from + down), v128.load(from + down + right))));
      }
    }
  }
}

/** Gradient of `pool`: dx from x, y and the gradient dy of y, which goes to the first of the four that is the largest. */
export function unpool(x: usize, images: i32, side: i32, channels: i32, y: usize, dy: usize, dx: usize): void {
  const right: usize = channels << 2;
  const down: usize = side * right;
  for (let row = 0; row < (images * side) >> 1; row++) {
    for (let column = 0; column < side >> 1; column++) {
      let at: usize = 2 * row * down + 2 * column * right;
      for (const end = at + right; at < end; at += 16, y += 16, dy += 16) {
        const largest = v128.load(y);
        let left = v128.load(dy); // what no pixel has got yet
        left = hand(x + at, dx + at, largest, left);
        left = hand(x + at + right, dx + at + right, largest, left);
        left = hand(x + at + down, dx + at + down, largest, left);
        hand(x + at + down + right, dx + at + down + right, largest, left);
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function hand(x: usize, dx: usize, largest: v128, left: v128): v128 {
  const here = f32x4.eq(v128.load(x), largest);
  v128.store(dx, v128.and(left, here));
  return v128.andnot(left, here);
}

/** Mean and variance of each channel of x (pixels, channels). */
export function moments(x: usize, pixels: i32, channels: i32, mean: usize, variance: usize): void {
  const row: usize = channels << 2;
  const share = f32x4.splat(1 / <f32>pixels);
  for (let n: usize = 0; n < row; n += 16) {
    const end: usize = x + n + pixels * row;
    let sum = f32x4.splat(0);
    for (let from = x + n; from < end; from += row) sum = f32x4.add(sum, v128.load(from));
    const middle = f32x4.mul(sum, share);
    sum = f32x4.splat(0);
    for (let from = x + n; from < end; from += row) {
      const distance = f32x4.sub(v128.load(from), middle);
      sum = madd(distance, distance, sum);
    }
    v128.store(mean + n, middle);
    v128.store(variance + n, f32x4.mul(sum, share));
  }
}

/** y = activation(scale x + shift) for x (pixels, channels); pixel p of y begins at offsets[p]. */
export function activate(
  x: usize, pixels: i32, channels: i32, scale: usize, shift: usize, kind: i32, y: usize, offsets: usize,
): void {
  const row: usize = channels << 2;
  for (let p = 0; p < pixels; p++) {
    const to: usize = y + load<u32>(offsets + (p << 2));
    for (let n: usize = 0; n < row; n += 16, x += 16) {
      const value = madd(v128.load(x), v128.load(scale + n), v128.load(shift + n));
      v128.store(to + n, kind == RELU ? f32x4.pmax(value, f32x4.splat(0)) : squash(value, kind));
    }
  }
}

const RELU = 0;
const SIGMOID = 1; // 2 is tanh

/** Sigmoid or tanh of each of four numbers; both saturate long before the exponential overflows. */
function squash(x: v128, kind: i32): v128 {
  let y = f32x4.splat(squashOne(f32x4.extract_lane(x, 0), kind));
  y = f32x4.replace_lane(y, 1, squashOne(f32x4.extract_lane(x, 1), kind));
  y = f32x4.replace_lane(y, 2, squashOne(f32x4.extract_lane(x, 2), kind));
  return f32x4.replace_lane(y, 3, squashOne(f32x4.extract_lane(x, 3), kind));
}

// @ts-ignore: decorator
@inline
function squashOne(x: f32, kind: i32): f32 {
  return kind == SIGMOID ? 1 / (1 + Mathf.exp(-x)) : 1 - 2 / (1 + Mathf.exp(2 * x));
}

/** The derivative of an activation where its value is y. */
// @ts-ignore: decorator
@inline
function slope(y: v128, kind: i32): v128 {
  const one = f32x4.splat(1);
  if (kind == RELU) return v128.and(one, f32x4.gt(y, f32x4.splat(0)));
  return kind == SIGMOID ? f32x4.mul(y, f32x4.sub(one, y)) : f32x4.sub(one, f32x4.mul(y, y));
}

/**
 * Gradient of BatchNorm and activation: dx, dgamma and dbeta from x (pixels, channels), the activations y, and their
 * gradient dy, which lies as y does.
 *
 * `inverse` is 1 over the standard deviation, `scale` is gamma times that.
 */
export function normalizeBackward(
  x: usize, pixels: i32, channels: i32, mean: usize, inverse: usize, scale: usize, kind: i32, y: usize, dy: usize,
  offsets: usize, dgamma: usize, dbeta: usize, dx: usize,
): void {
  const row: usize = channels << 2;
  const share = f32x4.splat(1 / <f32>pixels);
  for (let n: usize = 0; n < row; n += 16) {
    const middle = v128.load(mean + n), factor = v128.load(inverse + n);
    let sum = f32x4.splat(0), product = f32x4.splat(0);
    for (let p: usize = 0; p < <usize>pixels; p++) {
      const at: usize = load<u32>(offsets + (p << 2)) + n;
      const gradient = f32x4.mul(v128.load(dy + at), slope(v128.load(y + at), kind));
      const normal = f32x4.mul(f32x4.sub(v128.load(x + n + p * row), middle), factor);
      v128.store(dx + n + p * row, gradient);
      sum = f32x4.add(sum, gradient);
      product = madd(gradient, normal, product);
    }
    v128.store(dbeta + n, sum);
    v128.store(dgamma + n, product);
    const a = f32x4.mul(sum, share), b = f32x4.mul(product, share), c = v128.load(scale + n);
    for (let at: usize = n; at < n + pixels * row; at += row) {
      const normal = f32x4.mul(f32x4.sub(v128.load(x + at), middle), factor);
      v128.store(dx + at, f32x4.mul(c, f32x4.sub(f32x4.sub(v128.load(dx + at), a), f32x4.mul(normal, b))));
    }
  }
}

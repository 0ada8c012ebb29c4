// The ink pipeline: canvas pixels to a 28×28 digit, the way MNIST made its own. The same steps as core/images/ink.py, down to
// the scaling, which is Pillow's box filter and not the browser's, so that both see the same digit.
"use strict";

const SIDE = 28; // pixels of a digit, each way
const BOX = 20; // pixels of the longer side of the ink
const CENTRE = SIDE / 2; // MNIST's mean centre of mass, both ways, in pixel indices
const LEAST = 0.05; // a canvas whose darkest ink is under this is blank
const FAINTEST = 0.1; // ink under this fraction of the darkest does not count when cropping

/** Computes the digit, 784 greys in a Uint8Array, of a canvas' RGBA pixels, whose ink is their alpha; null if blank. */
function digitFromCanvas({ data, width, height }) {
  let most = 0;
  for (let i = 3; i < data.length; i += 4) if (data[i] > most) most = data[i];
  if (most / 255 < LEAST) return null;
  const crop = cropped(data, width, height, faintest(most)), longer = Math.max(crop.width, crop.height);
  const [columns, rows] = [crop.width, crop.height].map((side) => Math.max(1, roundHalfToEven(side * BOX / longer)));
  return centred(scaled(crop, columns, rows));
}

/** Computes the faintest alpha, 0 to 255, that counts beside the darkest; in float32, as NumPy does. */
function faintest(most) {
  const { fround } = Math, least = fround(fround(FAINTEST) * fround(most / 255));
  let alpha = 0;
  while (fround(alpha / 255) < least) alpha++;
  return alpha;
}

/** Cuts the ink out along its outermost pixels of at least the alpha `least`: {values in 0…1, width, height}. */
function cropped(data, width, height, least) {
  let left = width, right = -1, top = height, bottom = -1;
  for (let y = 0, i = 3; y < height; y++) {
    for (let x = 0; x < width; x++, i += 4) {
      if (data[i] < least) continue;
      if (x < left) left = x;
      if (x > right) right = x;
      if (y < top) top = y;
      bottom = y;
    }
  }
  const columns = right - left + 1, rows = bottom - top + 1, values = new Float32Array(columns * rows);
  for (let y = 0, to = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) values[to++] = data[4 * ((top + y) * width + left + x) + 3] / 255;
  }
  return { values, width: columns, height: rows };
}

/** Scales a picture, rows first and then columns; a new pixel is the mean of the pixels whose centres it covers. */
function scaled({ values, width, height }, columns, rows) {
  const across = spans(width, columns), down = spans(height, rows);
  const narrow = new Float32Array(columns * height), box = new Float32Array(columns * rows);
  for (let y = 0; y < height; y++) {
    across.forEach(([first, last], x) => {
      let sum = 0;
      for (let i = first; i < last; i++) sum += values[y * width + i];
      narrow[y * columns + x] = sum / (last - first);
    });
  }
  down.forEach(([first, last], y) => {
    for (let x = 0; x < columns; x++) {
      let sum = 0;
      for (let i = first; i < last; i++) sum += narrow[i * columns + x];
      box[y * columns + x] = sum / (last - first);
    }
  });
  return { values: box, width: columns, height: rows };
}

/** Lists which old pixels, from the first up to before the last, each of `count` new pixels covers. */
function spans(length, count) {
  const scale = length / count, reach = Math.max(scale, 1) / 2;
  return Array.from({ length: count }, (_, index) => {
    const centre = (index + 0.5) * scale;
    let first = Math.max(0, Math.trunc(centre - reach + 0.5));
    let last = Math.min(length, Math.trunc(centre + reach + 0.5));
    while (first < last - 1 && first + 0.5 - centre <= -reach) first++;
    while (last > first + 1 && last - 0.5 - centre > reach) last--;
    return [first, last];
  });
}

/** Moves the box by whole pixels so that its centre of mass is the digit's centre, as far as it stays inside. */
function centred({ values, width, height }) {
  let total = 0, across = 0, down = 0, most = 0;
  values.forEach((value, i) => {
    total += value;
    across += value * (i % width);
    down += value * Math.floor(i / width);
    most = Math.max(most, value);
  });
  const x = within(wholePixels(CENTRE - across / total), SIDE - width);
  const y = within(wholePixels(CENTRE - down / total), SIDE - height);
  const digit = new Uint8Array(SIDE * SIDE);
  values.forEach((value, i) => {
    const to = (y + Math.floor(i / width)) * SIDE + x + i % width;
    digit[to] = roundHalfToEven(Math.fround(Math.fround(255 * value) / most));
  });
  return digit;
}

/** Rounds a shift. A symmetric digit lies half-way between two pixels, and then the last bits of a sum must not decide. */
function wholePixels(shift) {
  return roundHalfToEven(Math.round(1000 * shift) / 1000);
}

function within(shift, most) {
  return Math.min(Math.max(shift, 0), most);
}

/** Rounds as Python does: a half goes to the even neighbour. */
function roundHalfToEven(value) {
  const floor = Math.floor(value), rest = value - floor;
  return rest < 0.5 || (rest === 0.5 && floor % 2 === 0) ? floor : floor + 1;
}

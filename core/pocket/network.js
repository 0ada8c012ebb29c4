// The network: its list of layers and its weights, as the exporter wrote them, computed over typed arrays.
//
// A half is one digit of 28×28 pixels. The layers up to Join or AddDigits (the tower) read each half alone, so only the
// half that is being drawn is computed again; the layers from there on (the head) turn two halves into 19 logits.
// An activation is {height, width, channels, values}, values in the order row, column, channel.
"use strict";

/** Decodes base64 into bytes. */
function bytesFromBase64(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const characters = atob(text), bytes = new Uint8Array(characters.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = characters.charCodeAt(i);
  return bytes;
}

/** Lists the value of each of the 65,536 float16 numbers, by its bits; those that are not finite are never asked for. */
function float16Values() {
  const values = new Float32Array(65536);
  for (let bits = 0; bits < 65536; bits++) {
    const sign = bits & 0x8000 ? -1 : 1, exponent = (bits >> 10) & 31, fraction = (bits & 1023) / 1024;
    values[bits] = sign * (exponent ? (1 + fraction) * 2 ** (exponent - 15) : fraction * 2 ** -14);
  }
  return values;
}

function numbersIn(shape) {
  return shape.reduce((a, b) => a * b);
}

/**
 * Decodes the tensors, which lie one after the other in `bytes`, by name. Each becomes {shape, values}, float32.
 * A tensor of type "float16" is little-endian; one of "int8" is followed by a float32 scale for each output channel.
 */
function decodeTensors(descriptions, bytes, product) {
  const float16 = float16Values(), tensors = {};
  let offset = 0;
  const next = (Kind, count) => {
    const end = offset + count * Kind.BYTES_PER_ELEMENT, values = new Kind(bytes.slice(offset, end).buffer);
    offset = end;
    return values;
  };
  for (const { name, shape, type } of descriptions) {
    const count = numbersIn(shape), values = product.take(Float32Array, count);
    if (type === "float16") {
      const bits = next(Uint16Array, count);
      for (let i = 0; i < count; i++) values[i] = float16[bits[i]];
    } else {
      const steps = next(Int8Array, count), scales = next(Float32Array, shape[shape.length - 1]);
      for (let i = 0; i < count; i++) values[i] = steps[i] * scales[i % scales.length];
    }
    tensors[name] = { shape, values };
  }
  return tensors;
}

/** Convolves with SAME padding and stride 1. Pixels outside the picture are zero, and so are most inside: none is read. */
function convolve({ height, width, channels, values }, [kernel, bias], product) {
  const [size, , , filters] = kernel.shape, before = (size - 1) >> 1;
  const sums = product.take(Float32Array, height * width * filters);
  const [rows, present] = product.takeRows(size * size * channels);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += filters) {
      let count = 0;
      for (let i = Math.max(0, before - y); i < Math.min(size, height + before - y); i++) {
        const first = Math.max(0, before - x), last = Math.min(size, width + before - x);
        let from = ((y + i - before) * width + x + first - before) * channels;
        let row = (i * size + first) * channels * filters;
        for (let k = (last - first) * channels; k > 0; k--, from++, row += filters) {
          const value = values[from];
          if (value !== 0) {
            rows[count] = row;
            present[count++] = value;
          }
        }
      }
      sums.set(bias.values, at);
      product.addRows(sums, at, filters, kernel.values, rows, present, count);
    }
  }
  return { height, width, channels: filters, values: sums };
}

/** Convolves each channel with its own filter, with SAME padding and stride 1. */
function convolveDepthwise({ height, width, channels, values }, [kernel]) {
  const [size] = kernel.shape, before = (size - 1) >> 1, sums = new Float32Array(values.length);
  for (let y = 0, to = 0; y < height; y++) {
    const top = Math.max(0, before - y), bottom = Math.min(size, height + before - y);
    for (let x = 0; x < width; x++, to += channels) {
      const left = Math.max(0, before - x), right = Math.min(size, width + before - x);
      for (let i = top; i < bottom; i++) {
        for (let j = left; j < right; j++) {
          const from = ((y + i - before) * width + x + j - before) * channels, weight = (i * size + j) * channels;
          for (let c = 0; c < channels; c++) sums[to + c] += values[from + c] * kernel.values[weight + c];
        }
      }
    }
  }
  return { height, width, channels, values: sums };
}

/** Multiplies the whole activation, as one vector, with a matrix. */
function dense({ values }, [kernel, bias], product) {
  const [inputs, units] = kernel.shape, sums = product.take(Float32Array, units);
  const [rows, present] = product.takeRows(inputs);
  let count = 0;
  for (let i = 0; i < inputs; i++) {
    if (values[i] !== 0) {
      rows[count] = i * units;
      present[count++] = values[i];
    }
  }
  sums.set(bias.values);
  product.addRows(sums, 0, units, kernel.values, rows, present, count);
  return vector(sums);
}

/** Halves height and width: `combine` makes one value of each 2×2; an odd edge is left out. */
function pool({ height, width, channels, values }, combine) {
  const rows = height >> 1, columns = width >> 1, pooled = new Float32Array(rows * columns * channels);
  for (let y = 0, to = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      for (let c = 0; c < channels; c++) {
        const i = (2 * y * width + 2 * x) * channels + c, below = i + width * channels;
        pooled[to++] = combine(values[i], values[i + channels], values[below], values[below + channels]);
      }
    }
  }
  return { height: rows, width: columns, channels, values: pooled };
}

/** Convolves each channel with a filter as large as the picture. */
function convolveWhole({ channels, values }, [kernel]) {
  const sums = new Float32Array(channels);
  values.forEach((value, i) => sums[i % channels] += value * kernel.values[i]);
  return vector(sums);
}

/** Turns logits into probabilities, without overflow. */
function softmax(logits) {
  const most = logits.reduce((a, b) => Math.max(a, b)), powers = Float64Array.from(logits, (x) => Math.exp(x - most));
  const total = powers.reduce((a, b) => a + b);
  return Float32Array.from(powers, (power) => power / total);
}

/** Convolves two digit distributions into the logarithm of their sum's: P(s) = Σ P(d)·P(s−d). */
function addDigits(top, bottom) {
  const sums = new Float64Array(top.length + bottom.length - 1);
  top.forEach((p, d) => bottom.forEach((q, e) => sums[d + e] += p * q));
  return Float32Array.from(sums, (p) => Math.log(Math.max(p, 1e-30)));
}

function vector(values) {
  return { height: 1, width: 1, channels: values.length, values };
}

/** What each layer makes of one activation, its weights (kernel and bias, as it has them) and the product it computes with. */
const LAYERS = {
  Convolution: convolve,
  DepthwiseConvolution: convolveDepthwise,
  GlobalDepthwiseConvolution: convolveWhole,
  Dense: dense,
  ReLU: (x) => ({ ...x, values: x.values.map((value) => value > 0 ? value : 0) }),
  MaxPool: (x) => pool(x, Math.max),
  AveragePool: (x) => pool(x, (a, b, c, d) => (a + b + c + d) / 4),
  Softmax: (x) => ({ ...x, values: softmax(x.values) }),
};

/** How two halves become one activation. */
const MEETINGS = {
  Join: (top, bottom) => vector(Float32Array.of(...top, ...bottom)),
  AddDigits: (top, bottom) => vector(addDigits(top, bottom)),
};

class Network {
  /**
   * Each of `layers` names its kind and its weights: top's, then bottom's where the halves are untied. `descriptions`
   * and `bytes` are those of `decodeTensors`, `module` is that of `Product`.
   */
  constructor(layers, descriptions, bytes, module) {
    const meeting = layers.findIndex(({ kind }) => kind in MEETINGS);
    this.towerLayers = layers.slice(0, meeting);
    this.meeting = layers[meeting].kind;
    this.headLayers = layers.slice(meeting + 1);
    this.namesDigits = this.meeting === "AddDigits";
    this.isTied = !layers.some(({ weights }) => weights.some((name) => name.startsWith("bottom.")));
    this.product = new Product(module, descriptions.reduce((sum, { shape }) => sum + numbersIn(shape) + WIDTH, 0));
    this.tensors = decodeTensors(descriptions, bytes, this.product);
    this.product.keep();
  }

  /** Computes the features of one half from its 784 greys, 0 to 255: digit probabilities, where the network names digits. */
  tower(greys, half) {
    const x = { height: 28, width: 28, channels: 1, values: Float32Array.from(greys, (grey) => grey / 255) };
    return this.through(this.towerLayers, x, half);
  }

  /** Computes the 19 logits from the features of both halves. */
  head(top, bottom) {
    return this.through(this.headLayers, MEETINGS[this.meeting](top, bottom));
  }

  /** Computes the values that come out of these layers. */
  through(layers, x, half) {
    this.product.release();
    const other = half === "top" ? "bottom." : "top.";
    for (const { kind, weights } of layers) {
      const owned = weights.filter((name) => !name.startsWith(other));
      x = LAYERS[kind](x, owned.map((name) => this.tensors[name]), this.product);
    }
    return x.values.slice(); // the next read computes where this one did
  }
}

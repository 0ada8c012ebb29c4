// The product of a sparse vector and a matrix, which is where a network's time goes: by WebAssembly, four numbers at a
// time (rows.wat), where the browser can; else by the same loop in JavaScript.
"use strict";

const WIDTH = 4; // numbers that WebAssembly takes at a time
const PAGE_BYTES = 65536; // of WebAssembly's memory
const WORK_BYTES = 2 ** 24; // for what a read computes; memory that is not touched costs nothing

class Product {
  /** `module` is rows.wat assembled, or null to compute in JavaScript; `weights` is how many numbers the tensors have. */
  constructor(module, weights) {
    this.addInWasm = null;
    this.next = 0;
    this.kept = 0;
    try {
      const pages = Math.ceil((4 * weights + WORK_BYTES) / PAGE_BYTES);
      const memory = new WebAssembly.Memory({ initial: pages });
      const instance = new WebAssembly.Instance(new WebAssembly.Module(module), { page: { memory } });
      this.addInWasm = instance.exports.addRows;
      this.buffer = memory.buffer;
    } catch {
      this.buffer = new ArrayBuffer(0); // an old browser, or one that forbids it
    }
  }

  /** Takes room for `count` numbers of four bytes, which WebAssembly sees while there is some; what is in it is unknown. */
  take(Kind, count) {
    const at = this.next, end = at + 16 * Math.ceil(count / WIDTH);
    if (end > this.buffer.byteLength) return new Kind(count);
    this.next = end;
    return new Kind(this.buffer, at, count);
  }

  /** Keeps what was taken until now; `release` gives back the rest. */
  keep() {
    this.kept = this.next;
  }

  release() {
    this.next = this.kept;
  }

  /** Takes lists for up to `count` rows and their factors, with room for what fills the last four up. */
  takeRows(count) {
    return [this.take(Int32Array, count + WIDTH), this.take(Float32Array, count + WIDTH)];
  }

  /**
   * Adds to sums[at … at + columns) the product of a sparse vector and a matrix of that many columns. The vector's
   * `count` values that are not zero are given with the index of their row's first element in the matrix.
   */
  addRows(sums, at, columns, matrix, rows, values, count) {
    if (count === 0) return;
    const arrays = [sums, matrix, rows, values];
    if (columns % WIDTH || !this.addInWasm || arrays.some(({ buffer }) => buffer !== this.buffer)) {
      addRowsInJavaScript(sums, at, columns, matrix, rows, values, count);
      return;
    }
    for (; count % WIDTH; count++) rows[count] = values[count] = 0;
    const first = sums.byteOffset + 4 * at, end = first + 4 * columns, stop = rows.byteOffset + 4 * count;
    this.addInWasm(first, end, matrix.byteOffset, rows.byteOffset, values.byteOffset, stop);
  }
}

/** Does as `addRows`: four rows at a time, so that each sum is read and written once for four products. */
function addRowsInJavaScript(sums, at, columns, matrix, rows, values, count) {
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    const a = values[i], b = values[i + 1], c = values[i + 2], d = values[i + 3];
    const p = rows[i], q = rows[i + 1], r = rows[i + 2], s = rows[i + 3];
    for (let j = 0; j < columns; j++) {
      sums[at + j] += a * matrix[p + j] + b * matrix[q + j] + c * matrix[r + j] + d * matrix[s + j];
    }
  }
  for (; i < count; i++) {
    const a = values[i], p = rows[i];
    for (let j = 0; j < columns; j++) sums[at + j] += a * matrix[p + j];
  }
}

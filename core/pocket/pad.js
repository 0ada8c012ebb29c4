// A pad: what is drawn on one half, by mouse, finger or pen, and each moment of how it came about.
"use strict";

const PAD = 280; // units of a pad's side, in which strokes are kept, and pixels of the canvas that is read
const PEN = 26; // units: gives a digit of 200 units MNIST's own amount of ink
const CLOSEST = 1; // units between two points of a stroke; nearer ones would change nothing
const MOST_MOMENTS = 1500; // of a half; when there are more, every second one is forgotten
const PALM_PIXELS = 80; // a touch as large as this is a hand at rest
const PEN_MILLISECONDS = 1000; // after a pen was seen, for which a touch is taken for the hand that holds it
const SVG = "http://www.w3.org/2000/svg";

let penSeen = -Infinity;
for (const type of ["pointerdown", "pointermove"]) {
  addEventListener(type, (event) => {
    if (event.pointerType === "pen") penSeen = event.timeStamp;
  }, { capture: true, passive: true });
}

/** What a pad shows when nothing is drawn. `picture` is a test digit under the strokes, 784 greys, `label` what it is. */
const BLANK = { picture: null, label: null, strokes: [], moments: [] };

class Pad {
  /** `svg` is where one draws; `onChange()` is called when there is something new to read or to show. */
  constructor(svg, half, onChange) {
    this.svg = svg;
    this.half = half;
    this.onChange = onChange;
    this.drawing = BLANK;
    this.history = []; // earlier drawings, for Undo
    this.isUnread = false;
    this.viewed = null; // index of the moment that is shown again; null: the present
    this.pointer = null;
    this.image = svg.appendChild(document.createElementNS(SVG, "image"));
    this.path = svg.appendChild(document.createElementNS(SVG, "path"));
    for (const [name, value] of [["width", PAD], ["height", PAD]]) this.image.setAttribute(name, value);
    this.path.setAttribute("stroke-width", PEN);
    const canvas = Object.assign(document.createElement("canvas"), { width: PAD, height: PAD });
    this.ink = canvas.getContext("2d", { willReadFrequently: true });
    Object.assign(this.ink, { lineWidth: PEN, lineCap: "round", lineJoin: "round" });
    svg.addEventListener("pointerdown", (event) => this.begin(event));
    svg.addEventListener("pointermove", (event) => this.go(event));
    for (const type of ["pointerup", "pointercancel"]) svg.addEventListener(type, (event) => this.end(event));
  }

  /** Gives the moment that is shown: {strokes, points, digit, features}, or undefined while nothing is read. */
  get moment() {
    const { moments } = this.drawing;
    return moments[this.viewed ?? moments.length - 1];
  }

  get isBeingDrawn() {
    return this.pointer !== null;
  }

  begin(event) {
    if (event.button !== 0 || this.isPalm(event)) return;
    if (event.pointerType === "pen" && this.pointer?.type === "touch") this.undo(); // the palm came down before the pen
    if (this.isBeingDrawn) return;
    this.svg.setPointerCapture(event.pointerId);
    const { left, top, width } = this.svg.getBoundingClientRect();
    this.change({ ...this.drawing, label: null, strokes: [...this.drawing.strokes, []] });
    this.pointer = { id: event.pointerId, type: event.pointerType, left, top, scale: PAD / width };
    this.add(event);
  }

  isPalm(event) {
    if (event.pointerType !== "touch") return false;
    return event.timeStamp - penSeen < PEN_MILLISECONDS || Math.max(event.width, event.height) >= PALM_PIXELS;
  }

  go(event) {
    if (event.pointerId !== this.pointer?.id) return;
    const coalesced = event.getCoalescedEvents?.() ?? [];
    for (const each of coalesced.length ? coalesced : [event]) this.add(each);
  }

  end(event) {
    if (event.pointerId !== this.pointer?.id) return;
    this.pointer = null;
    this.onChange();
  }

  /** Adds a point to the stroke that is being drawn. */
  add({ clientX, clientY }) {
    const { left, top, scale } = this.pointer, stroke = this.drawing.strokes.at(-1);
    const x = (clientX - left) * scale, y = (clientY - top) * scale, last = stroke.at(-1);
    if (last && Math.hypot(x - last[0], y - last[1]) < CLOSEST) return;
    stroke.push([x, y]);
    this.isUnread = true;
    this.onChange();
  }

  /** Shows another drawing; Undo brings this one back. */
  change(drawing) {
    this.history.push(this.drawing);
    this.show(drawing);
  }

  undo() {
    if (this.history.length) this.show(this.history.pop());
  }

  clear() {
    if (this.drawing !== BLANK) this.change(BLANK);
  }

  /** Puts a test digit on the pad. */
  place({ greys, label }) {
    this.change({ ...BLANK, picture: greys, label });
    this.isUnread = true;
  }

  show(drawing) {
    this.pointer = null;
    this.drawing = drawing;
    this.viewed = null;
    this.isUnread = drawing !== BLANK && !isWhole(drawing);
    this.onChange();
  }

  /** Reads what is drawn now and keeps it as a moment. `features(digit)` is the network's tower for this half. */
  read(features) {
    this.isUnread = false;
    const digit = this.digit(), { strokes, moments } = this.drawing;
    if (!digit) return;
    const moment = { strokes: strokes.length, points: strokes.at(-1)?.length ?? 0, digit, features: features(digit) };
    const kept = moments.length < MOST_MOMENTS ? moments : moments.filter((_, index) => index % 2);
    this.drawing = { ...this.drawing, moments: [...kept, moment] };
  }

  /** Computes the digit of the present drawing; null if it is blank. */
  digit() {
    const { picture, strokes } = this.drawing, { ink } = this;
    if (picture && strokes.length === 0) return picture;
    ink.clearRect(0, 0, PAD, PAD);
    if (picture) {
      ink.imageSmoothingEnabled = false;
      ink.drawImage(pictureCanvas(picture), 0, 0, PAD, PAD);
    }
    ink.beginPath();
    for (const stroke of strokes) {
      const [[x, y]] = stroke;
      ink.moveTo(x - 0.01, y); // a line of no length would be no dot
      for (const point of stroke) ink.lineTo(...point);
    }
    ink.stroke();
    return digitFromCanvas(ink.getImageData(0, 0, PAD, PAD));
  }

  /** Draws the moment that is viewed, or the present. */
  draw() {
    const { picture, strokes } = this.drawing, { moment } = this;
    const shown = this.viewed === null ? strokes : strokes.slice(0, moment.strokes);
    const lines = shown.map((stroke, index) => {
      const isLast = this.viewed !== null && index === moment.strokes - 1;
      const points = isLast ? stroke.slice(0, moment.points) : stroke;
      return `M${points[0]}L${points.map((point) => point.map((unit) => unit.toFixed(1))).join(" ")}`;
    });
    this.path.setAttribute("d", lines.join(""));
    if (picture === this.pictured) return;
    this.pictured = picture;
    if (picture) {
      this.image.setAttribute("href", pictureCanvas(picture, getComputedStyle(this.path).stroke).toDataURL());
    } else this.image.removeAttribute("href");
  }
}

/** Tells whether the last moment that was read is all that is drawn. */
function isWhole({ strokes, moments }) {
  const last = moments.at(-1);
  return last?.strokes === strokes.length && last.points === (strokes.at(-1)?.length ?? 0);
}

/** Makes a canvas of 28×28 pixels whose ink is the picture's greys, in a CSS colour "rgb(r, g, b)", or black. */
function pictureCanvas(greys, colour = "rgb(0, 0, 0)") {
  const canvas = Object.assign(document.createElement("canvas"), { width: SIDE, height: SIDE });
  const context = canvas.getContext("2d"), pixels = context.createImageData(SIDE, SIDE);
  const [red, green, blue] = colour.match(/\d+/g).map(Number);
  greys.forEach((grey, i) => pixels.data.set([red, green, blue, grey], 4 * i));
  context.putImageData(pixels, 0, 0);
  return canvas;
}

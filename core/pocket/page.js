// The page: reads the half that is being drawn in each frame in which the pen moved, and shows what comes of it.
"use strict";

const HALVES = ["top", "bottom"];
const NAMES = { top: "Left", bottom: "Right" }; // as they lie here, beside each other
const OTHER = { top: "bottom", bottom: "top" };
const find = (id) => document.getElementById(id);
const about = JSON.parse(find("network").textContent);

let network = null; // until its weights have arrived
let testDigits = [];
let lastChanged = "top"; // which half `u` takes back
let isFramePlanned = false;
const frameMilliseconds = []; // of the last frames in which the pen moved: ink, network, and what is shown
const pads = {}, films = {}, digitBars = {};
const sumBars = makeBars(find("sums"), 19, "Probability of each sum");

for (const half of HALVES) {
  const section = find("half").content.cloneNode(true).firstElementChild, name = NAMES[half];
  section.classList.add(half);
  section.querySelector("h2").textContent = `${name} digit`;
  const svg = section.querySelector("svg");
  svg.setAttribute("aria-label", `${name} digit: draw here, or press a key from 0 to 9`);
  section.querySelector("input").setAttribute("aria-label", `Moments of the ${name.toLowerCase()} digit`);
  for (const action of ["undo", "clear"]) {
    const button = section.querySelector(`.${action}`);
    button.setAttribute("aria-label", `${button.textContent} ${name.toLowerCase()} digit`);
    button.addEventListener("click", () => pads[half][action]());
  }
  find("pads").append(section);
  pads[half] = new Pad(svg, half, () => {
    lastChanged = half;
    planFrame();
  });
  films[half] = new Film(section, pads[half], "", (features) => guessOf(half, features), planFrame);

  const figure = find("digit").content.cloneNode(true).firstElementChild;
  figure.classList.add(half);
  find("seen").append(figure);
  digitBars[half] = makeBars(figure.querySelector("div"), 10, `${name} digit`);
}

/** Makes a row of bars, 0 to 100 %, and gives the function that shows probabilities in it; null: none. */
function makeBars(element, count, title) {
  element.classList.add("bars");
  element.setAttribute("role", "img");
  const columns = Array.from({ length: count }, (_, value) => {
    const column = element.appendChild(document.createElement("div"));
    column.append(document.createElement("i"), Object.assign(document.createElement("span"), { textContent: value }));
    return column;
  });
  return (probabilities) => {
    const best = probabilities ? mostProbable(probabilities) : -1;
    columns.forEach((column, value) => {
      column.className = value === best ? "best" : "";
      column.firstChild.style.transform = `scaleY(${probabilities ? probabilities[value] : 0})`;
    });
    const words = best < 0 ? "nothing yet" : `most probable ${best}, ${percent(probabilities[best])}`;
    element.setAttribute("aria-label", `${title}: ${words}`);
  };
}

/** Plans one frame for all that changes until then. */
function planFrame() {
  if (!isFramePlanned) requestAnimationFrame(frame);
  isFramePlanned = true;
}

/** Reads what is new and shows it. */
function frame() {
  isFramePlanned = false;
  const began = performance.now(), unread = HALVES.filter((half) => pads[half].isUnread);
  if (network) { for (const half of unread) pads[half].read((digit) => network.tower(digit, half)); }
  show();
  if (network && unread.length) {
    frameMilliseconds.push(performance.now() - began);
    if (frameMilliseconds.length > 60) frameMilliseconds.shift();
    const middle = frameMilliseconds.toSorted((a, b) => a - b)[frameMilliseconds.length >> 1];
    find("speed").textContent = `A look at your drawing takes this device ${middle.toFixed(1)} ms.`;
  }
}

/** Computes the probabilities of the 19 sums from the features of both halves; null while there is only one. */
function sumProbabilities(top, bottom) {
  return top && bottom ? softmax(network.head(top, bottom)) : null;
}

/** Guesses from a half's features: its digit, or where the network names none the sum with what the other pad shows. */
function guessOf(half, features) {
  let probabilities = features;
  if (!network.namesDigits) {
    const other = pads[OTHER[half]].moment?.features;
    probabilities = half === "top" ? sumProbabilities(features, other) : sumProbabilities(other, features);
    if (!probabilities) return null;
  }
  const guess = mostProbable(probabilities);
  return { guess, probability: probabilities[guess] };
}

/** Shows both pads, the sum, the bars, what the network sees, and the films. */
function show() {
  for (const half of HALVES) {
    const { moment } = pads[half], figure = find("seen").querySelector(`.${half}`);
    pads[half].draw();
    showDigit(figure.querySelector("canvas"), half, moment?.digit);
    figure.querySelector(".bars").hidden = network ? !network.namesDigits : true;
    digitBars[half](network?.namesDigits && moment ? moment.features : null);
    const section = find("pads").querySelector(`.${half}`);
    section.querySelector(".undo").disabled = pads[half].history.length === 0;
  }
  const probabilities = network && sumProbabilities(...HALVES.map((half) => pads[half].moment?.features));
  sumBars(probabilities);
  showAnswer(probabilities);
  const isBeingDrawn = HALVES.some((half) => pads[half].isBeingDrawn);
  // without digit names each guess is a look at both halves, which can wait until the pen is lifted
  if (network && (network.namesDigits || !isBeingDrawn)) { for (const half of HALVES) films[half].show(); }
  if (!isBeingDrawn) find("told").textContent = `${find("sum").textContent}. ${find("note").textContent}`;
}

function showDigit(canvas, half, digit) {
  const context = canvas.getContext("2d"), pixels = context.createImageData(SIDE, SIDE);
  pixels.data.fill(255);
  for (let i = 0; i < SIDE * SIDE; i++) pixels.data.fill(digit ? digit[i] : 0, 4 * i, 4 * i + 3);
  context.putImageData(pixels, 0, 0);
  canvas.setAttribute("aria-label", `${NAMES[half]} digit in 28 by 28 pixels${digit ? "" : ", nothing yet"}`);
}

/** Says the sum, how sure it is, and of which digits; or what to do to get one. */
function showAnswer(probabilities) {
  const drawn = HALVES.filter((half) => pads[half].moment);
  if (!network) say("Draw two digits", null, `The network is still arriving: ${arrivedPercent()}%.`);
  else if (drawn.length === 0) {
    say("Draw two digits", null, "One in each frame, with mouse, finger or pen. Or press Surprise me.");
  } else if (drawn.length === 1) {
    const guess = network.namesDigits ? guessOf(drawn[0], pads[drawn[0]].moment.features) : null;
    const looks = guess ? ` This one looks like a ${guess.guess} (${percent(guess.probability)}).` : "";
    say("Now draw the other digit", null, `A sum needs two.${looks}`);
  } else {
    const sum = mostProbable(probabilities), labels = HALVES.map((half) => pads[half].drawing.label);
    const truth = labels.includes(null) ? "" : ` The true sum is ${labels[0] + labels[1]}: ${labels.join(" + ")}.`;
    say("The sum is", sum, `${reading(sum, percent(probabilities[sum]))}${truth}`);
  }
}

function reading(sum, sure) {
  if (!network.namesDigits) return `${sure} sure.`;
  const [top, bottom] = HALVES.map((half) => mostProbable(pads[half].moment.features));
  if (top + bottom === sum) return `${top} + ${bottom}, ${sure} sure.`;
  return `${sure} sure, though by themselves the digits look most like ${top} and ${bottom}.`;
}

function say(words, number, note) {
  const large = document.createElement("b");
  large.textContent = number;
  find("sum").replaceChildren(words, ...(number === null ? [] : [" ", large]));
  find("note").textContent = note;
}

/** Estimates how much of the weights has arrived, in whole percents. */
function arrivedPercent() {
  const characters = [...(find("weights")?.childNodes ?? [])].reduce((sum, node) => sum + node.length, 0);
  return Math.floor(100 * characters / about.characters);
}

function swap() {
  const { top, bottom } = pads, before = top.drawing;
  // halves with weights of their own see another digit where the same one is drawn, so their moments begin anew
  const moved = (drawing) => network?.isTied || drawing === BLANK ? drawing : { ...drawing, moments: [] };
  top.change(moved(bottom.drawing));
  bottom.change(moved(before));
}

function surprise() {
  for (const half of HALVES) if (testDigits.length) pads[half].place(anyOf(testDigits));
}

function anyOf(choices) {
  return choices[Math.floor(Math.random() * choices.length)];
}

const actions = {
  c: () => HALVES.forEach((half) => pads[half].clear()),
  w: swap,
  s: surprise,
  u: () => pads[lastChanged].undo(),
};
find("clear").addEventListener("click", actions.c);
find("swap").addEventListener("click", swap);
find("surprise").addEventListener("click", surprise);

addEventListener("keydown", (event) => {
  const key = event.key.toLowerCase(), isUndo = key === "z" && (event.ctrlKey || event.metaKey);
  if (!isUndo && (event.ctrlKey || event.metaKey || event.altKey)) return;
  const half = HALVES.find((half) => pads[half].svg === document.activeElement);
  const choices = testDigits.filter(({ label }) => String(label) === key);
  if (isUndo) actions.u();
  else if (key in actions) actions[key]();
  else if (half && choices.length) pads[half].place(anyOf(choices));
  else return;
  event.preventDefault();
});

/** Shows what the network is, as the exporter wrote it. */
function describe() {
  find("which").textContent = about.label;
  find("summary").textContent = about.summary;
  find("accuracy").textContent = about.accuracy;
  for (const line of about.arithmetic) {
    find("arithmetic").append(Object.assign(document.createElement("li"), { textContent: line }));
  }
  for (const [name, value] of Object.entries(about.recipe)) {
    const [term, meaning] = ["dt", "dd"].map((tag) => document.createElement(tag));
    term.textContent = name;
    meaning.textContent = value;
    find("recipe").append(term, meaning);
  }
  if (location.protocol.startsWith("http")) {
    Object.assign(find("keep"), { href: location.pathname, download: about.file, hidden: false });
  }
  const theme = location.hash.slice(1);
  if (["light", "dark"].includes(theme)) document.documentElement.dataset.theme = theme;
}

/** Cuts the test digits, which the exporter laid one under the other in a picture, apart. */
async function readTestDigits() {
  const image = Object.assign(new Image(), { src: about.digits.picture });
  await image.decode();
  const canvas = Object.assign(document.createElement("canvas"), { width: SIDE, height: image.height });
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, SIDE, image.height);
  const greys = Uint8Array.from({ length: data.length / 4 }, (_, i) => data[4 * i]), pixels = SIDE * SIDE;
  testDigits = about.digits.labels.map((label, i) => ({ label, greys: greys.slice(pixels * i, pixels * (i + 1)) }));
}

function start() {
  const element = find("weights");
  network = new Network(about.layers, about.tensors, ...[element.textContent, about.product].map(bytesFromBase64));
  element.remove();
  for (const half of HALVES) {
    films[half].subject = network.namesDigits ? `The ${NAMES[half].toLowerCase()} digit` : "The sum";
  }
  planFrame();
}

describe();
show();
readTestDigits();
const arriving = setInterval(planFrame, 200);
addEventListener("DOMContentLoaded", () => {
  clearInterval(arriving);
  start();
});

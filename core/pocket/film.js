// The film of a half: a slider through the moments of its drawing, and what the network took it for at each.
"use strict";

const MOST_GUESSES = 100; // moments of a drawing that are told apart under the pad
const NARROWEST = 0.08; // share of the moments from which a guess's number has room
const MOST_TURNS = 5; // earlier guesses that the story names

/** Writes a softmax's probability in whole percents; it is never certain, so what rounds to 100% is >99%. */
function percent(probability) {
  const whole = Math.round(100 * probability);
  return whole === 100 ? ">99%" : `${whole}%`;
}

/** Finds the index of the largest value. */
function mostProbable(probabilities) {
  return probabilities.indexOf(Math.max(...probabilities));
}

/** Groups guesses, which may be null, into runs of equal ones: [{guess, first, last}]. */
function stretches(guesses) {
  const runs = [];
  guesses.forEach((guess, index) => {
    if (guess === null) return;
    const run = runs.at(-1);
    if (run?.guess === guess && run.last === index - 1) run.last = index;
    else runs.push({ guess, first: index, last: index });
  });
  return runs;
}

class Film {
  /** `guess(features)` gives {guess, probability} of a moment's features, or null while the sum wants the other half. */
  constructor(element, pad, subject, guess, onChange) {
    this.pad = pad;
    this.subject = subject; // "The left digit" or "The sum"
    this.guess = guess;
    this.slider = element.querySelector("input");
    this.guesses = element.querySelector(".guesses");
    this.story = element.querySelector(".story");
    this.slider.addEventListener("input", () => {
      const index = Number(this.slider.value);
      pad.viewed = index === pad.drawing.moments.length - 1 ? null : index;
      onChange();
    });
    this.guesses.addEventListener("click", ({ target }) => {
      if (!target.dataset.last) return;
      this.slider.value = target.dataset.last;
      this.slider.dispatchEvent(new Event("input"));
    });
  }

  /** Shows the moments that there are, and tells the story at the one that is viewed. */
  show() {
    const { moments } = this.pad.drawing, last = moments.length - 1, { slider } = this;
    const index = this.pad.viewed ?? last;
    slider.disabled = last < 1;
    slider.max = Math.max(last, 0);
    slider.value = Math.max(index, 0);
    const stride = Math.ceil(moments.length / MOST_GUESSES);
    const sampled = moments.map((_, i) => i).filter((i) => i % stride === 0 || i === last);
    const runs = last < 1 ? [] : stretches(sampled.map((i) => this.guess(moments[i].features)?.guess ?? null));
    const segments = runs.map(({ guess, first, last }, order) => ({
      guess,
      first: sampled[first],
      last: order === runs.length - 1 ? sampled[last] : sampled[last + 1] - 1,
    }));
    this.showSegments(segments, index);
    this.story.textContent = this.tell(segments, index);
    slider.setAttribute("aria-valuetext", `moment ${index + 1} of ${moments.length}. ${this.story.textContent}`);
  }

  showSegments(segments, index) {
    this.guesses.replaceChildren(...segments.map(({ guess, first, last }) => {
      const segment = document.createElement("span");
      const share = (last - first + 1) / this.pad.drawing.moments.length;
      segment.textContent = share < NARROWEST ? "" : guess;
      segment.title = guess;
      segment.style.flexGrow = 100 * share;
      segment.dataset.last = last;
      segment.className = first <= index && index <= last ? "shown" : "";
      return segment;
    }));
  }

  /** Tells how the guess came about: in turn, or where the slider stands. */
  tell(segments, index) {
    const { moments } = this.pad.drawing, { subject } = this;
    if (moments.length < 2) return "Draw, then slide back through the drawing here.";
    if (segments.length === 0) return "The sum wants both digits.";
    const at = segments.findIndex(({ first, last }) => first <= index && index <= last), next = segments[at + 1];
    if (this.pad.viewed === null) {
      const turns = segments.map(({ guess }) => guess), last = turns.pop();
      if (turns.length === 0) return `${subject} was ${last} from the first.`;
      const earlier = (turns.length > MOST_TURNS ? "… " : "") + turns.slice(-MOST_TURNS).join(", ");
      return `${subject} was ${earlier}, then ${last}.`;
    }
    if (at < 0) return "";
    const { guess, probability } = this.guess(moments[index].features);
    if (next && index === segments[at].last) return `It was ${guess} until here, then ${next.guess}.`;
    return `Here ${guess}, ${percent(probability)} sure.`;
  }
}

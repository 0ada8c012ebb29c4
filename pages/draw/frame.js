// The frame over a picture. Its crop is the left, top, right and bottom side, as fractions of the picture; each corner is
// a handle that moves two of them. The server is told where the frame is once a corner was let go.
const STEP = 0.01; // of the picture, by an arrow key
const SMALLEST = 0.05; // of the picture, so that no corner passes another
const ARROWS = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };

/** Runs when the frame comes into the page, and whenever the picture in it has changed. */
export default ({ parentElement, data, setStateValue }) => {
  const frame = parentElement.querySelector(".picture-frame");
  frame.querySelector("img").src = data.picture;
  // from now on the browser knows best: what the server has may be older than the last movement
  const crop = frame.crop ??= data.crop;
  let moved = false;

  const show = () => {
    const [left, top, right, bottom] = crop.map((side) => 100 * side);
    frame.querySelector("i").style.inset = `${top}% ${100 - right}% ${100 - bottom}% ${left}%`;
    for (const handle of frame.querySelectorAll("[role=slider]")) {
      const across = 100 * crop[handle.dataset.across], down = 100 * crop[handle.dataset.down];
      handle.style.left = `${across}%`;
      handle.style.top = `${down}%`;
      handle.ariaValueNow = Math.round(across);
      handle.ariaValueText = `${Math.round(across)}% from the left, ${Math.round(down)}% from the top`;
    }
  };

  /** Moves a side to a fraction of the picture, or as near to it as the picture and the opposite side allow. */
  const moveSide = (side, fraction) => {
    const opposite = crop[(side + 2) % 4];
    const [least, most] = side < 2 ? [0, opposite - SMALLEST] : [opposite + SMALLEST, 1];
    crop[side] = Math.min(Math.max(fraction, least), most);
    moved = true;
  };

  const tell = () => {
    if (moved) setStateValue("crop", [...crop]);
    moved = false;
  };

  for (const handle of frame.querySelectorAll("[role=slider]")) {
    const across = Number(handle.dataset.across), down = Number(handle.dataset.down);
    let grip; // from the pointer to the corner, as it was taken hold of beside its middle

    const pointed = (event) => {
      const box = frame.getBoundingClientRect();
      return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    };
    handle.onpointerdown = (event) => {
      const [x, y] = pointed(event);
      grip = [crop[across] - x, crop[down] - y];
      handle.setPointerCapture(event.pointerId);
    };
    handle.onpointermove = (event) => {
      if (!handle.hasPointerCapture(event.pointerId)) return;
      const [x, y] = pointed(event);
      moveSide(across, x + grip[0]);
      moveSide(down, y + grip[1]);
      show();
    };
    handle.onlostpointercapture = tell;

    handle.onkeydown = (event) => {
      const arrow = ARROWS[event.key];
      if (!arrow) return;
      event.preventDefault(); // nothing scrolls
      moveSide(across, crop[across] + arrow[0]);
      moveSide(down, crop[down] + arrow[1]);
      show();
    };
    handle.onkeyup = tell;
    handle.onblur = tell;
  }
  show();
};

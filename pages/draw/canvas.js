// What the draw page needs of the browser beside the canvas component. It runs each time the page is shown; its
// listeners are added once and find nothing to do on other pages.
(() => {
  const half = (name) => document.querySelector(`.st-key-${name}_half`);

  // The component's own toolbar is invisible until hovered and lies over 141 x 30 pixels of the canvas' top right; our
  // buttons replace it. Shown, it swallows 10 of 10 strokes begun there by touch and 8 of 10 by a mouse that comes from
  // beside the canvas, and 2 of 10 taps there wipe the drawing; hidden, it does neither. The side of a canvas on the
  // screen is CSS's to choose (style.css); fabric, which draws, divides the pointer's place by that side, so its
  // picture keeps 280 pixels. The component fills its shadow root some time after it is in the page, so we look again a
  // little later.
  const dress = () => {
    for (const name of ["top", "bottom"]) {
      const root = half(name)?.querySelector("[data-testid=stBidiComponentIsolated]")?.shadowRoot;
      if (!root) continue;
      if (!root.querySelector("style.digit-sum-lab")) {
        const style = document.createElement("style");
        style.className = "digit-sum-lab";
        style.textContent = `.dc-toolbar { display: none !important }
          .dc-container, .canvas-container, canvas { width: var(--side) !important; height: var(--side) !important }`;
        root.append(style);
      }
      const label = `${half(name).querySelector(".half-name")?.innerText ?? name}: draw here`;
      for (const canvas of root.querySelectorAll("canvas")) {
        if (canvas.matches(".upper-canvas")) {
          canvas.setAttribute("role", "img");
          canvas.setAttribute("aria-label", label);
        } else {
          canvas.setAttribute("aria-hidden", "true");
        }
      }
    }
  };
  const dressSoon = () => [0, 100, 500, 2000].forEach((milliseconds) => setTimeout(dress, milliseconds));
  dressSoon();

  // The page was reached by a press on something that went with its page: the keyboard goes on at the heading.
  const arrive = () => {
    const heading = document.querySelector(".st-key-draw h1");
    if (!heading || !navigator.userActivation?.hasBeenActive || document.activeElement !== document.body) return;
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
  };
  [0, 500].forEach((milliseconds) => setTimeout(arrive, milliseconds));

  if (window.digitSumLabReleasePen) return;

  // A canvas that starts again wipes away what was drawn since the button was pressed, untold. So the pen is held back
  // from the press until the canvas tells that it has started, or gave up hope; then it draws at once what it was to
  // draw. Not held, 20 of 20 strokes of 60 ms begun 0 or 50 ms after Clear are gone, and 18 of 20 of 200 ms lack their
  // beginning; begun after 150 or 300 ms, none does. Held, 40 of 40 strokes of 200 ms are whole. So every button starts
  // a canvas again, also where it has nothing to change. And a stroke is told only 0.2 s after the pen was lifted, so
  // until then a press on anything that starts a canvas again, or leaves the page, is held back too.
  const held = [];
  let waiting = null, drawing = false, told = 0;
  const release = window.digitSumLabReleasePen = () => {
    clearTimeout(waiting);
    waiting = null;
    for (const [target, event] of held.splice(0)) target.dispatchEvent(event);
  };
  const hold = (event) => {
    const begins = event.type === "mousedown" || event.type === "touchstart", [target] = event.composedPath();
    const onCanvas = begins && target.matches("canvas.upper-canvas");
    drawing ||= onCanvas;
    if (drawing) told = event.timeStamp + 300;
    if (event.type === "mouseup" || event.type === "touchend") drawing = false;
    if (waiting === null) return;
    if (begins ? !onCanvas : !held.length) return;
    event.stopImmediatePropagation();
    event.preventDefault(); // a touch would come again as a mouse
    held.push([begins ? target : document, new event.constructor(event.type, event)]);
  };
  for (const type of ["mousedown", "mousemove", "mouseup", "touchstart", "touchmove", "touchend"]) {
    window.addEventListener(type, hold, { capture: true, passive: false });
  }
  const restarting = ".st-key-paper .stButton button";
  window.addEventListener("click", (event) => {
    const pressed = event.target.closest(
      `${restarting}, .st-key-choose button, [data-testid$=NavLink], [data-testid$=NavDropdownLink]`,
    );
    if (!pressed) return;
    if (pressed.matches(restarting)) {
      clearTimeout(waiting);
      waiting = setTimeout(release, 5000);
    }
    if (event.timeStamp >= told) return;
    event.stopImmediatePropagation();
    event.preventDefault();
    setTimeout(() => pressed.click(), told - event.timeStamp);
  }, { capture: true });

  // An Undo that took back the last change is disabled, and what is disabled has no focus: it goes on at Clear.
  window.addEventListener("click", (event) => {
    const undo = event.target.closest(".st-key-top_undo button, .st-key-bottom_undo button");
    if (!undo || event.detail) return; // a pointer, which needs no focus
    const clear = undo.closest("[class*=_controls]").querySelector("[class*=_clear] button");
    const goOn = () => {
      if (undo.disabled && [document.body, undo].includes(document.activeElement)) clear.focus();
    };
    [200, 500, 1000, 3000].forEach((milliseconds) => setTimeout(goOn, milliseconds));
  });

  // Streamlit's own shortcuts cannot be C, and cannot choose between two buttons: U undoes where the last change was.
  const keys = { c: "clear_both", s: "surprise" };
  window.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (event.target.matches("textarea, select, input:not([type=checkbox], [type=radio]), [contenteditable]")) return;
    const key = event.key.toLowerCase(), last = document.querySelector(".last-changed")?.dataset.half;
    const button = key === "u" ? last && `${last}_undo` : keys[key];
    if (button) document.querySelector(`.st-key-${button} button`)?.click();
  });

  // What is drawn while the server is away stays in the browser: on reconnection, and after the server has started
  // again, the page is asked for once more, and with that the canvases tell what they show. Streamlit does so itself
  // where it was asked for something meanwhile, and twice would be once too often: the second run ends the first.
  const app = document.querySelector("[data-testid=stApp]");
  let state = app.dataset.testConnectionState;
  const tellAgain = () => {
    if (app.dataset.testScriptState === "notRunning") document.querySelector(".st-key-tell_again button")?.click();
  };
  new MutationObserver((changes) => {
    const now = app.dataset.testConnectionState;
    if (now === "CONNECTED" && state !== now) setTimeout(tellAgain, 300);
    state = now;
    if (changes.some((change) => change.addedNodes.length)) dressSoon();
  }).observe(app, { childList: true, subtree: true, attributeFilter: ["data-test-connection-state"] });
  window.addEventListener("resize", dressSoon);
})();

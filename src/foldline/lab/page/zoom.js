/** Zooming and moving the window: wheel, two fingers, a drag, keys and buttons; each gesture is one step back. */

import { make } from "./dom.js";
import { fieldOf } from "./fields.js";
import { unscale } from "./plane.js";
import { usualState } from "./state.js";
import { aroundAll, moved, zoomed } from "./zoom_math.js";

/** @typedef {import("./plane.js").Window} Window */
/** @typedef {[px: number, py: number]} Place on the plane */

const STEP = 2; // of a key or a button: in and out again ends where it began
const SHARE = 0.1; // of the window, that a key moves it
const WHEEL = 0.0015, PINCH = 0.01; // logarithm of the factor a pixel; a pinch on a touchpad comes as a wheel with ctrl
const LINE_PX = 16; // of a wheel that tells lines
const GESTURE_MS = 500; // turns of a wheel and keys that come sooner belong together

/**
 * @param {{plane: HTMLElement, buttons: HTMLElement}} places @param {import("./store.js").Store} store
 * @param {() => ArrayLike<number>} points that are shown, x and y in a row
 */
export function zoomControls({ plane, buttons }, store, points) {
  const field = fieldOf(store, "window");
  const usual = usualState(store.schema).window;
  /** @type {Map<number, Place>} */
  const fingers = new Map(); // all that touch the plane, and a mouse with a button down
  /** @type {{window: Window, fingers: Place[]} | null} */
  let grip = null; // where the drag that moves the window began
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let ending;

  const size = () => ({ width: plane.clientWidth, height: plane.clientHeight });
  const show = (/** @type {Window} */ window) => store.change({ window }, { isPassing: true });
  const end = () => {
    if (ending === undefined) return;
    clearTimeout(ending);
    ending = undefined;
    store.change({});
  };
  const pass = (/** @type {Window} */ window) => {
    show(window);
    clearTimeout(ending);
    ending = setTimeout(end, GESTURE_MS);
  };
  const zoom = (/** @type {number} */ factor, /** @type {Place | null} */ at = null) => {
    const { width, height } = size();
    const { window } = store.get();
    pass(zoomed(window, unscale(window, { width, height })(...(at ?? [width / 2, height / 2])), factor, field));
  };
  const move = (/** @type {number} */ across, /** @type {number} */ up) => {
    const { window } = store.get();
    pass(moved(window, across * SHARE * (window[1] - window[0]), up * SHARE * (window[3] - window[2]), field));
  };
  const showAll = () => pass(aroundAll(points(), usual, field));

  const drag = (/** @type {{window: Window, fingers: Place[]}} */ from) => {
    const now = [...fingers.values()];
    const at = unscale(from.window, size())(...middle(from.fingers));
    const window = zoomed(from.window, at, now.length > 1 ? spread(from.fingers) / spread(now) : 1, field);
    const [x, y] = unscale(window, size())(...middle(now));
    show(moved(window, at[0] - x, at[1] - y, field));
  };
  const hold = () => ({ window: store.get().window, fingers: [...fingers.values()] });

  plane.addEventListener("wheel", (event) => {
    event.preventDefault();
    const turned_px = event.deltaY * (event.deltaMode === WheelEvent.DOM_DELTA_LINE ? LINE_PX : 1);
    zoom(Math.exp(turned_px * (event.ctrlKey ? PINCH : WHEEL)), [event.offsetX, event.offsetY]);
  }, { passive: false });
  plane.onmousedown = (event) => event.button === 1 && event.preventDefault(); // no scrolling by itself

  const button = (/** @type {string} */ words, /** @type {string} */ says, /** @type {() => void} */ act) => {
    const element = make("button", { type: "button", title: says, "aria-label": says }, words);
    element.onclick = act;
    return element;
  };
  buttons.append(
    button("+", "Zoom in (+)", () => zoom(1 / STEP)),
    button("−", "Zoom out (−)", () => zoom(STEP)),
    button("All", "Show all points (Home, or 0)", showAll),
  );

  return {
    /** @param {PointerEvent} event @param {boolean} isMoving whether one finger moves the window @returns {boolean} whether it does */
    down(event, isMoving) {
      end();
      fingers.set(event.pointerId, [event.offsetX, event.offsetY]);
      if (isMoving || event.button === 1 || fingers.size > 1) grip = hold();
      return grip !== null;
    },
    /** @param {PointerEvent} event @returns {boolean} whether the window was moved */
    drag(event) {
      if (!fingers.has(event.pointerId)) return false;
      fingers.set(event.pointerId, [event.offsetX, event.offsetY]);
      if (grip) drag(grip);
      return grip !== null;
    },
    /** @param {PointerEvent} event */
    up(event) {
      fingers.delete(event.pointerId);
      if (grip && fingers.size) grip = hold();
      else if (grip) {
        grip = null;
        store.change({});
      }
    },
    /**
     * @param {KeyboardEvent} event @param {Place | null} at of the cross
     * @param {{isMoving: boolean, isDrawing: boolean}} tool whether arrows alone move the window, and whether digits are classes
     * @returns {boolean} whether the key was taken
     */
    key(event, at, { isMoving, isDrawing }) {
      const { key, ctrlKey, metaKey, altKey } = event;
      const arrow = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[key];
      if (arrow && (isMoving || ctrlKey)) move(arrow[0], arrow[1]);
      else if (ctrlKey || metaKey || altKey) return false; // the browser's own zoom
      else if (key === "+" || key === "=") zoom(1 / STEP, at);
      else if (key === "-") zoom(STEP, at);
      else if (key === "Home" || (key === "0" && !isDrawing)) showAll();
      else return false;
      return true;
    },
  };
}

/** @param {readonly Place[]} fingers @returns {Place} */
function middle(fingers) {
  const mean = (/** @type {0 | 1} */ axis) => fingers.reduce((sum, place) => sum + place[axis], 0) / fingers.length;
  return [mean(0), mean(1)];
}

/** @param {readonly Place[]} fingers @returns {number} between the first two, in pixels */
function spread([a, b]) {
  return Math.max(Math.hypot(a[0] - b[0], a[1] - b[1]), 1);
}

/** Reset, play, pause, step: by buttons and by keys. */

const SETTLING_MS = 15_000; // after which the server's word holds
/** What does something else with a key that it is given. */
const TAKERS_OF_SPACE = "input, select, button, summary, a";
const TAKERS_OF_LETTERS = "input:not([type=range], [type=checkbox]), select";

/** @typedef {{play: HTMLButtonElement, step: HTMLButtonElement, reset: HTMLButtonElement}} Buttons */

/**
 * @param {import("./store.js").Store} store @param {import("./server.js").Server} server @param {string} name of the page
 * @param {Buttons} buttons
 */
export function transport(store, server, name, buttons) {
  let isPlaying = false;
  let wasTold = false; // by the newest frame
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let settling;
  const label = () => {
    buttons.play.textContent = isPlaying ? "❚❚ Pause" : "▶ Play";
  };
  const ask = (/** @type {"play" | "pause" | "step"} */ task) => {
    isPlaying = task === "play";
    server.send({ do: task });
    label();
    // Frames that were under way still tell of before, and a new net is compiled for some seconds.
    clearTimeout(settling);
    settling = setTimeout(settle, SETTLING_MS);
  };
  const settle = () => {
    clearTimeout(settling);
    settling = undefined;
    follow(wasTold);
  };
  const follow = (/** @type {boolean} */ told) => {
    if (told === isPlaying) return;
    isPlaying = told;
    label();
  };
  const play = (/** @type {boolean} */ next) => ask(next ? "play" : "pause");
  const step = () => ask("step");
  const reset = () => server.send({ do: "reset" });
  label();
  buttons.play.onclick = () => play(!isPlaying);
  buttons.step.onclick = step;
  buttons.reset.onclick = reset;
  pageKeys(store, name, { " ": () => play(!isPlaying), r: reset, s: step });
  return {
    play,
    isPlaying: () => isPlaying,
    settle, // what was asked for was refused
    /** @param {Readonly<Record<string, any>>} meta */
    show(meta) {
      wasTold = meta.playing;
      if (settling === undefined || wasTold === isPlaying) settle();
    },
  };
}

/**
 * Keys of a page, wherever the focus is unless it needs them.
 *
 * @param {import("./store.js").Store} store @param {string} name of the page @param {Readonly<Record<string, () => void>>} acts by their keys
 */
export function pageKeys(store, name, acts) {
  addEventListener("keydown", (event) => {
    const { key, target, ctrlKey, metaKey, altKey } = event;
    const isTaken = target instanceof Element && target.closest(key === " " ? TAKERS_OF_SPACE : TAKERS_OF_LETTERS);
    if (!(key in acts) || isTaken || ctrlKey || metaKey || altKey || store.get().page !== name) return;
    if (key === " ") event.preventDefault(); // no scrolling
    acts[key]();
  });
}

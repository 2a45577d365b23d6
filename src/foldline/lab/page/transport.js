/** Reset, play, pause, step: by buttons and by keys. */

import { find } from "./dom.js";

/** @param {import("./store.js").Store} store @param {import("./server.js").Server} server */
export function transport(store, server) {
  let isPlaying = false;
  const button = find("play", HTMLButtonElement);
  const label = () => {
    button.textContent = isPlaying ? "❚❚ Pause" : "▶ Play";
  };
  const play = (/** @type {boolean} */ next) => {
    isPlaying = next;
    server.send({ do: isPlaying ? "play" : "pause" });
    label();
  };
  const step = () => {
    isPlaying = false;
    server.send({ do: "step" });
    label();
  };
  const reset = () => server.send({ do: "reset" });
  label();
  button.onclick = () => play(!isPlaying);
  find("step", HTMLButtonElement).onclick = step;
  find("reset", HTMLButtonElement).onclick = reset;
  addEventListener("keydown", ({ key, target, ctrlKey, metaKey, altKey }) => {
    const isBusy = target instanceof Element && target.closest("input, select, button, summary, a, dialog");
    if (isBusy || ctrlKey || metaKey || altKey || store.get().page !== "playground") return;
    if (key === " ") play(!isPlaying);
    else if (key === "r") reset();
    else if (key === "s") step();
  });
  addEventListener("keydown", (event) => {
    if (event.key === " " && event.target === document.body) event.preventDefault(); // no scrolling
  });
  return {
    play,
    isPlaying: () => isPlaying,
    /** @param {Readonly<Record<string, any>>} meta */
    show(meta) {
      if (meta.playing === isPlaying) return;
      isPlaying = meta.playing;
      label();
    },
  };
}

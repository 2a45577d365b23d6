/** The only module that talks to the server: one WebSocket, frames, acknowledgements, and coming back after a loss. */

import { decodeFrame } from "./frames.js";

/** @typedef {import("./frames.js").Frame} Frame */
/** @typedef {import("./state.js").State} State */
/** @typedef {import("./state.js").Schema} Schema */
/** @typedef {{readonly kind: "connecting" | "open"} | {readonly kind: "busy", readonly doing: string} | {readonly kind: "lost", readonly wait_s: number, readonly tries: number}} Status */
/**
 * @typedef {object} Look the straight map of the region of a point; W and b are null where the net is not piecewise linear
 * @property {number} x
 * @property {number} y
 * @property {number} top
 * @property {readonly number[]} scores
 * @property {readonly number[]} confidence
 * @property {readonly (readonly number[])[] | null} W
 * @property {readonly number[] | null} b
 * @property {readonly number[] | null} on
 */
/**
 * @typedef {object} Listeners
 * @property {(frame: Frame) => void} frame called at most once a picture of the screen
 * @property {(look: Look) => void} look
 * @property {(table: Table) => void} pairs
 * @property {(file: Frame) => void} file a model, to be saved
 * @property {(words: string) => void} error
 * @property {(status: Status) => void} status
 * @property {() => readonly object[]} hello messages for a session that is new
 */
/** @typedef {{"do": "set", state: object} | {"do": "play" | "pause" | "step" | "reset" | "pairs" | "save"} | {"do": "seek", step: number} | {"do": "look", x: number, y: number}} Message */
/** @typedef {{send: (message: Message) => void}} Server */

const FIRST_WAIT_S = 0.5;
const LONGEST_WAIT_S = 10;
const GROWTH = 1.6;

/** @returns {Promise<Schema>} @throws {Error} if the server is not there */
export async function loadSchema() {
  const answer = await fetch(new URL("schema.json", document.baseURI));
  if (!answer.ok) throw new Error(`The server answers ${answer.status} to schema.json; expected 200. Start foldline lab again.`);
  return answer.json();
}

/**
 * Hand a CSV file to the server.
 *
 * @param {File} file @returns {Promise<{points: number, classes: string[], columns: string[]}>}
 * @throws {Error} with the server's words
 */
export async function sendTable(file) {
  const answer = await fetch(new URL("data", document.baseURI), { method: "POST", body: file });
  const told = await answer.json();
  if (!answer.ok) throw new Error(told.error);
  return told;
}

/**
 * @returns {Promise<import("./runs_math.js").Listing>} the runs of the lab's folder
 * @throws {Error} if the server is not there
 */
export async function loadRuns() {
  const answer = await fetch(new URL("runs.json", document.baseURI));
  if (!answer.ok) throw new Error(`The server answers ${answer.status} to runs.json; expected 200. Start foldline lab again.`);
  return answer.json();
}

/**
 * @typedef {object} Table some rows of the table that the points are in
 * @property {readonly string[]} classes
 * @property {readonly string[]} columns all of them
 * @property {readonly (readonly number[])[]} rows the first of their columns, scaled to mean 0 and deviation 1
 * @property {readonly number[]} labels
 */

/** @param {Listeners} on @returns {Server} */
export function connect(on) {
  /** @type {WebSocket} */
  let socket;
  let tries = 0;
  /** @type {Frame | null} */
  let newest = null;
  /** @type {Map<string, import("./frames.js").Arrays>} of the last frame of each kind */
  const last = new Map();

  const open = () => {
    on.status({ kind: "connecting" });
    const address = new URL("ws", document.baseURI);
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    socket = new WebSocket(address);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      tries = 0;
      last.clear();
      on.hello().forEach(send);
      on.status({ kind: "open" });
    };
    socket.onmessage = ({ data }) => (typeof data === "string" ? hear(JSON.parse(data)) : receive(data));
    socket.onclose = () => {
      isDoing = false;
      const wait_s = Math.min(FIRST_WAIT_S * GROWTH ** tries++, LONGEST_WAIT_S);
      on.status({ kind: "lost", wait_s, tries });
      setTimeout(open, wait_s * 1000);
    };
  };

  const send = (/** @type {object} */ message) => {
    // What is set while nobody listens is told by `hello` once somebody does.
    if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
  };

  let isDoing = false; // something that takes long, and for which there is no frame
  const doing = (/** @type {string | undefined} */ words = undefined) => {
    if (words) on.status({ kind: "busy", doing: words });
    else if (isDoing) on.status({ kind: "open" });
    isDoing = Boolean(words);
  };

  const hear = (/** @type {any} */ told) => {
    if (told.error) on.error(told.error);
    if (told.look) on.look(told.look);
    if (told.pairs) on.pairs(told.pairs);
    if (told.told || told.error) doing(told.told);
  };

  const receive = (/** @type {ArrayBuffer} */ data) => {
    /** @type {Frame} */
    let frame;
    try {
      frame = completed(decodeFrame(data), last);
    } catch (error) {
      on.error(error instanceof Error ? error.message : String(error));
      return;
    }
    if (frame.kind === "model") {
      on.file(frame);
      return;
    }
    doing();
    if (newest) send({ do: "ack", frame: newest.frame }); // never drawn: the newest frame wins
    else whenDrawn(draw);
    newest = frame;
  };

  const draw = () => {
    const frame = newest;
    newest = null;
    if (!frame) return;
    on.frame(frame);
    send({ do: "ack", frame: frame.frame });
  };

  open();
  return {
    send(message) {
      if (message.do === "set") doing(); // what goes on for it is told anew
      send(message);
    },
  };
}

/**
 * Put back what does not come again, because it is as in the last frame of its kind.
 *
 * @param {Frame} frame @param {Map<string, import("./frames.js").Arrays>} last by kind; takes this one in @returns {Frame}
 */
export function completed(frame, last) {
  const before = last.get(frame.kind) ?? {};
  const same = (frame.meta.as_before ?? []).map((/** @type {string} */ name) => [name, before[name]]);
  const arrays = { ...frame.arrays, ...Object.fromEntries(same) };
  last.set(frame.kind, arrays);
  return { ...frame, arrays };
}

/** @param {() => void} act at the screen's next picture; in a tab that is not seen, twice a second */
function whenDrawn(act) {
  if (document.hidden) setTimeout(act, 500);
  else requestAnimationFrame(act);
}

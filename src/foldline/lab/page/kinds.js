/** Kinds of fields, as the server has them: what a value may be, and how it stands in a link. */

/** @typedef {readonly [x: number, y: number, label: number]} Clicked x and y in hundredths of a unit */
/** @typedef {readonly [start: number, end: number]} Edge from the smaller to the larger node */
/**
 * @typedef {object} Field one setting, as the server's schema tells it
 * @property {string} name
 * @property {string} kind
 * @property {any} default
 * @property {string} says what it is, for a reader
 * @property {readonly string[]} [choices]
 * @property {number} [low]
 * @property {number} [high]
 * @property {boolean} [above] low itself is left out
 * @property {boolean} [below] high itself is left out
 * @property {number} [fewest] entries of a list
 * @property {number} [most] entries of a list, points, or characters of a text
 * @property {boolean} [again] whether a word may come more than once
 * @property {number} [multiple] how many entries there are can be divided by it
 * @property {number} [most_classes]
 * @property {number} [nodes] of a graph
 */
/** @typedef {{read: (text: string, field: Field) => any, write: (value: any, field: Field) => string}} Kind */

const WHOLE = /^-?[0-9]{1,15}$/;
const NUMBER = /^-?[0-9]{1,400}(\.[0-9]{1,400})?(e-?[0-9]{1,3})?$/;
const POINT_LENGTH = 5;

/** @type {Kind} */
const choice = {
  read(text, { name, choices = [] }) {
    if (!choices.includes(text)) throw wrong(name, text, `one of ${choices.join(", ")}`);
    return text;
  },
  write: String,
};

/** @type {Kind} */
const whole = {
  read(text, field) {
    if (!WHOLE.test(text) || !isWithin(Number(text), field)) throw wrong(field.name, text, `a whole number ${limits(field)}`);
    return Number(text);
  },
  write: String,
};

/** @type {Kind} */
const number = {
  read(text, field) {
    if (!NUMBER.test(text) || !isWithin(Number(text), field)) throw wrong(field.name, text, `a number ${limits(field)}`);
    return Number(text);
  },
  // A plus sign would be read as a space by programs that take links for forms.
  write: (value) => String(value).replace("e+", "e"),
};

/** @param {Kind} item @returns {Kind} */
function listOf(item) {
  return {
    read(text, field) {
      const parts = text ? text.split(",") : [];
      const { fewest = 0, most = Infinity, multiple = 1 } = field;
      if (parts.length < fewest || parts.length > most) throw wrong(field.name, text, `${fewest} to ${most} entries`);
      if (parts.length % multiple) throw wrong(field.name, `${parts.length} entries`, `a multiple of ${multiple}`);
      const read = parts.map((part) => item.read(part, { ...field, name: `an entry of ${field.name}` }));
      if (field.choices && !field.again && new Set(read).size < read.length) throw wrong(field.name, text, "different words");
      return Object.freeze(read);
    },
    write: (value, field) => value.map((/** @type {any} */ part) => item.write(part, field)).join(","),
  };
}

/** @type {Kind} */
const line = {
  read(text, { name, most = 0 }) {
    if (/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(text) || [...text].length > most) throw wrong(name, text, `a line of at most ${most} characters`);
    return text;
  },
  // As Python's quote does it: a slash stays, and brackets and quotation marks do not.
  write: (value) => encodeURIComponent(value).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`).replaceAll("%2F", "/"),
};

/** @type {Kind} */
const view = {
  read(text, field) {
    const ends = listOf(number).read(text, { ...field, fewest: 4, most: 4 });
    if (!(ends[0] < ends[1] && ends[2] < ends[3])) throw wrong(field.name, text, "left below right and bottom below top");
    return ends;
  },
  write: listOf(number).write,
};

/** @type {Kind} */
const points = {
  read(text, { name, low = 0, high = 0, most = 0, most_classes = 0 }) {
    const n = text.length / POINT_LENGTH;
    if (!/^[0-9a-z]*$/.test(text) || !Number.isInteger(n)) throw wrong(name, `${text.length} characters`, "five of 0-9 and a-z for every point");
    if (n > most) throw wrong(name, `${n} points`, `${most} at most`);
    return Object.freeze(Array.from({ length: n }, (_, i) => {
      const digits = text.slice(POINT_LENGTH * i, POINT_LENGTH * (i + 1));
      const [x, y] = [digits.slice(0, 2), digits.slice(2, 4)].map((two) => parseInt(two, 36) + low);
      const label = parseInt(digits[4], 36);
      if (x > high || y > high || label >= most_classes) throw wrong(name, digits, `x and y from ${low} to ${high} and a class below ${most_classes}`);
      return Object.freeze([x, y, label]);
    }));
  },
  write: (value, { low = 0 }) => value.map((/** @type {Clicked} */ [x, y, label]) =>
    twoDigits(x - low) + twoDigits(y - low) + label.toString(36)).join(""),
};

/** @type {Kind} */
const edges = {
  read(text, { name, nodes = 0 }) {
    if (!/^([0-9a-z]{2})*$/.test(text)) throw wrong(name, `${text.length} characters`, "two of 0-9 and a-z for every edge");
    const found = (text.match(/../g) ?? []).map((pair) => Object.freeze([...pair].map((digit) => parseInt(digit, 36))));
    found.forEach(([start, end], i) => {
      if (start >= end || end >= nodes) throw wrong(name, `${start} to ${end}`, `edges from a smaller to a larger node, below ${nodes}`);
      if (i && text.slice(2 * i - 2, 2 * i) >= text.slice(2 * i, 2 * i + 2)) throw wrong(name, text, "edges in ascending order, each once");
    });
    return Object.freeze(found);
  },
  write: (value) => value.map((/** @type {Edge} */ edge) => edge.map((node) => node.toString(36)).join("")).join(""),
};

/** @type {Kind} */
const heights = {
  read(text, { name, low = 0, high = 0, most = 0 }) {
    if (!/^[0-9a-z]*$/.test(text) || text.length !== 2 * most) throw wrong(name, `${text.length} characters`, `${2 * most} of 0-9 and a-z`);
    const found = Array.from({ length: most }, (_, i) => parseInt(text.slice(2 * i, 2 * i + 2), 36) + low);
    if (found.some((height) => height > high)) throw wrong(name, text, `heights from ${low} to ${high}`);
    return Object.freeze(found);
  },
  write: (value, { low = 0 }) => value.map((/** @type {number} */ height) => twoDigits(height - low)).join(""),
};

/** @type {Readonly<Record<string, Kind>>} */
export const KINDS = {
  choice, whole, number, text: line, choices: listOf(choice), wholes: listOf(whole), numbers: listOf(number), window: view, points, edges, heights,
};

/** @param {number} value @param {Field} field @returns {boolean} */
export function isWithin(value, { low = -Infinity, high = Infinity, above, below }) {
  return (above ? value > low : value >= low) && (below ? value < high : value <= high);
}

/** @param {Field} field */
function limits({ low, high, above, below }) {
  return `${above ? "above" : "from"} ${low} ${below ? "to below" : "to"} ${high}`;
}

/** @param {string} name @param {string} value @param {string} expected */
function wrong(name, value, expected) {
  return new RangeError(`${name} is ${value.slice(0, 40) || "empty"}; expected ${expected}.`);
}

/** @param {number} value */
function twoDigits(value) {
  return value.toString(36).padStart(2, "0");
}

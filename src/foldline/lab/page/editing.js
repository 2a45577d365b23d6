/** Adding and erasing points; whatever the points were before, from then on they are the user's own. */

import { toast } from "./dom.js";
import { clickedFrom, withPoint, withoutNear } from "./clicked.js";
import { fieldOf } from "./fields.js";

/** @param {import("./store.js").Store} store @param {() => import("./moment.js").Moment | null} moment */
export function editing(store, moment) {
  const field = fieldOf(store, "clicked");

  /** @returns {readonly import("./kinds.js").Clicked[]} */
  const own = () => {
    const shown = moment()?.picture;
    const { data, clicked } = store.get();
    if (data === "points" || !shown) return clicked;
    const copied = clickedFrom(shown.points, shown.labels, field);
    const n_lost = shown.labels.length - copied.length;
    toast(`The points are your own now, the link holds them${n_lost ? `; ${n_lost} of ${shown.labels.length} did not fit` : ""}. The net begins anew.`);
    return copied;
  };
  const put = (/** @type {readonly import("./kinds.js").Clicked[]} */ clicked, /** @type {boolean} */ isPassing) => {
    const shown = moment()?.picture;
    store.change({ data: "points", clicked, ...(store.get().data === "points" || !shown ? {} : { classes: shown.n_classes }) }, { isPassing });
  };

  return {
    /** @param {number} x @param {number} y @param {number} label @param {boolean} isPassing */
    add(x, y, label, isPassing) {
      const clicked = own();
      const { most = 0, low = 0, high = 0 } = field;
      if (clicked.length >= most) toast(`${most} points are as many as a link holds. Erase some first.`);
      else if (Math.max(x, y) * 100 <= high && Math.min(x, y) * 100 >= low) put(withPoint(clicked, x, y, label), isPassing);
    },
    /** @param {number} x @param {number} y @param {number} reach */
    erase(x, y, reach) {
      const clicked = own();
      const left = withoutNear(clicked, x, y, reach);
      if (left.length < clicked.length) put(left, true);
    },
  };
}

/** Adding and erasing points; whatever the points were before, from then on they are the user's own. */

import { toast } from "./dom.js";
import { clickedFrom, withPoint, withoutNear } from "./clicked.js";
import { fieldOf } from "./fields.js";

/** @typedef {import("./kinds.js").Clicked} Clicked */

/** @param {import("./store.js").Store} store @param {() => import("./moment.js").Moment | null} moment */
export function editing(store, moment) {
  const field = fieldOf(store, "clicked");
  /**
   * @param {(before: readonly Clicked[]) => readonly Clicked[]} edit adds or takes out; what it gives back as long as it was is not changed
   * @param {boolean} isPassing @param {number} [label] of what is added
   */
  const change = (edit, isPassing, label = 0) => {
    const { data, clicked, classes } = store.get();
    const shown = data === "points" ? null : moment()?.picture;
    const { most = 0 } = field;
    // Of more than a link holds, one fewer: there must be room for one that is added.
    const kept = shown && shown.labels.length > most ? most - 1 : most;
    const before = shown ? clickedFrom(shown.points, shown.labels, { ...field, most: kept }) : clicked;
    const after = edit(before);
    if (after.length === before.length) return;
    store.change({ data: "points", clicked: after, classes: Math.max(shown ? shown.n_classes : classes, label + 1) }, { isPassing });
    if (!shown) return;
    const n_lost = shown.labels.length - before.length;
    toast(`The points are your own now, the link holds them${n_lost ? `; ${n_lost} of ${shown.labels.length} did not fit` : ""}. The net begins anew.`);
  };

  return {
    /** @param {number} x @param {number} y @param {number} label @param {boolean} isPassing */
    add(x, y, label, isPassing) {
      const { most = 0, low = 0, high = 0 } = field;
      if (Math.max(x, y) * 100 > high || Math.min(x, y) * 100 < low) {
        toast(`A link holds points from ${low / 100} to ${high / 100}; this place is outside. Nothing was added.`);
        return;
      }
      change((before) => {
        if (before.length < most) return withPoint(before, x, y, label);
        toast(`${most} points are as many as a link holds. Erase some first.`);
        return before;
      }, isPassing, label);
    },
    /** @param {number} x @param {number} y @param {number} reach */
    erase(x, y, reach) {
      change((before) => withoutNear(before, x, y, reach), true);
    },
  };
}

/** What the page says about its connection. */

import { find, tell, toast } from "./dom.js";

/** @typedef {import("./server.js").Status} Status */

/** @returns {(status: Status) => void} */
export function connectionView() {
  const badge = find("status", HTMLElement);
  const banner = find("banner", HTMLElement);
  let wasLost = false;
  return (status) => {
    if (status.kind !== "connecting" || !wasLost) badge.dataset.kind = status.kind;
    if (status.kind === "open") {
      tell(badge, "Connected");
      banner.hidden = true;
      if (wasLost) toast("The connection is back. Your settings were kept; training began anew.");
      wasLost = false;
    } else if (status.kind === "busy") tell(badge, status.doing);
    else if (status.kind === "lost") {
      wasLost = true;
      badge.textContent = "Connection lost";
      banner.hidden = false;
      banner.textContent = `The connection to the lab is lost. The last picture stays and your settings are kept; the page tries again in ${status.wait_s.toFixed(1)} s (try ${status.tries}). ` +
        "If you stopped it, start foldline lab again: this page then goes on by itself, and the net is trained anew.";
    } else if (!wasLost) badge.textContent = "Connecting";
  };
}

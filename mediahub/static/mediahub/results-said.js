/* What the results' parts share: addresses of fragments, and words at the edge of the page. */

import { make } from "./player-dom.js";

/* Where the results of an address stand alone. */
export function fragment(address) {
  return `${address || "?"}${address.length > 1 ? "&" : ""}fragment=results`;
}

/* A message at the edge of the page, which may offer something. */
export function toast(words, { label, deed, href, stays = false } = {}) {
  document.querySelector(".mh-bulk-toast")?.remove();
  const box = make("div", { class: "mh-toast mh-bulk-toast", role: "status" }, make("span", {}, words));
  if (label) {
    const button = href ? make("a", { class: "mh-link", href }, label) : make("button", { type: "button", class: "mh-link" }, label);
    if (deed) button.addEventListener("click", () => { box.remove(); deed(); });
    box.append(button);
  }
  const close = make("button", { type: "button", class: "mh-icon-button", "aria-label": "Close" }, "×");
  close.addEventListener("click", () => box.remove());
  box.append(close);
  document.body.append(box);
  if (!stays) setTimeout(() => box.remove(), label ? 30000 : 6000);
  return box;
}

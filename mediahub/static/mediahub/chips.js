/* The conditions in force: taken off, turned round, or put into the box to be edited. */

import { go } from "./browse-go.js";
import { editCondition } from "./query-box.js";

export function startChips() {
  const root = document.querySelector("[data-browse]");

  root.addEventListener("click", (event) => {
    const text = event.target.closest("[data-edit]");
    if (text) editCondition(text.closest(".br-chip").dataset.query);
  });

  root.addEventListener("keydown", (event) => {
    const chip = event.target.closest(".br-chip");
    if (!chip || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Delete" || event.key === "Backspace") {
      event.preventDefault();
      go(chip.querySelector("[data-off]").href);
    }
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    const stops = [...chip.parentElement.querySelectorAll("a, button")];
    const next = stops[stops.indexOf(event.target.closest("a, button")) + step];
    if (!next) return;
    event.preventDefault();
    next.focus();
  });
}

/* One card dragged onto another: the two are one person. */

import { idOf } from "./facelab-grid.js";

export function startDrag(grid, merge) {
  const { element } = grid;
  const { signal } = grid.stopping;
  let dragged = [];

  element.addEventListener("dragstart", (event) => {
    const item = event.target.closest("[data-item]");
    if (!item?.draggable) return;
    const several = grid.chosen.has(idOf(item)) ? grid.items.filter((one) => grid.chosen.has(idOf(one))) : [item];
    dragged = several.map(idOf);
    for (const one of several) one.classList.add("is-dragged");
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", item.dataset.name);
  }, { signal });
  element.addEventListener("dragover", (event) => {
    const item = onto(event);
    mark(item);
    if (!item) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "move";
  }, { signal });
  element.addEventListener("drop", (event) => {
    const item = onto(event);
    if (!item) return;
    event.preventDefault();
    merge(dragged, item);
  }, { signal });
  element.addEventListener("dragend", () => {
    dragged = [];
    mark(null);
    for (const one of element.querySelectorAll(".is-dragged")) one.classList.remove("is-dragged");
  }, { signal });

  function onto(event) {
    const item = event.target.closest("[data-item]");
    return item && dragged.length && !dragged.includes(idOf(item)) ? item : null;
  }

  function mark(item) {
    for (const one of element.querySelectorAll(".is-target")) if (one !== item) one.classList.remove("is-target");
    item?.classList.add("is-target");
  }
}

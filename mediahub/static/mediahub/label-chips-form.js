/* The chips in forms: in place of a list of what is chosen, which stays there, unseen, and is sent. */

import { labelChips } from "./label-chips.js";

export function replaceSelects(root = document) {
  for (const select of root.querySelectorAll("select[data-label-chips]")) replace(select);
}

function replace(select) {
  const chosen = [...select.selectedOptions].filter((option) => option.value);
  const place = document.createElement("div");
  select.after(place);
  select.hidden = true;
  const label = select.labels[0];
  const chips = labelChips(place, {
    kind: select.dataset.labelChips,
    labels: chosen.map((option) => ({ id: Number(option.value), name: option.textContent.trim(), color: option.dataset.color || "" })),
    several: select.multiple,
    mayAdd: "mayAdd" in select.dataset,
    name: label ? label.textContent.trim().replace(/:$/, "") : undefined,
    onChange: (labels) => {
      select.replaceChildren(...labels.map(({ id, name }) => new Option(name, id, true, true)));
      if (!select.multiple && !labels.length) select.add(new Option("", "", true, true));
      for (const kind of ["input", "change"]) select.dispatchEvent(new Event(kind, { bubbles: true }));
    },
  });
  if (label) label.addEventListener("click", () => chips.focus());
  const help = document.getElementById(`${select.id}_helptext`);
  if (help) chips.input.setAttribute("aria-describedby", help.id);
}

replaceSelects();

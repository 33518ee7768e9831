/* Buttons that wait for a key and write down what it is called. */

import { nameOf } from "./player-keys.js";

for (const button of document.querySelectorAll("[data-capture]")) {
  const field = document.getElementById(button.dataset.capture);
  const words = button.textContent;
  button.hidden = false;
  button.addEventListener("click", () => {
    button.textContent = "…";
    const stop = () => {
      removeEventListener("keydown", take, true);
      button.removeEventListener("blur", stop);
      button.textContent = words;
    };
    const take = (event) => {
      if (["Shift", "Control", "Alt", "Meta"].includes(event.key)) return;
      stop();
      if (["Escape", "Tab", "Enter"].includes(event.key)) return; // these have their own use
      event.preventDefault();
      event.stopPropagation();
      const keys = new Set(field.value.split(/\s+/).filter(Boolean));
      field.value = [...keys.add(nameOf(event))].join(" ");
    };
    addEventListener("keydown", take, true);
    button.addEventListener("blur", stop);
  });
}

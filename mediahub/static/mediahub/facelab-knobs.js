/* Knobs, tried on one's own faces before they count. */

import { answer } from "./facelab-source.js";

const WAIT_MS = 600;
const page = document.querySelector("[data-knobs]");
const form = page.querySelector("[data-knobs-form]");
let timer = 0;
const turns = {}; // of each part

/* What the values would do, below its button; the newest question wins. */
async function show(part) {
  const place = page.querySelector(`[data-tried=${part}]`);
  const mine = (turns[part] = (turns[part] || 0) + 1);
  place.setAttribute("aria-busy", "true");
  if (!place.childElementCount) place.textContent = "Being worked out…";
  try {
    const values = Object.fromEntries([...new FormData(form)].filter(([name]) => !["csrfmiddlewaretoken", "deed", "regroup"].includes(name)));
    const fresh = await answer(location.pathname, part, values);
    if (mine !== turns[part]) return;
    place.replaceChildren(...[...fresh.body.childNodes].map((one) => document.adoptNode(one)));
  } catch (error) {
    if (mine === turns[part]) place.textContent = error.message;
  } finally {
    if (mine === turns[part]) place.removeAttribute("aria-busy");
  }
}

page.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-try]");
  if (button) show(button.dataset.try);
});
form.addEventListener("input", () => {
  clearTimeout(timer);
  if (page.querySelector("[data-tried=preview]").childElementCount) timer = setTimeout(() => show("preview"), WAIT_MS);
});

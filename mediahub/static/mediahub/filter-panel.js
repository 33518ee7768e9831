/*
 * The panel of filters. Each section is a form that the server turns into a query; what is done
 * here is to send it as soon as something is chosen, to count values when a section is opened, and
 * to remember what is open. On narrow screens the panel is a sheet over the page.
 */

import { go, settled } from "./browse-go.js";
import { ask } from "./player-dom.js";
import { fillValues, findValues } from "./filter-values.js";

const AWAY = "-panel"; // among the open panels: all of it is put away
const NARROW = window.matchMedia("(max-width: 1023px)");
const PAUSE_MS = 800;

const root = document.querySelector("[data-browse]");
const panel = document.getElementById("browse-panel");
const body = root.querySelector("[data-body]");

let sent = null;
let timer = null;
let focused = null;

/* What was asked for before is waited for: the form would take it back by the query that it holds. */
async function send(form, submitter) {
  const data = new URLSearchParams(new FormData(form, submitter));
  const before = settled();
  if (before) {
    await before;
    const fresh = panel.querySelector("[data-filter] [name=q]");
    if (fresh) data.set("q", fresh.value);
  }
  for (const [name, value] of [...data]) if (!value && name !== "q") data.delete(name);
  go(`${form.action}?${data}`);
}

/* Which inputs a comparison takes. */
function adapt(form) {
  const operator = form.querySelector("[data-operator]");
  if (!operator) return;
  const isRange = operator.value === "..";
  form.querySelector("[data-ends]").hidden = operator.value === "none" || operator.value === "any";
  for (const one of form.querySelectorAll("[data-high]")) one.hidden = !isRange;
}

function adaptAll() {
  for (const form of panel.querySelectorAll("[data-filter]")) adapt(form);
  for (const section of panel.querySelectorAll("details[data-facets][open]")) fillValues(section);
}

function openNames() {
  const names = [...panel.querySelectorAll("details[data-section][open]")].map((one) => one.dataset.section);
  return body.classList.contains("br-body-wide") ? [...names, AWAY] : names;
}

function remember() {
  clearTimeout(timer);
  timer = setTimeout(() => {
    const names = openNames();
    if (JSON.stringify(names) === JSON.stringify(sent)) return;
    sent = names;
    ask("PATCH", "browse-settings/", { open_panels: names }, { keepalive: true }).catch(() => {});
  }, PAUSE_MS);
}

function told() {
  const button = root.querySelector("[data-panel-toggle]");
  const isShown = NARROW.matches ? panel.matches(":modal") : !body.classList.contains("br-body-wide");
  button.setAttribute("aria-expanded", String(isShown));
}

function toggle() {
  if (NARROW.matches) {
    if (panel.open) panel.close();
    panel.showModal();
  } else {
    body.classList.toggle("br-body-wide");
    remember();
  }
  told();
}

/* What a sheet is on narrow screens stands open beside the results on wide ones. */
function fit() {
  if (NARROW.matches || panel.matches(":modal")) panel.close();
  panel.toggleAttribute("open", !NARROW.matches); // show() would take the focus
  told();
}

/* The row that had the focus, though another element stands for it now. */
function refocus() {
  if (!focused) return;
  const { section, text } = focused;
  focused = null;
  if (panel.contains(document.activeElement)) return;
  const place = document.getElementById(section);
  if (!place) return;
  const row = [...place.querySelectorAll("[data-text]")].find((one) => one.dataset.text === text);
  ((row && row.querySelector("input")) || place.querySelector("summary")).focus({ preventScroll: true });
}

export function startFilters() {
  sent = JSON.parse(document.getElementById("browse-view").textContent).open_panels;

  panel.addEventListener("change", (event) => {
    const form = event.target.closest("[data-filter]");
    if (!form) return;
    adapt(form);
    const { type, value } = event.target;
    const isChoice = type === "checkbox" || type === "radio" || value === "none" || value === "any";
    if (isChoice && (event.target.name !== "mode" || form.querySelector("[data-values] :checked"))) send(form);
  });
  panel.addEventListener("submit", (event) => {
    const form = event.target.closest("[data-filter]");
    if (!form) return;
    event.preventDefault();
    send(form, event.submitter);
  });
  panel.addEventListener("input", (event) => {
    if (event.target.matches("[data-find]")) findValues(event.target.closest("details"));
  });
  panel.addEventListener("click", (event) => {
    const button = event.target.closest("[data-exclude]");
    if (!button) return;
    const box = button.closest("li").querySelector("input");
    const isWritten = box.name === "value" || box.name === "not";
    const isExcluded = box.checked && (box.name === "not" || box.name === "against");
    if (!isExcluded) box.name = isWritten ? "not" : "against";
    box.checked = !isExcluded;
    send(box.form);
  });
  // "toggle" doesn't bubble
  panel.addEventListener(
    "toggle",
    (event) => {
      const section = event.target.closest("details[data-section]");
      if (!section) return;
      if (section.open && "facets" in section.dataset) fillValues(section);
      remember();
    },
    true,
  );

  root.addEventListener("click", (event) => {
    if (event.target.closest("[data-panel-toggle]")) toggle();
    if (!event.target.closest("[data-panel-close]")) return;
    if (panel.matches(":modal")) panel.close();
    else toggle();
  });
  panel.addEventListener("click", (event) => {
    if (event.target === panel && panel.matches(":modal")) panel.close(); // beside the sheet
  });
  panel.addEventListener("close", told);
  NARROW.addEventListener("change", fit);

  document.addEventListener("mh:going", () => {
    const row = document.activeElement.closest("[data-section] [data-text]");
    const section = document.activeElement.closest("[data-section]");
    focused = section && panel.contains(section) ? { section: section.id, text: row ? row.dataset.text : null } : null;
  });
  document.addEventListener("mh:shown", () => {
    const top = panel.scrollTop;
    adaptAll();
    told();
    refocus();
    panel.scrollTop = top;
  });
  fit();
  adaptAll();
}

/* The values of a section with how many videos have them; counted when the section is opened. */

import { ask, icon, make } from "./player-dom.js";

const PAUSE_MS = 150;
const counted = new Map(); // section: its values, as they were counted last
const asking = new Map();
let timer = null;

function queryNow() {
  return JSON.parse(document.getElementById("browse-view").textContent).shown.query;
}

function excludeButton(text, isExcluded) {
  const label = isExcluded ? `Don't exclude ${text}` : `Exclude ${text}`;
  return make(
    "button",
    { type: "button", class: "br-exclude", "data-exclude": "", "aria-label": label, "aria-pressed": String(isExcluded), title: "Exclude" },
    icon("block"),
  );
}

function rowOf(section, value) {
  const name = section.dataset.section;
  const box = make("input", { type: "checkbox", name: "pick", value: value.value, "data-kind": "named", id: `pick-${name}-${value.value}` });
  return make("li", { class: "br-value", "data-text": value.value, "data-counted": "" }, make("label", {}, box, make("span", {}, value.label || value.value)));
}

function setCount(row, value, isEstimate) {
  const old = row.querySelector(".br-value-count");
  if (old) old.remove();
  if (!value || value.count === null || value.count === undefined) return;
  const text = `${isEstimate ? "≈ " : ""}${value.count.toLocaleString()}`;
  row.querySelector("label").append(make("span", { class: "br-value-count" }, text));
}

/* Puts values into the section's list, below those that are chosen. */
function put(section, { values, is_estimate: isEstimate }) {
  const list = section.querySelector("[data-values]");
  for (const row of list.querySelectorAll("[data-counted]")) row.remove();
  const rows = new Map([...list.children].map((row) => [row.dataset.text.toLowerCase(), row]));
  for (const value of values) {
    if (value.value === null || value.value === "") continue;
    let row = rows.get(String(value.value).toLowerCase());
    if (!row) {
      row = rowOf(section, value);
      list.append(row);
    }
    setCount(row, value, isEstimate);
  }
  for (const row of list.children) {
    if (row.querySelector("[data-exclude]")) continue;
    const box = row.querySelector("input");
    row.append(excludeButton(row.dataset.text, box.checked && (box.name === "not" || box.name === "avoid")));
  }
}

function tell(section, text) {
  section.querySelector("[data-facets-said]").textContent = text;
}

export async function fillValues(section) {
  const name = section.dataset.section;
  const query = queryNow();
  const before = counted.get(name);
  put(section, before ? before.answer : { values: [] });
  if (before && before.query === query) return;
  if (asking.get(name) === query) return;
  asking.set(name, query);
  section.setAttribute("aria-busy", "true");
  try {
    const answer = await ask("GET", `videos/facets/?${new URLSearchParams({ q: query, fields: name })}`);
    const found = answer.fields[name] || { values: [] };
    counted.set(name, { query, answer: found });
    const now = document.getElementById(section.id); // the page may have been swapped meanwhile
    if (now && queryNow() === query && !now.querySelector("[data-find]").value) {
      put(now, found);
      tell(now, found.values.length ? "" : "No values here.");
    }
  } catch (error) {
    tell(section, error.message);
  } finally {
    asking.delete(name);
    section.removeAttribute("aria-busy");
  }
}

/* Values that begin with what was typed, of all that there are. */
export function findValues(section) {
  clearTimeout(timer);
  const input = section.querySelector("[data-find]");
  const name = section.dataset.section;
  timer = setTimeout(async () => {
    const typed = input.value.trim().replaceAll('"', "");
    if (!typed) return fillValues(section);
    const text = `${name}:${typed}`;
    try {
      const { items } = await ask("GET", `videos/complete/?${new URLSearchParams({ q: text, at: text.length })}`);
      if (typed !== input.value.trim().replaceAll('"', "")) return;
      const values = items
        .filter((item) => item.kind === "value")
        .map((item) => ({ value: bare(item.text, name), label: item.label, count: item.count }));
      put(section, { values });
      tell(section, values.length ? "" : "Nothing begins so.");
    } catch (error) {
      tell(section, error.message);
    }
  }, PAUSE_MS);
}

/* The value of what completion would write: without its field and quotes. */
function bare(text, name) {
  const value = text.trim().replace(new RegExp(`^${name}(?:[:=])`), "");
  return value.startsWith('"') ? value.slice(1, value.endsWith('"') ? -1 : undefined).replace(/\\(.)/g, "$1") : value;
}

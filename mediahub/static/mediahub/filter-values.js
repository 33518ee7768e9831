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
  const box = make("input", { type: "checkbox", name: "given", value: value.query, id: `given-${name}-${value.value}` });
  const words = make("span", {}, value.label || value.value);
  return make("li", { class: "br-value", "data-text": value.value, "data-counted": "" }, make("label", {}, box, words));
}

function setCount(row, value, isEstimate) {
  const old = row.querySelector(".br-value-count");
  if (old) old.remove();
  if (!value || value.count === null || value.count === undefined) return;
  const text = `${isEstimate ? "≈ " : ""}${value.count.toLocaleString()}`;
  row.querySelector("label").append(make("span", { class: "br-value-count" }, text));
}

/* What a value is told apart by, whether it stands in quotes or not; "none" in quotes is a name. */
function keyOf(written) {
  const isQuoted = written.startsWith('"');
  const text = (isQuoted ? written.slice(1, -1).replace(/\\(.)/g, "$1") : written).toLowerCase();
  return isQuoted && (text === "none" || text === "any") ? written.toLowerCase() : text;
}

function writtenIn(query, name) {
  return query.startsWith(`${name}:`) || query.startsWith(`${name}=`) ? query.slice(name.length + 1) : query;
}

/* Puts values into the section's list, below those that are chosen. */
function put(section, { values, is_estimate: isEstimate }) {
  const list = section.querySelector("[data-values]");
  for (const row of list.querySelectorAll("[data-counted]")) row.remove();
  const rows = new Map([...section.querySelectorAll("[data-written]")].map((row) => [keyOf(row.dataset.written), row]));
  for (const value of values) {
    let row = rows.get(keyOf(writtenIn(value.query, section.dataset.section)));
    if (!row) {
      row = rowOf(section, value);
      list.append(row);
    }
    setCount(row, value, isEstimate);
  }
  for (const row of list.children) {
    if (row.querySelector("[data-exclude]")) continue;
    const box = row.querySelector("input");
    row.append(excludeButton(row.dataset.text, box.checked && (box.name === "not" || box.name === "against")));
  }
}

function tell(section, text) {
  section.querySelector("[data-facets-said]").textContent = text;
}

export async function fillValues(section) {
  if (document.getElementById("browse-fault")) return;
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
    if (error.status === 400) completeValues(section, "");
    else tell(section, error.message);
  } finally {
    asking.delete(name);
    section.removeAttribute("aria-busy");
  }
}

/* Values that begin with a text, of all that there are. */
async function completeValues(section, typed) {
  const name = section.dataset.section;
  const text = `${name}:${typed}`;
  try {
    const { items } = await ask("GET", `videos/complete/?${new URLSearchParams({ q: text, at: text.length })}`);
    const input = section.querySelector("[data-find]");
    if (typed !== plain(input.value)) return;
    const values = items
      .filter((item) => item.kind === "value")
      .map((item) => ({ value: item.label, label: item.label, count: item.count, query: conditionOf(item.text, name) }));
    put(section, { values });
    tell(section, values.length ? "" : "Nothing begins so.");
  } catch (error) {
    tell(section, error.message);
  }
}

function plain(text) {
  return text.trim().replaceAll('"', "");
}

function conditionOf(text, name) {
  return text.startsWith(`${name}:`) || text.startsWith(`${name}=`) ? text.trim() : `${name}:${text.trim()}`;
}

/* Looks for values as one types; with nothing typed, those of the most videos. */
export function findValues(section) {
  clearTimeout(timer);
  timer = setTimeout(() => {
    const typed = plain(section.querySelector("[data-find]").value);
    if (typed) completeValues(section, typed);
    else fillValues(section);
  }, PAUSE_MS);
}

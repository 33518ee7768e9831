/*
 * The search box: completion as one types (by GET videos/complete/), what was asked lately and the
 * saved views when it is empty. A combobox with a list, as ARIA describes it.
 */

import { addressOf, go, where } from "./browse-go.js";
import { icon, kept, make } from "./player-dom.js";
import { startLanguage } from "./query-language.js";

const PAUSE_MS = 150;
const RECENT = "mediahub.queries";
const MOST_RECENT = 12;
const ICONS = { field: "tune", value: "sell", operator: "code", word: "match_word", recent: "history", view: "bookmark" };

const form = document.querySelector("[data-ask]");
const input = document.getElementById("browse-q");
const list = document.getElementById("browse-options");
const clear = form.querySelector("[data-clear]");

let items = [];
let active = -1;
let timer = null;
let asking = null;

function factsNow() {
  return JSON.parse(document.getElementById("browse-view").textContent);
}

/* Puts a condition into the box, marked, so that typing changes it. */
export function editCondition(text) {
  if (!input.value.includes(text)) input.value = factsNow().shown.query; // written otherwise than typed
  const start = Math.max(0, input.value.indexOf(text));
  input.focus();
  input.setSelectionRange(start, start + text.length);
  close();
}

function close() {
  clearTimeout(timer);
  if (asking) asking.abort();
  items = [];
  active = -1;
  list.hidden = true;
  list.replaceChildren();
  input.setAttribute("aria-expanded", "false");
  input.removeAttribute("aria-activedescendant");
}

function mark(place) {
  active = place;
  [...list.querySelectorAll("[role=option]")].forEach((option, number) => {
    option.setAttribute("aria-selected", String(number === place));
    if (number === place) option.scrollIntoView({ block: "nearest" });
  });
  if (place >= 0) input.setAttribute("aria-activedescendant", `browse-option-${place}`);
  else input.removeAttribute("aria-activedescendant");
}

function optionOf(item, number) {
  const count = item.count === null || item.count === undefined ? null : item.count.toLocaleString();
  return make(
    "div",
    { role: "option", id: `browse-option-${number}`, class: "br-option", "aria-selected": "false", "data-number": String(number) },
    icon(item.icon || ICONS[item.kind] || "search"),
    make("span", { class: "br-option-text" }, item.label || item.text),
    item.help ? make("span", { class: "mh-quiet br-option-help" }, item.help) : null,
    count === null ? null : make("span", { class: "mh-quiet br-option-count" }, count),
  );
}

function show(found) {
  items = found;
  list.replaceChildren(...items.map(optionOf));
  list.hidden = !items.length;
  input.setAttribute("aria-expanded", String(items.length > 0));
  mark(-1);
}

/* Queries of late, then views; both narrow with what is typed. */
function known() {
  const recent = (kept(localStorage, RECENT) || []).filter((text) => typeof text === "string");
  const views = [...document.querySelectorAll("#views-menu a[id^=view-]")].filter((link) => link.id !== "view-none");
  return [
    ...recent.slice(0, 6).map((text) => ({ kind: "recent", text, label: text })),
    ...views.slice(0, 6).map((link) => ({
      kind: "view",
      icon: link.querySelector(".material-symbols-outlined").textContent,
      label: link.querySelector(".br-view-name").textContent,
      help: "saved view",
      href: link.getAttribute("href"),
    })),
  ];
}

async function complete() {
  const text = input.value;
  const at = input.selectionStart;
  if (!text.trim()) return show(known());
  if (asking) asking.abort();
  asking = new AbortController();
  const query = new URLSearchParams({ q: text, at });
  try {
    const response = await fetch(`/api/v1/videos/complete/?${query}`, { signal: asking.signal });
    if (!response.ok) return close();
    const answer = await response.json();
    if (text !== input.value || document.activeElement !== input) return;
    show(answer.items.map((item) => ({ ...item, from: answer.from, to: answer.to })));
  } catch (error) {
    if (error.name !== "AbortError") close();
  }
}

function soon() {
  clearTimeout(timer);
  timer = setTimeout(complete, PAUSE_MS);
}

function take(item) {
  if (item.href) {
    close();
    go(new URL(item.href, form.action));
    return;
  }
  if (item.kind === "recent") {
    input.value = item.text;
    close();
    submit();
    return;
  }
  const rest = input.value.slice(item.to);
  const isDone = item.kind === "value" || item.kind === "word";
  const gap = isDone && !/^[\s,)]/.test(rest) ? " " : "";
  input.value = input.value.slice(0, item.from) + item.text + gap + rest;
  const at = item.from + item.text.length + gap.length;
  input.setSelectionRange(at, at);
  toggleClear();
  soon();
}

function toggleClear() {
  clear.hidden = !input.value;
}

function note(text) {
  if (!text.trim()) return;
  const before = (kept(localStorage, RECENT) || []).filter((one) => one !== text);
  localStorage.setItem(RECENT, JSON.stringify([text, ...before].slice(0, MOST_RECENT)));
}

function submit({ newTab = false } = {}) {
  const text = input.value.trim();
  note(text);
  close();
  const address = addressOf({ q: text });
  if (newTab) window.open(address, "_blank", "noopener");
  else go(address);
}

function onKey(event) {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    submit({ newTab: true });
  } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    if (list.hidden) return complete();
    const step = event.key === "ArrowDown" ? 1 : -1;
    mark(((active + step + 1 + items.length + 1) % (items.length + 1)) - 1);
  } else if ((event.key === "Enter" || event.key === "Tab") && active >= 0 && !event.shiftKey) {
    event.preventDefault();
    take(items[active]);
  } else if (event.key === "Escape" && !list.hidden) {
    event.preventDefault();
    close();
  } else if (event.key === "Home" || event.key === "End" || event.key === "ArrowLeft" || event.key === "ArrowRight") {
    if (!list.hidden) soon();
  }
}

/* The place of the mistake, marked in the box as well. */
function shown() {
  const text = where().get("q");
  const facts = factsNow();
  if (document.activeElement !== input || text !== null) {
    input.value = text === null ? facts.shown.query : text;
  }
  const fault = document.getElementById("browse-fault");
  input.toggleAttribute("aria-invalid", Boolean(fault));
  if (fault) input.setAttribute("aria-invalid", "true");
  toggleClear();
}

export function startBox() {
  toggleClear();
  input.addEventListener("input", () => {
    toggleClear();
    soon();
  });
  input.addEventListener("keydown", onKey);
  input.addEventListener("focus", () => {
    if (!input.value) soon();
  });
  input.addEventListener("blur", () => setTimeout(() => document.activeElement !== input && close(), 100));
  list.addEventListener("pointerdown", (event) => event.preventDefault()); // the box keeps the focus
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[data-number]");
    if (option) take(items[Number(option.dataset.number)]);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  clear.addEventListener("click", () => {
    input.value = "";
    toggleClear();
    input.focus();
    soon();
  });
  document.addEventListener("mh:shown", shown);
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest && event.target.closest("input, textarea, select, [contenteditable=true], dialog:modal");
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    input.focus();
    input.select();
  }, true);
  startLanguage((example) => {
    input.value = input.value.trim() ? `${input.value.trim()} ${example}` : example;
    toggleClear();
    input.focus();
  });
}

/* The tagger by keyboard alone. */

import { nameOf } from "./player-keys.js";

const TYPING = "input:not([type=checkbox]), textarea, select, [contenteditable=true]";
const PRESSED = "a, button, summary, [role=option]";
const STEPS = { ArrowDown: 1, ArrowUp: -1 };

export function startKeys(tagger) {
  const { root } = tagger;
  const help = document.querySelector("[data-help]");
  const showHelp = () => help.showModal();
  const deeds = {
    j: () => tagger.step(1), ArrowDown: () => tagger.step(1),
    k: () => tagger.step(-1), ArrowUp: () => tagger.step(-1),
    Enter: () => tagger.press("accept"),
    x: () => tagger.press("reject"),
    s: () => tagger.press("skip"),
    r: () => tagger.press("reopen"),
    z: () => tagger.undo(),
    f: () => boxes(tagger)[0]?.focus(),
    "/": () => root.querySelector("[data-search] [name=text]")?.focus(),
    b: () => root.querySelector("[data-bulk-open]")?.click(),
    "?": showHelp,
  };
  for (const digit of "123456789") deeds[digit] = () => tagger.choose(Number(digit));
  const changing = new Set(["Enter", "x", "s", "r", "z"]);

  root.addEventListener("click", (event) => event.target.closest("[data-help-open]") && showHelp());
  document.addEventListener("click", ({ target }) => {
    const dialog = target.closest("dialog.tg-dialog");
    if (dialog && (target === dialog || target.closest("[data-close]"))) dialog.close();
  });
  document.addEventListener("keydown", (event) => {
    if (!("keys" in root.dataset) || event.metaKey || event.isComposing || event.defaultPrevented) return;
    const name = nameOf(event);
    if (help.open && name === "?") return stop(event, () => help.close());
    if (document.querySelector("dialog[open]")) return;
    const target = event.composedPath()[0];
    if (name === "Escape") return leave(root, target);
    if (target.matches?.(TYPING) || (event.repeat && changing.has(name))) return;
    if (name in STEPS && target.matches?.("[name=field]")) return stop(event, () => among(boxes(tagger), target, STEPS[name]));
    if (name === "Enter" && target.closest?.(PRESSED) && !isHead(target)) return;
    if (deeds[name]) stop(event, deeds[name]);
  });
}

function stop(event, deed) {
  event.preventDefault();
  deed();
}

/* The heads of candidates: Enter accepts what is open below, Space opens and closes. */
function isHead(target) {
  return target.matches(".tg-candidate[open] > summary");
}

function boxes(tagger) {
  return tagger.chosen ? [...tagger.chosen.querySelectorAll("[name=field]")] : [];
}

function among(all, one, by) {
  all[all.indexOf(one) + by]?.focus();
}

function leave(root, target) {
  if (target !== document.body && root.contains(target)) target.blur();
}

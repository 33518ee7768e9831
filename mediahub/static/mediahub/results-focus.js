/* The keys: the results are one stop of the Tab key, arrows go on from there; ? lists them. */

import { nameOf } from "./player-keys.js";
import { make } from "./player-dom.js";
import { idOf } from "./results-picking.js";

const TYPING = "input:not([type=checkbox]), textarea, select, [contenteditable=true], [data-editing] *";
const KEYS = [
  ["Arrows, Home, End, PgUp, PgDn", "go from video to video", true],
  ["Enter", "opens the video; in the table begins to edit", true],
  ["Space", "plays the preview; then ← and → go through its frames, Enter watches from there", "covers"],
  ["F2", "edits the cell", "table"],
  ["Ctrl+V", "pastes lines down the column", "table"],
  ["Shift+Space", "chooses the video", true],
  ["Ctrl+A", "chooses all on the page", true],
  ["Escape", "chooses nothing", true],
  ["x", "chooses the video, or no longer", "letter"],
  ["w", "watches the video", "letter"],
  ["o", "opens the video", "letter"],
  [", .", "go through the frames", "letter"],
  ["e", "edits what is chosen", "letter"],
  ["t", "adds tags to what is chosen", "letter"],
  ["?", "shows these keys", "letter"],
];

export class Focus {
  constructor(results) {
    this.results = results;
    this.id = null;
    this.column = 0; // of the cell in a table
    const { items, signal } = results;
    this.hasLetters = "keys" in results.dataset;
    items.addEventListener("focusin", (event) => this.#came(event.target), { signal });
    // before the site's own arrows, which know plain grids alone
    results.addEventListener("keydown", (event) => this.#pressed(event), { signal });
    this.#offer(results.all[0]);
  }

  get item() {
    return this.id === null ? null : this.results.itemOf(this.id);
  }

  /* What of a video takes the focus: its link, or the cell of the column that one is in. */
  #stopOf(item) {
    const stops = item.querySelectorAll("[data-stop]");
    return stops[Math.min(this.column, stops.length - 1)];
  }

  /* Makes an item the one that the Tab key stops at. */
  #offer(item) {
    if (this.offered) this.offered.tabIndex = -1;
    this.offered = this.#stopOf(item);
    this.offered.tabIndex = 0;
  }

  #came(target) {
    const stop = target.closest("[data-stop]");
    const item = target.closest(".mh-item");
    if (!item || (!stop && !target.closest(".mh-pick"))) return;
    if (stop && this.results.isTable) this.column = [...item.querySelectorAll("[data-stop]")].indexOf(stop);
    this.#offer(item);
    this.id = idOf(item);
  }

  goTo(item, { quietly = false } = {}) {
    this.#stopOf(item).focus({ preventScroll: quietly });
  }

  goToId(id) {
    const item = this.results.itemOf(id);
    if (item) this.goTo(item, { quietly: true });
  }

  #pressed(event) {
    if (event.defaultPrevented || event.isComposing || event.target.matches?.(TYPING) || event.target.closest("dialog")) return;
    const item = event.target.closest(".mh-item");
    const name = nameOf(event);
    const deed = (item && this.#onItem(name, item, event)) || this.#anywhere(name);
    if (!deed) return;
    event.preventDefault();
    event.stopPropagation();
    deed();
  }

  #anywhere(name) {
    const { bar, selection } = this.results;
    if (name === "Escape" && !selection.isEmpty) return () => bar.do("clear");
    if (name === "?" && this.hasLetters) return () => this.help();
    return null;
  }

  #onItem(name, item, event) {
    const { picking, bar, isTable } = this.results;
    const moves = {
      ArrowUp: () => this.#step(item, -1),
      ArrowDown: () => this.#step(item, 1),
      ArrowLeft: () => (isTable ? this.#across(item, -1) : this.#along(item, -1)),
      ArrowRight: () => (isTable ? this.#across(item, 1) : this.#along(item, 1)),
      Home: () => (isTable ? this.#across(item, -Infinity) : this.#end(0)),
      End: () => (isTable ? this.#across(item, Infinity) : this.#end(-1)),
      "Ctrl+Home": () => this.#end(0),
      "Ctrl+End": () => this.#end(-1),
      PageUp: () => this.#leap(item, -1),
      PageDown: () => this.#leap(item, 1),
      "Ctrl+a": () => picking.page(),
      "Shift+Space": () => picking.toggle(item),
    };
    if (isTable && name === "Enter" && event.target.matches("td:not([data-editor])")) return () => this.#open(item);
    if (moves[name]) return moves[name];
    if (!this.hasLetters) return null;
    const letters = {
      x: () => picking.toggle(item),
      w: () => this.#watch(item),
      o: () => this.#open(item),
      e: () => bar.do("edit", item),
      t: () => bar.do("tag", item),
    };
    return letters[name] || null;
  }

  #open(item) {
    item.querySelector("a[href]").click();
  }

  #watch(item) {
    const link = item.querySelector(".mh-card-watch");
    if (link) link.click();
    else if (this.results.isTable) location.assign(`${item.querySelector("a[href]").pathname.replace(/change\/$/, "watch/")}?list=${encodeURIComponent(this.results.dataset.listed)}`);
  }

  async #along(item, by) {
    const sibling = this.results.parts.next(item, by);
    if (sibling) this.goTo(sibling);
    else if (by > 0 && (await this.#grown())) this.#along(item, by);
  }

  #across(item, by) {
    const stops = item.querySelectorAll("[data-stop]");
    this.column = Math.max(0, Math.min(stops.length - 1, this.column + by));
    this.goTo(item);
    stops[this.column].scrollIntoView({ inline: "nearest", block: "nearest" });
  }

  /* Up or down: to what lies nearest in the next row. */
  async #step(item, by) {
    const next = this.#below(item, by);
    if (next) this.goTo(next);
    else if (by > 0 && (await this.#grown())) this.#step(item, by);
  }

  #below(item, by) {
    const { parts, isTable } = this.results;
    if (isTable) return parts.next(item, by);
    const middle = (box) => box.left + box.width / 2;
    const here = item.getBoundingClientRect();
    let [row, best, least] = [null, null, Infinity];
    for (let one = parts.next(item, by); one; one = parts.next(one, by)) {
      const box = one.getBoundingClientRect();
      if (Math.abs(box.top - here.top) < 4) continue;
      row ??= box.top;
      if (Math.abs(box.top - row) >= 4) break;
      const off = Math.abs(middle(box) - middle(here));
      if (off < least) [best, least] = [one, off];
    }
    return best;
  }

  /* A screenful of rows. */
  #leap(item, by) {
    const far = this.results.scroll.scroller.clientHeight * 0.8;
    const top = (one) => one.getBoundingClientRect().top;
    let at = item;
    for (let next = item; next && Math.abs(top(next) - top(item)) <= far; next = this.#below(at, by)) at = next;
    if (at === item) this.#step(item, by);
    else this.goTo(at);
  }

  #end(at) {
    const item = this.results.all.at(at);
    if (item) this.goTo(item);
  }

  #grown() {
    return this.results.scroll.isEndless && this.results.scroll.load();
  }

  help() {
    document.querySelector(".mh-keys-dialog")?.remove();
    const { isTable } = this.results;
    const fits = ([, , where]) => where === true || where === (isTable ? "table" : "covers") || (where === "letter" && this.hasLetters);
    const lines = KEYS.filter(fits).filter(([keys]) => !(isTable && keys === ", ."));
    const list = make("dl", { class: "mh-keys-list" }, ...lines.flatMap(([keys, words]) => [make("dt", {}, make("kbd", {}, keys)), make("dd", {}, words)]));
    const close = make("button", { type: "submit", class: "mh-button mh-small" }, "Close");
    const head = make("div", { class: "mh-panel-head" }, make("h2", { id: "keys-heading" }, "Keys"), make("form", { method: "dialog", class: "mh-buttons" }, close));
    const dialog = make("dialog", { class: "mh-dialog mh-keys-dialog", "aria-labelledby": "keys-heading" }, head, list);
    if (!this.hasLetters) dialog.append(make("p", { class: "mh-quiet" }, "Keys of one letter are switched off in your player's settings."));
    const back = document.activeElement;
    dialog.addEventListener("close", () => {
      dialog.remove();
      back?.focus({ preventScroll: true });
    });
    document.body.append(dialog);
    dialog.showModal();
  }
}

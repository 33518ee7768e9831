/* FaceLab: people by their faces, or one person's faces, decided about by keys, mouse or finger.

   The server renders every part (?fragment=page|more|cards|who|split|targets); what a person decides is
   sent in the background, and the cards that it touches are shown anew. */

import { startDialogs } from "./facelab-dialogs.js";
import { startDrag } from "./facelab-drag.js";
import { startFresh } from "./facelab-fresh.js";
import { Grid, idOf } from "./facelab-grid.js";
import { peopleKeys } from "./facelab-people.js";
import { personKeys } from "./facelab-person.js";
import { answer, send } from "./facelab-source.js";
import { nameOf } from "./player-keys.js";
import { toast } from "./results-said.js";

const TYPING = "input:not([type=checkbox]), textarea, select, [contenteditable=true]";
const LAST = "mediahub.facelab"; // where one was in the lists

class FaceLab {
  constructor(root) {
    this.root = root;
    this.identity = Number(root.dataset.identity || 0);
    this.mayChange = "mayChange" in root.dataset;
    this.mayCreate = "mayCreate" in root.dataset;
    this.deeds = { ...(this.identity ? personKeys : peopleKeys)(this), u: () => this.undo(), "?": () => this.help() };
    this.#settle();
    root.addEventListener("click", (event) => this.#clicked(event));
    root.addEventListener("submit", (event) => this.#submitted(event));
    document.addEventListener("keydown", (event) => this.#pressed(event));
    if (!this.identity) sessionStorage.setItem(LAST, location.search);
    const back = root.querySelector("[data-back]");
    if (back) back.search = sessionStorage.getItem(LAST) || "";
  }

  get kind() {
    return this.grid?.element.dataset.grid;
  }

  /* Sends a deed, says what came of it and offers to take it back; nothing where it failed. */
  async perform(deed, values) {
    if (!this.mayChange) return this.fault("You may not change faces.");
    this.busy(true);
    try {
      const done = await send(deed, values);
      this.fault("");
      if (done.changes.length) this.#undoable(done.changes);
      toast(done.said, done.changes.length ? { label: "Undo (u)", deed: () => this.undo() } : {});
      this.say(done.said);
      return done;
    } catch (error) {
      this.fault(error.message);
      return null;
    } finally {
      this.busy(false);
    }
  }

  async undo() {
    const changes = this.root.querySelector("[data-undo]")?.dataset.undo;
    if (!changes) return toast("There is nothing to undo.");
    const done = await this.perform("undo", { change: changes });
    if (done) await this.reload();
  }

  /* The whole page anew, as it is on the server now. */
  async reload({ focus = true } = {}) {
    try {
      const fresh = await answer(location.href, "page");
      this.root.querySelector("#fl-page").replaceChildren(...[...fresh.body.childNodes].map((one) => document.adoptNode(one)));
      this.#settle();
      if (focus) this.grid?.go(this.grid.current);
    } catch (error) {
      this.fault(error.message);
    }
  }

  fault(words) {
    const line = this.root.querySelector("[data-fault]");
    line.textContent = words;
    line.hidden = !words;
    if (words) line.scrollIntoView({ block: "nearest", behavior: "instant" });
  }

  say(words) {
    this.root.querySelector("[data-said]").textContent = words;
  }

  busy(is) {
    if (is) this.root.setAttribute("aria-busy", "true");
    else this.root.removeAttribute("aria-busy");
  }

  help() {
    document.querySelector("[data-help]").showModal();
  }

  #undoable(changes) {
    const button = this.root.querySelector("[data-undo]");
    if (!button) return;
    button.dataset.undo = changes.join(",");
    button.disabled = false;
  }

  #settle() {
    this.grid?.stop();
    const element = this.root.querySelector("[data-grid]");
    this.grid = element && new Grid(element);
    if (!this.grid) return;
    this.grid.addEventListener("change", () => this.#bar());
    this.grid.addEventListener("picking", () => this.#bar());
    this.grid.addEventListener("fault", (event) => this.fault(event.detail));
    if (this.kind === "people" && this.mayChange) startDrag(this.grid, (ids, item) => this.deeds.merged(ids, idOf(item)));
    this.#bar();
  }

  #bar() {
    const number = this.grid.chosen.size;
    const switched = this.root.querySelector("[data-picking]");
    switched?.setAttribute("aria-pressed", String(this.grid.picking));
    const bar = this.root.querySelector("[data-bar]");
    if (!bar) return;
    bar.hidden = !number && !this.grid.picking;
    const words = `${number} chosen`;
    const count = bar.querySelector("[data-bar-count]");
    if (count.textContent !== words) {
      count.textContent = words;
      if (number) this.say(words);
    }
    for (const button of bar.querySelectorAll("[data-key]")) {
      const { least = 1, most = Infinity } = button.dataset;
      button.disabled = button.dataset.key !== "Escape" && (number < Number(least) || number > Number(most));
    }
  }

  #clicked(event) {
    const button = event.target.closest("button");
    if (!button) return;
    const { key, undo, picking, helpOpen, deed } = button.dataset;
    if (key !== undefined) this.#run(key);
    else if (undo !== undefined) this.undo();
    else if (helpOpen !== undefined) this.help();
    else if (picking !== undefined && this.grid) this.grid.pick(!this.grid.picking);
    else if (deed !== undefined) this.deeds.plain?.(deed);
    else this.deeds.pressed?.(button);
  }

  /* Proposals: each is a form, which goes once it is decided. */
  async #submitted(event) {
    const form = event.target;
    if (!form.matches("[data-send]")) return;
    event.preventDefault();
    const panel = form.closest("[data-proposal]");
    const next = panel.nextElementSibling || panel.previousElementSibling;
    for (const button of form.querySelectorAll("button")) button.disabled = true;
    const done = await this.perform(event.submitter.value, { proposal: panel.dataset.proposal });
    for (const button of form.querySelectorAll("button")) button.disabled = false;
    if (!done) return;
    panel.remove();
    if (next) next.querySelector("button")?.focus();
    else this.reload();
  }

  #run(key) {
    if (key === "Escape") return this.#leave();
    return this.deeds[key]?.();
  }

  #leave() {
    if (!this.grid) return;
    this.grid.choose([]);
    if (this.grid.picking) this.grid.pick(false);
  }

  #pressed(event) {
    if (!("keys" in this.root.dataset) || event.metaKey || event.isComposing || event.defaultPrevented) return;
    const name = nameOf(event);
    const help = document.querySelector("[data-help]");
    if (help.open && name === "?") return stop(event, () => help.close());
    if (document.querySelector("dialog[open]")) return;
    const target = event.composedPath()[0];
    if (target.matches?.(TYPING)) return name === "Escape" && target.blur();
    const grid = this.grid;
    const item = grid && target.closest?.("[data-item]");
    if (grid && (name in ARROWS) && (item || target === document.body)) return stop(event, () => grid.step(name));
    if (item && name === "Space") return stop(event, () => grid.toggle(item));
    if (item && name === "Shift+Space") return stop(event, () => grid.reach(item));
    if (grid && name === "Ctrl+a") return stop(event, () => grid.choose(grid.items.map(idOf)));
    if (name === "Escape") return this.#leave();
    if (event.repeat || !this.deeds[name] || name.length > 1) return;
    stop(event, () => this.deeds[name]());
  }
}

const ARROWS = { ArrowLeft: 1, ArrowRight: 1, ArrowUp: 1, ArrowDown: 1, Home: 1, End: 1 };

function stop(event, deed) {
  event.preventDefault();
  deed();
}

startDialogs();
startFresh(new FaceLab(document.querySelector("[data-facelab]")));

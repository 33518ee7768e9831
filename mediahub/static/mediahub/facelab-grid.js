/* A grid of cards: the arrows go through it, several are chosen by keys, mouse or finger, and what
   follows comes as one scrolls. */

import { Band } from "./facelab-band.js";
import { answer } from "./facelab-source.js";

const AHEAD_PX = 1200;
const HOLD_MS = 500;
const STEPS = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity };

export const idOf = (item) => Number(item.dataset.item);

export class Grid extends EventTarget {
  constructor(element) {
    super();
    this.element = element;
    this.chosen = new Set();
    this.anchor = null;
    this.picking = false; // a tap chooses instead of opening
    this.stopping = new AbortController();
    const { signal } = this.stopping;
    element.addEventListener("click", (event) => this.#clicked(event), { signal, capture: true });
    element.addEventListener("focusin", (event) => this.#focused(event.target.closest("[data-item]")), { signal });
    element.addEventListener("pointerdown", (event) => this.#pressed(event), { signal });
    element.addEventListener("contextmenu", (event) => this.held && event.preventDefault(), { signal });
    this.observer = new IntersectionObserver((seen) => seen.some((one) => one.isIntersecting) && this.more(), { rootMargin: `${AHEAD_PX}px` });
    this.#settle();
  }

  /* The page's other grid takes its place. */
  stop() {
    this.stopping.abort();
    this.observer.disconnect();
  }

  get items() {
    return [...this.element.querySelectorAll(":scope > [data-item]")];
  }

  get current() {
    return this.element.querySelector(":scope > .fl-current") || this.element.querySelector(":scope > [data-item]");
  }

  itemOf(id) {
    return this.element.querySelector(`:scope > [data-item="${CSS.escape(id)}"]`);
  }

  /* What a key is about: those that are chosen, else the one that has the focus. */
  get subjects() {
    if (this.chosen.size) return this.items.filter((item) => this.chosen.has(idOf(item)));
    const item = document.activeElement?.closest?.("[data-item]");
    return item && this.element.contains(item) ? [item] : [];
  }

  go(item) {
    if (!item) return;
    this.#focused(item);
    item.querySelector(".fl-link").focus({ preventScroll: true });
    item.scrollIntoView({ block: "nearest", behavior: "instant" });
  }

  /* Goes where an arrow leads; whether it is one. */
  step(key) {
    const items = this.items;
    const columns = this.#columns(items);
    const by = { ArrowUp: -columns, ArrowDown: columns, ...STEPS }[key];
    if (by === undefined || !items.length) return false;
    const at = items.indexOf(this.current);
    const isInside = this.element.contains(document.activeElement);
    this.go(isInside ? items[Math.min(items.length - 1, Math.max(0, at + by))] : this.current);
    return true;
  }

  toggle(item) {
    const id = idOf(item);
    if (!this.chosen.delete(id)) this.chosen.add(id);
    this.anchor = id;
    this.mark();
  }

  /* From the one chosen last to this one. */
  reach(item) {
    const items = this.items;
    const from = Math.max(0, items.findIndex((one) => idOf(one) === this.anchor));
    const at = items.indexOf(item);
    for (const one of items.slice(Math.min(from, at), Math.max(from, at) + 1)) this.chosen.add(idOf(one));
    this.mark();
  }

  choose(ids) {
    this.chosen = new Set(ids);
    this.mark();
  }

  mark() {
    for (const item of this.items) {
      const on = this.chosen.has(idOf(item));
      item.classList.toggle("is-chosen", on);
      item.querySelector(".fl-pick input").checked = on;
    }
    this.dispatchEvent(new Event("change"));
  }

  pick(on) {
    this.picking = on;
    this.element.classList.toggle("is-picking", on);
    this.dispatchEvent(new Event("picking"));
  }

  /* Puts cards in the place of those with their ids, and takes away those that didn't come. */
  renew(ids, fresh) {
    const at = this.items.indexOf(this.current);
    const had = this.element.contains(document.activeElement) || document.activeElement === document.body;
    for (const id of ids) {
      const [old, one] = [this.itemOf(id), fresh.get(id)];
      if (old && one) old.replaceWith(document.adoptNode(one));
      else old?.remove();
      if (!one) this.chosen.delete(id);
    }
    this.#settle();
    const items = this.items;
    if (had && items.length) this.go(items[Math.min(items.length - 1, Math.max(0, at))]);
  }

  more() {
    const link = this.element.querySelector("[data-more] a");
    if (!link || this.loading) return this.loading;
    this.loading = answer(link.href, "more")
      .then((fresh) => {
        link.closest("[data-more]").replaceWith(...[...fresh.body.children].map((one) => document.adoptNode(one)));
        this.#settle();
      })
      .catch((error) => this.dispatchEvent(new CustomEvent("fault", { detail: error.message })))
      .finally(() => (this.loading = null));
    return this.loading;
  }

  /* After cards came or went: one of them is reached by Tab, and what follows is waited for. */
  #settle() {
    this.observer.disconnect();
    const more = this.element.querySelector("[data-more]");
    if (more) this.observer.observe(more);
    const current = this.current;
    for (const item of this.items) this.#reachable(item, item === current);
    this.mark();
  }

  #reachable(item, on) {
    item.classList.toggle("fl-current", on);
    item.querySelector(".fl-link").tabIndex = on ? 0 : -1;
  }

  #focused(item) {
    if (!item || item.classList.contains("fl-current")) return;
    const before = this.element.querySelector(":scope > .fl-current");
    if (before) this.#reachable(before, false);
    this.#reachable(item, true);
  }

  #columns(items) {
    const top = items[0]?.offsetTop;
    const next = items.findIndex((item) => item.offsetTop !== top);
    return next < 0 ? items.length : next;
  }

  #clicked(event) {
    const item = event.target.closest("[data-item]");
    if (this.wasDragged) {
      this.wasDragged = false;
      return refuse(event);
    }
    if (event.target.closest("[data-more] a")) {
      refuse(event);
      return this.more();
    }
    if (!item || event.target.closest(".fl-corner")) return;
    const box = event.target.closest(".fl-pick");
    if (!box && !this.picking && !event.shiftKey && !event.ctrlKey && !event.metaKey) return;
    refuse(event); // a label would send a second click to its box
    if (event.shiftKey) this.reach(item);
    else this.toggle(item);
    this.#focused(item);
    setTimeout(() => this.mark()); // the browser puts the box back
  }

  #pressed(event) {
    if (event.button || event.target.closest(".fl-pick, .fl-corner, [data-more]")) return;
    const item = event.target.closest("[data-item]");
    if (event.pointerType === "mouse") {
      if (!item?.draggable) new Band(this, event);
    } else if (item && this.element.dataset.may !== "no") this.#hold(item, event);
  }

  /* A finger that stays on a card begins to choose. */
  #hold(item, event) {
    const end = new AbortController();
    const timer = setTimeout(() => {
      this.held = true;
      this.wasDragged = true; // its end is no tap
      this.pick(true);
      this.toggle(item);
      end.abort();
      setTimeout(() => ([this.held, this.wasDragged] = [false, false]), 700);
    }, HOLD_MS);
    end.signal.addEventListener("abort", () => clearTimeout(timer));
    for (const kind of ["pointerup", "pointercancel", "scroll"]) addEventListener(kind, () => end.abort(), { signal: end.signal, capture: true });
    addEventListener("pointermove", (moved) => Math.hypot(moved.clientX - event.clientX, moved.clientY - event.clientY) > 10 && end.abort(), { signal: end.signal });
  }
}

function refuse(event) {
  event.preventDefault();
  event.stopPropagation();
}

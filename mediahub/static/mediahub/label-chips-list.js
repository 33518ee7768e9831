/* The suggestions below a label-chips box: a listbox above everything else on the page. */

import { make } from "./player-dom.js";

let lists = 0;

export class Suggestions {
  constructor(input, { onPick, name }) {
    Object.assign(this, { input, onPick, options: [], at: -1 });
    this.list = make("ul", { id: `mh-labels-${++lists}`, role: "listbox", class: "mh-labels-list", "aria-label": name, popover: "manual" });
    this.list.addEventListener("pointerdown", (event) => event.preventDefault()); // keeps the focus
    this.list.addEventListener("click", (event) => {
      const row = event.target.closest("[role=option]");
      if (row) this.onPick(this.options[[...this.list.children].indexOf(row)]);
    });
    input.setAttribute("aria-controls", this.list.id);
    this.place = this.place.bind(this);
  }

  get open() {
    return this.input.getAttribute("aria-expanded") === "true";
  }

  get active() {
    return this.options[this.at];
  }

  /* Options are ``{label}`` or ``{create: name}``; the first is chosen where ``chosen``. */
  show(options, { chosen, one }) {
    this.options = options;
    this.list.replaceChildren(...options.map((option, at) => this.#row(option, at, one)));
    if (!options.length) return this.hide();
    if (!this.list.isConnected) this.input.parentElement.append(this.list);
    if (!this.open) {
      this.list.showPopover?.();
      window.addEventListener("scroll", this.place, { capture: true, passive: true });
      window.addEventListener("resize", this.place);
    }
    this.input.setAttribute("aria-expanded", "true");
    this.place();
    this.go(chosen ? 0 : -1);
  }

  hide() {
    if (this.open) {
      this.list.hidePopover?.();
      window.removeEventListener("scroll", this.place, { capture: true });
      window.removeEventListener("resize", this.place);
    }
    this.input.setAttribute("aria-expanded", "false");
    this.go(-1);
  }

  step(by) {
    const count = this.options.length;
    this.go(this.at < 0 ? (by > 0 ? 0 : count - 1) : (this.at + by + count) % count);
  }

  go(at) {
    this.at = at;
    [...this.list.children].forEach((row, index) => row.setAttribute("aria-selected", String(index === at)));
    const row = this.list.children[at];
    if (!row) return this.input.removeAttribute("aria-activedescendant");
    this.input.setAttribute("aria-activedescendant", row.id);
    row.scrollIntoView({ block: "nearest" });
  }

  /* Below the box, or above it where there is more room. */
  place() {
    const box = this.input.closest(".mh-labels").getBoundingClientRect();
    const below = innerHeight - box.bottom;
    const above = below < 220 && box.top > below;
    const width = Math.min(Math.max(box.width, 240), innerWidth - 16);
    Object.assign(this.list.style, {
      left: `${Math.max(8, Math.min(box.left, innerWidth - width - 8))}px`,
      width: `${width}px`,
      maxHeight: `${Math.max(120, Math.min(320, (above ? box.top : below) - 12))}px`,
      top: above ? "auto" : `${box.bottom + 4}px`,
      bottom: above ? `${innerHeight - box.top + 4}px` : "auto",
    });
  }

  #row(option, at, one) {
    const row = make("li", { id: `${this.list.id}-${at}`, role: "option", class: "mh-labels-option", "aria-selected": "false" });
    if (option.create) {
      row.classList.add("mh-labels-create");
      row.append(make("span", {}, `Create “${option.create}”`));
      return row;
    }
    const { name, apart, count, color } = option.label;
    if (color) row.append(swatch(color));
    row.append(make("span", { class: "mh-labels-name" }, name));
    if (apart) row.append(make("span", { class: "mh-quiet" }, apart));
    const told = count === undefined ? null : `${count.toLocaleString("en")} ${count === 1 ? "video" : "videos"}`;
    if (told) row.append(make("span", { class: "mh-quiet mh-labels-count" }, told));
    row.title = apart ? `${one}: ${name} (${apart})` : name;
    return row;
  }
}

export function swatch(color) {
  const mark = make("span", { class: "mh-swatch" });
  mark.style.backgroundColor = color;
  return mark;
}

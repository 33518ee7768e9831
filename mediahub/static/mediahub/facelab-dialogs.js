/* Questions of FaceLab: whom somebody is, and whom they are to be merged with or moved to. */

import { answer } from "./facelab-source.js";
import { find } from "./label-chips-source.js";
import { make } from "./player-dom.js";

const WAIT_MS = 150;

export function startDialogs() {
  document.addEventListener("click", ({ target }) => {
    const dialog = target.closest("dialog.fl-dialog");
    if (dialog && (target === dialog || target.closest("[data-close]"))) dialog.close();
  });
}

/* Asks for one of several by their names: ``load`` gives the options for a text, the promise the one
   that was taken, or null. */
class Picker {
  constructor(dialog) {
    this.dialog = dialog;
    this.text = dialog.querySelector("[role=combobox]");
    this.list = dialog.querySelector("[role=listbox]");
    this.said = dialog.querySelector("[data-pick-said]");
    this.text.addEventListener("input", () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.#load(), WAIT_MS);
    });
    this.text.addEventListener("keydown", (event) => this.#pressed(event));
    this.list.addEventListener("click", ({ target }) => this.#take(target.closest("[role=option]")));
    dialog.addEventListener("close", () => this.#finish(null));
  }

  ask({ title, label, load }) {
    this.#finish(null);
    this.dialog.querySelector("h2").textContent = title;
    this.dialog.querySelector("[data-pick-label]").textContent = label;
    this.load = load;
    this.text.value = "";
    this.list.replaceChildren();
    this.dialog.showModal();
    this.text.focus();
    this.#load();
    return new Promise((resolve) => (this.resolve = resolve));
  }

  get options() {
    return [...this.list.children];
  }

  get active() {
    return this.list.querySelector("[aria-selected=true]");
  }

  async #load() {
    const text = this.text.value.trim();
    const turn = (this.turn = (this.turn || 0) + 1);
    this.asked = text;
    this.loading = this.load(text).then(
      (options) => turn === this.turn && this.#show(options),
      (error) => turn === this.turn && (this.said.textContent = error.message),
    );
    return this.loading;
  }

  #show(options) {
    this.list.replaceChildren(...options);
    this.text.setAttribute("aria-expanded", String(options.length > 0));
    this.said.textContent = options.length ? `${options.length} match${options.length === 1 ? "" : "es"}` : "Nobody";
    this.#activate(options[0]);
  }

  #activate(option) {
    for (const one of this.options) one.setAttribute("aria-selected", String(one === option));
    if (!option) return this.text.removeAttribute("aria-activedescendant");
    this.text.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  }

  async #pressed(event) {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by) {
      event.preventDefault();
      const options = this.options;
      this.#activate(options[(options.indexOf(this.active) + by + options.length) % options.length]);
    } else if (event.key === "Enter" && !event.isComposing) {
      event.preventDefault();
      clearTimeout(this.timer);
      if (this.asked !== this.text.value.trim()) await this.#load(); // typed faster than it was looked for
      else await this.loading;
      this.#take(this.active);
    }
  }

  #take(option) {
    if (!option) return;
    this.#finish(option);
    this.dialog.close();
  }

  #finish(option) {
    const { resolve } = this;
    this.resolve = null;
    resolve?.(option);
  }
}

let picker;
const ask = (question) => (picker ||= new Picker(document.querySelector("[data-pick]"))).ask(question);

/* A performer, by name: {performer}, or {create} for one who isn't there yet; null of neither. */
export async function askName(name, { mayCreate }) {
  const option = await ask({
    title: `Who is ${name}?`,
    label: "Name",
    load: async (text) => {
      const { labels, exact } = await find("performers", text, new Set());
      const options = labels.map((label) => {
        const apart = label.apart ? ` (${label.apart})` : "";
        const count = make("span", { class: "mh-quiet" }, `${label.count || 0} video${label.count === 1 ? "" : "s"}`);
        return make("li", { id: `fl-performer-${label.id}`, class: "fl-option", role: "option", "data-performer": String(label.id) }, make("span", {}, make("b", {}, label.name + apart), " ", count));
      });
      if (text && mayCreate && !exact.length) {
        options.push(make("li", { id: "fl-create", class: "fl-option", role: "option", "data-create": text }, make("span", {}, "Create ", make("b", {}, text))));
      }
      return options;
    },
  });
  if (!option) return null;
  return option.dataset.create ? { create: option.dataset.create } : { performer: option.dataset.performer };
}

/* Another identity, by name or number: {id, name}; null of none. ``first`` are offered before anything
   is typed, ``anew`` offers somebody new as well. */
export async function askTarget(lab, { title, but, first = [], anew = false }) {
  const option = await ask({
    title,
    label: "Name or number",
    load: async (text) => {
      const fresh = await answer(lab, "targets", { text, but: but.join(",") });
      const found = [...fresh.querySelectorAll("[role=option]")].map((one) => document.adoptNode(one));
      const head = text ? [] : first.map(({ id, name }) => make("li", { id: `fl-first-${id}`, class: "fl-option", role: "option", "data-id": String(id), "data-name": name }, make("b", {}, name)));
      const known = new Set(head.map((one) => one.dataset.id));
      const tail = anew ? [make("li", { id: "fl-anew", class: "fl-option", role: "option", "data-id": "new", "data-name": "somebody new" }, make("b", {}, "Somebody new"))] : [];
      return [...head, ...found.filter((one) => !known.has(one.dataset.id)), ...tail];
    },
  });
  return option && { id: option.dataset.id, name: option.dataset.name };
}

/* Candidates beside the faces that are asked about: {performer}, {other: true}, or null. */
export async function askWho(address) {
  const dialog = document.querySelector("[data-who]");
  const body = dialog.querySelector("[data-who-body]");
  body.replaceChildren(make("p", { class: "mh-quiet", role: "status" }, "Being looked for…"));
  dialog.showModal();
  const stopping = new AbortController();
  const { signal } = stopping;
  const chosen = new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(null), { signal });
    dialog.addEventListener("click", ({ target }) => {
      const that = target.closest("[data-that]");
      if (that) resolve({ performer: that.dataset.that });
      else if (target.closest("[data-other-name]")) resolve({ other: true });
    }, { signal });
    dialog.addEventListener("keydown", (event) => {
      const button = /^[1-9]$/.test(event.key) && body.querySelectorAll("[data-that]")[Number(event.key) - 1];
      if (button) button.click();
    }, { signal });
  });
  try {
    const fresh = await answer(address, "who");
    body.replaceChildren(...[...fresh.body.children].map((one) => document.adoptNode(one)));
    // Enter takes a likely one only: whoever is like anybody is chosen on purpose
    (body.querySelector("[data-likely] [data-that]") || body.querySelector("[data-other-name]"))?.focus();
  } catch (error) {
    body.replaceChildren(make("p", { class: "mh-error", role: "alert" }, error.message));
  }
  const answered = await chosen;
  stopping.abort();
  dialog.close();
  return answered;
}

/* Tags, performers or the studio of a video as chips, with completion and creation in place.

   labelChips(element, {
     kind,      "tags", "performers" or "studios" (which is one at most)
     labels,    what there is: [{id, name}], of a studio [] or one
     video,     its id: every change is saved at once. Without it nothing is saved (as in forms).
     version,   the video's version that was read
     several,   whether there can be more than one (as the kind says)
     mayAdd,    whether new labels can be made (true)
     name,      what the box is called for those who listen ("Tags")
     onChange,  (labels, video|null): after each change, with the API's answer where it was saved
     onEscape,  Escape in a box without open suggestions (a table cell closes then)
   }) -> {labels, version, focus(), set(labels, version), destroy()}

   Keys: arrows and Enter in the suggestions, Escape closes them, Backspace in an empty box takes the
   last chip off, arrow left goes to the chips, where Delete takes one off. Comma ends a label. */

import { icon, make } from "./player-dom.js";
import { Saver, KINDS, create, find } from "./label-chips-source.js";
import { Suggestions, swatch } from "./label-chips-list.js";

const PAUSE_MS = 120;

export function labelChips(element, options) {
  return new LabelChips(element, options);
}

class LabelChips {
  constructor(element, { kind, labels = [], video = null, version = null, several, mayAdd = true, name, onChange, onEscape }) {
    Object.assign(this, { element, kind, mayAdd, onChange, onEscape });
    this.labels = [...labels];
    this.what = { ...KINDS[kind], ...(several !== undefined && { several }) };
    this.saver = video === null ? null : new Saver(kind, { video, version });
    this.name = name || kind[0].toUpperCase() + kind.slice(1);
    this.asked = 0;
    this.#build();
    this.#listen();
    this.#show();
  }

  get version() {
    return this.saver?.version ?? null;
  }

  focus() {
    this.input.focus();
  }

  set(labels, version) {
    this.labels = [...labels];
    if (this.saver && version !== undefined) this.saver.version = version;
    this.#show();
  }

  destroy() {
    clearTimeout(this.timer);
    this.asked += 1;
    this.suggestions.hide();
    this.box.remove();
  }

  #build() {
    this.chips = make("ul", { class: "mh-labels-chips", role: "list", "aria-label": `${this.name} chosen` });
    this.input = make("input", {
      type: "text", class: "mh-labels-input", role: "combobox", autocomplete: "off", spellcheck: "false",
      "aria-autocomplete": "list", "aria-expanded": "false", "aria-label": this.name, maxlength: "200", size: "8",
    });
    this.told = make("span", { class: "mh-spoken", role: "status" });
    this.error = make("p", { class: "mh-error mh-labels-error", role: "alert", hidden: true });
    this.line = make("div", { class: "mh-labels-line" }, this.chips, this.input);
    this.box = make("div", { class: "mh-labels" }, this.line, this.error, this.told);
    this.suggestions = new Suggestions(this.input, { name: `${this.name} that match`, onPick: (option) => this.#pick(option) });
    this.element.append(this.box);
  }

  #listen() {
    // Caught on its way down: what is typed here is no change of the form around.
    const typed = (event) => {
      event.stopPropagation();
      this.#typed();
    };
    this.line.addEventListener("input", typed, { capture: true });
    this.input.addEventListener("change", (event) => event.stopPropagation());
    this.input.addEventListener("focus", () => this.#search());
    this.input.addEventListener("click", () => !this.suggestions.open && this.#search());
    this.input.addEventListener("blur", () => this.#left());
    this.input.addEventListener("keydown", (event) => this.#key(event));
    this.chips.addEventListener("keydown", (event) => this.#chipKey(event));
    this.chips.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (button) this.#remove(this.labels[this.#buttons().indexOf(button)]);
    });
    this.line.addEventListener("click", (event) => event.target === this.line && this.focus());
  }

  #typed() {
    this.#complain("");
    clearTimeout(this.timer);
    this.pending = new Promise((resolve) => {
      this.timer = setTimeout(() => resolve(this.#search()), PAUSE_MS);
    });
  }

  #left() {
    clearTimeout(this.timer);
    this.asked += 1;
    this.suggestions.hide();
  }

  /* Only the last question's answer counts. */
  async #search() {
    const [asked, text] = [(this.asked += 1), this.input.value.trim()];
    try {
      const found = await find(this.kind, text, new Set(this.labels.map((label) => label.id)));
      if (asked !== this.asked) return;
      this.found = { text, ...found };
      this.#suggest(text, found);
    } catch (error) {
      if (asked === this.asked) this.#complain(error.message);
    }
  }

  #suggest(text, { labels, exact }) {
    const options = labels.map((label) => ({ label }));
    if (text && this.mayAdd && !exact.length) options.push({ create: text });
    this.suggestions.show(options, { chosen: Boolean(text), one: this.what.one });
    if (text) this.#say(labels.length ? `${labels.length} found` : options.length ? `None found: Enter creates ${text}` : "None found");
  }

  #key(event) {
    if (event.isComposing) return;
    const list = this.suggestions;
    const deeds = {
      ArrowDown: () => (list.open ? list.step(1) : this.#search()),
      ArrowUp: () => list.open && list.step(-1),
      Enter: () => this.#accept(),
      ",": () => this.#accept(),
    };
    const deed = deeds[event.key];
    const means = event.key === "," ? this.input.value.trim() : event.key !== "Enter" || list.open || this.input.value.trim();
    if (deed && means) {
      event.preventDefault();
      event.stopPropagation(); // a table's own keys
      deed();
    } else if (event.key === "Escape") this.#escape(event);
    else if (this.input.value === "" && event.key === "Backspace") this.#remove(this.labels.at(-1), { stay: true });
    else if (this.input.selectionEnd === 0 && event.key === "ArrowLeft") this.#buttons().at(-1)?.focus();
  }

  #escape(event) {
    if (this.suggestions.open || this.input.value) {
      event.preventDefault();
      event.stopPropagation();
      this.suggestions.hide();
      this.asked += 1;
      this.input.value = "";
    } else if (this.onEscape) this.onEscape(event);
  }

  /* What Enter means: the suggestion that is marked, of the text as it is typed by now. */
  async #accept() {
    const text = this.input.value.trim();
    if (text && this.found?.text !== text) {
      await this.pending;
      if (this.input.value.trim() !== text) return;
    }
    if (this.suggestions.active) this.#pick(this.suggestions.active);
  }

  #chipKey(event) {
    const buttons = this.#buttons();
    const at = buttons.indexOf(event.target.closest("button"));
    if (["Delete", "Backspace"].includes(event.key)) {
      event.preventDefault();
      this.#remove(this.labels[at]);
    } else if (event.key === "ArrowLeft") buttons[Math.max(0, at - 1)].focus();
    else if (event.key === "ArrowRight") (buttons[at + 1] || this.input).focus();
    else if (event.key === "Escape") this.focus();
    else return;
    event.stopPropagation();
  }

  async #pick(option) {
    this.input.value = "";
    this.found = null;
    this.suggestions.hide();
    try {
      const label = option.label || (await create(this.kind, option.create));
      if (this.labels.some((other) => other.id === label.id)) return this.#say(`${label.name} is there already`);
      const put = (labels) => (this.what.several ? [...labels.filter((l) => l.id !== label.id), label] : [label]);
      await this.#change(put, option.create ? `${label.name} created and added` : `${label.name} added`);
    } catch (error) {
      this.#complain(error.message);
    }
    if (this.box.contains(document.activeElement)) this.#search();
  }

  async #remove(label, { stay = false } = {}) {
    if (!label) return;
    this.focus();
    if (!stay) this.suggestions.hide();
    await this.#change((labels) => labels.filter((other) => other.id !== label.id), `${label.name} removed`);
  }

  /* Shown at once, and taken back should it not be saved. */
  async #change(change, done) {
    const before = this.labels;
    this.labels = change(before);
    this.#show();
    this.#complain("");
    if (!this.saver) {
      this.#say(done);
      this.onChange?.([...this.labels], null);
      return;
    }
    this.waiting = (this.waiting || 0) + 1;
    this.box.setAttribute("aria-busy", "true");
    try {
      const saved = await this.saver.save(change, () => this.saved || before);
      this.saved = saved.labels;
      if (this.waiting === 1) this.#settle(saved);
      this.#say(saved.conflict ? "Somebody else changed this video: here it is as it is now" : done);
      if (saved.conflict && !this.what.several) this.#complain("Somebody else changed it meanwhile: choose again.");
      this.onChange?.([...this.labels], saved.video);
    } catch (error) {
      this.labels = this.saved || before;
      this.#show();
      this.#complain(error.message);
    } finally {
      this.waiting -= 1;
      if (!this.waiting) {
        this.saved = undefined;
        this.box.removeAttribute("aria-busy");
      }
    }
  }

  /* What the server has, in the order in which it is shown here. */
  #settle({ labels }) {
    const shown = new Map(this.labels.map((label, at) => [label.id, { ...label, at }]));
    this.labels = labels.map((label) => ({ ...shown.get(label.id), ...label }));
    this.labels.sort((a, b) => (a.at ?? Infinity) - (b.at ?? Infinity));
    this.#show();
  }

  #show() {
    this.chips.replaceChildren(
      ...this.labels.map((label) => {
        const told = label.apart ? `${label.name} (${label.apart})` : label.name;
        const button = make("button", { type: "button", class: "mh-labels-remove", "aria-label": `Remove ${told}`, title: `Remove ${told}` }, icon("close"));
        return make("li", { class: "mh-labels-chip" }, label.color ? swatch(label.color) : null, make("span", {}, told), button);
      }),
    );
    this.chips.hidden = !this.labels.length;
    this.input.placeholder = this.labels.length && !this.what.several ? "" : `Add ${this.kind === "studios" && !this.what.several ? "the" : "a"} ${this.what.one}`;
  }

  #buttons() {
    return [...this.chips.querySelectorAll("button")];
  }

  #say(text) {
    this.told.textContent = text;
  }

  #complain(text) {
    this.error.textContent = text;
    this.error.hidden = !text;
  }
}

/* Editing in the table, as in a spreadsheet: what is written is shown at once and saved behind;
   where somebody else changed the video meanwhile, what is there now is shown first. */

import { labelChips } from "./label-chips.js";
import { ask, make } from "./player-dom.js";
import { toast } from "./results-said.js";

const INPUTS = { text: "text", rating: "number", number: "number", date: "date" };
const LABELS = ["tags", "performers", "studio"];

export class Editing {
  constructor(results) {
    this.results = results;
    this.open = null;
    this.lines = new Map(); // by video: the last of its saves
    if (!results.mayChange) return;
    const { items, signal } = results;
    items.addEventListener("keydown", (event) => this.#key(event), { signal });
    items.addEventListener("dblclick", (event) => {
      const cell = event.target.closest("td[data-editor]");
      if (cell && !this.open) this.begin(cell);
    }, { signal });
  }

  #key(event) {
    const cell = event.target;
    if (!cell.matches("td[data-stop]") || event.ctrlKey || event.metaKey || event.altKey) return;
    if (!["Enter", "F2"].includes(event.key) || !cell.dataset.editor) return;
    event.preventDefault();
    event.stopPropagation();
    this.begin(cell);
  }

  begin(cell) {
    const { editor } = cell.dataset;
    if (editor === "flag") return this.save(cell, cell.dataset.value ? "" : "1");
    cell.dataset.editing = "";
    cell.closest(".mh-item").classList.add("is-editing");
    this.open = LABELS.includes(editor) ? this.#chips(cell) : this.#input(cell);
    return this.open;
  }

  #end(cell, { refocus = true } = {}) {
    this.open = null;
    delete cell.dataset.editing;
    cell.closest(".mh-item").classList.remove("is-editing");
    if (refocus) cell.focus();
  }

  #input(cell) {
    const old = shownOf(cell);
    const input = make("input", { type: INPUTS[cell.dataset.editor], value: old, "aria-label": this.headOf(cell), class: "mh-cell-input" });
    if (cell.dataset.editor === "rating") Object.assign(input, { min: "1", max: "100" });
    if (cell.dataset.editor === "number") input.step = "any";
    if (cell.dataset.editor === "text") input.maxLength = 500;
    const before = [...cell.childNodes];
    cell.replaceChildren(input);
    let done = false;
    const close = (keep, options) => {
      if (done) return;
      done = true;
      const value = input.value.trim();
      const faulty = keep && !input.validity.valid;
      cell.replaceChildren(...before);
      this.#end(cell, options);
      if (faulty) toast(`${this.headOf(cell)}: ${input.validationMessage}`);
      else if (keep && value !== old) this.save(cell, value);
    };
    input.addEventListener("blur", () => close(true, { refocus: false }));
    input.addEventListener("keydown", (event) => {
      if (event.isComposing || !["Enter", "Escape", "Tab"].includes(event.key)) return;
      event.preventDefault();
      event.stopPropagation();
      close(event.key !== "Escape");
      this.#move(cell, event);
    });
    input.focus();
    input.select();
    return input;
  }

  /* After an edit: Enter goes down, Tab on; with Shift back. */
  #move(cell, { key, shiftKey }) {
    const item = cell.closest(".mh-item");
    const cells = [...item.querySelectorAll("[data-stop]")];
    const at = cells.indexOf(cell);
    if (key === "Enter") {
      const other = this.results.parts.next(item, shiftKey ? -1 : 1);
      other?.querySelectorAll("[data-stop]")[at]?.focus();
    } else if (key === "Tab") {
      const editable = cells.filter((one) => one.dataset.editor);
      const next = editable[editable.indexOf(cell) + (shiftKey ? -1 : 1)];
      next?.focus();
      next?.scrollIntoView({ inline: "nearest", block: "nearest" });
    }
  }

  /* The chips save by themselves; the cell shows what there is when they close. */
  #chips(cell) {
    const item = cell.closest(".mh-item");
    const kind = cell.dataset.editor === "studio" ? "studios" : cell.dataset.editor;
    const box = make("div", { class: "mh-cell-chips" });
    cell.replaceChildren(box);
    const stopping = new AbortController();
    const chips = labelChips(box, {
      kind,
      labels: labelsOf(cell),
      video: Number(item.dataset.video),
      version: Number(item.dataset.version),
      name: this.headOf(cell),
      mayAdd: "mayLabel" in this.results.dataset,
      onChange: (labels, video) => {
        if (video) item.dataset.version = video.version;
        keepLabels(cell, labels);
      },
      onEscape: (event) => {
        event.preventDefault();
        event.stopPropagation();
        close();
      },
    });
    const close = ({ refocus = true } = {}) => {
      stopping.abort();
      keepLabels(cell, chips.labels);
      chips.destroy();
      cell.replaceChildren(labelsOf(cell).map((label) => label.name).join(", "));
      this.#end(cell, { refocus });
    };
    const { signal } = stopping;
    box.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key !== "Tab" || event.defaultPrevented) return;
      event.preventDefault();
      close();
      this.#move(cell, event);
    }, { signal });
    document.addEventListener("pointerdown", (event) => cell.contains(event.target) || close({ refocus: false }), { signal, capture: true });
    this.results.signal.addEventListener("abort", () => stopping.abort(), { signal });
    chips.focus();
    return chips;
  }

  headOf(cell) {
    const head = this.results.querySelector(`th[data-column="${CSS.escape(cell.dataset.name)}"]`);
    return (head.querySelector("a, span").firstChild?.textContent || cell.dataset.name).trim();
  }

  /* Shows the value, and saves it after what is still being saved of this video. */
  save(cell, value) {
    const item = cell.closest(".mh-item");
    const id = item.dataset.video;
    const old = shownOf(cell);
    show(cell, value);
    cell.classList.add("is-saving");
    const saved = (this.lines.get(id) || Promise.resolve()).then(() => this.#patch(item, cell, value, old));
    this.lines.set(id, saved.catch(() => {}));
    return saved.catch(() => false).finally(() => cell.classList.remove("is-saving"));
  }

  async #patch(item, cell, value, old) {
    const headers = { "If-Unmodified-Since-Version": item.dataset.version };
    try {
      const video = await ask("PATCH", `videos/${item.dataset.video}/`, bodyOf(cell, value), { headers });
      item.dataset.version = video.version;
      return true;
    } catch (error) {
      if (error.status === 412) return this.#conflict(item, cell, value);
      show(cell, old);
      toast(`${this.headOf(cell)} was not saved: ${error.message}`);
      throw error;
    }
  }

  /* What is there now, beside what was written: one of them stays. */
  async #conflict(item, cell, value) {
    const video = await ask("GET", `videos/${item.dataset.video}/`);
    item.dataset.version = video.version;
    const now = valueIn(video, cell.dataset.name);
    show(cell, now);
    const isSame = now === value;
    if (isSame) return true;
    const mine = await chosen(this.headOf(cell), { title: video.title, now, value });
    cell.focus();
    if (!mine) return false;
    show(cell, value);
    return this.#patch(item, cell, value, now);
  }
}

/* What of the API's video stands in a cell, as the cell's editor has it. */
function valueIn(video, name) {
  const value = name.startsWith("custom.") ? video.custom[name.slice(7)] : video[name];
  if (value === true) return "1";
  return value === null || value === undefined || value === false ? "" : String(value);
}

export function bodyOf(cell, value) {
  const { name, editor } = cell.dataset;
  const typed = editor === "flag" ? Boolean(value) : value === "" ? (name === "title" ? "" : null) : ["rating", "number"].includes(editor) ? Number(value) : value;
  return name.startsWith("custom.") ? { custom: { [name.slice(7)]: typed } } : { [name]: typed };
}

export function shownOf(cell) {
  return cell.dataset.value ?? cell.textContent.trim();
}

function show(cell, value) {
  if (cell.dataset.editor === "flag") {
    if (value) cell.dataset.value = "1";
    else delete cell.dataset.value;
    cell.textContent = value ? "Yes" : "";
    return;
  }
  const target = cell.querySelector("a") || cell;
  target.textContent = value;
}

function labelsOf(cell) {
  return JSON.parse(cell.dataset.labels || "[]");
}

function keepLabels(cell, labels) {
  cell.dataset.labels = JSON.stringify(labels.map(({ id, name }) => ({ id, name })));
}

/* Asks whose value stays; true for one's own. */
function chosen(field, { title, now, value }) {
  return new Promise((resolve) => {
    const button = (words, mine) => {
      const element = make("button", { type: "button", class: mine ? "mh-button mh-primary" : "mh-button" }, words);
      element.addEventListener("click", () => {
        resolve(mine);
        dialog.close();
      });
      return element;
    };
    const line = (words, text) => make("p", {}, make("b", {}, words), " ", text || "nothing");
    const dialog = make("dialog", { class: "mh-dialog", "aria-labelledby": "conflict-heading", role: "alertdialog" },
      make("h2", { id: "conflict-heading" }, "Somebody else changed this video"), make("p", { class: "mh-quiet" }, title),
      line(`${field} is now:`, now), line("You wrote:", value),
      make("div", { class: "mh-dialog-deeds" }, button("Keep what is there", false), button("Write mine", true)));
    dialog.addEventListener("close", () => {
      resolve(false);
      dialog.remove();
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

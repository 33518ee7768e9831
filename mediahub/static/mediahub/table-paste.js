/* Lines of the clipboard go down a column, from the cell that has the focus, after one look. */

import { make } from "./player-dom.js";
import { toast } from "./results-said.js";
import { shownOf } from "./table-edit.js";

const SHOWN = 12;
const AT_ONCE = 4;
const TAKES = ["text", "rating", "number", "date", "flag"];
const YES = /^(1|yes|y|true|x)$/i;
const NO = /^(0|no|n|false|)$/i;

export class Pasting {
  constructor(results) {
    this.results = results;
    if (!results.mayChange) return;
    results.items.addEventListener("paste", (event) => this.#pasted(event), { signal: results.signal });
  }

  #pasted(event) {
    const cell = event.target.closest("td[data-editor]");
    if (!cell || "editing" in cell.dataset) return;
    event.preventDefault();
    if (!TAKES.includes(cell.dataset.editor)) {
      toast("Labels can't be pasted: choose the videos and use Edit.");
      return;
    }
    const lines = event.clipboardData.getData("text/plain").replace(/\r\n?/g, "\n").replace(/\n$/, "").split("\n");
    const changes = this.#planned(cell, lines);
    if (changes.some((one) => one.value !== one.old || one.fault)) this.#confirm(cell, changes, lines.length);
    else toast("Nothing to change: all is already so.");
  }

  /* What each line does to its cell; lines beyond the last row are left out. */
  #planned(cell, lines) {
    const { all, parts } = this.results;
    const first = parts.places.get(Number(cell.closest(".mh-item").dataset.video));
    return all.slice(first, first + lines.length).map((row, at) => {
      const one = row.querySelector(`[data-name="${CSS.escape(cell.dataset.name)}"]`);
      const text = lines[at].split("\t")[0].trim();
      return { cell: one, old: shownOf(one), ...read(one.dataset, text) };
    });
  }

  #confirm(cell, changes, count) {
    const changing = changes.filter((one) => !one.fault && one.value !== one.old);
    const faulty = changes.filter((one) => one.fault);
    const left = count - changes.length;
    const facts = [
      `${changing.length} of ${changes.length} cells will change.`,
      faulty.length && `${faulty.length} can't be read and stay as they are: “${faulty[0].text}” ${faulty[0].fault}.`,
      left > 0 && `${left} more line${left === 1 ? "" : "s"} than rows: they are left out.`,
    ];
    const rows = changing.slice(0, SHOWN).map(({ cell: one, old, value }) => make("li", {}, make("b", {}, titleOf(one)), make("span", { class: "mh-change" }, make("del", {}, old || "nothing"), " → ", make("ins", {}, value || "nothing"))));
    const go = make("button", { type: "button", class: "mh-button mh-primary", disabled: !changing.length }, "Paste");
    const cancel = make("button", { type: "button", class: "mh-button" }, "Cancel");
    const dialog = make("dialog", { class: "mh-dialog", "aria-labelledby": "paste-heading" },
      make("h2", { id: "paste-heading" }, `Paste into ${this.results.editing.headOf(cell)}`),
      ...facts.filter(Boolean).map((words) => make("p", {}, words)), make("ul", { class: "mh-bulk-samples" }, ...rows),
      make("div", { class: "mh-dialog-deeds" }, cancel, go));
    cancel.addEventListener("click", () => dialog.close());
    go.addEventListener("click", () => {
      dialog.close();
      this.#write(changing);
    });
    dialog.addEventListener("close", () => {
      dialog.remove();
      cell.focus();
    });
    document.body.append(dialog);
    dialog.showModal();
    if (changing.length) go.focus();
  }

  /* Each as an edit of its own: conflicts show themselves, and each can be undone. */
  async #write(changes) {
    const queue = [...changes];
    const written = [];
    const worker = async () => {
      for (let one = queue.shift(); one; one = queue.shift()) {
        if ((await this.results.editing.save(one.cell, one.value)) === true) written.push(one);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    const undo = () => this.#write(written.map(({ cell, old, value }) => ({ cell, value: old, old: value })));
    if (written.length) toast(`${written.length} of ${changes.length} cells written.`, { label: "Undo", deed: undo });
  }
}

function titleOf(cell) {
  const title = cell.closest("tr").querySelector("[data-name=title]");
  return title ? title.textContent : `Video ${cell.closest("tr").dataset.video}`;
}

/* The value that a text means in a column, or why it can't be one. */
function read({ editor, name }, text) {
  const fault = (words) => ({ text, value: text, fault: words });
  if (editor === "flag") {
    if (YES.test(text)) return { value: "1" };
    return NO.test(text) ? { value: "" } : fault("is neither yes nor no");
  }
  if (text === "") return name === "title" ? fault("leaves no title") : { value: "" };
  if (editor === "rating") return /^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= 100 ? { value: String(Number(text)) } : fault("is no rating from 1 to 100");
  if (editor === "number") return Number.isFinite(Number(text)) ? { value: String(Number(text)) } : fault("is no number");
  if (editor === "date") return isDay(text) ? { value: text } : fault("is no date like 2026-11-21");
  return { value: text.slice(0, 500) };
}

function isDay(text) {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const day = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text);
}

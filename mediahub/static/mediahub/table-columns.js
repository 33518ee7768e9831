/* The table's head: its order by clicks, the widths of its columns, and which columns there are. */

import { ask, make } from "./player-dom.js";
import { toast } from "./results-said.js";

const [LEAST_PX, MOST_PX, STEP_PX] = [60, 900, 16];
const SAVE_MS = 800;

export class Columns {
  constructor(results) {
    this.results = results;
    this.sheet = results.querySelector(".mh-sheet");
    this.heads = [...this.sheet.querySelectorAll("th[data-column]")];
    this.widths = new Map(this.heads.map((head) => [head.dataset.column, Number(head.querySelector("[role=separator]").getAttribute("aria-valuenow"))]));
    const { signal } = results;
    this.sheet.tHead.addEventListener("click", (event) => this.#sort(event), { signal });
    for (const head of this.heads) this.#edge(head, head.querySelector("[role=separator]"));
    results.querySelector("[data-columns]")?.addEventListener("click", () => new Chooser(this), { signal });
  }

  /* Shift adds a level; what is a level already turns its direction. */
  #sort(event) {
    const link = event.target.closest("[data-order]");
    if (!link || !event.shiftKey) return;
    event.preventDefault();
    event.stopPropagation();
    const key = link.dataset.order;
    const keys = this.results.dataset.ordering.split(",").filter(Boolean);
    const at = keys.findIndex((one) => one.replace("-", "") === key);
    if (at < 0) keys.push(key);
    else keys[at] = keys[at].startsWith("-") ? key : `-${key}`;
    const parameters = new URLSearchParams(location.search);
    parameters.set("ordering", keys.join(","));
    parameters.delete("cursor");
    this.results.go(`?${parameters}`);
  }

  #edge(head, edge) {
    const name = head.dataset.column;
    edge.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      event.preventDefault();
      edge.setPointerCapture(event.pointerId);
      const [from, width] = [event.clientX, this.widths.get(name)];
      const drag = (moved) => this.#set(name, edge, width + moved.clientX - from);
      edge.addEventListener("pointermove", drag);
      edge.addEventListener("lostpointercapture", () => edge.removeEventListener("pointermove", drag), { once: true });
    });
    edge.addEventListener("keydown", (event) => {
      const by = { ArrowLeft: -STEP_PX, ArrowRight: STEP_PX }[event.key];
      if (!by) return;
      event.preventDefault();
      event.stopPropagation();
      this.#set(name, edge, this.widths.get(name) + by);
    });
    edge.addEventListener("dblclick", () => this.#set(name, edge, this.#fitting(name)));
  }

  /* As wide as the widest of what is shown. */
  #fitting(name) {
    const cells = this.results.items.querySelectorAll(`[data-name="${CSS.escape(name)}"]`);
    return Math.max(LEAST_PX, ...[...cells].slice(0, 200).map((cell) => cell.scrollWidth + 8));
  }

  #set(name, edge, width) {
    const px = Math.round(Math.min(MOST_PX, Math.max(LEAST_PX, width)));
    this.widths.set(name, px);
    edge.setAttribute("aria-valuenow", px);
    this.sheet.style.setProperty("--columns", `2.75rem ${[...this.widths.values()].map((one) => `${one}px`).join(" ")}`);
    clearTimeout(this.saving);
    this.saving = setTimeout(() => this.save([...this.widths.keys()]).catch((error) => toast(error.message)), SAVE_MS);
  }

  /* A view that has columns keeps them; else the person does, with their widths. */
  async save(names, { chosen = false } = {}) {
    clearTimeout(this.saving);
    const { view, viewVersion } = this.results.dataset;
    if (view) {
      if (chosen) await ask("PATCH", `saved-views/${view}/`, { columns: names }, { headers: { "If-Unmodified-Since-Version": viewVersion } });
      return;
    }
    const known = (name) => (this.widths.has(name) ? { name, width: this.widths.get(name) } : { name });
    await ask("PATCH", "browse-settings/", { columns: names.map(known) });
  }
}

/* Which columns, in which order: by dragging, by buttons, or Alt and the arrows. */
class Chooser {
  constructor(columns) {
    this.columns = columns;
    const known = JSON.parse(document.getElementById("mh-columns").textContent);
    const shown = columns.heads.map((head) => head.dataset.column);
    const rest = known.map(([name]) => name).filter((name) => !shown.includes(name));
    const labels = new Map(known);
    this.list = make("ol", { class: "mh-columns-list" }, ...[...shown, ...rest].map((name) => this.#row(name, labels.get(name), shown.includes(name))));
    this.error = make("p", { class: "mh-error", role: "alert" });
    this.said = make("p", { class: "mh-spoken", role: "status" });
    const deed = (label, run, primary) => {
      const button = make("button", { type: "button", class: `mh-button${primary ? " mh-primary" : ""}` }, label);
      button.addEventListener("click", run);
      return button;
    };
    const deeds = make("div", { class: "mh-dialog-deeds" }, deed("Usual ones", () => this.#save([])), deed("Cancel", () => this.dialog.close()), deed("Show these", () => this.#save(this.#chosen), true));
    const help = make("p", { class: "mh-quiet" }, "Drag a column to its place, or move it with its buttons.");
    this.dialog = make("dialog", { class: "mh-dialog mh-columns-dialog", "aria-labelledby": "columns-heading" }, make("h2", { id: "columns-heading" }, "Columns"), help, this.list, this.error, this.said, deeds);
    this.list.addEventListener("keydown", (event) => this.#key(event));
    this.list.addEventListener("dragover", (event) => this.#over(event));
    this.dialog.addEventListener("close", () => {
      this.dialog.remove();
      columns.results.querySelector("[data-columns]")?.focus();
    });
    document.body.append(this.dialog);
    this.dialog.showModal();
  }

  #row(name, label, isShown) {
    const box = make("input", { type: "checkbox", checked: isShown, value: name });
    const move = (words, by, sign) => {
      const button = make("button", { type: "button", class: "mh-icon-button", "aria-label": `Move ${label} ${words}` }, sign);
      button.addEventListener("click", () => this.#move(row, by, button));
      return button;
    };
    const grip = make("span", { class: "mh-grip", "aria-hidden": "true" }, "⠿");
    const row = make("li", { draggable: true }, grip, make("label", {}, box, label), move("up", -1, "↑"), move("down", 1, "↓"));
    row.addEventListener("dragstart", () => row.classList.add("is-dragged"));
    row.addEventListener("dragend", () => row.classList.remove("is-dragged"));
    return row;
  }

  #over(event) {
    const dragged = this.list.querySelector(".is-dragged");
    const row = event.target.closest("li");
    if (!dragged || !row) return;
    event.preventDefault();
    const box = row.getBoundingClientRect();
    if (row !== dragged) this.list.insertBefore(dragged, event.clientY > box.top + box.height / 2 ? row.nextSibling : row);
  }

  #key(event) {
    const by = event.altKey && { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!by) return;
    event.preventDefault();
    this.#move(event.target.closest("li"), by, event.target);
  }

  #move(row, by, focused) {
    const other = by < 0 ? row.previousElementSibling : row.nextElementSibling;
    if (!other) return;
    if (by < 0) other.before(row);
    else other.after(row);
    focused.focus();
    this.said.textContent = `Place ${[...this.list.children].indexOf(row) + 1} of ${this.list.children.length}`;
  }

  get #chosen() {
    return [...this.list.querySelectorAll("input:checked")].map((box) => box.value);
  }

  async #save(names) {
    try {
      await this.columns.save(names, { chosen: true });
      this.dialog.close();
      await this.columns.results.refresh();
    } catch (error) {
      this.error.textContent = error.message;
    }
  }
}

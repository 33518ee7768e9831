/* Editing all that is chosen at once: which fields, a look at what will change, then the change,
   which is one entry of the audit and can be undone as a whole. */

import { labelChips } from "./label-chips.js";
import { ask, make } from "./player-dom.js";
import { toast } from "./results-said.js";

const POLL_MS = 700;
const ENDED = ["succeeded", "failed", "cancelled", "quarantined"];
const number = (count) => Number(count).toLocaleString("en");

export class BulkDialog {
  constructor(dialog, results) {
    this.dialog = dialog;
    this.results = results;
    this.get = (name) => dialog.querySelector(`[data-bulk-${name}]`);
    this.fields = [...dialog.querySelectorAll("[data-field]")].map((element) => new Field(element, "mayLabel" in results.dataset));
    const { signal } = results;
    dialog.addEventListener("input", () => this.#changed(), { signal });
    dialog.addEventListener("labels", () => this.#changed(), { signal });
    this.get("cancel").addEventListener("click", () => this.dialog.close(), { signal });
    this.get("try").addEventListener("click", () => this.#try(), { signal });
    this.get("apply").addEventListener("click", () => this.#apply(), { signal });
    dialog.addEventListener("submit", (event) => event.preventDefault(), { signal });
    dialog.addEventListener("close", () => this.back?.focus({ preventScroll: true }), { signal });
  }

  open({ field = "", mode = "add" } = {}) {
    this.back = document.activeElement;
    const { size, all } = this.results.selection;
    const about = all && !/^[\d,]+$/.test(this.results.dataset.counted) ? "about " : "";
    this.get("number").textContent = `${about}${number(size)} video${size === 1 ? "" : "s"}`;
    for (const each of this.fields) each.reset();
    this.#changed();
    this.dialog.showModal();
    const first = this.fields.find((each) => each.name === field);
    if (first) first.choose(mode);
    else this.fields[0].mode.focus();
  }

  #changed() {
    this.tried = null;
    this.get("apply").disabled = true;
    this.get("preview").replaceChildren();
    this.get("error").textContent = "";
    this.get("try").disabled = !this.fields.some((each) => each.mode.value);
  }

  get #changes() {
    const changes = {};
    for (const each of this.fields.filter((one) => one.mode.value)) {
      const [, key] = each.name.split("custom.");
      if (key) changes.custom = { ...changes.custom, [key]: each.change };
      else changes[each.name] = each.change;
    }
    return changes;
  }

  async #try() {
    const changes = this.#changes;
    this.#busy(true);
    try {
      const answer = await ask("POST", "videos/bulk/", { ...this.results.selection.body, changes, dry_run: true });
      this.tried = { changes, matched: answer.matched };
      this.#show(answer);
      this.get("apply").disabled = !answer.changed;
    } catch (error) {
      this.get("error").textContent = error.message;
    } finally {
      this.#busy(false);
    }
  }

  #show({ matched, changed, unchanged, samples }) {
    const words = changed
      ? `Will change ${number(changed)} of ${number(matched)}${unchanged ? `, ${number(unchanged)} already so` : ""}.`
      : `Nothing to change: all ${number(matched)} are already so.`;
    const rows = samples.map(({ title, changes }) => make("li", {}, make("b", {}, title), ...Object.entries(changes).map(([field, pair]) => told(field, pair))));
    this.get("preview").replaceChildren(make("p", {}, make("strong", {}, words)), make("ul", { class: "mh-bulk-samples" }, ...rows));
  }

  async #apply() {
    const { selection } = this.results;
    const { changes, matched } = this.tried;
    const body = { ...selection.body, changes, ...(selection.all && { count: matched }) };
    this.#busy(true);
    try {
      let answer = await ask("POST", "videos/bulk/", body);
      if (answer.kind) answer = await this.#follow(answer);
      undoable(this.results, answer, "changed");
      this.dialog.close();
      await this.results.refresh();
    } catch (error) {
      this.get("error").textContent = error.message;
      if (error.status === 409) this.get("apply").disabled = true;
    } finally {
      this.#busy(false);
    }
  }

  /* A job does large changes: shows how far it is. The dialog may be closed meanwhile. */
  async #follow(job) {
    const bar = make("progress", { "aria-label": "Progress" });
    const words = make("span", { class: "mh-quiet" }, "Waiting for a worker…");
    const link = make("a", { class: "mh-link", href: `/admin/jobs/job/${job.id}/change/` }, `Job ${job.id}`);
    this.get("preview").replaceChildren(make("p", { class: "mh-bulk-progress" }, bar, words, link));
    const ended = await awaited(job, ({ progress: { done, total } }) => {
      if (!total) return;
      bar.max = total;
      bar.value = done;
      words.textContent = `${number(done)} of ${number(total)}`;
    });
    return ended.summary;
  }

  #busy(is) {
    this.dialog.toggleAttribute("aria-busy", is);
    this.get("try").disabled = is;
    if (is) this.get("apply").disabled = true;
  }
}

/* One field of the dialog: left as it is unless its mode says otherwise. */
class Field {
  constructor(element, mayAdd) {
    this.element = element;
    this.name = element.dataset.field;
    this.kind = element.dataset.kind;
    this.mode = element.querySelector("[data-mode]");
    this.box = element.querySelector("[data-value-box]");
    this.mode.addEventListener("change", () => this.#fit());
    const kind = this.box?.dataset.labelsOf;
    const name = element.querySelector("legend").textContent.trim();
    const onChange = () => element.dispatchEvent(new Event("labels", { bubbles: true }));
    this.chips = kind ? labelChips(this.box, { kind, labels: [], name, mayAdd, onChange }) : null;
  }

  reset() {
    this.mode.value = "";
    this.chips?.set([]);
    for (const input of this.box?.querySelectorAll("input:not([role])") || []) {
      if (input.type === "checkbox") input.checked = false;
      else input.value = "";
    }
    this.#fit();
  }

  choose(mode) {
    this.mode.value = mode;
    this.#fit();
    this.mode.dispatchEvent(new Event("input", { bubbles: true }));
    if (this.chips) this.chips.focus();
    else this.mode.focus();
  }

  #fit() {
    if (this.box) this.box.hidden = ["", "clear"].includes(this.mode.value);
  }

  get change() {
    const mode = this.mode.value;
    const read = (name) => this.element.querySelector(`[data-${name}]`);
    if (this.kind === "flag") return mode === "on";
    if (this.kind === "labels") return mode === "clear" ? { set: [] } : { [mode]: this.chips.labels.map((label) => label.id) };
    if (mode === "clear") return null;
    if (this.kind === "label") return this.chips.labels[0]?.id ?? null;
    if (this.kind === "replace") return { find: read("find").value, replace: read("replace").value, regex: read("regex").checked, case: read("case").checked };
    const { value } = read("value");
    return this.kind === "number" && value !== "" ? Number(value) : value;
  }
}

function told(field, [old, fresh]) {
  const say = (value) => (Array.isArray(value) ? value.map(say).join(", ") : value && typeof value === "object" ? value.name : value === null || value === "" ? "nothing" : value === true ? "yes" : value === false ? "no" : String(value));
  return make("span", { class: "mh-change" }, `${field.replace("custom.", "")}: `, make("del", {}, say(old)), " → ", make("ins", {}, say(fresh)));
}

/* Asks for a job until it has ended. Raises an Error of one that did not succeed. */
async function awaited(job, report) {
  let now = job;
  while (!ENDED.includes(now.state)) {
    report(now);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    now = await ask("GET", `jobs/${job.id}/`);
  }
  if (now.state !== "succeeded") throw new Error(now.error?.message || `The job ${now.state}.`);
  return now;
}

/* Says what was done, and offers to take it back. */
export function undoable(results, { changed, entry }, words) {
  const said = `${number(changed)} video${changed === 1 ? "" : "s"} ${words}.`;
  if (!entry) return toast(said);
  return toast(said, { label: "Undo", deed: () => undo(entry), stays: true });
}

async function undo(entry, { keep = false } = {}) {
  try {
    const answer = await ask("POST", `audit/${entry}/undo/`, keep ? { keep } : {});
    if (answer?.kind) await awaited(answer, () => {});
    toast("Undone.");
    document.querySelector("mh-results")?.refresh();
  } catch (error) {
    if (error.status !== 409 || keep) return toast(error.message, { stays: true });
    return toast(`${error.message}`, { label: "Keep that, undo the rest", deed: () => undo(entry, { keep: true }), stays: true });
  }
  return null;
}

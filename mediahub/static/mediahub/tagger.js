/* The tagger: a queue of videos, the candidates of one of them, and what is decided about it.

   The server renders every part (?fragment=video|queue|page); forms are sent in the background while
   the next video, which was asked for ahead, is there already. What was decided stays in the queue,
   marked, until the page is loaded again. */

import { replaceSelects } from "./label-chips-form.js";
import { make } from "./player-dom.js";
import { toast } from "./results-said.js";
import { startBulk } from "./tagger-bulk.js";
import { startFilters } from "./tagger-filters.js";
import { startKeys } from "./tagger-keys.js";
import { Panes, answer, here, send } from "./tagger-source.js";

const AHEAD = 2; // videos that are there before they are looked at
const NEAR_END = 6;
const TONES = { accepted: "success", failed: "danger" };
const WORDS = { accept: "accepted", reject: "rejected", skip: "skipped", reopen: "opened again" };
const STAYS = new Set(["reject", "reopen"]); // while others of the video are to be decided

class Tagger {
  constructor(root) {
    this.root = root;
    this.panes = new Panes();
    this.decided = []; // what an undo takes back, the last one last
    this.turn = 0;
    this.root.addEventListener("click", (event) => this.#clicked(event));
    this.root.addEventListener("submit", (event) => this.#submitted(event));
    this.root.addEventListener("error", ({ target }) => target.matches("[data-picture]") && target.remove(), true);
    this.#ahead(); // the chips are there: their module makes those of the page's beginning
  }

  get rows() {
    return [...this.root.querySelectorAll("[data-rows] [data-video]")];
  }

  get row() {
    return this.root.querySelector("[data-rows] [aria-current]");
  }

  get candidates() {
    return [...this.root.querySelectorAll("[data-candidate]")];
  }

  get chosen() {
    return this.candidates.find((one) => one.open) || null;
  }

  /* After parts of the page were replaced: what is next is asked for. */
  shown() {
    replaceSelects(document.getElementById("tagger-candidates"));
    this.#ahead();
  }

  #ahead() {
    this.#preload();
    if (this.rows.length - this.rows.indexOf(this.row) <= NEAR_END) this.#more();
  }

  /* Goes to the row so many further on; only to ones that aren't decided if so wished. */
  async step(by, { open = false } = {}) {
    const rows = this.rows;
    let at = rows.indexOf(this.row) + by;
    while (open && rows[at] && rows[at].dataset.done) at += by;
    if (!rows[at] && by > 0 && (await this.#more())) return this.step(by, { open });
    if (rows[at]) return this.show(rows[at].dataset.video);
    return open ? this.#finished() : null;
  }

  async show(id, { candidate = 0, row = this.#rowOf(id) } = {}) {
    const turn = ++this.turn;
    this.row?.removeAttribute("aria-current");
    row?.setAttribute("aria-current", "true");
    row?.scrollIntoView({ block: "nearest", behavior: "instant" });
    this.busy(!this.panes.has(id));
    try {
      const parts = await this.panes.get(id, { candidate });
      if (turn !== this.turn) return;
      this.#swap(parts);
      history.replaceState(null, "", here({ video: id }));
      this.fault("");
      this.#tell();
      this.shown();
    } catch (error) {
      if (turn === this.turn) this.fault(error.message);
    } finally {
      if (turn === this.turn) this.busy(false);
    }
  }

  choose(number) {
    const wanted = this.candidates[number - 1];
    if (!wanted) return;
    for (const one of this.candidates) one.open = one === wanted;
    wanted.scrollIntoView({ block: "nearest", behavior: "instant" });
    this.#say(`Candidate ${number} of ${this.candidates.length}: ${wanted.querySelector(".tg-candidate-name b").textContent}, ${wanted.querySelector(".tg-points").textContent}`);
  }

  /* As if that button of the chosen candidate were pressed. */
  press(deed) {
    const shown = this.root.querySelector("[data-shown]")?.dataset.shown;
    if (this.row && this.row.dataset.video !== shown) return null; // the next one isn't there yet
    if (deed === "skip") return document.getElementById("tagger-skip")?.requestSubmit();
    const button = this.chosen?.querySelector(`[name=deed][value=${deed}]`);
    return button?.form.requestSubmit(button);
  }

  async undo() {
    const last = await send.last.then(() => this.decided.pop());
    if (!last) return toast("There is nothing to undo.");
    const body = new FormData();
    for (const pk of last.back) body.append("match", pk);
    body.append("deed", "undo");
    try {
      const done = await send(here(), body);
      this.panes.forget();
      const row = this.#rowOf(last.video);
      if (row) this.#mark(row, "");
      toast(done.said);
      await this.show(last.video, { candidate: done.candidate });
    } catch (error) {
      if (!error.answered) this.decided.push(last);
      this.fault(error.message);
    }
  }

  fault(words) {
    const line = this.root.querySelector("[data-fault]");
    line.textContent = words;
    line.hidden = !words;
  }

  busy(is) {
    this.root.toggleAttribute("aria-busy", is);
    if (is) this.root.setAttribute("aria-busy", "true");
  }

  #clicked(event) {
    const link = event.target.closest("a[data-video], a[data-more]");
    if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    if (link.matches("[data-more]")) this.#more();
    else this.show(link.dataset.video);
  }

  #submitted(event) {
    const form = event.target;
    if (!form.matches("[data-decide], [data-skip], [data-reopen], [data-search], [data-link]")) return;
    event.preventDefault();
    const body = new FormData(form, form.matches("[data-skip]") ? null : event.submitter);
    const deed = body.get("deed");
    const stays = deed === "reopen" && this.root.dataset.state === "review";
    if (stays || form.matches("[data-reopen], [data-search], [data-link]")) this.#ask(form, body);
    else if (deed in WORDS) this.#decide(form, deed, body);
  }

  /* What changes the candidates that are shown: they are shown anew. */
  async #ask(form, body) {
    const id = this.root.querySelector("[data-shown]").dataset.shown;
    this.busy(true);
    for (const button of form.querySelectorAll("button")) button.disabled = true;
    try {
      const done = await send(form.action, body);
      this.panes.forget();
      toast(done.said);
      if (done.candidate) await this.show(id, { candidate: done.candidate });
    } catch (error) {
      this.fault(error.message);
    } finally {
      this.busy(false);
      for (const button of form.querySelectorAll("button")) button.disabled = false;
    }
  }

  /* Goes on at once; where it fails, the video is marked and its row leads back. */
  #decide(form, deed, body) {
    const id = this.root.querySelector("[data-shown]").dataset.shown;
    const row = this.#rowOf(id);
    const sent = send(form.action, body).then(
      (done) => {
        if (!done.back.length) return toast(done.said);
        this.decided.push({ video: id, back: done.back });
        toast(done.said, { label: "Undo (z)", deed: () => this.undo() });
      },
      (error) => {
        if (row) this.#mark(row, "failed");
        this.fault(`“${row?.querySelector("b").textContent || id}” stays undecided: ${error.message}`);
      },
    );
    sent.finally(() => {
      this.panes.forget();
      this.#preload();
    });
    if (STAYS.has(deed) && this.#hasOthers(form)) return;
    if (row) this.#mark(row, WORDS[deed]);
    this.step(1, { open: true });
  }

  /* Takes a candidate that was decided away; whether there is another one to decide about. */
  #hasOthers(form) {
    const gone = form.closest("[data-candidate]");
    const at = this.candidates.indexOf(gone);
    gone.remove();
    const left = this.candidates;
    const next = left.slice(at).concat(left.slice(0, at)).find((one) => "waiting" in one.dataset);
    for (const [index, key] of left.map((one) => one.querySelector("summary > kbd")).entries()) if (key) key.textContent = index + 1;
    if (next) this.choose(left.indexOf(next) + 1);
    return Boolean(next);
  }

  #mark(row, word) {
    row.querySelector(".tg-done")?.remove();
    if (word && word !== "failed") row.dataset.done = word;
    else delete row.dataset.done;
    if (word) row.append(make("span", { class: `tg-done mh-state mh-state-${TONES[word] || "default"}` }, word));
  }

  #finished() {
    const words = make("div", { class: "mh-empty" }, make("span", { class: "material-symbols-outlined", "aria-hidden": "true" }, "task_alt"), make("h2", {}, "That was the last one"), make("p", {}, "z takes back what was decided last."));
    document.getElementById("tagger-video").replaceChildren();
    document.getElementById("tagger-candidates").replaceChildren(words);
    this.row?.removeAttribute("aria-current");
    this.#say("That was the last one");
  }

  #rowOf(id) {
    return this.root.querySelector(`[data-rows] [data-video="${CSS.escape(id)}"]`);
  }

  #preload() {
    const rows = this.rows;
    const next = rows.slice(rows.indexOf(this.row) + 1).filter((row) => !row.dataset.done).slice(0, AHEAD);
    for (const row of next) this.panes.get(row.dataset.video).catch(() => {});
  }

  /* Appends the queue's next page; whether there was one. */
  #more() {
    const link = this.root.querySelector("[data-more]");
    if (!link) return Promise.resolve(false);
    this.asking ||= answer(link.href, "queue")
      .then((fresh) => {
        this.root.querySelector("[data-rows]").append(...fresh.querySelectorAll("[data-rows] > li"));
        const further = fresh.querySelector("[data-more]");
        if (further) link.replaceWith(further);
        else link.remove();
        return true;
      })
      .catch((error) => this.fault(error.message))
      .finally(() => (this.asking = null));
    return this.asking;
  }

  #swap(parts) {
    const inside = ["tagger-video", "tagger-candidates"].some((id) => document.getElementById(id).contains(document.activeElement));
    for (const [id, nodes] of parts) document.getElementById(id).replaceChildren(...nodes);
    if (inside) document.getElementById("tagger-title")?.focus({ preventScroll: true });
    if (this.root.getBoundingClientRect().top < 0) this.root.scrollIntoView({ behavior: "instant" });
  }

  #tell() {
    const title = document.getElementById("tagger-title")?.textContent.trim() || "";
    this.#say(`${title}: ${this.candidates.length} candidate${this.candidates.length === 1 ? "" : "s"}`);
  }

  #say(words) {
    this.root.querySelector("[data-said]").textContent = words;
  }
}

const root = document.querySelector("[data-tagger]");
const tagger = new Tagger(root);
startFilters(tagger);
if ("mayChange" in root.dataset) startBulk(tagger);
startKeys(tagger);

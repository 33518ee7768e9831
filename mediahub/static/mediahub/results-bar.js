/* The bar of what is chosen, and what can be done with it. */

import { undoable } from "./bulk-dialog.js";
import { ask, make } from "./player-dom.js";
import { toast } from "./results-said.js";

const MOST_READ = 1000; // files at once, as the API takes them
const RENAMING = "/admin/library/video/rename/";
const TRANSCODING = "/admin/transcodes/transcode/ask/";

export class Bar {
  constructor(results) {
    this.results = results;
    this.selection = results.selection;
    this.bar = results.querySelector("[data-bar]");
    this.number = this.bar.querySelector("[data-number]");
    this.everything = this.bar.querySelector("[data-deed=everything]");
    const { signal } = results;
    results.addEventListener("click", ({ target }) => {
      const button = target.closest("[data-deed]");
      if (button) this.do(button.dataset.deed);
    }, { signal });
    this.selection.addEventListener("change", () => this.show(), { signal });
    this.show();
  }

  show() {
    const { selection, results } = this;
    const { counted, count } = { counted: results.dataset.counted, count: results.count };
    this.bar.hidden = selection.isEmpty;
    results.classList.toggle("has-selection", !selection.isEmpty);
    if (selection.isEmpty) return;
    const left = selection.ids.size;
    this.number.textContent = selection.all
      ? left ? `All ${counted} but ${left.toLocaleString("en")} selected` : `All ${counted} that match selected`
      : `${left.toLocaleString("en")} selected`;
    this.everything.hidden = selection.all || count <= left;
    this.everything.textContent = `Select all ${counted} that match`;
    clearTimeout(this.saying);
    this.saying = setTimeout(() => results.say(this.number.textContent), 500);
  }

  do(deed, item = null) {
    const { selection, results } = this;
    if (item && selection.isEmpty && ["edit", "tag"].includes(deed)) results.picking.toggle(item);
    const deeds = {
      clear: () => this.#clear(),
      page: () => results.picking.page(),
      everything: () => selection.everything(results.count),
      help: () => results.focusing.help(),
      edit: () => this.#edit(),
      tag: () => this.#edit("tags"),
      favorite: () => this.#favorite(),
      rename: () => this.#lead(RENAMING, "Files are renamed"),
      transcode: () => this.#lead(TRANSCODING, "Videos are transcoded"),
      playlist: () => this.#playlist(),
      make: () => this.#started("videos/make/", selection.body, "The pictures are being made"),
      rescan: () => this.#rescan(),
    };
    return deeds[deed]();
  }

  #clear() {
    const inBar = this.bar.contains(document.activeElement);
    this.selection.clear();
    if (inBar) (this.results.focusing.item || this.results.all[0])?.querySelector("[tabindex='0']")?.focus({ preventScroll: true });
  }

  #edit(field) {
    if (this.results.bulk && !this.selection.isEmpty) this.results.bulk.open({ field });
  }

  async #favorite() {
    const { size, all, body } = this.selection;
    if (size > 500) return this.results.bulk.open({ field: "favorite", mode: "on" });
    try {
      const answer = await ask("POST", "videos/bulk/", { ...body, ...(all && { count: size }), changes: { favorite: true } });
      undoable(this.results, answer, "favorites now");
      return this.results.refresh();
    } catch (error) {
      return toast(error.message);
    }
  }

  /* To a page that takes a query or named videos, in its address. */
  #lead(page, words) {
    const { all, ids } = this.selection;
    if (all && ids.size) return toast(`${words} by a query as a whole, or of videos that you choose one by one.`);
    if (ids.size > MOST_READ) return toast(`Choose up to ${MOST_READ.toLocaleString("en")} videos, or all that match.`);
    const which = all ? [["q", this.results.query]] : [...ids].map((id) => ["id", id]);
    return location.assign(`${page}?${new URLSearchParams(which)}`);
  }

  async #rescan() {
    const { body } = this.selection;
    if (!body.ids || body.ids.length > MOST_READ) return toast(`Choose up to ${MOST_READ.toLocaleString("en")} videos one by one: more are read by a scan of their library.`);
    return this.#started("videos/rescan/", body, "The files are being read again");
  }

  async #started(path, body, words) {
    try {
      const job = await ask("POST", path, body);
      toast(`${words}.`, { label: `Job ${job.id}`, href: `/admin/jobs/job/${job.id}/change/` });
    } catch (error) {
      toast(error.message);
    }
  }

  async #playlist() {
    try {
      const { results } = await ask("GET", "playlists/?page_size=200&ordering=name");
      new PlaylistDialog(this, results.filter((one) => one.mine && one.kind !== "smart"));
    } catch (error) {
      toast(error.message);
    }
  }
}

/* Which playlist takes what is chosen: one of one's own, or a new one. */
class PlaylistDialog {
  constructor(bar, playlists) {
    this.bar = bar;
    this.select = make("select", { class: "mh-select", "aria-label": "Playlist" }, ...playlists.map((one) => make("option", { value: String(one.id) }, `${one.name} (${one.video_count})`)), make("option", { value: "" }, "A new one…"));
    this.name = make("input", { type: "text", class: "mh-select", maxlength: "200", "aria-label": "Name of the new playlist", placeholder: "Name of the new playlist" });
    this.error = make("p", { class: "mh-error", role: "alert" });
    const add = make("button", { type: "button", class: "mh-button mh-primary" }, "Add");
    const cancel = make("button", { type: "button", class: "mh-button" }, "Cancel");
    const head = make("h2", { id: "playlist-heading" }, "Add to a playlist");
    this.dialog = make("dialog", { class: "mh-dialog", "aria-labelledby": "playlist-heading" }, head, this.select, this.name, this.error, make("div", { class: "mh-dialog-deeds" }, cancel, add));
    const show = () => (this.name.hidden = this.select.value !== "");
    this.select.addEventListener("change", show);
    show();
    cancel.addEventListener("click", () => this.dialog.close());
    add.addEventListener("click", () => this.#add());
    this.dialog.addEventListener("close", () => this.dialog.remove());
    document.body.append(this.dialog);
    this.dialog.showModal();
  }

  async #add() {
    const { selection, results } = this.bar;
    try {
      const id = this.select.value || (await ask("POST", "playlists/", { name: this.name.value.trim() })).id;
      const order = selection.all ? { ordering: results.dataset.ordering } : {};
      const { added } = await ask("POST", `playlists/${id}/add/`, { ...selection.body, ...order });
      this.dialog.close();
      toast(`${added.toLocaleString("en")} added to the playlist.`);
    } catch (error) {
      this.error.textContent = error.message;
    }
  }
}

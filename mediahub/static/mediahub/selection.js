/* What is chosen of the results: some videos by their ids, or all that a query finds but some.

   ``body`` is how the API wants to be told. It is kept for the tab, so that Back finds it again. */

import { kept } from "./player-dom.js";

const KEY = "mediahub.selection";

export class Selection extends EventTarget {
  constructor(query) {
    super();
    this.query = query;
    this.ids = new Set(); // of all: those that are left out
    this.all = false;
    this.total = 0;
    this.anchor = null;
  }

  /* What was chosen of this query before, in this tab. */
  static restored(query) {
    const selection = new Selection(query);
    const stored = kept(sessionStorage, KEY);
    if (stored && stored.query === query && Array.isArray(stored.ids)) {
      selection.ids = new Set(stored.ids.filter(Number.isInteger));
      selection.all = stored.all === true;
      selection.total = Number(stored.total) || 0;
      selection.anchor = Number(stored.anchor) || null;
    }
    return selection;
  }

  get size() {
    return this.all ? Math.max(0, this.total - this.ids.size) : this.ids.size;
  }

  get isEmpty() {
    return this.size === 0;
  }

  get body() {
    if (!this.all) return { ids: [...this.ids] };
    return { q: this.query, but: [...this.ids] };
  }

  has(id) {
    return this.ids.has(id) !== this.all;
  }

  /* Choose some, or take them out. */
  put(ids, on = true) {
    for (const id of ids) {
      if (on !== this.all) this.ids.add(id);
      else this.ids.delete(id);
    }
    this.#changed();
  }

  toggle(id) {
    this.anchor = id;
    this.put([id], !this.has(id));
  }

  /* Exactly these, whatever was chosen before. */
  replace(ids) {
    this.all = false;
    this.ids = new Set(ids);
    this.#changed();
  }

  /* All that the query finds, about ``total``: also what was never on the page. */
  everything(total) {
    this.all = true;
    this.total = total;
    this.ids = new Set();
    this.#changed();
  }

  clear() {
    this.anchor = null;
    this.replace([]);
  }

  #changed() {
    const { query, all, total, anchor } = this;
    try {
      sessionStorage.setItem(KEY, JSON.stringify({ query, all, total, anchor, ids: [...this.ids] }));
    } catch {
      sessionStorage.removeItem(KEY); // more than the browser keeps
    }
    this.dispatchEvent(new Event("change"));
  }
}

/* What Browse found. <mh-results> wakes up wherever and whenever it is put into the page. */

import { go } from "./browse-go.js";
import { BulkDialog } from "./bulk-dialog.js";
import { Bar } from "./results-bar.js";
import { Focus } from "./results-focus.js";
import { Preview } from "./results-preview.js";
import { Scroll } from "./results-scroll.js";
import { Picking } from "./results-picking.js";
import { Parts } from "./results-parts.js";
import { fragment } from "./results-said.js";
import { Selection } from "./selection.js";
import { Columns } from "./table-columns.js";
import { Editing } from "./table-edit.js";
import { Pasting } from "./table-paste.js";

let last = null; // the selection, while results come and go
let isReturning = performance.getEntriesByType("navigation")[0]?.type !== "navigate";

addEventListener("popstate", () => (isReturning = true));

class Results extends HTMLElement {
  connectedCallback() {
    this.items = this.querySelector("[data-items]");
    this.query = this.dataset.query;
    this.isTable = this.dataset.layout === "table";
    this.mayChange = "mayChange" in this.dataset;
    this.address = location.search;
    if (!this.items) return;
    this.leaving = new AbortController();
    this.signal = this.leaving.signal;
    this.parts = new Parts(this);
    this.selection = this.#selection();
    this.picking = new Picking(this);
    this.focusing = new Focus(this);
    this.scroll = new Scroll(this);
    this.bar = new Bar(this);
    const dialog = this.querySelector("[data-bulk]");
    this.bulk = dialog && new BulkDialog(dialog, this);
    if (this.isTable) {
      this.columns = new Columns(this);
      this.editing = new Editing(this);
      new Pasting(this);
    } else new Preview(this);
    if (isReturning || this.restores) this.scroll.restore();
    else this.scroll.forget();
    isReturning = this.restores = false;
    this.dataset.ready = "";
  }

  disconnectedCallback() {
    this.leaving?.abort();
  }

  #selection() {
    if (last?.query !== this.query) {
      last = isReturning ? Selection.restored(this.query) : new Selection(this.query);
    }
    return last;
  }

  /* The videos' elements, in their order. */
  get all() {
    return this.parts.all;
  }

  itemOf(id) {
    return this.parts.of(id);
  }

  /* How many there are, as far as it is known. */
  get count() {
    return Number(this.dataset.total || 0);
  }

  /* For those who listen. */
  say(words) {
    this.querySelector("[data-said]").textContent = words;
  }

  /* The same results anew, at the same place. */
  async refresh() {
    this.scroll.keep();
    const response = await fetch(`${location.pathname}${fragment(location.search)}`);
    if (!response.ok || response.redirected) return location.reload();
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const fresh = document.adoptNode(page.querySelector("mh-results"));
    window.mediahub?.hideIcons(fresh);
    fresh.restores = true;
    this.replaceWith(fresh);
    return fresh;
  }

  /* Another address of this page. */
  go(address) {
    return go(address);
  }
}

customElements.define("mh-results", Results);

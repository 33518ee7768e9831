/* The same network as a table of pairs, a hundred at a time. */

import { make } from "./player-dom.js";

const AT_ONCE = 100;

export class Table {
  constructor(network, { rows, more, filter, said, link, choose }) {
    Object.assign(this, { network, rows, more, said, link, choose });
    this.filter = "";
    more.addEventListener("click", () => this.#add());
    filter.addEventListener("input", () => {
      this.filter = filter.value.trim().toLowerCase();
      this.#begin();
    });
    this.#begin();
  }

  #begin() {
    const label = (id) => this.network.byId.get(id).label.toLowerCase();
    this.found = this.filter
      ? this.network.edges.filter(({ source, target }) => label(source).includes(this.filter) || label(target).includes(this.filter))
      : this.network.edges;
    this.shown = 0;
    this.rows.replaceChildren();
    this.#add();
  }

  #add() {
    const next = this.found.slice(this.shown, this.shown + AT_ONCE);
    this.rows.append(...next.map((edge) => this.#row(edge)));
    this.shown += next.length;
    this.more.hidden = this.shown >= this.found.length;
    this.said.textContent = `${this.shown.toLocaleString("en")} of ${this.found.length.toLocaleString("en")} pairs.`;
  }

  #row({ source, target, weight }) {
    const name = (id) => {
      const button = make("button", { type: "button", class: "mh-link" }, this.network.byId.get(id).label);
      button.addEventListener("click", () => {
        this.choose(id, { go: true });
        document.querySelector("[data-stage]").scrollIntoView({ block: "nearest" });
      });
      return button;
    };
    return make(
      "tr", {}, make("th", { scope: "row" }, name(source)), make("td", {}, name(target)),
      make("td", { class: "mh-right" }, make("a", { class: "mh-link", href: this.link(source, target) }, weight.toLocaleString("en"))),
    );
  }
}

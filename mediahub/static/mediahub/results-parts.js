/* The videos on the page in parts of some whole rows each, so that the browser lays out and paints
   only those parts that are seen: ten thousand covers scroll like sixty.

   A part ends where a row ends, or there would be gaps: so parts are made anew when rows change. */

import { idOf } from "./results-picking.js";

const LEAST = 60; // videos in a part
const AHEAD_PX = 1200;
const WALL_GAP_PX = 4;

export class Parts {
  constructor(results) {
    this.results = results;
    this.box = results.items;
    this.all = [];
    this.places = new Map(); // of the videos, by id
    this.parts = [...this.box.querySelectorAll(".mh-part")];
    this.empty = this.parts[0].cloneNode(false);
    this.nearing = new IntersectionObserver((seen) => this.#near(seen), { rootMargin: `${AHEAD_PX}px` });
    this.#take([...this.box.querySelectorAll(".mh-item")]);
    this.#group(0);
    this.rows = this.#rowKey();
    const watching = new ResizeObserver(() => this.#resized());
    watching.observe(this.box);
    results.signal.addEventListener("abort", () => {
      watching.disconnect();
      this.nearing.disconnect();
    });
  }

  of(id) {
    return this.all[this.places.get(Number(id))] || null;
  }

  /* The one so many places further on. */
  next(item, by) {
    return this.all[this.places.get(idOf(item)) + by] || null;
  }

  /* Puts videos behind the others; those that are there already stay where they are. */
  add(items) {
    const fresh = items.filter((item) => !this.places.has(idOf(item)));
    const last = this.parts.at(-1);
    const from = this.all.length - (last ? last.querySelectorAll(".mh-item").length : 0);
    this.#take(fresh);
    this.#group(from);
    return fresh;
  }

  /* Loads the pictures of parts that are about to be seen. The browser's own lazy loading looks at
     each picture in every frame, which takes it longer than all else once there are thousands. */
  #near(seen) {
    for (const { target: part } of seen.filter((one) => one.isIntersecting)) {
      this.nearing.unobserve(part);
      for (const picture of part.querySelectorAll("img[data-src]")) {
        picture.src = picture.dataset.src;
        delete picture.dataset.src;
      }
    }
  }

  #take(items) {
    for (const item of items) {
      const picture = item.querySelector("img[loading=lazy]");
      if (picture && !(picture.isConnected && picture.complete)) {
        picture.dataset.src = picture.getAttribute("src");
        picture.removeAttribute("src");
      }
      picture?.setAttribute("loading", "eager");
      this.places.set(idOf(item), this.all.length);
      this.all.push(item);
    }
  }

  #resized() {
    const rows = this.#rowKey();
    if (rows === this.rows) return;
    this.rows = rows;
    this.#group(0);
  }

  /* What rows depend on: the number of columns, or of a wall its width. */
  #rowKey() {
    if (this.results.isTable) return "1";
    if (this.results.dataset.layout === "wall") return String(this.box.clientWidth);
    return String(this.#columns());
  }

  #columns() {
    return getComputedStyle(this.parts[0]).gridTemplateColumns.split(" ").length;
  }

  /* Makes the parts anew from an item on that begins one. */
  #group(from) {
    const rows = this.#rowsFrom(from); // of the parts as they are
    const kept = this.parts.findIndex((part) => part.contains(this.all[from]));
    const old = this.parts.splice(kept < 0 ? this.parts.length : kept);
    let [part, count] = [[], 0];
    const close = () => {
      if (part.length) this.#make(part, count, old.shift());
      [part, count] = [[], 0];
    };
    for (const row of rows) {
      part.push(...row);
      count += 1;
      if (part.length >= LEAST) close();
    }
    close();
    for (const rest of old) {
      this.nearing.unobserve(rest);
      rest.remove();
    }
  }

  #make(items, rows, reused) {
    const part = reused || this.empty.cloneNode(false);
    const isSame = part.children.length === items.length && part.firstElementChild === items[0] && part.lastElementChild === items.at(-1);
    if (!isSame) part.replaceChildren(...items);
    part.style.setProperty("--rows", rows);
    if (!part.isConnected) this.box.append(part);
    this.parts.push(part);
    this.nearing.unobserve(part);
    this.nearing.observe(part); // tells anew whether it is near
  }

  #rowsFrom(from) {
    const items = this.all.slice(from);
    if (this.results.isTable) return items.map((item) => [item]);
    if (this.results.dataset.layout === "wall") return this.#wallRows(items);
    const columns = this.#columns();
    return Array.from({ length: Math.ceil(items.length / columns) }, (_, row) => items.slice(row * columns, (row + 1) * columns));
  }

  /* As the browser wraps them: each as wide as its ratio makes it at the row's height. */
  #wallRows(items) {
    const width = this.box.clientWidth;
    const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
    const height = parseFloat(getComputedStyle(this.parts[0]).getPropertyValue("--row")) * rem;
    const rows = [];
    let [row, used] = [[], 0];
    for (const item of items) {
      const wide = Number(item.style.getPropertyValue("--ratio")) * height;
      if (row.length && used + WALL_GAP_PX + wide > width + 0.01) {
        rows.push(row);
        [row, used] = [[], 0];
      }
      used += wide + (row.length ? WALL_GAP_PX : 0);
      row.push(item);
    }
    if (row.length) rows.push(row);
    return rows;
  }
}

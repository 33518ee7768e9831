/* Choosing videos with the mouse: boxes, Ctrl, Shift, and a rubber band over covers. */

const DRAG_PX = 6;
const EDGE_PX = 60; // of the window: there a band scrolls
const STEP_PX = 18;

export const idOf = (item) => Number(item.dataset.video);

export class Picking {
  constructor(results) {
    this.results = results;
    this.selection = results.selection;
    const { items, signal } = results;
    items.addEventListener("click", (event) => this.#clicked(event), { signal, capture: true });
    this.selection.addEventListener("change", () => this.mark(), { signal });
    if (!results.isTable) {
      items.addEventListener("pointerdown", (event) => this.#pressed(event), { signal });
      items.addEventListener("dragstart", (event) => event.preventDefault(), { signal });
    }
    this.mark();
  }

  /* Shows what is chosen: on all items, or on those that came. */
  mark(items = this.results.all) {
    const { isTable } = this.results;
    for (const item of items) {
      const on = this.selection.has(idOf(item));
      if (item.classList.contains("is-selected") === on && item.dataset.marked) continue;
      item.dataset.marked = "1";
      item.classList.toggle("is-selected", on);
      item.querySelector(".mh-pick input").checked = on;
      if (isTable) item.setAttribute("aria-selected", String(on));
    }
  }

  toggle(item) {
    this.selection.toggle(idOf(item));
  }

  /* From where one began to here; the rest stays as it is. */
  reach(item) {
    const all = this.results.all;
    const at = all.indexOf(item);
    const anchor = all.findIndex((one) => idOf(one) === this.selection.anchor);
    const from = anchor < 0 ? 0 : anchor;
    const ids = all.slice(Math.min(from, at), Math.max(from, at) + 1).map(idOf);
    const before = this.selection.anchor;
    this.selection.put(ids);
    this.selection.anchor = before ?? ids[0];
  }

  page() {
    this.selection.put(this.results.all.map(idOf));
  }

  #clicked(event) {
    const item = event.target.closest(".mh-item");
    if (this.wasDragged) {
      this.wasDragged = false;
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    if (!item || event.target.closest("[data-editing]")) return;
    const box = event.target.closest(".mh-pick");
    const isWatch = event.target.closest(".mh-card-watch");
    if (isWatch || !(box || event.shiftKey || event.ctrlKey || event.metaKey)) return;
    // a label sends a second click to its box
    event.preventDefault();
    event.stopPropagation();
    if (event.shiftKey) this.reach(item);
    else this.toggle(item);
    this.results.focusing.goTo(item, { quietly: true });
    setTimeout(() => this.mark([item]));
    const input = item.querySelector(".mh-pick input");
    setTimeout(() => (input.checked = this.selection.has(idOf(item)))); // the browser puts it back
  }

  #pressed(event) {
    if (event.button || event.pointerType !== "mouse" || event.target.closest(".mh-pick, .mh-card-watch")) return;
    new Band(this, event);
  }
}

/* A rectangle that is drawn with the mouse: what it touches is chosen. */
class Band {
  constructor(picking, event) {
    this.picking = picking;
    this.items = picking.results.items;
    const { scrollLeft, scrollTop } = (this.scroller = picking.results.scroll.scroller);
    this.from = { x: event.clientX + scrollLeft, y: event.clientY + scrollTop };
    this.at = { x: event.clientX, y: event.clientY };
    this.keeps = event.ctrlKey || event.metaKey || event.shiftKey;
    this.element = null;
    this.boxes = new Map();
    this.stopping = new AbortController();
    const { signal } = this.stopping;
    addEventListener("pointermove", (moved) => this.#move(moved), { signal });
    addEventListener("pointerup", () => this.#end(), { signal });
    addEventListener("pointercancel", () => this.#end(), { signal });
    addEventListener("keydown", (key) => key.key === "Escape" && this.#end({ undone: true }), { signal, capture: true });
  }

  #move(event) {
    this.at = { x: event.clientX, y: event.clientY };
    if (!this.element) {
      const { scrollLeft, scrollTop } = this.scroller;
      const [dx, dy] = [this.at.x + scrollLeft - this.from.x, this.at.y + scrollTop - this.from.y];
      if (Math.hypot(dx, dy) < DRAG_PX) return;
      this.#begin();
    }
    event.preventDefault();
    this.#draw();
  }

  #begin() {
    const { selection, results } = this.picking;
    this.before = this.keeps ? results.all.map(idOf).filter((id) => selection.has(id)) : [];
    this.element = document.createElement("div");
    this.element.className = "mh-band";
    document.body.append(this.element);
    document.body.classList.add("mh-is-banding");
    this.wasAll = selection.all && this.keeps;
    const scroll = () => {
      if (!this.element) return;
      const by = this.at.y < EDGE_PX ? -STEP_PX : this.at.y > innerHeight - EDGE_PX ? STEP_PX : 0;
      if (by) {
        this.scroller.scrollBy(0, by);
        this.#draw();
      }
      requestAnimationFrame(scroll);
    };
    requestAnimationFrame(scroll);
  }

  /* Where the parts that a rectangle touches have their items, in the page: each read once. */
  #boxesIn({ left, right, top, bottom }) {
    const { scrollLeft, scrollTop } = this.scroller;
    const boxOf = (element) => {
      const box = element.getBoundingClientRect();
      return { left: box.left + scrollLeft, top: box.top + scrollTop, right: box.right + scrollLeft, bottom: box.bottom + scrollTop };
    };
    const touches = (box) => box.left < right && box.right > left && box.top < bottom && box.bottom > top;
    return this.picking.results.parts.parts.filter((part) => touches(boxOf(part))).flatMap((part) => {
      const height = part.offsetTop;
      const known = this.boxes.get(part);
      if (known?.height === height && known.items.length === part.children.length) return known.items;
      const items = [...part.children].map((item) => ({ id: idOf(item), ...boxOf(item) }));
      this.boxes.set(part, { height, items });
      return items;
    }).filter(touches);
  }

  #draw() {
    const { scrollLeft, scrollTop } = this.scroller;
    const to = { x: this.at.x + scrollLeft, y: this.at.y + scrollTop };
    const [left, right] = [Math.min(this.from.x, to.x), Math.max(this.from.x, to.x)];
    const [top, bottom] = [Math.min(this.from.y, to.y), Math.max(this.from.y, to.y)];
    Object.assign(this.element.style, {
      transform: `translate(${left - scrollLeft}px, ${top - scrollTop}px)`,
      width: `${right - left}px`,
      height: `${bottom - top}px`,
    });
    const touched = this.#boxesIn({ left, right, top, bottom }).map((box) => box.id);
    const key = touched.join();
    if (key === this.key) return;
    this.key = key;
    const { selection } = this.picking;
    if (this.wasAll) selection.put(touched);
    else selection.replace([...this.before, ...touched]);
    selection.anchor = touched[0] ?? null;
  }

  #end({ undone = false } = {}) {
    this.stopping.abort();
    if (!this.element) return;
    this.element.remove();
    this.element = null;
    document.body.classList.remove("mh-is-banding");
    this.picking.wasDragged = true;
    setTimeout(() => (this.picking.wasDragged = false), 50); // no click comes where the mouse left what it began on
    if (undone && !this.wasAll) this.picking.selection.replace(this.before);
  }
}

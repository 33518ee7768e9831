/* A frame that is drawn with the mouse: the cards that it touches are chosen. */

const DRAG_PX = 6;
const EDGE_PX = 60; // of the window: there it scrolls
const STEP_PX = 18;

export class Band {
  constructor(grid, event) {
    this.grid = grid;
    this.scroller = scrollerOf(grid.element);
    this.at = { x: event.clientX, y: event.clientY };
    this.from = this.#inPage(this.at);
    this.kept = event.ctrlKey || event.metaKey || event.shiftKey ? [...grid.chosen] : [];
    this.before = [...grid.chosen];
    this.stopping = new AbortController();
    const { signal } = this.stopping;
    addEventListener("pointermove", (moved) => this.#move(moved), { signal });
    addEventListener("dragstart", (drag) => drag.preventDefault(), { signal });
    for (const kind of ["pointerup", "pointercancel"]) addEventListener(kind, () => this.#end(), { signal });
    addEventListener("keydown", (key) => key.key === "Escape" && this.#end(key), { signal, capture: true });
  }

  #inPage({ x, y }) {
    return { x: x + this.scroller.scrollLeft, y: y + this.scroller.scrollTop };
  }

  #move(event) {
    this.at = { x: event.clientX, y: event.clientY };
    const to = this.#inPage(this.at);
    if (!this.frame) {
      if (Math.hypot(to.x - this.from.x, to.y - this.from.y) < DRAG_PX) return;
      this.#begin();
    }
    event.preventDefault();
    this.#draw();
  }

  #begin() {
    this.frame = document.createElement("div");
    this.frame.className = "mh-band";
    document.body.append(this.frame);
    document.body.classList.add("mh-is-banding");
    const scroll = () => {
      if (!this.frame) return;
      const by = this.at.y < EDGE_PX ? -STEP_PX : this.at.y > innerHeight - EDGE_PX ? STEP_PX : 0;
      if (by) {
        this.scroller.scrollBy(0, by);
        this.#draw();
      }
      requestAnimationFrame(scroll);
    };
    requestAnimationFrame(scroll);
  }

  #draw() {
    const to = this.#inPage(this.at);
    const { scrollLeft, scrollTop } = this.scroller;
    const [left, right] = [Math.min(this.from.x, to.x) - scrollLeft, Math.max(this.from.x, to.x) - scrollLeft];
    const [top, bottom] = [Math.min(this.from.y, to.y) - scrollTop, Math.max(this.from.y, to.y) - scrollTop];
    Object.assign(this.frame.style, { transform: `translate(${left}px, ${top}px)`, width: `${right - left}px`, height: `${bottom - top}px` });
    const touched = this.grid.items.filter((item) => {
      const box = item.getBoundingClientRect();
      return box.left < right && box.right > left && box.top < bottom && box.bottom > top;
    });
    const ids = touched.map((item) => Number(item.dataset.item));
    const key = ids.join();
    if (key === this.key) return;
    this.key = key;
    this.grid.anchor = ids[0] ?? this.grid.anchor;
    this.grid.choose([...this.kept, ...ids]);
  }

  #end(undone) {
    this.stopping.abort();
    if (!this.frame) return;
    undone?.stopPropagation();
    this.frame.remove();
    this.frame = null;
    document.body.classList.remove("mh-is-banding");
    this.grid.wasDragged = true;
    setTimeout(() => (this.grid.wasDragged = false), 50); // no click comes where the mouse left what it began on
    if (undone) this.grid.choose(this.before);
  }
}

/* What scrolls the page: the window, or a box around it. */
function scrollerOf(element) {
  for (let box = element.parentElement; box && box !== document.body; box = box.parentElement) {
    if (["auto", "scroll"].includes(getComputedStyle(box).overflowY)) return box;
  }
  return document.scrollingElement;
}

/* The strip below the picture: loudness and motion or the sound's waveform, chapters, markers that
   can be dragged, the loop, and where it plays. */

import { clock, make } from "./player-dom.js";

const HEIGHT = 40;
const NUDGE_S = 0.5;

export class Timeline extends EventTarget {
  constructor(media, { data, root }) {
    super();
    this.media = media;
    this.data = data;
    this.strip = root.querySelector("[data-strip]");
    this.rail = root.querySelector("[data-rail]"); // over the seek bar
    this.head = make("span", { class: "mh-strip-head" });
    this.marks = make("div", { class: "mh-strip-marks" });
    this.shade = make("span", { class: "mh-strip-loop", hidden: true });
    this.strip.append(this.shade, this.marks, this.head);
    this.strip.addEventListener("pointerdown", (event) => this.#seek(event));
    for (const event of ["timeupdate", "seeking", "durationchange"]) media.addEventListener(event, () => this.#move());
    this.#curves();
  }

  get duration() {
    return Number.isFinite(this.media.duration) && this.media.duration > 0 ? this.media.duration : this.data.video.duration || 1;
  }

  /* Draws the markers; those with an id can be dragged where ``movable``. */
  show(markers, { movable }) {
    this.rail.replaceChildren(...markers.map((marker) => this.#place(make("i"), marker)));
    this.marks.replaceChildren(...markers.filter((marker) => marker.id).map((marker) => this.#mark(marker, movable)));
  }

  loop(from, to) {
    this.shade.hidden = from === null;
    if (from !== null) this.#place(this.shade, { start: from, end: to ?? this.media.currentTime });
  }

  #place(element, { start, end: whole, color, title, chapter }) {
    const end = chapter ? null : whole; // one chapter ends where the next begins
    element.classList.toggle("is-chapter", Boolean(chapter));
    element.style.left = `${Math.min(100, (start / this.duration) * 100)}%`;
    if (end) element.style.width = `${Math.max(0.1, ((end - start) / this.duration) * 100)}%`;
    element.classList.toggle("is-range", Boolean(end));
    if (color) element.style.setProperty("--mh-mark", color);
    if (title) element.title = title;
    return element;
  }

  #mark(marker, movable) {
    const name = `${marker.title || "Untitled"}, ${clock(marker.start)}`;
    const mark = make("button", { type: "button", class: "mh-mark", "aria-label": name, "data-mark": String(marker.id) });
    this.#place(mark, marker);
    mark.title = name;
    if (marker.end && movable) mark.append(make("span", { "data-edge": "start" }), make("span", { "data-edge": "end" }));
    mark.addEventListener("pointerdown", (event) => this.#grab(event, mark, marker, movable));
    mark.addEventListener("click", () => mark.dataset.dragged || this.#tell("go", marker));
    mark.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -NUDGE_S, ArrowRight: NUDGE_S }[event.key];
      if (!step || !movable || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      event.stopPropagation();
      this.#tell("moved", marker, moved(marker, step, "", this.duration));
    });
    return mark;
  }

  #tell(type, marker, values) {
    this.dispatchEvent(new CustomEvent(type, { detail: { marker, values } }));
  }

  #grab(event, mark, marker, movable) {
    event.stopPropagation();
    if (!movable || event.button) return;
    const edge = event.target.dataset.edge || "";
    const width = this.strip.clientWidth;
    let values = null;
    delete mark.dataset.dragged;
    mark.setPointerCapture(event.pointerId);
    const drag = (now) => {
      const by = ((now.clientX - event.clientX) / width) * this.duration;
      if (!values && Math.abs(now.clientX - event.clientX) < 3) return;
      values = moved(marker, by, edge, this.duration);
      mark.dataset.dragged = "1";
      this.#place(mark, { ...marker, ...values });
      mark.title = clock(edge === "end" ? values.end : values.start, { exact: true });
    };
    const drop = (last) => {
      mark.removeEventListener("pointermove", drag);
      if (values && last.type === "pointerup") this.#tell("moved", marker, values);
      else this.#place(mark, marker);
    };
    mark.addEventListener("pointermove", drag);
    mark.addEventListener("pointerup", drop, { once: true });
    mark.addEventListener("pointercancel", drop, { once: true });
  }

  #seek(event) {
    if (event.button) return;
    const box = this.strip.getBoundingClientRect();
    const seek = (now) => {
      const part = Math.min(1, Math.max(0, (now.clientX - box.left) / box.width));
      this.media.currentTime = part * this.duration;
    };
    seek(event);
    this.strip.setPointerCapture(event.pointerId);
    this.strip.addEventListener("pointermove", seek);
    this.strip.addEventListener("lostpointercapture", () => this.strip.removeEventListener("pointermove", seek), { once: true });
  }

  #move() {
    this.head.style.left = `${(this.media.currentTime / this.duration) * 100}%`;
  }

  async #curves() {
    const address = this.data.video.has_picture ? this.data.heatmap : this.data.waveform || this.data.heatmap;
    if (!address) return;
    const response = await fetch(address).catch(() => null);
    if (!response || !response.ok) return;
    const { loudness, motion, peaks } = await response.json();
    this.strip.prepend(curves({ filled: loudness, line: motion, mirrored: peaks }));
    const told = this.strip.parentElement.querySelector("[data-curves-told]");
    if (told) told.textContent = describe(loudness || peaks || [], this.duration);
    if (this.data.video.has_picture) this.rail.before(curves({ filled: loudness, line: motion }));
  }
}

/* Where a marker is after a drag by so many seconds, of one edge or of the whole. */
function moved({ start, end }, by, edge, duration) {
  const round = (seconds) => Math.round(seconds * 1000) / 1000;
  const clamp = (seconds, least, most) => round(Math.min(most, Math.max(least, seconds)));
  if (edge === "start") return { start: clamp(start + by, 0, end - 0.1), end };
  if (edge === "end") return { start, end: clamp(end + by, start + 0.1, duration) };
  const length = end ? end - start : 0;
  const at = clamp(start + by, 0, duration - length);
  return end ? { start: at, end: round(at + length) } : { start: at };
}

const NAMESPACE = "http://www.w3.org/2000/svg";

function curves({ filled, line, mirrored }) {
  const svg = document.createElementNS(NAMESPACE, "svg");
  svg.setAttribute("class", "mh-curves");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  const width = Math.max(2, (filled || line || mirrored || []).length) - 1;
  svg.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
  const add = (kind, d) => {
    const path = document.createElementNS(NAMESPACE, "path");
    path.setAttribute("class", `mh-curve-${kind}`);
    path.setAttribute("d", d);
    svg.append(path);
  };
  const points = (values, y) => values.map((value, x) => `${x},${y(value).toFixed(1)}`).join(" ");
  const up = (value) => HEIGHT - (value / 100) * HEIGHT;
  if (filled?.length) add("filled", `M0,${HEIGHT} L${points(filled, up)} L${width},${HEIGHT}Z`);
  if (line?.length) add("line", `M${points(line, up)}`);
  if (mirrored?.length) {
    const half = (sign) => (value) => HEIGHT / 2 + (sign * value * HEIGHT) / 200;
    const below = mirrored.map((value, x) => `${x},${half(1)(value).toFixed(1)}`).reverse().join(" ");
    add("filled", `M${points(mirrored, half(-1))} L${below}Z`);
  }
  return svg;
}

/* What the curves show, for those who don't see them. */
function describe(values, duration) {
  const loudest = values.indexOf(Math.max(...values));
  if (loudest < 0 || !values[loudest]) return "No sound.";
  return `Loudest at ${clock((loudest / values.length) * duration)}.`;
}

/* A cover that is pointed at plays a short clip; across its lower half, or with the keys, one goes
   through the frames of the sprite sheet, and a click there watches from that frame. */

import { clock, make } from "./player-dom.js";

const DELAY_MS = 150;
const sheets = new Map(); // by the address of the cues: a promise of {image, tiles}

export class Preview {
  constructor(results) {
    this.results = results;
    this.cover = null;
    const { items, signal } = results;
    this.isStill = matchMedia("(prefers-reduced-motion: reduce)").matches || navigator.connection?.saveData === true;
    items.addEventListener("pointermove", (event) => event.pointerType === "mouse" && !event.buttons && this.#pointed(event), { signal });
    items.addEventListener("pointerleave", () => this.stop(), { signal });
    items.addEventListener("pointerdown", () => clearTimeout(this.waiting), { signal });
    items.addEventListener("click", (event) => this.#clicked(event), { signal });
    items.addEventListener("keydown", (event) => this.#key(event), { signal });
    items.addEventListener("focusout", () => this.#left(), { signal });
    document.addEventListener("visibilitychange", () => this.stop(), { signal });
    signal.addEventListener("abort", () => this.stop());
  }

  stop() {
    clearTimeout(this.waiting);
    this.clip?.pause();
    this.clip?.removeAttribute("src"); // what is still to come isn't fetched any more
    this.clip?.load();
    this.clip?.remove();
    this.frame?.remove();
    this.cover?.classList.remove("is-shown");
    this.cover = this.clip = this.frame = this.sheet = null;
    this.at = null;
    this.byKeys = false;
  }

  #left() {
    if (this.byKeys) this.stop();
  }

  #pointed(event) {
    const cover = event.target.closest(".mh-item")?.querySelector(".mh-cover");
    if (cover !== this.cover) {
      this.stop();
      if (!cover) return;
      this.cover = cover;
      if (cover.dataset.preview && !this.isStill) this.waiting = setTimeout(() => this.#play(), DELAY_MS);
      if (cover.dataset.sprite) this.#load(cover);
    }
    if (!cover?.dataset.sprite) return;
    const box = cover.getBoundingClientRect();
    const inside = event.clientX >= box.left && event.clientX <= box.right && event.clientY <= box.bottom;
    const scrubs = inside && (!cover.dataset.preview || this.isStill || event.clientY > box.top + box.height / 2);
    this.part = scrubs ? (event.clientX - box.left) / box.width : null;
    this.#scrub();
  }

  #play() {
    const { cover } = this;
    const clip = make("video", { muted: true, loop: true, tabIndex: -1, "aria-hidden": "true", playsinline: "" });
    clip.src = cover.dataset.preview;
    this.clip = clip;
    // the cover stays until there is something to see, for good if the clip can't be played
    clip.addEventListener("playing", () => this.clip === clip && cover.insertBefore(clip, cover.querySelector(".mh-badges")), { once: true });
    clip.play().catch(() => {});
  }

  async #load(cover) {
    const address = cover.dataset.sprite;
    if (!sheets.has(address)) sheets.set(address, readSheet(address));
    const sheet = await sheets.get(address).catch(() => null);
    if (cover !== this.cover) return;
    this.sheet = sheet;
    this.#scrub();
  }

  /* Shows the frame that the pointer is at; none where it doesn't scrub. */
  #scrub() {
    if (!this.sheet || this.byKeys) return;
    if (this.part === null) return this.#hideFrame();
    const { tiles } = this.sheet;
    this.#show(Math.min(tiles.length - 1, Math.max(0, Math.floor(this.part * tiles.length))));
  }

  #hideFrame() {
    this.frame?.remove();
    this.frame = this.at = null;
    this.cover.classList.remove("is-shown");
  }

  #show(number) {
    const { cover, sheet } = this;
    if (!sheet?.tiles.length || (this.frame && this.at === number)) return;
    this.at = number;
    const { start, x, y, width, height } = sheet.tiles[number];
    if (!this.frame) {
      this.frame = make("span", { class: "mh-frame" }, make("span", { class: "mh-frame-tile" }), make("span", { class: "mh-frame-time" }), make("span", { class: "mh-frame-bar" }));
      cover.insertBefore(this.frame, cover.querySelector(".mh-badges"));
      cover.classList.add("is-shown");
    }
    const [tile, time, bar] = this.frame.children;
    const fit = cover.matches(".mh-cover-portrait") && !cover.closest(".mh-wall") ? Math.min : Math.max;
    const scale = fit(cover.clientWidth / width, cover.clientHeight / height);
    Object.assign(tile.style, {
      width: `${width * scale}px`,
      height: `${height * scale}px`,
      backgroundImage: `url("${sheet.image.src}")`,
      backgroundSize: `${sheet.image.naturalWidth * scale}px ${sheet.image.naturalHeight * scale}px`,
      backgroundPosition: `${-x * scale}px ${-y * scale}px`,
    });
    time.textContent = clock(start);
    bar.style.width = `${((number + 1) / sheet.tiles.length) * 100}%`;
  }

  /* In a frame a click watches from there. */
  #clicked(event) {
    if (this.at === null || !this.sheet || event.defaultPrevented || !event.target.closest(".mh-cover")) return;
    const watch = this.cover.closest(".mh-item").querySelector(".mh-card-watch");
    if (!watch || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    location.assign(this.#placeOf(watch));
  }

  #placeOf(watch) {
    return `${watch.href}&t=${this.sheet.tiles[this.at].start.toFixed(3)}`;
  }

  /* Space plays; then, or at once with , and ., the frames. */
  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !event.target.matches(".mh-card-link")) return;
    const cover = event.target.querySelector(".mh-cover");
    const isOn = this.byKeys && this.cover === cover;
    const arrows = isOn ? { ArrowLeft: -1, ArrowRight: 1 } : {};
    const dots = this.results.focusing.hasLetters ? { ",": -1, ".": 1 } : {};
    const step = { ...arrows, ...dots }[event.key];
    if (step) this.#byKey(cover, step);
    else if (event.key === " " && !event.shiftKey) this.#space(cover, isOn);
    else if (isOn && event.key === "Escape") this.stop();
    else if (isOn && event.key === "Enter" && this.at !== null) {
      const watch = cover.closest(".mh-item").querySelector(".mh-card-watch");
      if (watch) location.assign(this.#placeOf(watch));
    } else return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  #space(cover, isOn) {
    this.stop();
    if (isOn) return;
    this.cover = cover;
    this.byKeys = true;
    if (cover.dataset.preview && !this.isStill) this.#play();
    if (cover.dataset.sprite) this.#load(cover);
    if (!cover.dataset.preview && !cover.dataset.sprite) this.results.say("There is no preview of this video yet.");
  }

  async #byKey(cover, step) {
    if (!cover.dataset.sprite) return this.results.say("There are no frames of this video yet.");
    if (this.cover !== cover || !this.byKeys) {
      this.stop();
      this.cover = cover;
      this.byKeys = true;
    }
    if (!this.sheet) await this.#load(cover);
    if (!this.sheet?.tiles.length || this.cover !== cover) return;
    const last = this.sheet.tiles.length - 1;
    this.#show(this.at === null ? (step > 0 ? 0 : last) : Math.min(last, Math.max(0, this.at + step)));
    this.results.say(clock(this.sheet.tiles[this.at].start));
  }
}

const CUE = /([\d:.]+) --> [\d:.]+\n([^#\n]*)#xywh=(\d+),(\d+),(\d+),(\d+)/g;

async function readSheet(address) {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${response.status}`);
  const text = await response.text();
  const tiles = [];
  let source = "";
  for (const [, start, sheet, ...box] of text.matchAll(CUE)) {
    const [x, y, width, height] = box.map(Number);
    source = sheet;
    tiles.push({ start: start.split(":").reduce((sum, part) => sum * 60 + Number(part), 0), x, y, width, height });
  }
  const image = new Image();
  image.src = new URL(source, new URL(address, location.href)).href;
  await image.decode();
  return { image, tiles };
}

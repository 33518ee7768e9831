/* Markers: the list beside the picture, made, moved, edited and taken away without a new page. */

import { ask, clock, icon, make, readClock } from "./player-dom.js";

export class Markers {
  constructor(media, { data, root, timeline, say }) {
    Object.assign(this, { media, timeline, say, can: data.can, video: data.video.id });
    this.markers = data.markers;
    this.chapters = [];
    this.begun = null; // where a range began
    this.editing = null;
    this.list = root.querySelector("[data-markers]");
    this.chapterList = root.querySelector("[data-chapters]");
    this.tags = root.querySelector("#mh-tags");
    timeline.addEventListener("go", ({ detail }) => this.go(detail.marker));
    timeline.addEventListener("moved", ({ detail }) => this.change(detail.marker, detail.values, "moved"));
    this.list.addEventListener("click", (event) => this.#clicked(event));
    root.querySelector("[data-add-marker]")?.addEventListener("click", () => this.add());
    root.querySelector("[data-add-range]")?.addEventListener("click", () => this.range());
    root.querySelector("[data-import]")?.addEventListener("click", () => this.#choose());
    this.#readChapters();
    media.addEventListener("timeupdate", () => this.#highlight());
    media.addEventListener("durationchange", () => this.show());
    this.show();
  }

  /* Everything that one can jump to, in order. */
  get places() {
    return [...this.markers, ...this.chapters].sort((a, b) => a.start - b.start);
  }

  jump(step) {
    const now = this.media.currentTime;
    const found =
      step > 0 ? this.places.find((place) => place.start > now + 0.25) : this.places.findLast((place) => place.start < now - 1);
    if (found) this.go(found);
    else this.say(step > 0 ? "No marker after this" : "No marker before this");
  }

  go(place) {
    this.media.currentTime = place.start;
    this.say(`${clock(place.start)} ${place.title || ""}`);
  }

  async add(values = {}) {
    if (!this.can.add) return this.say("You may not make markers");
    const start = values.start ?? this.#now();
    return this.#doing(async () => {
      const made = await ask("POST", "markers/", { video: this.video, start, ...values });
      this.markers.push(made);
      this.show();
      this.say(`Marker at ${clock(start)}`, { undo: () => this.#delete(made) });
      return made;
    });
  }

  /* The first press begins a range, the second ends it. */
  range() {
    if (this.begun === null) {
      this.begun = this.#now();
      this.say(`Range from ${clock(this.begun)}: press again where it ends`);
    } else {
      const [start, end] = [this.begun, this.#now()].sort((a, b) => a - b);
      this.begun = null;
      if (end - start >= 0.1) this.add({ start, end });
      else this.say("The range was too short");
    }
    this.list.closest("[data-watch]").querySelector("[data-add-range]")?.setAttribute("aria-pressed", String(this.begun !== null));
  }

  change(marker, values, done = "changed") {
    const valueOf = (name) => (name === "tag" ? marker.tag?.id : marker[name]) ?? null;
    const before = Object.fromEntries(Object.keys(values).map((name) => [name, valueOf(name)]));
    return this.#doing(async () => {
      Object.assign(marker, await this.#patch(marker, values));
      this.show();
      this.say(`Marker ${done}`, { undo: () => this.change(marker, before, "put back") });
    });
  }

  #patch(marker, values) {
    const headers = { "If-Unmodified-Since-Version": String(marker.version) };
    return ask("PATCH", `markers/${marker.id}/`, values, { headers });
  }

  async #delete(marker, { told = false } = {}) {
    await this.#doing(async () => {
      await ask("DELETE", `markers/${marker.id}/`);
      this.markers = this.markers.filter((other) => other.id !== marker.id);
      this.show();
      const { title, start, end, tag, color } = marker;
      const again = { title, start, end, tag: tag?.id ?? null, color };
      this.say("Marker deleted", { undo: told && (() => this.add(again)) });
    });
  }

  async #doing(deed) {
    try {
      return await deed();
    } catch (error) {
      if (error.status === 412) {
        await this.#reload();
        this.say("Somebody else changed that marker: here it is as it is now");
      } else this.say(error.message);
      this.show();
      return undefined;
    }
  }

  async #reload() {
    this.markers = (await ask("GET", `markers/?video=${this.video}&page_size=500`)).results;
    this.show();
  }

  #now() {
    return Math.round(this.media.currentTime * 1000) / 1000;
  }

  show() {
    this.markers.sort((a, b) => a.start - b.start || a.id - b.id);
    this.timeline.show(this.places, { movable: this.can.change });
    const rows = this.markers.map((marker) => (marker.id === this.editing ? this.#form(marker) : this.#row(marker)));
    this.list.replaceChildren(...rows);
    this.list.nextElementSibling.hidden = rows.length > 0; // the words that say how to make one
    this.chapterList.replaceChildren(...this.chapters.map((chapter) => this.#row(chapter)));
    this.chapterList.parentElement.hidden = this.chapters.length === 0;
    this.#highlight();
  }

  #row(place) {
    const times = clock(place.start) + (place.end && place.id ? ` – ${clock(place.end)}` : "");
    const go = make("button", { type: "button", class: "mh-marker-go", "data-go-to": String(place.start) },
      make("span", { class: `mh-marker-dot ${place.chapter ? "is-chapter" : place.end ? "is-range" : ""}` }),
      make("span", { class: "mh-marker-text" },
        make("span", { class: "mh-marker-title" }, place.title || "Untitled"),
        make("span", { class: "mh-marker-sub" }, times, place.tag && make("span", { class: "mh-marker-tag" }, place.tag.name))));
    if (place.color) go.style.setProperty("--mh-mark", place.color);
    const row = make("li", { class: "mh-marker", "data-start": String(place.start), "data-end": place.end && String(place.end) }, go);
    go.addEventListener("click", () => this.go(place));
    if (place.id) {
      row.dataset.id = place.id;
      if (this.can.change) row.append(button("edit", "Edit", place));
      if (this.can.remove) row.append(button("delete", "Delete", place));
    }
    return row;
  }

  #clicked(event) {
    const pressed = event.target.closest("[data-deed]");
    const marker = pressed && this.markers.find((one) => String(one.id) === pressed.closest("[data-id]").dataset.id);
    if (!marker) return;
    if (pressed.dataset.deed === "delete") this.#delete(marker, { told: true });
    else this.edit(marker);
  }

  edit(marker) {
    this.editing = marker.id;
    this.show();
    this.list.querySelector("form [name=title]").select();
  }

  #form(marker) {
    const field = (label, input) => make("label", { class: "mh-marker-field" }, make("span", {}, label), input);
    const text = (name, value, more) => make("input", { name, value: value ?? "", autocomplete: "off", ...more });
    const form = make("form", { class: "mh-marker-form" },
      field("Title", text("title", marker.title, { maxlength: "300" })),
      field("From", text("start", clock(marker.start, { exact: true }))),
      field("To", text("end", marker.end ? clock(marker.end, { exact: true }) : "", { placeholder: "a point" })),
      field("Tag", text("tag", marker.tag?.name, { list: "mh-tags" })),
      field("Colour", make("input", { type: "color", name: "color", value: marker.color || "#808080" })),
      make("div", { class: "mh-marker-deeds" },
        make("button", { class: "mh-button mh-player-primary" }, "Save"),
        make("button", { type: "button", class: "mh-button", "data-cancel": "" }, "Cancel")));
    const stop = () => {
      this.editing = null;
      this.show();
    };
    form.elements.tag.addEventListener("input", () => this.#complete(form.elements.tag.value));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#save(marker, form, stop);
    });
    form.querySelector("[data-cancel]").addEventListener("click", stop);
    form.addEventListener("keydown", (event) => event.key === "Escape" && (event.stopPropagation(), stop()));
    return make("li", { class: "mh-marker is-edited" }, form);
  }

  async #save(marker, form, stop) {
    const { title, start, end, tag, color } = form.elements;
    const from = readClock(start.value);
    const to = end.value.trim() ? readClock(end.value) : null;
    if (from === null || (end.value.trim() && to === null)) return this.say("Write times such as 75.5, 1:15.5 or 00:01:15.500");
    const values = { title: title.value, start: from, end: to };
    if (color.value !== (marker.color || "#808080")) values.color = color.value;
    if (tag.value !== (marker.tag?.name ?? "")) {
      const found = tag.value.trim() ? await this.#tagNamed(tag.value.trim()) : null;
      if (found === undefined) return this.say(`There is no tag “${tag.value}”`);
      values.tag = found?.id ?? null;
    }
    this.editing = null;
    await this.change(marker, values);
    return stop();
  }

  async #tagNamed(name) {
    return (await ask("GET", `tags/?name=${encodeURIComponent(name)}&page_size=1`)).results[0];
  }

  #complete(words) {
    clearTimeout(this.completing);
    this.completing = setTimeout(async () => {
      const { results } = await ask("GET", `tags/?search=${encodeURIComponent(words)}&page_size=10`).catch(() => ({ results: [] }));
      this.tags.replaceChildren(...results.map((tag) => make("option", { value: tag.name })));
    }, 200);
  }

  #readChapters() {
    const track = this.media.querySelector("track[kind=chapters]");
    const read = () => {
      const cues = [...(track.track.cues || [])];
      this.chapters = cues.map((cue) => ({ start: cue.startTime, end: cue.endTime, title: cue.text, chapter: true }));
      this.show();
    };
    if (!track) return;
    track.track.mode = "hidden";
    track.addEventListener("load", read);
    if (track.readyState === 2) read();
  }

  #highlight() {
    const now = this.media.currentTime;
    for (const row of document.querySelectorAll(".mh-marker[data-end]")) {
      row.classList.toggle("is-now", now >= Number(row.dataset.start) && now < Number(row.dataset.end));
    }
  }

  /* The field is in no document, where Unfold's script would expect a text field beside it. */
  #choose() {
    const input = make("input", { type: "file", accept: ".vtt,.json,.edl,.txt,.ffmetadata" });
    input.addEventListener("change", () => input.files.length && this.#import(input.files[0]));
    input.click();
  }

  async #import(file) {
    const body = new FormData();
    body.append("file", file);
    await this.#doing(async () => {
      const { added, changed } = await ask("POST", `videos/${this.video}/markers/import/`, body);
      await this.#reload();
      this.say(`Markers added: ${added}, changed: ${changed}`);
    });
  }
}

function button(deed, label, marker) {
  const name = `${label} ${marker.title || clock(marker.start)}`;
  return make("button", { type: "button", class: "mh-icon-button", "data-deed": deed, "aria-label": name, title: label }, icon(deed));
}


/* Speed, volume, loop from A to B, frames, subtitles, quality, wake lock and media keys. */

import { clock, kept } from "./player-dom.js";

const SPEEDS = [0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2, 3, 4];
const VOLUME = "mediahub.volume";
const SPEED = "mediahub.speed";

export class Extras {
  constructor(media, { data, root, timeline, source, say }) {
    Object.assign(this, { media, data, timeline, source, say });
    this.menu = root.querySelector("[data-menu]");
    this.a = this.b = null;
    this.#volume();
    this.#speeds();
    this.#subtitles();
    this.#qualities();
    this.#menu(root.querySelector("[data-menu-button]"));
    this.#awake();
    media.addEventListener("timeupdate", () => this.#loop());
  }

  /* One press sets where it begins, one where it ends, one takes it away. */
  loop() {
    const now = this.media.currentTime;
    if (this.a === null) {
      this.a = now;
      this.say(`Loop from ${clock(now)}: press again where it ends`);
    } else if (this.b === null && now - this.a > 0.2) {
      this.b = now;
      this.say(`Loop from ${clock(this.a)} to ${clock(now)}`);
      this.media.currentTime = this.a;
    } else {
      this.a = this.b = null;
      this.say("No loop");
    }
    this.timeline.loop(this.a, this.b);
  }

  #loop() {
    if (this.b !== null && this.media.currentTime >= this.b) this.media.currentTime = this.a;
    if (this.a !== null && this.b === null) this.timeline.loop(this.a, null);
  }

  seek(by) {
    const { media } = this;
    media.currentTime = Math.min(media.duration || 0, Math.max(0, media.currentTime + by));
    this.say(`${by > 0 ? "+" : "−"}${Math.abs(by)} s`);
  }

  frame(step) {
    this.media.pause();
    this.media.currentTime = Math.max(0, this.media.currentTime + step / (this.data.video.frame_rate || 25));
  }

  faster(step) {
    const rate = this.media.playbackRate;
    const found = step > 0 ? SPEEDS.find((speed) => speed > rate) : SPEEDS.findLast((speed) => speed < rate);
    this.speed(found || rate);
  }

  speed(rate) {
    this.media.playbackRate = this.media.defaultPlaybackRate = rate;
    sessionStorage.setItem(SPEED, String(rate));
    this.say(`Speed ${rate}×`);
  }

  louder(step) {
    this.media.muted = false;
    this.media.volume = Math.min(1, Math.max(0, Math.round((this.media.volume + step) * 20) / 20));
    this.say(`Volume ${Math.round(this.media.volume * 100)} %`);
  }

  mute() {
    this.media.muted = !this.media.muted;
    this.say(this.media.muted ? "Sound off" : "Sound on");
  }

  async pip() {
    if (document.pictureInPictureElement) await document.exitPictureInPicture();
    else if (document.pictureInPictureEnabled && this.media.videoWidth) await this.media.requestPictureInPicture().catch(() => this.say("No picture in picture now"));
    else this.say("This browser has no picture in picture");
  }

  captions() {
    const tracks = this.#texts();
    if (!tracks.length) return this.say("No subtitles");
    const shown = tracks.findIndex((track) => track.mode === "showing");
    return this.#show(shown < 0 ? tracks[this.lastText || 0] : null);
  }

  #texts() {
    return [...this.media.textTracks].filter((track) => ["subtitles", "captions"].includes(track.kind));
  }

  #show(chosen) {
    this.#texts().forEach((track, index) => {
      track.mode = track === chosen ? "showing" : "disabled";
      if (track === chosen) this.lastText = index;
    });
    this.say(chosen ? `Subtitles: ${chosen.label}` : "Subtitles off");
  }

  #subtitles() {
    const select = this.menu.querySelector("[name=subtitles]");
    const tracks = this.#texts();
    select.closest("label").hidden = tracks.length === 0;
    select.append(...tracks.map((track, index) => new Option(track.label, String(index))));
    select.addEventListener("change", () => this.#show(tracks[Number(select.value)] ?? null));
    this.media.textTracks.addEventListener("change", () => {
      const shown = tracks.findIndex((track) => track.mode === "showing");
      select.value = shown < 0 ? "" : String(shown);
    });
  }

  #speeds() {
    const select = this.menu.querySelector("[name=speed]");
    select.append(...SPEEDS.map((speed) => new Option(`${speed}×`, String(speed))));
    select.addEventListener("change", () => this.speed(Number(select.value)));
    this.media.addEventListener("ratechange", () => (select.value = String(this.media.playbackRate)));
    const kept = Number(sessionStorage.getItem(SPEED)) || 1;
    select.value = String(kept);
    this.media.addEventListener("loadedmetadata", () => (this.media.playbackRate = Number(select.value) || 1));
  }

  /* The file itself where the browser plays it, and what it is converted to. */
  #qualities() {
    const { source } = this;
    const select = this.menu.querySelector("[name=quality]");
    const offer = () => {
      const levels = source.levels.toSorted((a, b) => b.height - a.height);
      const options = levels.map((one) => new Option(`${one.height}p${one.isCopy ? ", unchanged" : ""}`, String(one.index)));
      if (levels.length !== 1) options.unshift(new Option(levels.length ? "Automatic" : "Converted", "-1"));
      if (source.playsFile) options.unshift(new Option("The file itself", "file"));
      select.replaceChildren(...options);
      select.value = source.way === "direct" ? "file" : options.find((option) => option.value !== "file").value;
    };
    select.addEventListener("change", () => {
      if (select.value === "file") source.play("direct");
      else if (source.way === "direct") source.play("hls");
      else source.level = Number(select.value);
    });
    for (const event of ["levels", "way"]) source.addEventListener(event, offer);
  }

  #volume() {
    const { media } = this;
    const { volume, muted } = kept(localStorage, VOLUME) ?? {};
    if (volume >= 0 && volume <= 1) Object.assign(media, { volume, muted: Boolean(muted) });
    media.addEventListener("volumechange", () => {
      localStorage.setItem(VOLUME, JSON.stringify({ volume: media.volume, muted: media.muted }));
    });
  }

  #menu(button) {
    const show = (open) => {
      this.menu.hidden = !open;
      button.setAttribute("aria-expanded", String(open));
    };
    button.addEventListener("click", () => {
      show(this.menu.hidden);
      if (!this.menu.hidden) this.menu.querySelector("select").focus();
    });
    document.addEventListener("pointerdown", ({ target }) => {
      if (!this.menu.contains(target) && !button.contains(target)) show(false);
    });
    this.menu.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      show(false);
      button.focus();
    });
  }

  /* The screen stays on while a picture plays. */
  #awake() {
    let lock = null;
    const change = async () => {
      const wanted = !this.media.paused && this.data.video.has_picture && !document.hidden;
      if (wanted && !lock) lock = await navigator.wakeLock?.request("screen").catch(() => null);
      else if (!wanted && lock) {
        await lock.release();
        lock = null;
      }
    };
    for (const event of ["playing", "pause", "ended"]) this.media.addEventListener(event, change);
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) lock = null; // the browser has released it
      else change();
    });
  }

  /* Keys of keyboards, headsets and lock screens. */
  session({ next, previous }) {
    const { media } = this;
    const keys = navigator.mediaSession;
    if (!keys) return;
    const artwork = this.data.poster ? [{ src: new URL(this.data.poster, location.href).href }] : [];
    keys.metadata = new MediaMetadata({ title: this.data.video.title, artist: this.data.video.by, artwork });
    const deeds = {
      play: () => media.play(),
      pause: () => media.pause(),
      seekbackward: ({ seekOffset }) => this.seek(-(seekOffset || 10)),
      seekforward: ({ seekOffset }) => this.seek(seekOffset || 10),
      seekto: ({ seekTime }) => (media.currentTime = seekTime),
      nexttrack: next,
      previoustrack: previous,
    };
    for (const [name, deed] of Object.entries(deeds)) {
      try {
        keys.setActionHandler(name, deed);
      } catch {
        // this browser doesn't know that key
      }
    }
  }
}

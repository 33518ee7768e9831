/* Tells the server what was played and where it stopped: every 10 s, at a pause and on leaving. */

import { ask, randomHex } from "./player-dom.js";

const EVERY_MS = 10000;
const JUMP_S = 3; // further apart than that, two ticks aren't one stretch
const LEAST_S = 0.05;

export class Progress {
  constructor(media, video) {
    this.media = media;
    this.path = `videos/${video.id}/played/`;
    this.session = uuid();
    this.stretch = null;
    this.waiting = [];
    this.told = null; // the place that the server knows
    for (const event of ["timeupdate", "playing"]) media.addEventListener(event, () => this.#tick());
    media.addEventListener("seeking", () => this.#close());
    for (const event of ["pause", "ended"]) media.addEventListener(event, () => this.report());
    setInterval(() => media.paused || this.report(), EVERY_MS);
    addEventListener("pagehide", () => this.report());
    document.addEventListener("visibilitychange", () => document.hidden && this.report());
  }

  #tick() {
    const now = this.media.currentTime;
    if (this.media.seeking) return;
    if (this.stretch && now >= this.stretch.to && now - this.stretch.to <= JUMP_S * Math.max(1, this.media.playbackRate)) {
      this.stretch.to = now;
    } else {
      this.#close();
      this.stretch = { from: now, to: now };
    }
  }

  #close() {
    const stretch = this.stretch;
    this.stretch = null;
    if (stretch && stretch.to - stretch.from >= LEAST_S) this.waiting.push(stretch);
  }

  report() {
    this.#tick(); // what came since the last one
    this.#close();
    const stretches = this.waiting.splice(0);
    const position = this.media.ended ? this.media.duration : this.media.currentTime;
    if (!stretches.length && this.media.played.length && position !== this.told) stretches.push({ from: position, to: position });
    this.told = position;
    for (const { from, to } of stretches) {
      const body = { session: this.session, from, to, position };
      // what got lost is sent with the next report; sent twice it counts once
      ask("POST", this.path, body, { keepalive: true }).catch((error) => {
        if (!error.status || error.status >= 500) this.waiting.push({ from, to });
      });
    }
  }
}

function uuid() {
  return randomHex(16).replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, "$1-$2-4$3-8$4-$5");
}

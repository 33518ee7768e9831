/* Tells the server what was played and where it stopped: every 10 s, at a pause and on leaving. */

import { ask } from "./player-dom.js";

const EVERY_MS = 10000;
const JUMP_S = 3; // further apart than that, two ticks aren't one stretch
const LEAST_S = 0.3;

export class Progress {
  constructor(media, video) {
    this.media = media;
    this.path = `videos/${video.id}/played/`;
    this.session = uuid();
    this.stretch = null;
    this.waiting = [];
    media.addEventListener("timeupdate", () => this.#tick());
    media.addEventListener("seeking", () => this.#close());
    for (const event of ["pause", "ended"]) media.addEventListener(event, () => this.report());
    setInterval(() => media.paused || this.report(), EVERY_MS);
    addEventListener("pagehide", () => this.report());
    document.addEventListener("visibilitychange", () => document.hidden && this.report());
  }

  #tick() {
    const now = this.media.currentTime;
    if (this.media.seeking || this.media.paused) return;
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
    this.#close();
    const stretches = this.waiting.splice(0);
    const position = this.media.ended ? this.media.duration : this.media.currentTime;
    for (const { from, to } of stretches) {
      const body = { session: this.session, from, to, position };
      // what got lost is sent with the next report; sent twice it counts once
      ask("POST", this.path, body, { keepalive: true }).catch((error) => {
        if (!error.status || error.status >= 500) this.waiting.push({ from, to });
      });
    }
  }
}

/* crypto.randomUUID is missing on pages without TLS */
function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/* Where the picture comes from: the file itself where the browser can play it, else HLS. */

import { make, randomHex } from "./player-dom.js";

const NEAR_S = 5;
const AGAIN = 2; // times that a lost connection is tried again before somebody is asked

export class Source extends EventTarget {
  constructor(media, { data, root }) {
    super();
    this.media = media;
    this.data = data;
    this.panel = root.querySelector("[data-failure]");
    this.library = root.dataset.hls;
    this.file = root.dataset.stream;
    this.playlist = `${root.dataset.playlist}?s=${token()}`;
    this.way = "";
    this.hls = null;
    this.failures = 0; // at this place
    this.failedAt = 0;
    media.addEventListener("error", () => this.#broke());
    media.addEventListener("loadedmetadata", () => this.#look());
  }

  /* Loads the video from a place on, in seconds. */
  start(at = 0, { play = false } = {}) {
    this.panel.hidden = true;
    if (this.data.video.missing) {
      this.fail("The file is missing.", "Is its disk or share mounted? A scan of the library finds it again.");
    } else if (this.playsFile) this.#direct(at, play);
    else this.#converted(at, play);
  }

  get playsFile() {
    return Boolean(this.data.type && this.media.canPlayType(this.data.type));
  }

  /* Changes between the file and its conversion, at the same place. */
  play(way) {
    const at = this.media.currentTime;
    if (way === "direct") this.#direct(at, true);
    else this.#converted(at, true);
  }

  #direct(at, play) {
    this.#set("direct");
    this.media.src = this.file;
    this.#goOn(at, play);
  }

  async #converted(at, play) {
    this.#set("hls");
    if (!window.MediaSource && !window.ManagedMediaSource) {
      if (!this.media.canPlayType("application/vnd.apple.mpegurl")) {
        this.fail("This browser plays no streams.", "Try another browser, or save the file and open it there.");
        return;
      }
      this.media.src = this.playlist;
      this.#goOn(at, play);
      return;
    }
    const { default: Hls } = await import(this.library);
    if (this.way !== "hls") return;
    this.hls?.destroy();
    // a worker would need a blob: of its own code; fragmented MP4 leaves it little to do
    this.hls = new Hls({ startPosition: at || -1, enableWorker: false, backBufferLength: 60, maxBufferLength: 30 });
    this.hls.on(Hls.Events.ERROR, (_event, fault) => this.#hlsBroke(Hls, fault));
    this.hls.on(Hls.Events.MANIFEST_PARSED, () => this.dispatchEvent(new Event("levels")));
    this.hls.on(Hls.Events.LEVEL_SWITCHED, () => this.dispatchEvent(new Event("level")));
    this.hls.loadSource(`${this.playlist}&start=${at}`);
    this.hls.attachMedia(this.media);
    if (play) this.#play();
  }

  get levels() {
    const levels = this.hls ? this.hls.levels : [];
    return levels.map(({ height, uri }, index) => ({ index, height, isCopy: uri.includes("/copy/") }));
  }

  set level(index) {
    this.hls.nextLevel = index;
  }

  fail(what, advice) {
    const panel = this.panel;
    panel.querySelector("[data-failure-text]").replaceChildren(make("b", {}, what), make("span", {}, advice));
    panel.querySelector("[data-convert]").hidden = this.way !== "direct";
    panel.hidden = false;
    this.media.pause();
    this.dispatchEvent(new Event("failed"));
  }

  retry(convert = false) {
    const at = this.media.currentTime || this.data.resume;
    this.failures = 0;
    this.panel.hidden = true;
    if (convert) this.#converted(at, true);
    else this.start(at, { play: true });
  }

  #set(way) {
    this.way = way;
    this.hls?.destroy();
    this.hls = null;
    this.media.removeAttribute("src");
    this.dispatchEvent(new Event("way"));
  }

  #goOn(at, play) {
    const seek = () => {
      if (at && at < (this.media.duration || Infinity) - 0.5) this.media.currentTime = at;
      if (play) this.#play();
    };
    this.media.addEventListener("loadedmetadata", seek, { once: true });
    this.media.load();
  }

  #play() {
    this.media.play().catch(() => {}); // browsers may want a click first: the button stays
  }

  /* Some browsers play the sound alone of a picture that they can't decode. */
  #look() {
    const unseen = this.data.video.has_picture && !this.media.videoWidth;
    if (this.way === "direct" && unseen) this.#converted(this.media.currentTime, !this.media.paused);
  }

  #broke() {
    const error = this.media.error;
    if (!error || !this.panel.hidden) return;
    if (this.way === "direct") this.#converted(this.media.currentTime || this.data.resume, true);
    else if (!this.hls) this.#explain();
  }

  #hlsBroke(Hls, fault) {
    if (!fault.fatal) return;
    const at = this.media.currentTime;
    this.failures = Math.abs(at - this.failedAt) > NEAR_S ? 1 : this.failures + 1;
    this.failedAt = at;
    const status = fault.response?.code;
    if (fault.type === Hls.ErrorTypes.MEDIA_ERROR && this.failures <= AGAIN) this.hls.recoverMediaError();
    else if (fault.type === Hls.ErrorTypes.NETWORK_ERROR && !status && this.failures <= AGAIN) this.hls.startLoad();
    else this.#explain(fault.url || fault.response?.url);
  }

  /* The server says why, as a problem in JSON. */
  async #explain(address = this.playlist) {
    const response = await fetch(address).catch(() => null);
    const problem = response ? await response.json().catch(() => ({})) : {};
    const wait = Number(response?.headers.get("Retry-After")) || 0;
    if (!response) this.fail("MediaHub can't be reached.", "Is the server running, and are you in its network?");
    else if (response.status === 503) {
      this.fail(problem.detail || "Too many videos are being converted.", "Try again in a moment.");
      if (wait) setTimeout(() => this.panel.hidden || this.retry(), wait * 1000);
    } else if (!response.ok) {
      this.fail(problem.detail || `The server answered ${response.status}.`, "The page of the video says more about its file.");
    } else {
      this.fail("The stream can't be decoded.", "The file may be damaged: check it, or save it and try another player.");
    }
  }
}

/* Names this tab to the server, so that its next video ends the conversion of its last one. It is in
   the storage between two pages only: a copy of the tab, which gets a copy of that, is another. */
function token() {
  const key = "mediahub.tab";
  const mine = sessionStorage.getItem(key) || randomHex(12);
  sessionStorage.removeItem(key);
  addEventListener("pagehide", () => sessionStorage.setItem(key, mine));
  addEventListener("pageshow", () => sessionStorage.removeItem(key));
  return mine;
}

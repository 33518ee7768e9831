/* The way to other videos: by the list that one came from, or by chance with a way back. */

import { ask, kept, make } from "./player-dom.js";

const WALK = "mediahub.walk";
const COUNTDOWN_S = 8;

export class Order {
  constructor(media, { data, root, say }) {
    this.media = media;
    this.data = data;
    this.say = say;
    this.countdown = root.querySelector("[data-countdown]");
    this.randomBox = root.querySelector("[data-random]");
    this.nextBox = root.querySelector("[data-play-next]");
    this.walk = kept(sessionStorage, WALK) ?? { on: false, places: [], at: -1 };
    this.#arrive();
    this.randomBox.checked = this.walk.on;
    this.nextBox.checked = data.settings.play_next;
    this.randomBox.addEventListener("change", () => this.random(this.randomBox.checked));
    this.nextBox.addEventListener("change", () => this.#keep(this.nextBox.checked));
    for (const [name, step] of [["next", () => this.next()], ["previous", () => this.previous()]]) {
      for (const link of root.querySelectorAll(`[data-go="${name}"]`)) {
        link.addEventListener("click", (event) => {
          if (event.ctrlKey || event.metaKey || event.shiftKey) return;
          event.preventDefault();
          step();
        });
      }
    }
    media.addEventListener("ended", () => this.#offer());
    media.addEventListener("playing", () => this.#stop());
    this.#name();
  }

  get #hasNext() {
    return this.walk.on || this.data.next;
  }

  next() {
    const { on, places, at } = this.walk;
    if (on && at + 1 < places.length) this.#go(at + 1);
    else if (on) location.assign(this.data.random);
    else if (this.data.next) location.assign(this.data.next);
    else this.say("This is the last one");
  }

  previous() {
    if (this.walk.on && this.walk.at > 0) this.#go(this.walk.at - 1);
    else if (this.walk.on) this.say("Here the random order began");
    else if (this.data.previous) location.assign(this.data.previous);
    else this.say("This is the first one");
  }

  random(on = !this.walk.on) {
    this.walk = { on, places: [here()], at: 0 };
    this.#save();
    this.randomBox.checked = on;
    this.#name();
    this.say(on ? "Random order" : "In order");
  }

  /* Where one comes to by chance is added to the way; what lay ahead is forgotten. */
  #arrive() {
    const { on, places, at } = this.walk;
    if (!on || places[at] === here()) return;
    this.walk.places = [...places.slice(0, at + 1), here()].slice(-200);
    this.walk.at = this.walk.places.length - 1;
    this.#save();
  }

  #go(at) {
    this.walk.at = at;
    this.#save();
    location.assign(this.walk.places[at]);
  }

  #save() {
    sessionStorage.setItem(WALK, JSON.stringify(this.walk));
  }

  #name() {
    for (const link of document.querySelectorAll("[data-go]")) {
      const ends = link.dataset.go === "next" ? this.#hasNext : this.walk.on || this.data.previous;
      link.toggleAttribute("aria-disabled", !ends);
      if (!ends) link.setAttribute("aria-disabled", "true");
    }
  }

  #keep(on) {
    this.data.settings.play_next = on;
    if (!on) this.#stop();
    ask("PATCH", "player-settings/", { play_next: on }).catch((error) => this.say(error.message));
  }

  #offer() {
    if (!this.data.settings.play_next || !this.#hasNext || this.media.loop) return;
    let left = COUNTDOWN_S;
    const seconds = make("b", {}, String(left));
    const title = this.walk.on ? "Another video" : this.data.next_title;
    const go = make("button", { type: "button", class: "mh-button mh-player-primary" }, "Play now");
    const stay = make("button", { type: "button", class: "mh-button" }, "Stay here");
    go.addEventListener("click", () => this.next());
    stay.addEventListener("click", () => this.#stop());
    this.countdown.replaceChildren(
      make("p", {}, "Next in ", seconds, " s"), make("p", { class: "mh-countdown-title" }, title), make("div", { class: "mh-countdown-deeds" }, go, stay),
    );
    this.countdown.hidden = false;
    this.timer = setInterval(() => {
      left -= 1;
      seconds.textContent = String(left);
      if (left <= 0) this.next();
    }, 1000);
  }

  #stop() {
    clearInterval(this.timer);
    this.countdown.hidden = true;
  }
}

function here() {
  return location.pathname + location.search;
}

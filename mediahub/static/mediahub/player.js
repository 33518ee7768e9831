/* The watch page: puts the player's parts together. */

import { ask, make } from "./player-dom.js";
import { Extras } from "./player-extras.js";
import { Keys } from "./player-keys.js";
import { Markers } from "./player-markers.js";
import { Order } from "./player-order.js";
import { Progress } from "./player-progress.js";
import { Source } from "./player-source.js";
import { Timeline } from "./player-timeline.js";

const SAID_MS = 1500;
const UNDO_MS = 8000;

const root = document.querySelector("[data-watch]");
const data = JSON.parse(document.getElementById("mh-player").textContent);
const media = root.querySelector("[slot=media]");
const stage = root.querySelector("media-controller");

/* A few words over the picture; with a way to take back what was done. */
const said = root.querySelector("[data-said]");
let fading = null;

function say(words, { undo } = {}) {
  clearTimeout(fading);
  said.replaceChildren(make("span", {}, words));
  if (undo) {
    const button = make("button", { type: "button", class: "mh-said-undo" }, "Undo");
    button.addEventListener("click", () => {
      said.replaceChildren();
      undo();
    });
    said.append(button);
  }
  fading = setTimeout(() => said.replaceChildren(), undo ? UNDO_MS : SAID_MS);
}

async function makeCover() {
  const at = Math.round(media.currentTime * 1000) / 1000;
  if (!data.can.cover) return say("You may not change the cover");
  try {
    await ask("POST", `videos/${data.video.id}/cover/`, { at });
    return say("The cover is being made from this frame");
  } catch (error) {
    return say(error.message);
  }
}

async function fullscreen() {
  if (document.fullscreenElement) await document.exitFullscreen();
  else if (stage.requestFullscreen) await stage.requestFullscreen();
  else media.webkitEnterFullscreen?.();
}

const parts = { data, root, say };
parts.source = new Source(media, parts);
parts.timeline = new Timeline(media, parts);
const extras = new Extras(media, parts);
const order = new Order(media, parts);
const markers = new Markers(media, parts);
new Progress(media, data.video);

const deeds = {
  play: () => (media.paused ? media.play().catch(() => {}) : media.pause()),
  back: () => extras.seek(-5),
  forward: () => extras.seek(5),
  back_more: () => extras.seek(-10),
  forward_more: () => extras.seek(10),
  back_most: () => extras.seek(-60),
  forward_most: () => extras.seek(60),
  tenths: (digit) => (media.currentTime = (media.duration || 0) * (Number(digit) / 10)),
  frame_back: () => extras.frame(-1),
  frame_forward: () => extras.frame(1),
  slower: () => extras.faster(-1),
  faster: () => extras.faster(1),
  normal_speed: () => extras.speed(1),
  mute: () => extras.mute(),
  louder: () => extras.louder(0.05),
  quieter: () => extras.louder(-0.05),
  captions: () => extras.captions(),
  fullscreen,
  pip: () => extras.pip(),
  loop: () => extras.loop(),
  previous_marker: () => markers.jump(-1),
  next_marker: () => markers.jump(1),
  marker: () => markers.add(),
  range: () => markers.range(),
  cover: makeCover,
  next: () => order.next(),
  previous: () => order.previous(),
  random: () => order.random(),
};
new Keys({ root, keys: data.settings.keys, deeds });
extras.session({ next: deeds.next, previous: deeds.previous });
root.querySelector("[data-cover]")?.addEventListener("click", makeCover);
root.querySelector("[data-retry]").addEventListener("click", () => parts.source.retry());
root.querySelector("[data-convert]").addEventListener("click", () => parts.source.retry(true));
parts.source.start(data.resume, { play: data.settings.autoplay });

/* In the grid a short clip plays in place of the cover that is pointed at or has the focus. */

const DELAY_MS = 300;
const grid = document.querySelector("[data-zoom-grid]");
let waiting = null;
let shown = null;

function stop() {
  clearTimeout(waiting);
  shown?.remove();
  shown = null;
}

function start({ target }) {
  const cover = target.closest?.(".mh-card")?.querySelector("[data-preview]");
  if (shown && shown.parentElement === cover) return;
  stop();
  if (!cover) return;
  waiting = setTimeout(() => {
    const video = Object.assign(document.createElement("video"), { muted: true, loop: true, playsInline: true, tabIndex: -1 });
    video.setAttribute("aria-hidden", "true");
    video.src = cover.dataset.preview;
    shown = video;
    // the cover stays until there is something to see, for good if the clip can't be played
    video.addEventListener("playing", () => shown === video && cover.insertBefore(video, cover.querySelector(".mh-badges")), { once: true });
    video.play().catch(() => {});
  }, DELAY_MS);
}

if (grid && !matchMedia("(prefers-reduced-motion: reduce)").matches) {
  grid.addEventListener("pointerover", (event) => event.pointerType === "mouse" && start(event));
  grid.addEventListener("pointerleave", stop);
  grid.addEventListener("focusin", (event) => event.target.matches(":focus-visible") && start(event));
  grid.addEventListener("focusout", ({ relatedTarget }) => relatedTarget?.closest?.(".mh-card") || stop());
  document.addEventListener("visibilitychange", stop);
}

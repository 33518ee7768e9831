"use strict";

/* How many videos the pinned views show, in the sidebar and on the first page; asked each minute. */
(() => {
  const EVERY_MS = 60000;
  const ADDRESS = new URL(document.currentScript.src).searchParams.get("counts");

  function places() {
    const pinned = [...document.querySelectorAll("[data-view-count]")].map((one) => [one.dataset.viewCount, one]);
    for (const link of document.querySelectorAll('#nav-sidebar-apps a[href*="/browse/?view="]')) {
      const badge = link.querySelector("span:last-child");
      pinned.push([new URL(link.href).searchParams.get("view"), badge]);
    }
    return pinned;
  }

  async function refresh() {
    const shown = places();
    if (!shown.length || document.hidden) return;
    const response = await fetch(ADDRESS);
    if (!response.ok) return;
    const counts = await response.json();
    for (const [view, place] of shown) {
      if (!(view in counts)) continue;
      place.textContent = counts[view] ? counts[view].text : "!";
      place.title = counts[view] ? "" : "This view can't be shown: open it to see why.";
    }
  }

  window.addEventListener("load", () => {
    refresh().catch(() => {});
    setInterval(() => refresh().catch(() => {}), EVERY_MS);
  });
})();

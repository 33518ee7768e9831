/* Which videos are in the queue: the form above it, whose state is the address. */

import { answer } from "./tagger-source.js";

const REGIONS = ["tagger-video", "tagger-queue", "tagger-candidates"];
const PAUSE_MS = 350;

export function startFilters(tagger) {
  const { root } = tagger;
  let timer = 0;
  let turn = 0;

  async function go(address, { push = true } = {}) {
    const mine = ++turn;
    tagger.busy(true);
    try {
      const fresh = await answer(address, "page");
      if (mine !== turn) return;
      if (push) history.pushState(null, "", address);
      tagger.panes.forget();
      head(fresh);
      for (const id of REGIONS) document.getElementById(id).replaceChildren(...fresh.getElementById(id).childNodes);
      root.dataset.state = root.querySelector("[name=state]").value;
      root.querySelector("[data-said]").textContent = root.querySelector("[data-count]").textContent;
      tagger.fault("");
      tagger.shown();
    } catch (error) {
      if (mine === turn) tagger.fault(error.message);
    } finally {
      if (mine === turn) tagger.busy(false);
    }
  }

  /* Who is at one of the filters stays there. */
  function head(fresh) {
    const old = document.getElementById("tagger-head");
    const now = fresh.getElementById("tagger-head");
    const parts = old.contains(document.activeElement) ? ["[data-count]", ".br-tools"] : [".br-bar"];
    for (const part of parts) old.querySelector(part).replaceWith(now.querySelector(part));
  }

  function ask() {
    clearTimeout(timer);
    const form = root.querySelector("[data-filters]");
    const given = [...new FormData(form)].filter(([name, value]) => value && !(name === "state" && value === "review"));
    const address = `${root.dataset.address}?${new URLSearchParams(given)}`;
    if (address !== location.pathname + location.search) go(address);
  }

  root.addEventListener("change", (event) => event.target.closest("[data-filters]") && ask());
  root.addEventListener("input", (event) => {
    if (!event.target.matches("[data-filters] input")) return;
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE_MS);
  });
  root.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-filters]")) return;
    event.preventDefault();
    ask();
  });
  window.addEventListener("popstate", () => go(location.href, { push: false }));
}

/* What follows comes as one scrolls; Back finds the place again. */

import { ask, kept } from "./player-dom.js";
import { fragment } from "./results-said.js";

const AHEAD_PX = 1600;
const MOST_AT_ONCE = 500;

export class Scroll {
  constructor(results) {
    this.results = results;
    this.more = results.querySelector("[data-more]");
    this.next = results.dataset.next;
    this.size = Number(results.dataset.pageSize);
    this.isEndless = results.dataset.paging === "scroll";
    this.scroller = scrollerOf(results);
    this.loading = null;
    const { signal } = results;
    results.querySelector("[data-paging-switch]").addEventListener("change", (event) => this.#choose(event.target.checked), { signal });
    this.more.querySelector("a").addEventListener("click", (event) => this.#clicked(event), { signal });
    addEventListener("pagehide", () => this.keep(), { signal });
    document.addEventListener("visibilitychange", () => this.keep(), { signal });
    document.addEventListener("mh:going", () => this.keep(), { signal }); // another state takes this one's place
    this.observer = new IntersectionObserver((seen) => seen.some((one) => one.isIntersecting) && this.#reached(), { rootMargin: `${AHEAD_PX}px` });
    this.observer.observe(this.more);
    signal.addEventListener("abort", () => this.observer.disconnect());
    // what isn't seen yet takes the room of what is
    const first = results.all[0];
    if (first) results.items.style.setProperty("--tall", `${first.offsetHeight}px`);
  }

  #reached() {
    if (this.isEndless && this.next && !this.failed) this.load();
  }

  #clicked(event) {
    if (!this.isEndless || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    event.stopPropagation();
    this.failed = false;
    this.load();
  }

  async #choose(isEndless) {
    this.isEndless = isEndless;
    await ask("PATCH", "browse-settings/", { paging: isEndless ? "scroll" : "pages" }).catch((error) => this.results.say(error.message));
    if (isEndless) this.observer.unobserve(this.more);
    if (isEndless) this.observer.observe(this.more); // tells anew where it is
  }

  /* Fetches the next page; whether there was one. */
  load(size = this.size) {
    this.loading ??= this.#load(size).finally(() => (this.loading = null));
    return this.loading;
  }

  async #load(size) {
    if (!this.next) return false;
    this.results.setAttribute("aria-busy", "true");
    try {
      const response = await fetch(`${location.pathname}${fragment(sized(this.next, size))}`, { signal: this.results.signal });
      if (!response.ok || response.redirected) throw new Error(`The server answered ${response.status}.`);
      this.#put(await response.text());
      return true;
    } catch (error) {
      if (error.name === "AbortError") return false;
      this.failed = true;
      this.results.say(`What follows could not be loaded. ${error.message}`);
      return false;
    } finally {
      this.results.removeAttribute("aria-busy");
    }
  }

  #put(html) {
    const page = new DOMParser().parseFromString(html, "text/html").querySelector("mh-results");
    const fresh = [...page.querySelectorAll("[data-items] .mh-item")];
    const came = this.results.parts.add(fresh.map((item) => document.adoptNode(item)));
    this.results.picking.mark(came);
    this.next = page.dataset.next;
    this.more.hidden = !this.next;
    if (this.next) this.more.querySelector("a").href = sized(this.next, this.size);
    this.results.say(`${came.length} more videos`);
    this.results.bar.show();
    // still within reach: the observer tells of changes only
    this.observer.unobserve(this.more);
    this.observer.observe(this.more);
  }

  get #key() {
    return `mediahub.browse${this.results.address}`;
  }

  /* Where one is: the first video that is seen, and how far below the window's top it is. */
  keep() {
    const { all, parts, focusing } = this.results;
    const isBelow = (element) => element.getBoundingClientRect().bottom > 0;
    const part = parts.parts.find(isBelow); // what is in parts that aren't seen has no layout
    const seen = part && [...part.children].find(isBelow);
    const place = {
      loaded: all.length,
      top: this.scroller.scrollTop,
      seen: seen?.dataset.video,
      offset: seen?.getBoundingClientRect().top,
      focus: focusing?.id ?? null,
    };
    sessionStorage.setItem(this.#key, JSON.stringify(place));
  }

  forget() {
    sessionStorage.removeItem(this.#key);
  }

  async restore() {
    const place = kept(sessionStorage, this.#key);
    if (!place) return;
    while (this.results.isConnected && this.results.all.length < place.loaded && this.next && this.isEndless) {
      const lacking = place.loaded - this.results.all.length;
      if (!(await this.load(Math.min(MOST_AT_ONCE, Math.max(this.size, lacking))))) break;
    }
    if (place.focus) this.results.focusing.goToId(place.focus);
    this.scroller.scrollTop = place.top;
    // how tall covers are is known only once they are seen
    for (let turn = 0; turn < 3; turn += 1) {
      await new Promise(requestAnimationFrame);
      const seen = place.seen && this.results.itemOf(place.seen);
      if (seen && place.top) this.scroller.scrollTop += seen.getBoundingClientRect().top - place.offset;
    }
    this.results.dataset.restored = "";
  }
}

function sized(address, size) {
  const parameters = new URLSearchParams(address);
  parameters.set("page_size", size);
  return `?${parameters}`;
}

/* What scrolls the page: the window, or a box around it. */
function scrollerOf(element) {
  for (let box = element.parentElement; box && box !== document.body; box = box.parentElement) {
    const { overflowY } = getComputedStyle(box);
    if (["auto", "scroll"].includes(overflowY)) return box;
  }
  return document.scrollingElement;
}


"use strict";

/*
 * Live regions. An element with data-live="URL" is asked for anew when something happened to a job
 * that the page shows; with data-live-all, to any job. The answer is HTML whose elements with an id
 * take the place of those that are there; they are changed in place, so that focus, scroll position
 * and running transitions survive. data-live-ids="NAME" makes the address name elements by their
 * data-NAME: the active ones, and those of which an event told. data-live-every="SECONDS" asks
 * for it that often in any case.
 *
 * One stream of server-sent events tells a visible page what happened (its address is in ours).
 * Where none passes, the regions are asked for every second while something carries data-active.
 */
(() => {
  const PERIOD_MS = 1000;
  const LEAST_MS = 500; // between two refreshments
  const IDLE_MS = 15000; // of regions that show all jobs, without a stream
  const SILENCE_MS = 40000; // the server says something each 15 s
  const AGAIN_MS = 30000;
  const SPOKEN_EVERY_MS = 10000;
  const EVENTS = new URL(document.currentScript.src).searchParams.get("events");

  function morph(old, fresh) {
    if (old.nodeType !== fresh.nodeType || old.nodeName !== fresh.nodeName) {
      old.replaceWith(fresh.cloneNode(true));
      return;
    }
    if (old.nodeType !== Node.ELEMENT_NODE) {
      if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
      return;
    }
    for (const { name } of [...old.attributes]) {
      if (!fresh.hasAttribute(name)) old.removeAttribute(name);
    }
    for (const { name, value } of fresh.attributes) {
      if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    }
    morphChildren(old, fresh);
  }

  /* What has an id stays itself wherever it moves to, so that nobody's button becomes another's. */
  function morphChildren(old, fresh) {
    let at = old.firstChild;
    for (const node of fresh.childNodes) {
      const same = node.id && [...old.children].find((child) => child.id === node.id);
      if (same && same !== at) old.insertBefore(same, at);
      if (same === at || (at && !same && !node.id && !at.id)) {
        const next = at.nextSibling;
        morph(at, node);
        at = next;
      } else if (same) {
        morph(same, node);
      } else {
        old.insertBefore(node.cloneNode(true), at);
      }
    }
    while (at) {
      const next = at.nextSibling;
      at.remove();
      at = next;
    }
  }

  function put(html) {
    const fresh = new DOMParser().parseFromString(html, "text/html");
    const focused = document.activeElement;
    window.mediahub.hideIcons(fresh);
    for (const element of fresh.querySelectorAll("[id]")) {
      if (element.parentElement.closest("[id]")) continue; // goes with the one around it
      const old = document.getElementById(element.id);
      if (old) morph(old, element);
    }
    // moving an element takes the focus from it
    if (focused && focused.isConnected && document.activeElement !== focused) focused.focus({ preventScroll: true });
  }

  async function fetchText(address) {
    const response = await fetch(address, { headers: { "X-Requested-With": "fetch" } });
    if (response.redirected || !response.ok) throw new Error(`${address}: ${response.status}`);
    return response.text();
  }

  function isActive() {
    return document.querySelector("[data-active]") !== null;
  }

  /* The value of data-NAME of each element that has it, once. */
  function named(kind, within = "") {
    const found = [...document.querySelectorAll(`${within}[data-${kind}]`)];
    return [...new Set(found.map((one) => one.dataset[kind]))];
  }

  /* Where to ask for a region; nothing if it would name nobody. */
  function address(region, touched) {
    const kind = region.dataset.liveIds;
    if (!kind) return region.dataset.live;
    const active = named(kind, "[data-active]");
    const told = kind === "job" ? [...touched] : touched.size ? named(kind) : [];
    const ids = new Set([...active, ...told.filter((id) => named(kind).includes(id))]);
    return ids.size ? `${region.dataset.live}?${[...ids].map((id) => `id=${id}`).join("&")}` : null;
  }

  async function follow(log) {
    const last = log.querySelector("li:last-child");
    const html = await fetchText(`${log.dataset.log}&after=${last ? last.dataset.line : 0}`);
    const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
    log.insertAdjacentHTML("beforeend", html.trim());
    if (atEnd) log.scrollTop = log.scrollHeight;
  }

  let spokenAt = 0;

  function speak() {
    const said = document.getElementById("mh-live-status");
    const bar = document.querySelector("[data-active] [role=progressbar]");
    const now = Date.now();
    if (!said || now - spokenAt < SPOKEN_EVERY_MS) return;
    spokenAt = now;
    const percent = bar && bar.getAttribute("aria-valuenow");
    said.textContent = percent ? `${bar.getAttribute("aria-label")}: ${percent} %` : "";
  }

  /* Asks for the regions, one time after the other, however often it is wanted meanwhile. */
  class Refresher {
    constructor(regions) {
      this.regions = regions;
      this.touched = new Set();
      this.failures = 0;
      this.isWanted = this.isRunning = false;
      this.timer = null;
      this.startedAt = 0; // to ask for the regions
      this.ranAt = Date.now(); // for these or the logs
      this.afterwards = () => {};
    }

    want() {
      this.isWanted = true;
      if (this.isRunning || this.timer !== null || document.hidden) return;
      const pause = Math.max(0, this.startedAt + LEAST_MS - Date.now());
      this.timer = setTimeout(() => this.run(), pause);
    }

    stop() {
      clearTimeout(this.timer);
      this.timer = null;
    }

    async run({ onlyLogs = false } = {}) {
      if (this.isRunning) return;
      const wasActive = isActive();
      const touched = this.touched;
      this.isRunning = true;
      this.ranAt = Date.now();
      if (!onlyLogs) {
        this.stop();
        this.isWanted = false;
        this.startedAt = Date.now();
        this.touched = new Set();
      }
      try {
        for (const region of onlyLogs ? [] : this.regions) {
          const place = address(region, touched);
          if (place) put(await fetchText(place));
        }
        for (const log of document.querySelectorAll("[data-follow]")) await follow(log);
        speak();
        this.failures = 0;
      } catch {
        this.failures += 1;
      }
      this.isRunning = false;
      if (wasActive && !isActive()) document.dispatchEvent(new Event("mh:settled"));
      if (this.isWanted) this.want();
      this.afterwards();
    }
  }

  /* The events of what the page shows, as long as somebody looks at it. */
  class Stream {
    constructor(regions, refresher) {
      this.refresher = refresher;
      this.showsAll = regions.some(
        (one) => "liveAll" in one.dataset || (one.dataset.liveIds || "job") !== "job",
      );
      this.isLive = false;
      this.source = this.query = this.silence = this.last = null;
      this.mayTryAt = 0;
      this.onchange = () => {};
    }

    /* What to ask the stream for: batches tell of their children by their own progress. */
    wanted() {
      if (this.showsAll) return "?parent=none";
      const ids = named("job").slice(0, 100);
      return ids.length ? `?job=${ids.join(",")}` : null;
    }

    /* Opens or closes it as the page as it is now needs. */
    adapt() {
      const query = EVENTS && window.EventSource && !document.hidden ? this.wanted() : null;
      if (query === this.query || (query && Date.now() < this.mayTryAt)) return;
      this.close();
      if (query) this.open(query);
    }

    open(query) {
      const since = this.last ? `&last_event_id=${this.last}` : "";
      const source = new EventSource(`${EVENTS}${query}${since}`);
      this.source = source;
      this.query = query;
      this.hear();
      source.addEventListener("ready", (event) => {
        const isFirst = this.last === null;
        this.live(event);
        if (isFirst) this.refresher.want(); // what happened since the page was made
      });
      source.addEventListener("beat", (event) => this.live(event));
      source.addEventListener("resync", (event) => {
        this.live(event);
        this.refresher.want();
      });
      source.addEventListener("job", (event) => {
        this.live(event);
        this.refresher.touched.add(String(JSON.parse(event.data).job));
        this.refresher.want();
      });
      source.addEventListener("error", () => {
        this.setLive(false); // the browser comes back by itself, unless it was refused
        if (source.readyState === EventSource.CLOSED) this.rest();
      });
    }

    live(event) {
      this.last = event.lastEventId || this.last;
      this.hear();
      this.setLive(true);
    }

    hear() {
      clearTimeout(this.silence);
      this.silence = setTimeout(() => this.rest(), SILENCE_MS);
    }

    setLive(isLive) {
      if (this.isLive === isLive) return;
      this.isLive = isLive;
      this.onchange();
    }

    rest() {
      this.mayTryAt = Date.now() + AGAIN_MS;
      this.close();
      setTimeout(() => this.adapt(), AGAIN_MS);
    }

    close() {
      clearTimeout(this.silence);
      if (this.source) this.source.close();
      this.source = this.query = null;
      this.setLive(false);
    }
  }

  function start(regions) {
    const refresher = new Refresher(regions);
    const stream = new Stream(regions, refresher);
    const periods = regions.map((one) => 1000 * one.dataset.liveEvery).filter((ms) => ms > 0);
    let timer = null;

    /* How long until we ask by ourselves, and for what. */
    function next() {
      const failed = Math.min(1 + refresher.failures, 10);
      const asks = periods.map((ms) => [ms, false]);
      if (stream.isLive && document.querySelector("[data-follow]")) asks.push([PERIOD_MS, true]);
      if (!stream.isLive && isActive()) asks.push([PERIOD_MS, false]);
      if (!stream.isLive && stream.showsAll) asks.push([IDLE_MS, false]);
      asks.sort(([a], [b]) => a - b);
      return asks.length && refresher.failures < 20 ? [asks[0][0] * failed, asks[0][1]] : null;
    }

    function plan() {
      clearTimeout(timer);
      const ask = document.hidden ? null : next();
      if (!ask) return;
      const [period, onlyLogs] = ask;
      const pause = Math.max(0, refresher.ranAt + period - Date.now());
      timer = setTimeout(() => refresher.run({ onlyLogs }), pause);
    }

    refresher.afterwards = () => {
      stream.adapt();
      plan();
    };
    stream.onchange = plan;
    document.addEventListener("visibilitychange", () => {
      stream.adapt();
      refresher.stop();
      plan();
      if (!document.hidden && (stream.query || isActive())) refresher.want();
    });
    window.addEventListener("pagehide", () => stream.close());
    window.addEventListener("pageshow", () => stream.adapt());
    stream.adapt();
    plan();
  }

  window.addEventListener("load", () => {
    const regions = [...document.querySelectorAll("[data-live]")];
    if (!regions.length) return;
    const said = document.createElement("div");
    said.id = "mh-live-status";
    said.className = "mh-spoken";
    said.setAttribute("role", "status");
    document.body.append(said);
    document.querySelectorAll("[data-log]").forEach((log) => (log.scrollTop = log.scrollHeight));
    start(regions);
  });
})();

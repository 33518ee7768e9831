"use strict";

/*
 * Live regions. An element with data-live="URL" is asked for anew every second while something on
 * the page carries data-active and the page is visible. The answer is HTML whose elements with an
 * id take the place of those that are there; they are changed in place, so that focus, scroll
 * position and running transitions survive. With data-live-ids="NAME" the address names the active
 * elements by their data-NAME.
 */
(() => {
  const PERIOD_MS = 1000;
  const SPOKEN_EVERY_MS = 10000;

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
    const before = [...old.childNodes];
    const after = [...fresh.childNodes];
    after.forEach((node, i) => (before[i] ? morph(before[i], node) : old.append(node.cloneNode(true))));
    before.slice(after.length).forEach((node) => node.remove());
  }

  /* Icons are words in a font of pictures: beside a text those who listen needn't hear them. */
  function hideIcons(root) {
    for (const icon of root.querySelectorAll(".material-symbols-outlined")) {
      const words = icon.parentElement.textContent.trim();
      if (words !== icon.textContent.trim()) icon.setAttribute("aria-hidden", "true");
    }
  }

  function put(html) {
    const fresh = new DOMParser().parseFromString(html, "text/html");
    hideIcons(fresh);
    for (const element of fresh.querySelectorAll("[id]")) {
      if (element.parentElement.closest("[id]")) continue; // goes with the one around it
      const old = document.getElementById(element.id);
      if (old) morph(old, element);
    }
  }

  async function fetchText(address) {
    const response = await fetch(address, { headers: { "X-Requested-With": "fetch" } });
    if (response.redirected || !response.ok) throw new Error(`${address}: ${response.status}`);
    return response.text();
  }

  function address(region) {
    const kind = region.dataset.liveIds;
    if (!kind) return region.dataset.live;
    const ids = [...document.querySelectorAll(`[data-active][data-${kind}]`)];
    return `${region.dataset.live}?${ids.map((one) => `id=${one.dataset[kind]}`).join("&")}`;
  }

  async function follow(log) {
    const last = log.querySelector("li:last-child");
    const html = await fetchText(`${log.dataset.log}&after=${last ? last.dataset.line : 0}`);
    const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
    log.insertAdjacentHTML("beforeend", html.trim());
    if (atEnd) log.scrollTop = log.scrollHeight;
  }

  let spokenAt = 0;

  function speak(region) {
    const said = document.getElementById("mh-live-status");
    const bar = region.ownerDocument.querySelector("[data-active] [role=progressbar]");
    const now = Date.now();
    if (!said || now - spokenAt < SPOKEN_EVERY_MS) return;
    spokenAt = now;
    const percent = bar && bar.getAttribute("aria-valuenow");
    said.textContent = percent ? `${bar.getAttribute("aria-label")}: ${percent} %` : "";
  }

  function isActive() {
    return document.querySelector("[data-active]") !== null;
  }

  async function refresh(region) {
    put(await fetchText(address(region)));
    for (const log of document.querySelectorAll("[data-follow]")) await follow(log);
    speak(region);
  }

  function start(region) {
    let timer = null;
    let failures = 0;

    async function tick() {
      timer = null;
      const wasActive = isActive();
      try {
        await refresh(region);
        failures = 0;
      } catch {
        failures += 1;
      }
      if (wasActive && !isActive()) document.dispatchEvent(new Event("mh:settled"));
      if (isActive() && failures < 20) schedule(PERIOD_MS * Math.min(1 + failures, 10));
    }

    function schedule(delay) {
      if (timer === null && !document.hidden) timer = setTimeout(tick, delay);
    }

    document.addEventListener("visibilitychange", () => {
      clearTimeout(timer);
      timer = null;
      if (isActive()) schedule(0);
    });
    if (isActive()) schedule(PERIOD_MS);
  }

  function liveRegions() {
    const regions = document.querySelectorAll("[data-live]");
    if (!regions.length) return;
    const said = document.createElement("div");
    said.id = "mh-live-status";
    said.className = "mh-spoken";
    said.setAttribute("role", "status");
    document.body.append(said);
    regions.forEach(start);
    document.querySelectorAll("[data-log]").forEach((log) => (log.scrollTop = log.scrollHeight));
  }

  /* Forms that are sent as soon as a choice is made; without script their button does it. */
  function autosubmit() {
    for (const form of document.querySelectorAll("form[data-autosubmit]")) {
      const send = () => {
        for (const field of form.elements) {
          if (field.name && field.value === "") field.disabled = true; // keeps the address short
        }
        form.submit();
      };
      form.addEventListener("change", (event) => {
        if (event.target.type !== "search") send();
      });
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        send();
      });
      // The pickers tell of a choice by jQuery's events alone.
      const $ = window.django && window.django.jQuery;
      if ($) $(form).on("select2:select select2:unselect select2:clear", send);
    }
  }

  /* The size of the covers: in the address when a link was followed, else what was chosen last. */
  function zoom() {
    const buttons = document.querySelector("[data-zoom-buttons]");
    const grid = document.querySelector("[data-zoom-grid]");
    if (!buttons) return;
    const show = (size) => {
      if (grid) grid.dataset.zoomGrid = size;
      for (const link of buttons.children) {
        link.toggleAttribute("aria-current", link.dataset.zoom === size);
        if (link.dataset.zoom === size) link.setAttribute("aria-current", "true");
      }
    };
    const chosen = localStorage.getItem("mediahub.zoom");
    if (chosen && !new URLSearchParams(location.search).has("zoom")) show(chosen);
    buttons.addEventListener("click", (event) => {
      const link = event.target.closest("[data-zoom]");
      if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      localStorage.setItem("mediahub.zoom", link.dataset.zoom);
      history.replaceState(history.state, "", link.href);
      show(link.dataset.zoom);
    });
  }

  /* Parts that stay as open as they were left, where there is room for that. */
  function remembered() {
    for (const details of document.querySelectorAll("details[data-remember]")) {
      const key = `mediahub.open.${details.dataset.remember}`;
      if (innerWidth >= 800 && sessionStorage.getItem(key)) details.open = true;
      details.addEventListener("toggle", () => {
        if (details.open) sessionStorage.setItem(key, "1");
        else sessionStorage.removeItem(key);
      });
    }
  }

  /* In a grid the arrow keys go from cover to cover; Tab works as everywhere. */
  function arrows() {
    document.addEventListener("keydown", (event) => {
      const link = event.target.closest && event.target.closest(".mh-card-link");
      const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: "up", ArrowDown: "down" }[event.key];
      if (!link || step === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
      const links = [...link.closest(".mh-grid").querySelectorAll(".mh-card-link")];
      const at = links.indexOf(link);
      const top = links[0].offsetTop;
      const columns = Math.max(1, links.findIndex((other) => other.offsetTop > top + 4));
      const by = step === "up" ? -columns : step === "down" ? columns : step;
      if (links[at + by]) {
        event.preventDefault();
        links[at + by].focus();
      }
    });
  }

  /* The browser's colour picker beside a text that may stay empty. */
  function colors() {
    for (const picker of document.querySelectorAll("[data-color]")) {
      const text = picker.previousElementSibling.querySelector("input") || picker.previousElementSibling;
      const follow = () => (picker.value = /^#[0-9a-f]{6}$/i.test(text.value) ? text.value : "#808080");
      picker.addEventListener("input", () => (text.value = picker.value));
      text.addEventListener("input", follow);
      follow();
    }
  }

  /* What Unfold leaves without a name: search boxes in pickers, fields in tables. */
  function nameFields() {
    for (const box of document.querySelectorAll(".select2-search__field:not([aria-label])")) {
      const container = box.closest(".select2-container");
      const select = container && container.previousElementSibling;
      const label = select && select.labels && select.labels[0];
      box.setAttribute("aria-label", label ? label.textContent.trim() : "Search");
    }
    for (const field of document.querySelectorAll("table.formset td :is(input, select, textarea)")) {
      const cell = field.closest("td");
      const heads = cell.closest("table").querySelectorAll("thead th");
      const head = heads[[...cell.parentElement.children].indexOf(cell)];
      if (head && !(field.labels && field.labels.length) && !field.hasAttribute("aria-label")) {
        field.setAttribute("aria-label", head.textContent.trim());
      }
    }
  }

  /* Buttons that copy a field. */
  function copying() {
    for (const button of document.querySelectorAll("[data-copy]")) {
      button.addEventListener("click", async () => {
        const field = document.querySelector(button.dataset.copy);
        field.select();
        if (navigator.clipboard) await navigator.clipboard.writeText(field.value);
        else document.execCommand("copy");
        button.lastElementChild.textContent = "Copied";
      });
    }
  }

  /* Unfold's frame has no landmark for what the page is about. */
  function landmarks() {
    const main = document.getElementById("content");
    if (main && !document.querySelector("main, [role=main]")) main.setAttribute("role", "main");
  }

  window.addEventListener("load", () => {
    landmarks();
    hideIcons(document);
    liveRegions();
    autosubmit();
    zoom();
    remembered();
    arrows();
    copying();
    colors();
    // After the pickers, which jQuery makes once it thinks that the page is ready.
    if (window.django && window.django.jQuery) window.django.jQuery(() => setTimeout(nameFields));
    document.addEventListener("formset:added", () => setTimeout(nameFields));
  });
})();

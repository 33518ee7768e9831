"use strict";

(() => {
  /* Icons are words in a font of pictures: beside a text those who listen needn't hear them. */
  function hideIcons(root) {
    for (const icon of root.querySelectorAll(".material-symbols-outlined")) {
      const words = icon.parentElement.textContent.trim();
      if (words !== icon.textContent.trim()) icon.setAttribute("aria-hidden", "true");
    }
  }

  window.mediahub = { hideIcons };

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

  /* Unfold writes the name of a chosen file into a text field beside it, and fails where there is
     none, as beside ours. What it has marked it leaves alone: we mark first. */
  function ownFileFields() {
    const mark = () => {
      for (const field of document.querySelectorAll("input[type=file].mh-file-input")) field.hasChangeListener = true;
    };
    new MutationObserver(mark).observe(document.documentElement, { childList: true, subtree: true });
    mark();
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

  /* Unfold's frame has no landmarks for its head and for what the page is about; what scrolls is none. */
  function landmarks() {
    const main = document.getElementById("content");
    if (main && !document.querySelector("main, [role=main]")) main.setAttribute("role", "main");
    const head = document.getElementById("header-inner");
    if (head) head.setAttribute("role", "banner");
    for (const scrolled of document.querySelectorAll(".simplebar-content-wrapper")) {
      scrolled.setAttribute("role", "group");
    }
  }

  ownFileFields();
  window.addEventListener("load", () => {
    landmarks();
    hideIcons(document);
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

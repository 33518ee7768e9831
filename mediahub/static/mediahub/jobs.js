"use strict";

/* What is about jobs: the end of a log, the words for a schedule's times, how one's own jobs ended. */
(() => {
  const PAUSE_MS = 300;
  const SHOWN_MS = 8000;

  /* A log that is longer than its box has a button to its end, where new lines come. */
  function logEnd() {
    const log = document.querySelector("[data-log]");
    const button = document.querySelector("[data-to-end]");
    if (!log || !button) return;
    const show = () => {
      button.hidden = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
    };
    button.addEventListener("click", () => {
      log.scrollTop = log.scrollHeight;
      log.focus();
    });
    log.addEventListener("scroll", show);
    new MutationObserver(show).observe(log, { childList: true });
    show();
  }

  /* The times of a schedule in words, while they are typed or chosen. */
  function cron() {
    const told = document.querySelector("[data-cron-told]");
    const field = document.querySelector("input[name=cron]");
    if (!told || !field) return;
    let timer = null;
    const ask = async () => {
      const asked = field.value;
      const response = await fetch(`${told.dataset.cronTold}?cron=${encodeURIComponent(asked)}`);
      if (!response.ok || field.value !== asked) return;
      const answer = await response.json();
      told.textContent = answer.told;
      told.toggleAttribute("data-bad", !answer.ok);
    };
    const later = () => {
      clearTimeout(timer);
      timer = setTimeout(ask, PAUSE_MS);
    };
    field.addEventListener("input", later);
    for (const button of document.querySelectorAll("[data-cron]")) {
      button.addEventListener("click", () => {
        field.value = button.dataset.cron;
        field.dispatchEvent(new Event("input", { bubbles: true }));
      });
    }
    if (field.value) ask();
  }

  /* Only the parameters of the chosen kind of job are explained. */
  function kinds() {
    const select = document.querySelector("select[data-kind]");
    if (!select) return;
    const show = () => {
      for (const line of document.querySelectorAll("[data-of-kind]")) {
        line.hidden = line.dataset.ofKind !== select.value;
      }
    };
    select.addEventListener("change", show);
    show();
  }

  /* A live list may move on while a button is held down: then the button is another job's. */
  function steadyButtons() {
    let pressed = null;
    document.addEventListener("pointerdown", (event) => {
      const button = event.target.closest("button[formaction]");
      pressed = button && button.formAction;
    });
    document.addEventListener("click", (event) => {
      const button = event.target.closest("button[formaction]");
      if (button && event.detail && pressed !== button.formAction) event.preventDefault();
    });
  }

  /* The bell of a live page counts up by itself: then it also says so, for a while. */
  function toast() {
    const bell = document.getElementById("bell");
    if (!bell) return;
    const count = () => parseInt(bell.querySelector("b")?.textContent || "0", 10);
    let known = count();
    new MutationObserver(() => {
      const now = count();
      if (now > known) say(bell.href, now - known);
      known = now;
    }).observe(bell, { childList: true, subtree: true, characterData: true });
  }

  function say(address, number) {
    document.querySelector(".mh-toast")?.remove();
    const link = document.createElement("a");
    link.className = "mh-toast";
    link.href = address;
    link.setAttribute("role", "status");
    link.textContent = number > 1 ? `${number} of your jobs have ended` : "One of your jobs has ended";
    document.body.append(link);
    setTimeout(() => link.remove(), SHOWN_MS);
  }

  window.addEventListener("load", () => {
    toast();
    steadyButtons();
    logEnd();
    cron();
    kinds();
  });
})();

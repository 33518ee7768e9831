"use strict";

/* What only the pages of jobs need: the end of a log, and the words for a schedule's times. */
(() => {
  const PAUSE_MS = 300;

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

  window.addEventListener("load", () => {
    logEnd();
    cron();
    kinds();
  });
})();

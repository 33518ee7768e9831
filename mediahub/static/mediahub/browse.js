/* Browse: puts the page's parts together. The state is the address; the server renders it. */

import { startGoing } from "./browse-go.js";
import { startChips } from "./chips.js";
import { startFilters } from "./filter-panel.js";
import { ask } from "./player-dom.js";
import { startBox } from "./query-box.js";
import { startViews } from "./saved-views.js";

const root = document.querySelector("[data-browse]");

/* Menus close when one looks elsewhere, and by Escape. */
function menus() {
  const open = () => root.querySelectorAll("details.br-menu[open]");
  document.addEventListener("click", (event) => {
    for (const menu of open()) {
      if (!menu.contains(event.target) && event.target.isConnected) menu.open = false;
    }
  });
  document.addEventListener("focusin", (event) => {
    for (const menu of open()) if (!menu.contains(event.target)) menu.open = false;
  });
  root.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" && event.target.closest("details.br-menu[open]");
    if (!menu) return;
    event.preventDefault();
    menu.open = false;
    menu.querySelector("summary").focus();
  });
}

/* Choices of how videos are shown are what the next visit begins with. */
function keeping() {
  root.addEventListener("click", (event) => {
    const link = event.target.closest("[data-keep]");
    if (!link) return;
    const [name, value] = link.dataset.keep.split("=");
    const body = { [name]: name === "page_size" ? Number(value) : value };
    ask("PATCH", "browse-settings/", body, { keepalive: true }).catch(() => {});
  });
}

function dialogs() {
  document.addEventListener("click", (event) => {
    const dialog = event.target.closest("dialog.br-dialog");
    if (dialog && (event.target === dialog || event.target.closest("[data-close]"))) dialog.close();
  });
}

startGoing();
startBox();
startChips();
startFilters();
startViews();
menus();
keeping();
dialogs();

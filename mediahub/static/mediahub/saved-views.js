/* Keeping views: save, save as, name and pin, delete. */

import { closeMenu, go } from "./browse-go.js";
import { ask } from "./player-dom.js";

const root = document.querySelector("[data-browse]");
const dialog = document.getElementById("view-dialog");
const form = dialog.querySelector("[data-view-form]");
const fault = dialog.querySelector("[data-view-error]");
const remove = dialog.querySelector("[data-view-delete]");

let edited = null; // the view that the dialog changes, or null for a new one

function facts() {
  return JSON.parse(document.getElementById("browse-view").textContent);
}

function complain(error) {
  fault.textContent = error ? error.message : "";
  fault.hidden = !error;
  form.elements.name.toggleAttribute("aria-invalid", Boolean(error));
}

function version(view) {
  return { headers: { "If-Unmodified-Since-Version": String(view.version) } };
}

/* A sheet of the page says what is wrong where no dialog is open. */
function announce(text) {
  const toast = document.createElement("p");
  toast.className = "mh-toast";
  toast.setAttribute("role", "alert");
  toast.textContent = text;
  document.body.append(toast);
  setTimeout(() => toast.remove(), 6000);
}

function open(view) {
  edited = view;
  complain(null);
  dialog.querySelector("#view-title").textContent = view ? "Change this view" : "Save this view";
  form.elements.name.value = view ? view.name : "";
  form.elements.icon.value = view ? view.icon : "bookmark";
  for (const name of ["in_sidebar", "on_dashboard", "shared"]) form.elements[name].checked = Boolean(view && view[name]);
  remove.hidden = !view;
  remove.textContent = "Delete";
  delete remove.dataset.sure;
  dialog.showModal();
  form.elements.name.focus();
}

function chosen() {
  const { name, icon, in_sidebar: sidebar, on_dashboard: dashboard, shared } = form.elements;
  return {
    name: name.value.trim(),
    icon: icon.value || "bookmark",
    in_sidebar: sidebar.checked,
    on_dashboard: dashboard.checked,
    shared: shared.checked,
  };
}

async function keep(event) {
  event.preventDefault();
  const values = chosen();
  try {
    const view = edited
      ? await ask("PATCH", `saved-views/${edited.id}/`, values, version(edited))
      : await ask("POST", "saved-views/", { ...facts().shown, ...values });
    const wasPinned = edited && edited.in_sidebar;
    dialog.close();
    const address = `${root.dataset.address}?view=${view.id}`;
    if (wasPinned || view.in_sidebar) location.assign(address); // the sidebar shows it
    else go(edited ? location.href : address);
  } catch (error) {
    complain(error);
  }
}

async function save() {
  const { view, shown } = facts();
  try {
    await ask("PATCH", `saved-views/${view.id}/`, shown, version(view));
    await go(`${root.dataset.address}?view=${view.id}`);
  } catch (error) {
    announce(error.message);
  }
}

async function drop() {
  if (!remove.dataset.sure) {
    remove.dataset.sure = "1";
    remove.textContent = "Delete for good?";
    return;
  }
  try {
    await ask("DELETE", `saved-views/${edited.id}/`, null, version(edited));
    location.assign(root.dataset.address);
  } catch (error) {
    complain(error);
  }
}

export function startViews() {
  root.addEventListener("click", (event) => {
    if (event.target.closest(".br-menu-deeds button")) closeMenu(event.target);
    if (event.target.closest("[data-view-save-as]")) open(null);
    else if (event.target.closest("[data-view-edit]")) open(facts().view);
    else if (event.target.closest("[data-view-save]")) save();
  });
  form.addEventListener("submit", keep);
  remove.addEventListener("click", drop);
}

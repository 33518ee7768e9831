/*
 * Going to another state of Browse without loading the page: the server renders its changing parts
 * (?fragment=page), which take the place of those that are there. Whatever has an id and had the
 * focus has it again; menus and sections stay open.
 *
 * Each time "mh:shown" is dispatched on the document. Modules that have unsaved work may call
 * preventDefault() on "mh:going".
 */

const root = document.querySelector("[data-browse]");
const REGIONS = ["browse-head", "browse-sections", "browse-results"];
let asking = null;
let going = Promise.resolve();

/* Where the page is, as its parameters. */
export function where() {
  return new URLSearchParams(location.search);
}

/* The address of Browse with other parameters; null takes one away. A change leads to page one. */
export function addressOf(changes) {
  const parameters = where();
  parameters.delete("cursor");
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) parameters.delete(name);
    else parameters.set(name, value);
  }
  return `${root.dataset.address}?${parameters}`;
}

function cleaned(address) {
  const url = new URL(address, location.href);
  url.searchParams.delete("fragment");
  return url;
}

function remember() {
  history.replaceState({ ...history.state, y: window.scrollY }, "");
}

/* What is open, and where the focus is: both outlive the parts that they are in. */
function held() {
  const open = [...root.querySelectorAll("details.br-menu[open], details.br-section[open]")].map((one) => one.id);
  const focused = document.activeElement;
  const inside = REGIONS.some((id) => document.getElementById(id).contains(focused));
  const list = inside && focused.closest("[data-chips]");
  const place = list ? [...list.querySelectorAll(".br-chip")].indexOf(focused.closest(".br-chip")) : -1;
  const isFilter = Boolean(inside && focused.closest("[data-section]")); // the panel looks for it itself
  const menu = inside ? focused.closest("details.br-menu") : null;
  return { open, id: inside ? focused.id : "", place, inside, isFilter, menu: menu ? menu.id : "" };
}

function restore({ open, id, place, inside, isFilter, menu }) {
  for (const one of root.querySelectorAll("details.br-menu, details.br-section")) {
    one.open = open.includes(one.id);
  }
  if (!inside) return;
  const chips = root.querySelectorAll(".br-chip");
  const next = place >= 0 && chips[Math.min(place, chips.length - 1)];
  const target = document.getElementById(id) || (next && next.querySelector("[data-edit]"));
  if (!target && isFilter) return;
  const summary = menu && document.querySelector(`#${menu} > summary`);
  (target || summary || document.getElementById("browse-q")).focus({ preventScroll: true });
}

function swap(html) {
  const fresh = new DOMParser().parseFromString(html, "text/html");
  window.mediahub.hideIcons(fresh);
  const before = held();
  for (const id of REGIONS) {
    const from = fresh.getElementById(id);
    if (!from) throw new Error(`The answer lacks #${id}.`);
    document.getElementById(id).replaceChildren(...from.childNodes);
  }
  restore(before);
}

/* Until what was asked for last is shown, or has failed; nothing while nothing is asked for. */
export function settled() {
  return asking && going;
}

/* Shows another address. What the server can't answer that way is loaded as a page. */
export function go(address, options) {
  going = show(address, options);
  return going;
}

async function show(address, { push = true, y = null } = {}) {
  if (!document.dispatchEvent(new CustomEvent("mh:going", { cancelable: true }))) return;
  const asked = new URL(address, location.href);
  asked.searchParams.set("fragment", "page");
  if (asking) asking.abort();
  const mine = (asking = new AbortController());
  root.setAttribute("aria-busy", "true");
  try {
    const response = await fetch(asked, { signal: mine.signal, headers: { "X-Requested-With": "fetch" } });
    const url = cleaned(response.url);
    if (!response.ok || url.pathname !== root.dataset.address) throw new Error(`${response.status}`);
    const html = await response.text();
    if (mine.signal.aborted) return;
    if (push) {
      remember();
      if (url.href !== location.href) history.pushState({ y: 0 }, "", url);
    }
    swap(html);
  } catch (error) {
    if (error.name !== "AbortError") location.assign(cleaned(address));
    return;
  } finally {
    if (asking === mine) {
      asking = null;
      root.removeAttribute("aria-busy");
    }
  }
  if (y !== null) window.scrollTo({ top: y, behavior: "instant" });
  else if (push && root.getBoundingClientRect().top < 0) root.scrollIntoView({ behavior: "instant" });
  say();
  document.dispatchEvent(new Event("mh:shown"));
}

/* Tells those who listen what came of it. */
function say() {
  const fault = document.getElementById("browse-fault");
  const count = root.querySelector("[data-count]");
  document.getElementById("browse-status").textContent = fault ? "" : count ? count.textContent : "";
}

/* A menu in which something was chosen closes; only the keys of the order are chosen several at a time. */
export function closeMenu(within) {
  const menu = within.closest("details.br-menu:not(#sort-menu)");
  if (!menu) return;
  menu.querySelector("summary").focus();
  menu.open = false;
}

export function startGoing() {
  window.addEventListener("popstate", (event) => {
    const state = event.state || {};
    go(location.href, { push: false, y: state.y || 0 });
  });
  window.addEventListener("pagehide", remember);
  root.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-go]");
    if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    closeMenu(link);
    go(link.href);
  });
}

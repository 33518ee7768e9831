/* The order of a playlist: by drag, and by the buttons of each row. */

import { ask, make } from "./player-dom.js";

const list = document.querySelector("[data-playlist]");
const said = document.querySelector("[data-said]");
const count = document.querySelector("[data-count]");

if (list) begin();

function begin() {
  list.addEventListener("click", (event) => {
    const button = event.target.closest("[data-move]");
    if (button) press(button);
  });
  list.addEventListener("pointerdown", (event) => {
    if (event.target.closest("[data-handle]") && event.button === 0) new Drag(event);
  });
  disableEnds();
}

function press(button) {
  const row = button.closest("[data-video]");
  const deeds = { top: toTop, up, down, out };
  deeds[button.dataset.move](row, button);
}

function toTop(row) {
  if (list.dataset.leading) send(row, null, { leaves: true });
  else place(row, () => list.prepend(row));
}

function up(row) {
  const before = previous(row);
  if (before) return place(row, () => before.before(row));
  const leading = list.dataset.leading.split(",");
  return send(row, leading[1] ? Number(leading[1]) : null, { leaves: true });
}

function down(row) {
  const behind = next(row);
  if (behind) return place(row, () => behind.after(row));
  return send(row, Number(list.dataset.trailing), { leaves: true });
}

async function out(row) {
  const [before, behind] = [afterOf(row), row.nextElementSibling];
  const undo = make("button", { type: "button", class: "mh-button mh-small" }, "Put it back");
  const gone = make("li", { class: "mh-list-undo" }, make("span", {}, `${row.dataset.title} was taken out.`), undo);
  try {
    const answer = await ask("POST", `playlists/${list.dataset.playlist}/remove/`, { ids: [id(row)] });
    tell(`${row.dataset.title} was taken out.`, answer.video_count);
  } catch (error) {
    return tell(error.message);
  }
  row.replaceWith(gone);
  undo.focus();
  undo.addEventListener("click", async () => {
    try {
      const answer = await ask("POST", `playlists/${list.dataset.playlist}/add/`, { ids: [id(row)] });
      await ask("POST", `playlists/${list.dataset.playlist}/move/`, { video: id(row), after: before });
      gone.replaceWith(row);
      tell(`${row.dataset.title} is back.`, answer.video_count);
      row.querySelector("[data-move=out]").focus();
    } catch (error) {
      tell(error.message);
    }
    disableEnds();
  });
  disableEnds();
  return behind;
}

/* Moves the row on the page at once, and back if the server refuses. */
async function place(row, arrange) {
  const [parent, behind] = [row.parentElement, row.nextElementSibling];
  const focused = document.activeElement;
  arrange();
  if (row.contains(focused)) focused.focus();
  const stayed = await send(row, afterOf(row));
  if (!stayed) parent.insertBefore(row, behind);
  disableEnds();
}

async function send(row, after, { leaves = false } = {}) {
  try {
    await ask("POST", `playlists/${list.dataset.playlist}/move/`, { video: id(row), after });
  } catch (error) {
    tell(error.message);
    return false;
  }
  if (leaves) location.reload();
  row.scrollIntoView({ block: "nearest" });
  row.removeAttribute("data-moved");
  requestAnimationFrame(() => row.setAttribute("data-moved", ""));
  const place = Number(list.getAttribute("start") || 1) + rows().indexOf(row);
  tell(`${row.dataset.title} is number ${place} now.`);
  return true;
}

/* The id that a row stands behind; null at the top. */
function afterOf(row) {
  const before = previous(row);
  if (before) return id(before);
  return list.dataset.leading ? Number(list.dataset.leading.split(",")[0]) : null;
}

class Drag {
  constructor(event) {
    this.row = event.target.closest("[data-video]");
    this.behind = this.row.nextElementSibling;
    this.row.setAttribute("data-held", "");
    this.listeners = { pointermove: (e) => this.#move(e), pointerup: () => this.#drop(), pointercancel: () => this.#cancel() };
    // On the document, for a row that moves in it can't keep hold of the pointer.
    this.listeners.keydown = (e) => e.key === "Escape" && this.#cancel();
    for (const [name, listener] of Object.entries(this.listeners)) document.addEventListener(name, listener);
    event.preventDefault();
  }

  #move(event) {
    for (const other of rows()) {
      if (other === this.row) continue;
      const box = other.getBoundingClientRect();
      const isAbove = other.compareDocumentPosition(this.row) & Node.DOCUMENT_POSITION_FOLLOWING;
      const middle = box.top + box.height / 2;
      if (isAbove && event.clientY < middle) {
        other.before(this.row);
        break;
      }
      if (!isAbove && event.clientY > middle) other.after(this.row);
    }
    this.#reach(event.clientY);
  }

  /* Near an edge of the window the list comes along. */
  #reach(y) {
    const near = y < 120 ? previous(this.row) : y > innerHeight - 90 ? next(this.row) : null;
    (near || this.row).scrollIntoView({ block: "nearest" });
  }

  #drop() {
    const [row, behind] = [this.row, this.behind];
    this.#end();
    if (row.nextElementSibling === behind) return;
    send(row, afterOf(row)).then((stayed) => {
      if (!stayed) list.insertBefore(row, behind);
      disableEnds();
    });
  }

  #cancel() {
    list.insertBefore(this.row, this.behind);
    this.#end();
  }

  #end() {
    this.row.removeAttribute("data-held");
    for (const [name, listener] of Object.entries(this.listeners)) document.removeEventListener(name, listener);
  }
}

function rows() {
  return [...list.querySelectorAll("[data-video]")];
}

function previous(row) {
  const all = rows();
  return all[all.indexOf(row) - 1];
}

function next(row) {
  const all = rows();
  return all[all.indexOf(row) + 1];
}

function id(row) {
  return Number(row.dataset.video);
}

/* What is at an end of the whole list can't go on; a button in use keeps the focus. */
function disableEnds() {
  const all = rows();
  for (const row of all) {
    const isFirst = row === all[0] && !list.dataset.leading;
    const isLast = row === all.at(-1) && !list.dataset.trailing;
    for (const [move, ends] of [["top", isFirst], ["up", isFirst], ["down", isLast]]) {
      const button = row.querySelector(`[data-move=${move}]`);
      if (ends && button === document.activeElement) row.querySelector("[data-move=out]").focus();
      button.disabled = ends;
    }
  }
}

function tell(text, number) {
  said.textContent = text;
  if (number !== undefined && count) count.textContent = number.toLocaleString("en");
}

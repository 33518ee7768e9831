/* What jobs find comes into the lists by itself while nobody is at them; else a button offers it. */

const LEAST_MS = 2000; // between two times

export function startFresh(lab) {
  const line = lab.root.querySelector("#fl-working");
  const offer = lab.root.querySelector("[data-fresh]");
  if (!line || !offer) return;
  let showedAt = 0;
  let timer = 0;

  /* Nobody chooses, types, asks or has gone down the list. */
  function isIdle() {
    const { grid, root } = lab;
    const focused = document.activeElement;
    if (document.querySelector("dialog[open]") || (focused !== document.body && root.contains(focused))) return false;
    return !grid || (!grid.chosen.size && !grid.picking && grid.element.getBoundingClientRect().top > 0);
  }

  async function show() {
    timer = 0;
    showedAt = Date.now();
    offer.hidden = isIdle();
    if (offer.hidden) await lab.reload({ focus: false });
  }

  function soon() {
    timer ||= setTimeout(show, Math.max(0, showedAt + LEAST_MS - Date.now()));
  }

  new MutationObserver(soon).observe(line, { attributes: true, characterData: true, childList: true, subtree: true });
  offer.addEventListener("click", async () => {
    offer.hidden = true;
    showedAt = Date.now();
    await lab.reload();
  });
}

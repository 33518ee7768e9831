/* What is done with one person and with their faces. */

import { askName, askTarget, askWho } from "./facelab-dialogs.js";
import { idOf } from "./facelab-grid.js";
import { answer } from "./facelab-source.js";

const MOST_ANEW = 300; // faces that are shown anew; of more the whole page is

export function personKeys(lab) {
  const { identity } = lab;
  const { lab: address } = lab.root.dataset;
  const page = location.pathname;
  const title = () => lab.root.querySelector("#fl-who-it-is").textContent.trim();

  function subjects() {
    const found = lab.grid ? lab.grid.subjects : [];
    if (!found.length) lab.fault("Choose faces first: go there with the arrows, or draw a frame around them.");
    return found;
  }

  /* The faces that a deed was about, as they are now, and what stands above them. */
  async function renew(ids) {
    if (ids.length > MOST_ANEW) return lab.reload();
    try {
      const fresh = await answer(location.href, "page", { ids: ids.join(",") });
      lab.root.querySelector(".fl-person").replaceWith(document.adoptNode(fresh.querySelector(".fl-person")));
      lab.grid.renew(ids, new Map([...fresh.querySelectorAll("[data-grid] > [data-item]")].map((one) => [idOf(one), one])));
    } catch (error) {
      lab.fault(error.message);
    }
    return lab.grid.items.length ? null : lab.reload();
  }

  async function decide(deed, ids, values = {}) {
    const at = lab.grid.items.findLast((item) => ids.includes(idOf(item)));
    const done = await lab.perform(deed, { track: ids, ...values });
    if (!done) return;
    lab.grid.choose([]);
    await renew(ids);
    const next = at?.isConnected ? at : lab.grid?.itemOf(at && idOf(at))?.nextElementSibling;
    if (next?.dataset.item) lab.grid.go(next);
  }

  /* What concerns the person as a whole: the page anew, or that of whom it has become. */
  async function perform(deed, values = {}) {
    const done = await lab.perform(deed, { identity, ...values });
    if (!done) return;
    if (done.href && new URL(done.href, location.href).pathname !== page) location.assign(done.href);
    else await lab.reload();
  }

  async function name() {
    const chosen = await askName(title(), lab);
    if (chosen?.create) await perform("create", { name: chosen.create });
    else if (chosen) await perform("name", { performer: chosen.performer });
  }

  async function who() {
    const chosen = await askWho(page);
    if (chosen?.other) await name();
    else if (chosen) await perform("name", { performer: chosen.performer });
  }

  async function merge() {
    const into = await askTarget(address, { title: `Merge ${title()} into…`, but: [identity] });
    if (into) await perform("merge", { into: into.id });
  }

  async function move(items) {
    const ids = items.map(idOf);
    const into = await askTarget(address, { title: `Move ${ids.length} face${ids.length === 1 ? "" : "s"} to…`, but: [identity], anew: true });
    if (into) await decide("assign", ids, { into: into.id });
    else lab.grid.go(items[0]);
  }

  const place = () => lab.root.querySelector("#fl-split");

  async function suggest() {
    lab.busy(true);
    try {
      const fresh = await answer(page, "split");
      place().replaceChildren(...[...fresh.body.children].map((one) => document.adoptNode(one)));
      place().querySelector("[tabindex]")?.focus();
    } catch (error) {
      lab.fault(error.message);
    } finally {
      lab.busy(false);
    }
  }

  async function split() {
    const ids = place().querySelector("[data-suggested]").dataset.suggested.split(",").map(Number);
    const done = await lab.perform("split", { identity, track: ids });
    if (done) await lab.reload();
  }

  const withFaces = (deed) => () => {
    const found = subjects();
    return found.length ? deed(found) : null;
  };
  const verdict = (deed, values) => withFaces((items) => decide(deed, items.map(idOf), values));

  return {
    c: verdict("confirm"),
    x: verdict("reject"),
    f: verdict("not_a_face"),
    g: verdict("ignore_faces"),
    d: verdict("clear"),
    s: verdict("split", { identity }),
    h: withFaces(([item]) => perform("best", { track: idOf(item) })),
    k: withFaces(([item]) => lab.perform("cover", { track: idOf(item) })),
    v: withFaces(move),
    n: name,
    w: who,
    m: merge,
    t: suggest,
    i: () => perform("ignore", { on: lab.root.querySelector("[data-key=i][data-ignored]") ? 0 : 1 }),
    b: () => lab.root.querySelector("[data-back]").click(),
    plain: (deed) => perform(deed),
    pressed(button) {
      if ("confirmAll" in button.dataset) perform("confirm", { all: 1 });
      else if ("splitTake" in button.dataset) split();
      else if ("splitLeave" in button.dataset) place().replaceChildren();
    },
  };
}

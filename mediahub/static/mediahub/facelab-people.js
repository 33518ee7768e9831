/* What is done with people in the lists: named, merged, confirmed, kept apart, ignored. */

import { askName, askTarget, askWho } from "./facelab-dialogs.js";
import { idOf } from "./facelab-grid.js";
import { answer } from "./facelab-source.js";

export function peopleKeys(lab) {
  const { lab: address } = lab.root.dataset;
  const tab = new URLSearchParams(location.search).get("tab") || "unnamed";

  /* Those a key is about; tells that there are none. */
  function subjects() {
    const found = lab.kind === "people" ? lab.grid.subjects : [];
    if (!found.length) lab.fault("Choose somebody first: go there with the arrows.");
    return found;
  }

  /* Cards that a deed touched, as they are now; those that left this list go. */
  async function renew(ids) {
    const shown = ids.filter((id) => lab.grid.itemOf(id));
    if (!shown.length) return;
    try {
      const fresh = await answer(location.href, "cards", { ids: shown.join(",") });
      const left = new Map([...fresh.querySelectorAll("[data-item]")].map((one) => [idOf(one), one]));
      lab.grid.renew(shown, left);
      recount(shown.length - left.size);
    } catch (error) {
      lab.fault(error.message);
    }
    if (!lab.grid.items.length) await lab.reload();
  }

  function recount(gone) {
    const line = lab.root.querySelector("[data-count]");
    if (!line) return;
    const number = (line.dataset.count -= gone);
    line.textContent = `${number.toLocaleString("en")} ${number === 1 ? "person" : "people"}`;
  }

  async function perform(deed, values) {
    const done = await lab.perform(deed, values);
    if (!done) return;
    lab.grid.choose([]);
    await renew(done.touched);
  }

  async function name(item) {
    const chosen = await askName(item.dataset.name, lab);
    if (chosen?.create) await perform("create", { identity: idOf(item), name: chosen.create });
    else if (chosen) await perform("name", { identity: idOf(item), performer: chosen.performer });
    else lab.grid.go(item);
  }

  const merged = (ids, into) => perform("merge", { identity: ids, into });

  async function merge(items) {
    const ids = items.map(idOf);
    const first = items.length > 1 ? items.map((item) => ({ id: idOf(item), name: item.dataset.name })) : [];
    const title = items.length > 1 ? `Merge ${items.length} into…` : `Merge ${items[0].dataset.name} into…`;
    const into = await askTarget(address, { title, but: items.length > 1 ? [] : ids, first });
    if (into) await merged(ids.filter((id) => String(id) !== into.id), into.id);
    else lab.grid.go(items[0]);
  }

  async function who(item) {
    const chosen = await askWho(item.querySelector(".fl-link").href);
    if (chosen?.other) await name(item);
    else if (chosen) await perform("name", { identity: idOf(item), performer: chosen.performer });
    else lab.grid.go(item);
  }

  const withAll = (deed) => () => {
    const found = subjects();
    return found.length ? deed(found) : null;
  };
  const tabs = Object.fromEntries([..."12345"].map((digit) => [digit, () => lab.root.querySelectorAll("[data-tab]")[digit - 1]?.click()]));

  return {
    ...tabs,
    merged,
    n: withAll(([item]) => name(item)),
    w: withAll(([item]) => who(item)),
    m: withAll(merge),
    c: withAll((items) => perform("confirm", { identity: items.map(idOf), all: 1 })),
    p: withAll((items) => perform("apart", { identity: items.map(idOf) })),
    i: withAll((items) => perform("ignore", { identity: items.map(idOf), on: tab === "ignored" ? 0 : 1 })),
    "/": () => lab.root.querySelector("#fl-text")?.focus(),
  };
}

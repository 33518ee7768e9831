/* Accepting many at once: a score, a look at what would change, then a job. */

import { toast } from "./results-said.js";
import { answer, here, send } from "./tagger-source.js";

export function startBulk(tagger) {
  const dialog = document.querySelector("[data-bulk]");
  const form = dialog.querySelector("[data-bulk-form]");
  const shown = dialog.querySelector("[data-foreseen]");
  const apply = dialog.querySelector("[data-bulk-apply]");
  const score = form.elements.from_score;

  const reset = () => {
    shown.replaceChildren();
    apply.disabled = true;
  };
  const complain = (error) => {
    const line = document.createElement("p");
    line.className = "mh-error";
    line.textContent = error.message;
    shown.replaceChildren(line);
  };

  async function look() {
    reset();
    if (!form.reportValidity()) return;
    dialog.setAttribute("aria-busy", "true");
    try {
      const asked = score.value;
      const fresh = await answer(here({ video: null, cursor: null }), "bulk", { from_score: asked });
      if (score.value !== asked) return;
      shown.replaceChildren(...fresh.getElementById("tagger-foreseen").childNodes);
      apply.disabled = !Number(shown.querySelector("[data-many]").dataset.many);
    } catch (error) {
      complain(error);
    } finally {
      dialog.removeAttribute("aria-busy");
    }
  }

  tagger.root.addEventListener("click", (event) => {
    if (!event.target.closest("[data-bulk-open]")) return;
    reset();
    dialog.showModal();
    score.select();
  });
  score.addEventListener("input", reset);
  dialog.querySelector("[data-bulk-try]").addEventListener("click", look);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (apply.disabled) return look();
    apply.disabled = true;
    try {
      const done = await send(here({ video: null, cursor: null }), new FormData(form));
      dialog.close();
      toast(done.said, { label: "See the job", href: done.href, stays: true });
    } catch (error) {
      complain(error);
    }
  });
}

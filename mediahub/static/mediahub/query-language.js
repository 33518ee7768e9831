/* What the language can say: its fields, as the API describes them. */

import { ask, make } from "./player-dom.js";

const dialog = document.getElementById("language-dialog");
const place = dialog.querySelector("[data-fields]");
const find = dialog.querySelector("[data-find-field]");

let fields = null;

function exampleOf(text, use) {
  const button = make("button", { type: "button", class: "br-example", title: "Put it into the query" }, text);
  button.addEventListener("click", () => {
    dialog.close();
    use(text);
  });
  return button;
}

function rowOf(field, use) {
  const values = (field.choices || []).map((choice) => choice.value || choice).slice(0, 24).join(" ");
  return make(
    "tr",
    {},
    make("th", { scope: "row" }, make("code", {}, field.name)),
    make(
      "td",
      {},
      make("b", {}, field.label),
      ` ${field.help || ""}`,
      make("div", { class: "mh-quiet" }, (field.operators || []).join(" ")),
      values ? make("div", { class: "mh-quiet" }, values) : null,
    ),
    make("td", {}, ...(field.examples || []).map((text) => exampleOf(text, use))),
  );
}

function show(use) {
  const words = find.value.trim().toLowerCase();
  const matches = (field) => `${field.name} ${field.label} ${field.help}`.toLowerCase().includes(words);
  const rows = fields.filter(matches).map((field) => rowOf(field, use));
  const head = ["Field", "What it says", "Examples"].map((text) => make("th", { scope: "col" }, text));
  place.replaceChildren(
    rows.length
      ? make("table", { class: "mh-table br-fields" }, make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...rows))
      : make("p", { class: "mh-quiet" }, "There is no such field."),
  );
}

/* ``use`` puts an example into the query. */
export function startLanguage(use) {
  const open = async () => {
    dialog.showModal();
    find.focus();
    try {
      const answer = fields || (await ask("GET", "videos/fields/"));
      fields = Array.isArray(answer) ? answer : answer.fields;
      show(use);
    } catch (error) {
      place.replaceChildren(make("p", { class: "mh-error" }, error.message));
    }
  };
  find.addEventListener("input", () => fields && show(use));
  document.querySelector("[data-language]").addEventListener("click", open);
}

/* The page of the performers' network: asks for it, draws it, and says in words what it shows. */

import { make } from "./player-dom.js";
import { Drawing, canDraw, colourOf, shapeOf } from "./graph-draw.js";
import { Network } from "./graph-net.js";
import { Table } from "./graph-table.js";

const root = document.querySelector("[data-graph]");
const part = (name) => document.querySelector(`[data-${name}]`);
const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)").matches;
let network;
let drawing = null;

if (root) begin();

async function begin() {
  try {
    const response = await fetch(root.dataset.graph, { headers: { Accept: "application/json" } });
    const answer = await response.json();
    if (!response.ok) throw new Error(answer.detail || `The server answered ${response.status}.`);
    network = new Network(answer);
  } catch (error) {
    say(error.message);
    return;
  }
  summary();
  part("stage").replaceChildren();
  document.getElementById("graph-names").append(...network.nodes.map((node) => make("option", { value: node.label })));
  new Table(network, { rows: part("table").tBodies[0], more: part("more"), filter: part("filter"), said: part("table-said"), link: both, choose });
  groups();
  if (!network.nodes.length) return nothing("Nobody appears with anybody here. Ask for more performers, or for fewer videos together.");
  if (!canDraw()) return nothing("This browser can't draw it (WebGL 2 is missing). The table below says the same.");
  drawing = new Drawing(part("stage"), network, { reducedMotion, onChoose: choose });
  window.mediahubGraph = drawing; // for measurements
  layOut();
  listen();
}

function nothing(text) {
  part("stage").dataset.none = "";
  part("stage").textContent = text;
  listen();
}

function layOut() {
  const worker = new Worker(root.dataset.worker);
  const numbers = new Map(network.nodes.map((node, number) => [node.id, number]));
  const edges = new Float64Array(network.edges.length * 3);
  network.edges.forEach(({ source, target, weight }, n) => edges.set([numbers.get(source), numbers.get(target), weight], 3 * n));
  worker.onmessage = ({ data }) => {
    drawing.place(data.places);
    if (data.done < 1) return say(`${told()} Finding places: ${Math.round(100 * data.done)} %`);
    say(told());
    part("stage").dataset.laidOut = "";
    return worker.terminate();
  };
  worker.onerror = () => say(`${told()} The places could not be found.`);
  worker.postMessage({
    forceatlas: new URL(root.dataset.forceatlas, location.href).href,
    count: network.nodes.length, groups: network.nodes.map((node) => node.community),
    weights: network.nodes.map((node) => network.beside.get(node.id).length), edges,
  });
}

function summary() {
  say(told());
}

function told() {
  const number = (value) => value.toLocaleString("en");
  const parts = [`${number(network.nodes.length)} performers, ${number(network.edges.length)} pairs.`];
  const taken = network.nodes.length + network.alone;
  if (network.matching > taken) parts.push(`These are among the ${number(taken)} in most videos, of ${number(network.matching)}.`);
  if (network.alone) parts.push(`${number(network.alone)} appear with none of the others and are left out.`);
  if (network.edge_count > network.edges.length) parts.push(`Of ${number(network.edge_count)} pairs these are together oftenest.`);
  return parts.join(" ");
}

function say(text) {
  part("status").textContent = text;
}

function listen() {
  const find = part("find");
  find.addEventListener("change", () => {
    const node = network.find(find.value);
    if (node) choose(node.id, { go: true });
    else if (find.value) say(`There is no ${find.value} in this network.`);
  });
  part("way").addEventListener("submit", (event) => {
    event.preventDefault();
    way();
  });
  document.querySelector(".mh-graph-tools").addEventListener("click", (event) => {
    const deed = event.target.closest("[data-deed]")?.dataset.deed;
    if (deed === "graphml") save(new Blob([network.graphml()], { type: "application/xml" }), "performers.graphml");
    else if (deed === "png" && drawing) drawing.picture().then((picture) => save(picture, "performers.png"));
    else if (deed && drawing) drawing.zoom(deed);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.target.closest("input, select")) choose(null);
  });
}

/* Shows a performer beside the drawing, or nobody. */
function choose(id, { go = false } = {}) {
  const chosen = part("chosen");
  press(null);
  drawing?.pin(id === null ? null : String(id));
  chosen.hidden = id === null;
  if (id === null) return drawing?.lightNone();
  const node = network.byId.get(id);
  drawing?.light(id);
  if (go) drawing?.goTo(id);
  const picture = node.image ? make("img", { class: "mh-portrait", src: node.image, alt: "", width: 40, height: 40 }) : make("span", { class: "mh-portrait", "aria-hidden": "true" }, node.name.slice(0, 1).toUpperCase());
  const beside = network.beside.get(id);
  chosen.replaceChildren(
    make("div", { class: "mh-graph-chosen" }, picture, make("h2", {}, node.label)),
    make("p", {}, make("a", { class: "mh-link", href: browse(node) }, `${count(node.video_count)}`), node.favorite ? " · favorite" : "", " · ", make("a", { class: "mh-link", href: root.dataset.performer.replace("/0/", `/${id}/`) }, "details")),
    make("h3", {}, `With ${beside.length.toLocaleString("en")}`),
    make("ul", { class: "mh-graph-with" }, ...beside.slice(0, 200).map((other) => neighbour(id, other))),
  );
  const from = part("way").elements.from;
  if (!from.value || from.dataset.own) [from.value, from.dataset.own] = [node.label, "1"];
  say(`${node.label}: ${count(node.video_count)}, with ${beside.length} others here.`);
  return undefined;
}

function neighbour(id, { id: other, weight }) {
  const node = network.byId.get(other);
  const button = make("button", { type: "button" }, node.label);
  button.addEventListener("click", () => choose(other, { go: true }));
  return make("li", {}, button, make("a", { class: "mh-link", href: both(id, other), "aria-label": `${count(weight)} with ${node.label}` }, weight.toLocaleString("en")));
}

function way() {
  const { from, to } = part("way").elements;
  const [one, other] = [network.find(from.value), network.find(to.value)];
  const found = part("way-found");
  if (!one || !other) return found.replaceChildren(`There is no ${(one ? to : from).value || "name given"} in this network.`);
  const steps = network.way(one.id, other.id);
  press(null);
  if (!steps) {
    drawing?.lightNone();
    return found.replaceChildren(`No way leads from ${one.label} to ${other.label} here.`);
  }
  drawing?.lightWay(steps);
  const items = steps.map((id, n) => {
    const button = make("button", { type: "button" }, network.byId.get(id).label);
    button.addEventListener("click", () => choose(id, { go: true }));
    const next = steps[n + 1];
    const link = next && make("a", { class: "mh-link", href: both(id, next) }, `together in ${count(network.weight(id, next))}`);
    return make("li", {}, button, link && make("br"), link);
  });
  return found.replaceChildren(make("p", {}, `${steps.length - 1} step${steps.length === 2 ? "" : "s"}:`), make("ol", { class: "mh-graph-steps" }, ...items));
}

function groups() {
  const shown = network.groups().filter((group) => group.count > 1).slice(0, 12);
  part("groups").replaceChildren(...shown.map((group) => {
    const button = make("button", { type: "button", "aria-pressed": "false" }, swatch(group.community), make("span", {}, group.head), make("span", { class: "mh-quiet" }, String(group.count)));
    button.addEventListener("click", () => {
      const on = button.getAttribute("aria-pressed") !== "true";
      choose(null);
      press(on ? button : null);
      if (on) drawing?.lightGroup(group.community);
    });
    return make("li", {}, button);
  }));
}

function press(button) {
  for (const each of part("groups").querySelectorAll("button")) each.setAttribute("aria-pressed", String(each === button));
}

function swatch(community) {
  const outlines = { circle: "M8 1a7 7 0 1 0 .01 0z", square: "M2 2h12v12H2z", diamond: "M8 0l8 8-8 8-8-8z", triangle: "M8 1l7 13H1z" };
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", outlines[shapeOf(community)]);
  path.setAttribute("fill", colourOf(community));
  svg.append(path);
  return svg;
}

/* The videos in which both are, of those that were asked for. */
function both(one, other) {
  return address(`${term(network.byId.get(one))} ${term(network.byId.get(other))}`);
}

function browse(node) {
  return address(term(node));
}

function address(terms) {
  const asked = root.dataset.q;
  const q = asked ? `(${asked}) ${terms}` : terms;
  return `${root.dataset.browse}?${new URLSearchParams({ q })}`;
}

function term(node) {
  return `performer:"${node.name.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

function count(videos) {
  return `${videos.toLocaleString("en")} video${videos === 1 ? "" : "s"}`;
}

function save(blob, name) {
  const link = make("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

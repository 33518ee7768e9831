/* The network as the API tells it: who is beside whom, the way between two, and its file. */

export class Network {
  constructor(answer) {
    Object.assign(this, answer);
    this.byId = new Map(this.nodes.map((node) => [node.id, node]));
    this.byLabel = new Map();
    for (const node of this.nodes) if (!this.byLabel.has(node.label.toLowerCase())) this.byLabel.set(node.label.toLowerCase(), node);
    this.beside = new Map(this.nodes.map((node) => [node.id, []]));
    for (const { source, target, weight } of this.edges) {
      this.beside.get(source).push({ id: target, weight });
      this.beside.get(target).push({ id: source, weight });
    }
    for (const others of this.beside.values()) others.sort((one, other) => other.weight - one.weight || one.id - other.id);
  }

  /* By the name as it is shown, or the first that begins so, or has it inside. */
  find(text) {
    const wanted = text.trim().toLowerCase();
    if (!wanted) return null;
    const label = (node) => node.label.toLowerCase();
    return this.byLabel.get(wanted) || this.nodes.find((node) => label(node).startsWith(wanted)) || this.nodes.find((node) => label(node).includes(wanted)) || null;
  }

  weight(one, other) {
    return this.beside.get(one).find((neighbour) => neighbour.id === other)?.weight || 0;
  }

  /* The fewest steps from one to another, by way of those who are together oftenest; or null. */
  way(from, to) {
    const came = new Map([[from, null]]);
    let edge = [from];
    while (edge.length && !came.has(to)) {
      const beyond = [];
      for (const id of edge) {
        for (const neighbour of this.beside.get(id)) {
          if (came.has(neighbour.id)) continue;
          came.set(neighbour.id, id);
          beyond.push(neighbour.id);
        }
      }
      edge = beyond;
    }
    if (!came.has(to)) return null;
    const steps = [];
    for (let id = to; id !== null; id = came.get(id)) steps.unshift(id);
    return steps;
  }

  groups() {
    const counts = new Map();
    for (const { community } of this.nodes) counts.set(community, (counts.get(community) || 0) + 1);
    return [...counts].sort((one, other) => one[0] - other[0]).map(([community, count]) => ({
      community, count, head: this.nodes.find((node) => node.community === community).label,
    }));
  }

  /* As GraphML; the browser's own serializer escapes the names. */
  graphml() {
    const space = "http://graphml.graphdrawing.org/xmlns";
    const xml = document.implementation.createDocument(space, "graphml");
    const add = (parent, name, attributes, text) => {
      const element = xml.createElementNS(space, name);
      for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
      if (text !== undefined) element.textContent = clean(String(text));
      return parent.appendChild(element);
    };
    const keys = [["label", "node", "string"], ["video_count", "node", "int"], ["favorite", "node", "boolean"], ["community", "node", "int"], ["weight", "edge", "int"]];
    for (const [name, of, type] of keys) add(xml.documentElement, "key", { id: name, for: of, "attr.name": name, "attr.type": type });
    const graph = add(xml.documentElement, "graph", { id: "performers", edgedefault: "undirected" });
    for (const node of this.nodes) {
      const element = add(graph, "node", { id: `p${node.id}` });
      for (const name of ["label", "video_count", "favorite", "community"]) add(element, "data", { key: name }, node[name]);
    }
    for (const edge of this.edges) {
      const element = add(graph, "edge", { source: `p${edge.source}`, target: `p${edge.target}` });
      add(element, "data", { key: "weight" }, edge.weight);
    }
    return `<?xml version="1.0" encoding="UTF-8"?>\n${new XMLSerializer().serializeToString(xml)}\n`;
  }
}

/* What XML can't hold at all. */
function clean(text) {
  return text.replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, "\uFFFD");
}

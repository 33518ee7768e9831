/* The drawing of the network: Sigma with shapes of our own. */

const SHAPES = ["circle", "square", "diamond", "triangle"];
const HUES = [264, 160, 60, 22, 310, 200, 110];
/* How far inside its edge a point of the shape is, from -0.5 to 0.5 along each axis. */
const INSIDE = {
  circle: "0.5 - length(m)",
  square: "0.42 - max(abs(m.x), abs(m.y))",
  diamond: "(0.5 - abs(m.x) - abs(m.y)) * 0.7",
  triangle: "min(0.42 - m.y, (m.y + 0.5 - 2.0 * abs(m.x)) * 0.45)",
};

export function shapeOf(community) {
  return SHAPES[community % SHAPES.length];
}

export function colourOf(community, dark = isDark()) {
  const strength = community < HUES.length * SHAPES.length ? 0.75 : 0.15;
  return hex(HUES[community % HUES.length], strength, dark ? 0.68 : 0.46);
}

export function isDark() {
  return document.documentElement.classList.contains("dark");
}

export function canDraw() {
  const gl = document.createElement("canvas").getContext("webgl2");
  gl?.getExtension("WEBGL_lose_context")?.loseContext();
  return Boolean(gl && window.Sigma && window.graphology);
}

export class Drawing {
  constructor(stage, network, { reducedMotion, onChoose }) {
    this.network = network;
    this.reducedMotion = reducedMotion;
    this.graph = new window.graphology.Graph({ type: "undirected" });
    this.lit = { nodes: null, edges: null, centre: null };
    const scale = Math.min(1, Math.max(0.5, stage.clientWidth / 900)) * (network.nodes.length > 1500 ? 0.7 : 1);
    const most = Math.max(1, ...network.nodes.map((node) => node.video_count));
    network.nodes.forEach((node, place) => {
      const angle = place * 2.399963;
      this.graph.addNode(String(node.id), {
        x: Math.cos(angle) * Math.sqrt(place + 1), y: Math.sin(angle) * Math.sqrt(place + 1),
        size: scale * (3 + 11 * Math.sqrt(node.video_count / most)), label: node.label, type: shapeOf(node.community), community: node.community,
      });
    });
    const heaviest = Math.max(1, ...network.edges.map((edge) => edge.weight));
    for (const edge of network.edges) {
      const thick = 0.4 + 2.6 * (Math.log1p(edge.weight) / Math.log1p(heaviest));
      this.graph.addEdgeWithKey(`${edge.source}-${edge.target}`, String(edge.source), String(edge.target), { size: thick, weight: edge.weight });
    }
    this.#takeColours();
    this.sigma = new window.Sigma(this.graph, stage, this.#settings());
    this.#listen(onChoose);
    new MutationObserver(() => this.#recolour()).observe(document.documentElement, { attributeFilter: ["class"] });
  }

  #settings() {
    return {
      nodeProgramClasses: programs(),
      defaultNodeType: "circle",
      labelRenderedSizeThreshold: this.graph.order > 800 ? 9 : 6,
      labelDensity: 0.6,
      labelFont: getComputedStyle(document.body).fontFamily,
      labelColor: this.labels,
      labelSize: innerWidth >= 1900 ? 18 : 13,
      hideEdgesOnMove: this.graph.size > 4000, // what moves needn't show all
      hideLabelsOnMove: this.graph.order > 1500,
      minEdgeThickness: 0.8,
      zIndex: true,
      stagePadding: 40,
      minCameraRatio: 0.02,
      maxCameraRatio: 3,
      defaultDrawNodeHover: drawHover,
      nodeReducer: (id, data) => this.#node(id, data),
      edgeReducer: (id, data) => this.#edge(id, data),
    };
  }

  #node(id, data) {
    const look = { ...data, color: this.colours[data.community % this.colours.length] };
    const { nodes, centre } = this.lit;
    if (!nodes) return look;
    if (!nodes.has(id)) return { ...look, color: this.dim, label: "", zIndex: 0 };
    return { ...look, zIndex: id === centre ? 2 : 1, highlighted: id === centre, forceLabel: nodes.size < 40 || id === centre };
  }

  #edge(id, data) {
    const { nodes, edges } = this.lit;
    if (!nodes) return { ...data, color: this.line };
    return edges.has(id) ? { ...data, color: this.strong, zIndex: 1, size: Math.max(1.5, data.size) } : { ...data, hidden: true };
  }

  #recolour() {
    this.#takeColours();
    this.sigma.setSetting("labelColor", this.labels);
    this.sigma.refresh();
  }

  #takeColours() {
    this.colours = Array.from({ length: HUES.length * SHAPES.length * 2 }, (_none, n) => colourOf(n));
    this.dim = isDark() ? "#3a3f4b" : "#dcdfe6";
    this.line = isDark() ? "#4a5570" : "#bcc4d2";
    this.strong = isDark() ? "#a9b4d0" : "#5b6787";
    this.labels = { color: isDark() ? "#e6e8ee" : "#1b2030" };
  }

  #listen(onChoose) {
    let pinned = null;
    this.pin = (id) => (pinned = id);
    this.sigma.on("enterNode", ({ node }) => this.light(node));
    this.sigma.on("leaveNode", () => (pinned ? this.light(pinned) : this.lightNone()));
    this.sigma.on("clickNode", ({ node }) => onChoose(Number(node)));
    this.sigma.on("clickStage", () => onChoose(null));
  }

  place(places) {
    let n = 0;
    this.graph.updateEachNodeAttributes((_id, data) => {
      data.x = places[2 * n];
      data.y = places[2 * n + 1];
      n += 1;
      return data;
    }, { attributes: ["x", "y"] });
  }

  /* One performer and those beside them. */
  light(id) {
    const key = String(id);
    this.#show(new Set([key, ...this.graph.neighbors(key)]), new Set(this.graph.edges(key)), key);
  }

  lightWay(ids) {
    const keys = ids.map(String);
    const edges = keys.slice(1).map((key, n) => this.graph.edge(keys[n], key));
    this.#show(new Set(keys), new Set(edges), null);
  }

  lightGroup(community) {
    const nodes = new Set(this.graph.filterNodes((_id, data) => data.community === community));
    const edges = new Set(this.graph.filterEdges((_id, _data, one, other) => nodes.has(one) && nodes.has(other)));
    this.#show(nodes, edges, null);
  }

  lightNone() {
    this.#show(null, null, null);
  }

  #show(nodes, edges, centre) {
    this.lit = { nodes, edges, centre };
    this.sigma.refresh({ skipIndexation: true });
  }

  goTo(id) {
    const at = this.sigma.getNodeDisplayData(String(id));
    const ratio = Math.min(this.sigma.getCamera().ratio, 0.45);
    this.#fly((camera, options) => camera.animate({ x: at.x, y: at.y, ratio }, options));
  }

  zoom(deed) {
    const deeds = { in: "animatedZoom", out: "animatedUnzoom", all: "animatedReset" };
    this.#fly((camera, options) => camera[deeds[deed]](options));
  }

  #fly(move) {
    move(this.sigma.getCamera(), { duration: this.reducedMotion ? 1 : 300 });
  }

  /* Everything that is drawn, in one picture. */
  async picture() {
    const { width, height } = this.sigma.getDimensions();
    const ratio = window.devicePixelRatio || 1;
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [width * ratio, height * ratio];
    const context = canvas.getContext("2d");
    context.fillStyle = isDark() ? "#111318" : "#ffffff";
    context.fillRect(0, 0, canvas.width, canvas.height);
    this.sigma.render();
    const layers = this.sigma.getCanvases();
    for (const name of ["edges", "nodes", "edgeLabels", "labels", "hovers", "hoverNodes"]) {
      if (layers[name]?.width) context.drawImage(layers[name], 0, 0, canvas.width, canvas.height);
    }
    return new Promise((done) => canvas.toBlob(done, "image/png"));
  }
}

function programs() {
  const { NodePointProgram } = window.Sigma.rendering;
  const made = {};
  for (const [name, inside] of Object.entries(INSIDE)) {
    made[name] = class extends NodePointProgram {
      getDefinition() {
        return { ...super.getDefinition(), FRAGMENT_SHADER_SOURCE: fragment(inside) };
      }
    };
  }
  return made;
}

function fragment(inside) {
  return `
precision highp float;
varying vec4 v_color;
varying float v_border;
void main(void) {
  vec2 m = gl_PointCoord - vec2(0.5, 0.5);
  float depth = ${inside};
  #ifdef PICKING_MODE
  gl_FragColor = depth > 0.0 ? v_color : vec4(0.0);
  #else
  gl_FragColor = mix(vec4(0.0), v_color, smoothstep(0.0, max(v_border, 0.03), depth));
  #endif
}`;
}

/* The name of whom one points at, on a card of the theme's colours. */
function drawHover(context, data, settings) {
  if (!data.label) return;
  context.font = `600 ${settings.labelSize}px ${settings.labelFont}`;
  const width = context.measureText(data.label).width + 16;
  const height = settings.labelSize + 12;
  const [x, y] = [data.x + data.size + 4, data.y - height / 2];
  context.fillStyle = isDark() ? "#272b35" : "#ffffff";
  context.strokeStyle = isDark() ? "#a9b4d0" : "#5b6787";
  context.beginPath();
  context.roundRect(x, y, width, height, 5);
  context.fill();
  context.stroke();
  context.beginPath();
  context.arc(data.x, data.y, data.size + 3, 0, 2 * Math.PI);
  context.stroke();
  context.fillStyle = isDark() ? "#f2f4f8" : "#1b2030";
  context.fillText(data.label, x + 8, data.y + settings.labelSize / 3);
}

/* Sigma knows colours as #rrggbb. */
function hex(hue, saturation, lightness) {
  const channel = (offset) => {
    const k = (offset + hue / 30) % 12;
    const value = lightness - saturation * Math.min(lightness, 1 - lightness) * Math.max(-1, Math.min(k - 3, 9 - k, 1));
    return Math.round(255 * value).toString(16).padStart(2, "0");
  };
  return `#${channel(0)}${channel(8)}${channel(4)}`;
}

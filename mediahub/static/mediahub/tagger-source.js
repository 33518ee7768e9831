/* The server's side of the tagger: parts of the page, asked for once and ahead, and forms, sent one
   after the other. */

const root = document.querySelector("[data-tagger]");

/* The page's address with other parameters; null takes one away. */
export function here(changes = {}) {
  const parameters = new URLSearchParams(location.search);
  parameters.delete("candidate");
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === "") parameters.delete(name);
    else parameters.set(name, value);
  }
  return `${root.dataset.address}?${parameters}`;
}

/* A part of the page, as a document. */
export async function answer(address, part, more = {}) {
  const asked = new URL(address, location.href);
  for (const [name, value] of Object.entries({ fragment: part, ...more })) asked.searchParams.set(name, value);
  const response = await fetch(asked, { headers: { "X-Requested-With": "fetch" } }).catch(() => {
    throw new Error("MediaHub can't be reached.");
  });
  if (!response.ok || new URL(response.url).pathname !== root.dataset.address) {
    throw new Error(`The server answered ${response.status}: load the page again.`);
  }
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
  window.mediahub.hideIcons(fresh);
  return fresh;
}

/* Sends a form once those before it are through. What was refused is an Error in plain words. */
export function send(address, body) {
  const mine = send.last.then(() => post(address, body));
  send.last = mine.catch(() => {});
  return mine;
}
send.last = Promise.resolve();

async function post(address, body) {
  body.set("csrfmiddlewaretoken", document.querySelector("[name=csrfmiddlewaretoken]").value);
  const response = await fetch(address, { method: "POST", body, headers: { "X-Requested-With": "fetch" } }).catch(() => {
    throw new Error("MediaHub can't be reached.");
  });
  const done = await response.json().catch(() => ({}));
  if (response.ok && "said" in done) return done;
  throw Object.assign(new Error(done.said || refusal(response)), { answered: true });
}

function refusal(response) {
  if (response.redirected || response.status === 401) return "You are no longer logged in: load the page again.";
  if (response.status === 403) return "You may not do this.";
  return `The server answered ${response.status}: load the page again.`;
}

/* Videos with their candidates, as they were when they were asked for. */
export class Panes {
  constructor() {
    this.known = new Map();
  }

  has(id) {
    return this.known.has(id);
  }

  /* What is decided may change what others would get: they are asked for anew. */
  forget() {
    this.known.clear();
  }

  /* The parts of a video, [[id of the element, its new nodes]]. */
  get(id, { candidate = 0 } = {}) {
    if (candidate) return this.#ask(id, candidate);
    if (!this.known.has(id)) {
      const asked = this.#ask(id);
      this.known.set(id, asked);
      asked.catch(() => this.known.get(id) === asked && this.known.delete(id));
    }
    return this.known.get(id).then((parts) => parts.map(([name, nodes]) => [name, nodes.map((node) => node.cloneNode(true))]));
  }

  async #ask(id, candidate) {
    const fresh = await answer(here({ cursor: null }), "video", { video: id, ...(candidate && { candidate }) });
    for (const picture of fresh.querySelectorAll("#tagger-video img")) new Image().src = picture.src;
    return ["tagger-video", "tagger-candidates"].map((name) => [name, [...fresh.getElementById(name).childNodes]]);
  }
}

/* The server's side of FaceLab: parts of its pages, and what a person decides, one after the other. */

const root = document.querySelector("[data-facelab], [data-knobs]");

/* A part of a page, as a document. */
export async function answer(address, part, more = {}) {
  const asked = new URL(address, location.href);
  for (const [name, value] of Object.entries({ fragment: part, ...more })) asked.searchParams.set(name, value);
  const response = await fetch(asked, { headers: { "X-Requested-With": "fetch" } }).catch(() => {
    throw new Error("MediaHub can't be reached.");
  });
  if (!response.ok || new URL(response.url).pathname !== asked.pathname) {
    throw new Error(`The server answered ${response.status}: load the page again.`);
  }
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
  window.mediahub.hideIcons(fresh);
  return fresh;
}

/* Sends a deed once those before it are through. What was refused is an Error in plain words. */
export function send(deed, values = {}) {
  const mine = send.last.then(() => post(deed, values));
  send.last = mine.catch(() => {});
  return mine;
}
send.last = Promise.resolve();

async function post(deed, values) {
  const body = new FormData();
  body.set("deed", deed);
  body.set("csrfmiddlewaretoken", document.querySelector("[name=csrfmiddlewaretoken]").value);
  for (const [name, value] of Object.entries(values)) body.set(name, Array.isArray(value) ? value.join(",") : value);
  const response = await fetch(root.dataset.lab, { method: "POST", body, headers: { "X-Requested-With": "fetch" } }).catch(() => {
    throw new Error("MediaHub can't be reached.");
  });
  const done = await response.json().catch(() => ({}));
  if (response.ok && "said" in done) return done;
  throw new Error(done.said || refusal(response));
}

function refusal(response) {
  if (response.redirected || response.status === 401) return "You are no longer logged in: load the page again.";
  if (response.status === 403) return "You may not do this.";
  if (response.status === 404) return "It isn't there any more: load the page again.";
  return `The server answered ${response.status}: load the page again.`;
}

/* Elements, times and questions to the API: what the player's other modules build on. */

export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name in element && typeof value !== "string") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

export function icon(name) {
  return make("span", { class: "material-symbols-outlined", "aria-hidden": "true" }, name);
}

/* What a storage of the browser keeps under a name; null of nothing, or of nonsense. */
export function kept(storage, name) {
  try {
    return JSON.parse(storage.getItem(name));
  } catch {
    return null;
  }
}

/* 3725.5 as 1:02:05, or exactly as 01:02:05.500 */
export function clock(seconds, { exact = false } = {}) {
  const ms = Math.max(0, Math.round((seconds || 0) * 1000));
  const [h, m, s] = [Math.floor(ms / 3600000), Math.floor(ms / 60000) % 60, Math.floor(ms / 1000) % 60];
  const two = (number) => String(number).padStart(2, "0");
  if (exact) return `${two(h)}:${two(m)}:${two(s)}.${String(ms % 1000).padStart(3, "0")}`;
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/* Seconds of "75.5", "1:15.5" or "00:01:15.500"; null of anything else. */
export function readClock(text) {
  if (!/^\s*(?:(?:\d+:)?\d{1,2}:)?\d+(?:[.,]\d{1,3})?\s*$/.test(text)) return null;
  return text.replace(",", ".").split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
}

/* Asks the API. What goes wrong is an Error whose message a person can read. */
export async function ask(method, path, body, { headers = {}, keepalive = false } = {}) {
  const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
  const isForm = body instanceof FormData;
  const response = await fetch(`/api/v1/${path}`, {
    method,
    keepalive,
    headers: { "X-CSRFToken": token, ...(body && !isForm && { "Content-Type": "application/json" }), ...headers },
    body: isForm ? body : body && JSON.stringify(body),
  }).catch(() => {
    throw new Error("MediaHub can't be reached.");
  });
  if (response.status === 204) return null;
  const answer = await response.json().catch(() => ({}));
  if (response.ok) return answer;
  const faults = Object.values(answer.errors || {}).flat().join(" ");
  const error = new Error(faults || answer.detail || answer.title || `The server answered ${response.status}.`);
  error.status = response.status;
  throw error;
}

/* So many random bytes in hexadecimal; crypto.randomUUID is missing on pages without TLS. */
export function randomHex(length) {
  return Array.from(crypto.getRandomValues(new Uint8Array(length)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

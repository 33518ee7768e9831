/* What labels there are, and what becomes of a video's: the API's side of label-chips.js. */

import { ask } from "./player-dom.js";

const SHOWN = 8;

/* One word for a kind, and what of a video it fills. */
export const KINDS = {
  tags: { one: "tag", field: "tags", several: true },
  performers: { one: "performer", field: "performers", several: true },
  studios: { one: "studio", field: "studio", several: false },
};

/* Labels that match a text, those in most videos first but those of that very name before them,
   without those that ``taken`` holds. ``exact`` says whether one has that very name. */
export async function find(kind, text, taken) {
  const query = new URLSearchParams({ ordering: "-video_count", page_size: String(Math.min(500, SHOWN + taken.size)) });
  if (text) query.set("search", text);
  const same = text ? ask("GET", `${kind}/?${new URLSearchParams({ name: text, page_size: "5" })}`) : { results: [] };
  const [matching, exactly] = await Promise.all([ask("GET", `${kind}/?${query}`), same]);
  const found = new Map();
  for (const row of [...exactly.results, ...matching.results]) found.set(row.id, row);
  const free = [...found.values()].filter((row) => !taken.has(row.id));
  return { labels: free.slice(0, SHOWN).map(labelOf), exact: exactly.results.map(labelOf) };
}

/* Makes a label; of one that somebody else made meanwhile, that one. */
export async function create(kind, name) {
  try {
    return labelOf(await ask("POST", `${kind}/`, { name }));
  } catch (error) {
    const same = await ask("GET", `${kind}/?${new URLSearchParams({ name, page_size: "1" })}`);
    if (!same.results.length) throw error;
    return labelOf(same.results[0]);
  }
}

function labelOf(row) {
  return { id: row.id, name: row.name, apart: row.disambiguation || "", color: row.color || "", count: row.video_count };
}

/* Saves the labels of one video, one change after the other. */
export class Saver {
  constructor(kind, { video, version }) {
    Object.assign(this, { kind, video, version });
    this.last = Promise.resolve();
  }

  /* ``change`` makes the new labels of the old ones. Where somebody else changed the video
     meanwhile it is made of what is there now; of a single label nothing is overwritten. */
  save(change, labels) {
    this.last = this.last.catch(() => {}).then(() => this.#save(change, labels()));
    return this.last;
  }

  async #save(change, labels) {
    try {
      return await this.#patch(change(labels));
    } catch (error) {
      if (error.status !== 412) throw error;
    }
    const now = await ask("GET", `videos/${this.video}/`);
    this.version = now.version;
    const others = this.#labelsOf(now);
    const merged = KINDS[this.kind].several ? await this.#patch(change(others)) : { video: now, labels: others };
    return { ...merged, conflict: true };
  }

  async #patch(labels) {
    const { field, several } = KINDS[this.kind];
    const ids = labels.map((label) => label.id);
    const headers = { "If-Unmodified-Since-Version": String(this.version) };
    const video = await ask("PATCH", `videos/${this.video}/`, { [field]: several ? ids : (ids[0] ?? null) }, { headers });
    this.version = video.version;
    return { video, labels: this.#labelsOf(video) };
  }

  #labelsOf(video) {
    const { field, several } = KINDS[this.kind];
    return several ? video[field] : [video[field]].filter(Boolean);
  }
}

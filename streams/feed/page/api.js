/* Requests to the feed: JSON in and out. A failed request throws a Refusal with a sentence for the reader. */

export class Refusal extends Error {
  /* `status` is that of HTTP; 0 if there was no answer. */
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

async function ask(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refusal(0, "The server does not answer.");
  }
  if (!response.ok) throw new Refusal(response.status, await sentence(response));
  return response;
}

/* The feed's problems are JSON (RFC 9457); a proxy in between may answer in another way. */
async function sentence(response) {
  try {
    return (await response.json()).detail ?? response.statusText;
  } catch {
    return `The server answered ${response.status} ${response.statusText}`.trim();
  }
}

/* Asks until there is an answer. `waits` gets the milliseconds until the next attempt. */
export async function patiently(path, waits) {
  for (let pause = 1000; ; pause = Math.min(30000, pause * 2)) {
    try {
      return (await get(path)).content;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      waits(pause);
      await new Promise((resolve) => { setTimeout(resolve, pause); });
    }
  }
}

const query = (parameters) => {
  const text = new URLSearchParams(parameters).toString();
  return text ? `?${text}` : "";
};

const TIMELESS = /^(config|fences|replay|reviews)/; // what is the same at any moment of a recording
let moment = null;

/* From now on, requests ask for what was known at this moment of a recording, in milliseconds; null: for all of it. */
export function asOf(milliseconds) {
  moment = milliseconds;
}

/* The address of what the server has under a path, as of the moment. `parameters` is anything that URLSearchParams takes. */
export function addressOf(path, parameters = {}) {
  const all = [...new URLSearchParams(parameters)];
  if (moment !== null && !TIMELESS.test(path)) all.push(["at", new Date(moment).toISOString()]);
  return `v1/${path}${query(all)}`;
}

export async function get(path, parameters = {}, signal = undefined) {
  const response = await ask(addressOf(path, parameters), { signal });
  return { content: await response.json(), headers: response.headers };
}

export const post = (path, content) => send("POST", path, content);

/* Asks the feed to change something; `content` is sent as JSON. */
export async function send(method, path, content = undefined) {
  const response = await ask(path === "session" ? "v1/session" : addressOf(path), {
    method,
    headers: content === undefined ? {} : { "Content-Type": "application/json" },
    body: content === undefined ? undefined : JSON.stringify(content),
  });
  const text = await response.text();
  return text ? JSON.parse(text) : null;
}

export async function land(signal) {
  return (await ask("static/land.geojson", { signal })).json();
}

// What the page asks of the service, and how a refusal is told.

/** A request that brought no answer. `wait`: seconds until it is worth another try; `again`: whether it ever is. */
export class Refused extends Error {
  constructor(message, { remedy = "", code = "", status = 0, id = "", wait = null, again = false } = {}) {
    super(message);
    Object.assign(this, { remedy, code, status, id, wait, again });
  }
}

const REMEDIES = {
  401: "Give the key of this service under “Access key”.",
  403: "Give the key of this service under “Access key”. Without a key, it answers only on its own machine.",
  413: "Give a smaller picture.",
  415: "Give a picture: JPEG, PNG, GIF, WebP, BMP or TIFF.",
  429: "It was asked too often.",
  500: "Try again. If it stays so, tell whoever runs this service, with the id below.",
  503: "It has no model, or too much to do.",
  504: "Try again, or give a smaller picture.",
};
const OURS = {
  unauthorized: REMEDIES[401], // the service tells programs which header
  too_many_requests: "",
  busy: "",
  not_ready: "Its models are still being loaded.",
};
const PASSING = [0, 429, 500, 502, 503, 504];

/** The answer to one picture; `text` null lets the service read the words itself. */
export const classify = (image, { text, key, signal }) => ask("classify", { method: "POST", body: form(image, text), signal }, key);

/** What moved the labels of one task. */
export function explain(image, { text, task, key, signal }) {
  const body = form(image, text);
  body.append("tasks", task);
  return ask("explain", { method: "POST", body, signal }, key);
}

function form(image, text) {
  const body = new FormData();
  body.append("image", image, image.name || "image");
  if (text !== null) body.append("text", text);
  return body;
}

/** The models that are served. */
export const models = (key) => ask("models", {}, key);

async function ask(path, options, key) {
  const headers = key ? { Authorization: `Bearer ${key}` } : {};
  let response;
  try {
    response = await fetch(path, { ...options, headers, credentials: "same-origin", cache: "no-store" });
    if (response.ok) return await response.json();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused("The service cannot be reached, or broke off.", {
      remedy: "See whether it still runs and whether you are connected, then try again.",
      again: true,
    });
  }
  throw refusal(response, await response.text().catch(() => ""));
}

/** What a response that is no answer says: the service's own words where it has some. */
function refusal(response, body) {
  const { status } = response;
  let told;
  try {
    told = JSON.parse(body);
  } catch {
    told = null;
  }
  const error = (Array.isArray(told) ? told[0] : told)?.error;
  const said = typeof error === "string" ? { message: error } : error ?? {};
  const wait = Number.parseInt(response.headers.get("Retry-After") ?? "", 10);
  return new Refused(said.message || `The service answered ${status} ${response.statusText}`.trim() + ".", {
    remedy: OURS[said.code] ?? said.remedy ?? REMEDIES[status] ?? "",
    code: said.code ?? "",
    status,
    id: said.request_id || response.headers.get("X-Request-ID") || "",
    wait: Number.isFinite(wait) ? wait : null,
    again: PASSING.includes(status),
  });
}

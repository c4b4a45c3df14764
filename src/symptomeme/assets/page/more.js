// Where to find support, which models answer, and how a program asks.
import { make } from "./results.js";

/** A place to turn to: its name, how to reach it, and what it is. */
export function resourceOf({ name, contact, about }) {
  let reach = make("span", { text: contact });
  if (/^https?:\/\//.test(contact) || /^\+?[\d ()-]{3,}$/.test(contact)) {
    reach = make("a", { text: contact.replace(/^https?:\/\/(www\.)?|\/$/g, "") });
    reach.href = contact.startsWith("http") ? contact : `tel:${contact.replace(/[^+\d]/g, "")}`;
    reach.rel = "noreferrer";
  }
  const children = [make("strong", { text: name }), ": ", reach];
  if (about) children.push(make("span", { className: "about", text: about }));
  return make("li", { children });
}

/** A served model with its card. */
export function modelOf({ task, name, version, variant, aliases, digest, data, card }) {
  const facts = [`${name} version ${version}`, variant, (aliases ?? []).join(", "), `files ${digest.slice(0, 12)}`];
  if (data) facts.push(`data ${data.slice(0, 12)}`);
  const children = [make("h3", { text: task }), make("p", { className: "soft", text: facts.filter(Boolean).join(" · ") })];
  if (card) {
    const text = make("pre", { text: card });
    text.tabIndex = 0;
    children.push(make("details", { children: [make("summary", { text: "Model card" }), text] }));
  }
  return make("article", { children });
}

/** What to type to ask from a shell; a key is named by its variable alone, so that none is copied or seen. */
export function exampleOf(address, keyed) {
  const shown = keyed ? '-H "Authorization: Bearer $SYMPTOMEME_API_KEY" ' : "";
  return `curl ${shown}-F image=@meme.jpg ${address}`;
}

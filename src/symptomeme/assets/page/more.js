// Where to find support, and which models answer: data of a free form, shown as text.
import { make } from "./results.js";

const LINK = /^(https:\/\/|tel:|mailto:)/;

/** Support resources as the answer names them: text, a list, or an object with such members. */
export function supportOf(told) {
  if (Array.isArray(told)) return [make("ul", { children: told.map((one) => make("li", { children: supportOf(one) })) })];
  if (told !== null && typeof told === "object") {
    return Object.values(told)
      .filter((value) => value !== null && value !== "")
      .flatMap((value, place) => (typeof value === "object" ? supportOf(value) : [line(String(value), place === 0)]));
  }
  return [line(String(told), false)];
}

function line(text, first) {
  if (LINK.test(text)) {
    const link = make("a", { text: text.replace(/^(tel|mailto):/, "") });
    link.href = text;
    link.rel = "noreferrer";
    return make("p", { children: [link] });
  }
  return make("p", { children: [make(first ? "strong" : "span", { text })] });
}

/** A served model with its card. */
export function modelOf({ task, name, version, variant, aliases, digest, data, card }) {
  const facts = [
    [name, version === null || version === undefined ? "" : `version ${version}`, variant].filter(Boolean).join(" "),
    (aliases ?? []).join(", "),
    digest ? `files ${digest.slice(0, 12)}` : "",
    typeof data === "string" ? data : "",
  ];
  const children = [make("h3", { text: task }), make("p", { className: "soft", text: facts.filter(Boolean).join(" · ") })];
  if (card) {
    const text = make("pre", { text: card });
    text.tabIndex = 0;
    children.push(make("details", { children: [make("summary", { text: "Model card" }), text] }));
  }
  return make("article", { children });
}

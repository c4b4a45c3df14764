// How an answer is shown. Whatever came from outside goes in as text, never as HTML.

/** An element with a class, text or children. */
export function make(tag, { className = "", text = null, children = [] } = {}) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== null) element.textContent = text;
  element.append(...children);
  return element;
}

const RULES = {
  anxiety: "The symptoms, after the GAD‑7 questionnaire, share 100%. The likeliest is claimed if it is over its threshold.",
  depression: "Each symptom, after the PHQ‑9 questionnaire, is judged by itself. All that are over their threshold are claimed.",
};
const HARMLESS = "That does not mean that the meme, or a person, is harmless.";
const HELD_BACK = `The model abstains: no symptom is over its threshold. ${HARMLESS}`;
const UNSURE = `The model abstains: it is not sure enough of the symptoms over their thresholds. ${HARMLESS}`;

/** A sentence or name with a capital letter. */
export const titled = (name) => name.charAt(0).toUpperCase() + name.slice(1);

/** "A, B and C". */
const listed = (names) => new Intl.ListFormat("en").format(names);

/** Probability and threshold in percent; with a digit more where they would look alike. */
function percents(probability, threshold) {
  const whole = [probability, threshold].map((value) => `${Math.round(100 * value)}%`);
  return whole[0] === whole[1] ? [probability, threshold].map((value) => `${(100 * value).toFixed(1)}%`) : whole;
}

/** The card of one task. */
export function taskCard(task, { labels, probabilities, thresholds, abstain, model }) {
  const version = model.version === null ? "" : ` version ${model.version}`;
  const title = make("h3", { text: titled(task) });
  const which = make("p", { className: "model", text: `${model.name}${version} · ${model.variant}` });
  const claim = make("p", {
    className: abstain ? "claim none" : "claim",
    text: abstain ? "No symptom claimed" : listed(labels),
  });
  const someOver = Object.entries(probabilities).some(([label, value]) => value > thresholds[label]);
  const held = someOver ? UNSURE : HELD_BACK;
  const why = make("p", { className: "soft", text: abstain ? held : RULES[task] ?? "" });
  const bars = make("ul", {
    className: "bars",
    children: Object.entries(probabilities).map(([label, value]) =>
      bar(label, value, thresholds[label], labels.includes(label)),
    ),
  });
  bars.setAttribute("role", "list");
  const legend = make("p", { className: "legend", children: [make("i"), "The mark on a bar: the threshold that a symptom needs to be claimed"] });
  const card = make("article", {
    className: "task",
    children: [make("header", { children: [title, which] }), claim, why, bars, legend, ...whyOf(task)],
  });
  card.dataset.task = task;
  return card;
}

/** The button that asks why, what it says while it waits, and the place for what it finds. */
function whyOf(task) {
  const place = make("div", { className: "explanation" });
  place.id = `why-${task}`;
  place.hidden = true;
  const button = make("button", { className: "ask-why", text: "Why?", children: [make("span", { className: "unseen", text: ` (${task})` })] });
  button.type = "button";
  button.setAttribute("aria-expanded", "false");
  button.setAttribute("aria-controls", place.id);
  const said = make("p", { className: "soft" });
  said.setAttribute("role", "status");
  return [button, said, place];
}

function bar(label, probability, threshold, claimed) {
  const [value, limit] = percents(probability, threshold);
  const name = make("span", { className: "label", text: label });
  if (claimed) name.append(" ", make("span", { className: "badge", text: "✓ claimed" }));
  const numbers = make("span", {
    className: "numbers",
    children: [make("b", { text: value }), make("span", { className: "limit", text: ` needs ${limit}` })],
  });
  const track = make("div", { className: "track", children: [make("i", { className: "fill" }), make("i", { className: "tick" })] });
  track.setAttribute("aria-hidden", "true");
  track.style.setProperty("--value", probability);
  track.style.setProperty("--limit", threshold);
  return make("li", { className: claimed ? "claimed" : "", children: [name, numbers, track] });
}

/** How far the words are to be trusted. */
export function trust({ value, confidence, engine }) {
  if (engine === "given") return "These are the words you gave.";
  if (!value) return "No words were found in the picture. Type them if there are some.";
  if (confidence === null) return "Read from the picture.";
  const percent = `Read from the picture with ${Math.round(confidence)}% confidence. `;
  return percent + (confidence >= 85 ? "Correct what is wrong." : "Some may be wrong: the answer is only as good as these words.");
}

/** One sentence for a screen reader. */
export function summary(tasks) {
  const parts = Object.entries(tasks).map(([task, found]) => `${titled(task)}: ${found.abstain ? "no symptom claimed" : listed(found.labels)}.`);
  return `Done. ${parts.join(" ")}`;
}

/** Terms and values for "About this answer". */
export function facts(answer) {
  const times = Object.entries(answer.milliseconds ?? {}).map(([step, took]) => `${step} ${Math.round(took)} ms`);
  const rows = {
    "Request id": answer.request_id,
    Time: times.join(", "),
    "Words by": answer.text.engine,
    "SHA-256 of the file": answer.sha256,
  };
  return Object.entries(rows)
    .filter(([, value]) => value)
    .flatMap(([term, value]) => [make("dt", { text: term }), make("dd", { text: value })]);
}

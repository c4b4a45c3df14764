// Why a model says what it says: words and parts of the picture, shaded by how far they moved a label.
import { make, titled } from "./results.js";

const MOST = 3; // words and parts of the picture that are told in a sentence
const SVG = "http://www.w3.org/2000/svg";

/** By what words and parts of the picture are told apart; null for a word that the model did not get to see. */
const strength = ({ score, strength = score }) => strength;

/** What moved each label of a task; `address` is where the browser has the picture. */
export function explained(found, { picture, address, claimed }) {
  return found.map((one) => {
    const most = Math.max(...[...one.words, ...one.patches].map((part) => Math.abs(strength(part) ?? 0)), 1e-9);
    const title = make("h4", { text: claimed.includes(one.label) ? `What moved “${one.label}”` : `What moved “${one.label}”, which is not claimed` });
    const children = [title, make("p", { className: "soft", text: sentence(one, picture) })];
    if (one.words.length) children.push(shadedWords(one.words, most));
    if (one.patches.length) children.push(shadedPicture(one.patches, most, picture, address));
    children.push(legend(), list(one, picture));
    return make("section", { children });
  });
}

const strongest = (parts, sign) =>
  parts.filter((part) => sign * strength(part) > 0.005).sort((one, other) => sign * (strength(other) - strength(one))).slice(0, MOST);

const listed = (names) => new Intl.ListFormat("en").format(names);

/** The gist of it, for those who see no shades. */
function sentence({ words, patches }, picture) {
  const told = [];
  for (const [sign, how] of [[1, "For it"], [-1, "Against it"]]) {
    const parts = [...strongest(words, sign).map(({ text }) => `“${text}”`), ...new Set(strongest(patches, sign).map((patch) => `the picture ${place(patch, picture)}`))];
    if (parts.length) told.push(`${how}: ${listed(parts)}.`);
  }
  return told.join(" ") || "No word and no part of the picture moved it.";
}

/** Where in a picture a patch is: "top left" to "bottom right". */
function place({ box: [left, top, right, bottom] }, { width, height }) {
  const third = (middle, whole, names) => names[Math.min(2, Math.floor((3 * middle) / whole))];
  const down = third((top + bottom) / 2, height, ["at the top", "in the middle", "at the bottom"]);
  const across = third((left + right) / 2, width, ["left", "", "right"]);
  return `${down} ${across}`.trim();
}

function shade(element, score, most) {
  if (!score) return;
  element.classList.add(score > 0 ? "for" : "against");
  element.style.setProperty("--weight", (Math.abs(score) / most).toFixed(3));
}

function shadedWords(words, most) {
  const line = make("p", { className: "shaded" });
  line.setAttribute("aria-hidden", "true"); // the list below says it in words
  for (const { text, score } of words) {
    const word = make("span", { text, className: score === null ? "cut" : "" });
    shade(word, score, most);
    line.append(word, " ");
  }
  return line;
}

function shadedPicture(patches, most, { width, height }, address) {
  const image = make("img");
  image.src = address;
  image.alt = "";
  const shades = document.createElementNS(SVG, "svg");
  shades.setAttribute("viewBox", `0 0 ${width} ${height}`);
  shades.setAttribute("preserveAspectRatio", "none");
  for (const part of patches) {
    const [left, top, right, bottom] = part.box;
    const patch = document.createElementNS(SVG, "rect");
    for (const [name, value] of Object.entries({ x: left, y: top, width: right - left, height: bottom - top })) patch.setAttribute(name, value);
    shade(patch, strength(part), most);
    shades.append(patch);
  }
  const figure = make("figure", { className: "shades", children: [image, shades] });
  figure.setAttribute("aria-hidden", "true");
  image.addEventListener("error", () => (figure.hidden = true)); // a file that this browser cannot show
  return figure;
}

function legend() {
  const sign = (name, text) => make("span", { children: [make("i", { className: name }), text] });
  return make("p", { className: "signs", children: [sign("for", "for it"), sign("against", "against it")] });
}

/** All of it as a table, the strongest first. */
function list({ words, patches, probability, delta }, picture) {
  const rows = [...words.map(({ text, score }) => [text, score]), ...patches.map((patch) => [`picture ${place(patch, picture)}`, patch.score])]
    .filter(([, score]) => score !== null)
    .sort((one, other) => Math.abs(other[1]) - Math.abs(one[1]));
  const cells = (tag, row) => make("tr", { children: row.map((text) => make(tag, { text })) });
  const head = cells("th", ["Part", "Log-odds"]);
  for (const cell of head.children) cell.scope = "col";
  const body = make("tbody", { children: rows.map(([name, score]) => cells("td", [name, `${score > 0 ? "+" : ""}${score.toFixed(2)}`])) });
  const table = make("table", { children: [make("thead", { children: [head] }), body] });
  const note = make("p", { className: "small", text: `Each number says how far a part moved the log-odds of ${Math.round(100 * probability)}%, from where there are neither words nor picture. They miss the whole way by ${Math.abs(delta).toFixed(2)}.${patches.length ? " Above, parts of the picture that stand out are shaded less." : ""}` });
  const held = make("div", { className: "scrolled", children: [table] });
  held.tabIndex = 0;
  held.setAttribute("role", "region");
  held.setAttribute("aria-label", "All parts");
  return make("details", { children: [make("summary", { text: "All parts as a list" }), note, held] });
}

/** What is said while an explanation is on its way, or where there is none. */
export const waiting = "Asking the model again and again, which takes seconds …";
export const failed = ({ message, remedy = "", wait = null }) => `${titled(message)} ${remedy}${wait === null ? "" : ` Try again in ${wait} s.`}`.trim();

// The page's behaviour: a meme comes in, is asked about, and the answer is shown.
import { listen } from "./intake.js";
import { exampleOf, modelOf, resourceOf } from "./more.js";
import { explained, failed, waiting } from "./explanation.js";
import { classify, explain, models } from "./request.js";
import { facts, summary, taskCard, titled, trust } from "./results.js";

const at = (id) => document.getElementById(id);
const PATIENCE = 6000; // milliseconds until the page says that it takes long

let key = ""; // in memory alone
let asked = null; // { image, text }: what "Try again" repeats
let running = null; // AbortController of the request on its way
let shown = null; // the answer
let answered = null; // { image, text }: what it is of
let address = ""; // of the preview

function state(name) {
  if (name !== "failed" && at("error").contains(document.activeElement)) at("main").focus({ preventScroll: true });
  at("main").dataset.state = name;
  at("progress").hidden = name !== "busy";
  at("outcome").setAttribute("aria-busy", String(name === "busy"));
  at("error").hidden = name !== "failed";
  at("outcome-title").textContent = name === "failed" ? "What the models said before" : "What the models say";
}

function preview(image) {
  URL.revokeObjectURL(address);
  address = URL.createObjectURL(image);
  at("picture").hidden = false;
  at("unseen").hidden = true;
  at("picture").src = address;
  at("picture-name").textContent = image.name;
  at("preview").hidden = false;
  at("choose").textContent = "Choose another";
}

/** A new meme: whatever was shown of another goes. */
function take(image) {
  at("outcome").hidden = at("words").hidden = true;
  preview(image);
  run(image, null);
}

async function run(image, text) {
  running?.abort();
  const own = (running = new AbortController());
  asked = { image, text };
  state("busy");
  at("status").textContent = text === null ? "Reading the words and looking at the picture …" : "Judging it with your words …";
  const late = setTimeout(() => (at("status").textContent = "Still at it. The first answer and large pictures take longer …"), PATIENCE);
  try {
    show(await classify(image, { text, key, signal: own.signal }));
  } catch (error) {
    if (own === running && error.name !== "AbortError") fail(error);
  } finally {
    clearTimeout(late);
  }
}

function show(answer) {
  shown = answer;
  answered = asked;
  at("text").value = answer.text.value;
  at("trust").textContent = trust(answer.text);
  if (document.activeElement === at("reread")) at("again").focus(); // before it is hidden
  at("reread").hidden = answer.text.engine !== "given";
  at("notice").textContent = answer.notice;
  at("tasks").replaceChildren(...Object.entries(answer.tasks).map(([task, found]) => taskCard(task, found)));
  at("support").hidden = !answer.support;
  at("support-message").textContent = answer.support?.message ?? "";
  at("support-list").replaceChildren(...(answer.support?.resources ?? []).map(resourceOf));
  at("facts").replaceChildren(...facts(answer));
  at("json").textContent = JSON.stringify(answer, null, 2);
  at("copy").textContent = "Copy the answer as JSON";
  at("status").textContent = summary(answer.tasks);
  at("outcome").hidden = at("words").hidden = false;
  state("done");
  if (at("outcome").getBoundingClientRect().top > innerHeight * 0.8) at("outcome").scrollIntoView(); // a phone
}

/** A press on "Why?": asked once, then shown and hidden. */
async function why(button) {
  const place = at(button.getAttribute("aria-controls"));
  const said = button.nextElementSibling;
  if (!place.childElementCount) {
    if (said.textContent === waiting) return;
    said.textContent = waiting;
    const task = button.closest("[data-task]").dataset.task;
    const { image, text } = answered;
    try {
      const { tasks, picture } = await explain(image, { text, task, key });
      place.replaceChildren(...explained(tasks[task].explained, { picture, address, claimed: tasks[task].labels }));
      said.textContent = "";
    } catch (error) {
      said.textContent = failed(error);
      return;
    }
  }
  place.hidden = !place.hidden;
  button.setAttribute("aria-expanded", String(!place.hidden));
}

function fail(error) {
  const wait = error.wait === null || error.wait === undefined ? "" : ` Try again in ${error.wait} ${error.wait === 1 ? "second" : "seconds"}.`;
  at("status").textContent = "";
  at("error-message").textContent = titled(error.message);
  at("error-remedy").textContent = `${error.remedy ?? ""}${wait}`.trim();
  at("error-id").textContent = error.id ? `Request id: ${error.id}` : "";
  at("retry").hidden = error.again === false;
  state("failed");
  if (error.status === 401) example(true);
  if (error.status === 401 || error.status === 403) {
    at("access").open = true;
    at("key").focus();
  } else at("error").scrollIntoView({ block: "nearest" });
}

/** How a program asks; `keyed`: with a key. */
function example(keyed) {
  at("example").textContent = exampleOf(new URL("classify", location.href), keyed);
}

function hint(text) {
  if (at("main").dataset.state !== "busy") at("status").textContent = text;
}

listen({ take, hint });
at("picture").addEventListener("error", () => {
  at("picture").hidden = true;
  at("unseen").hidden = false;
});
at("tasks").addEventListener("click", (event) => {
  const button = event.target.closest(".ask-why");
  if (button) why(button);
});
at("again").addEventListener("click", () => run(asked.image, at("text").value));
at("reread").addEventListener("click", () => run(asked.image, null));
at("retry").addEventListener("click", () => run(asked.image, asked.text));

function closeAccess() {
  at("access").open = false;
  at("access").querySelector("summary").focus();
}

function useKey() {
  key = at("key").value.trim();
  example(key !== "");
  closeAccess();
  if (at("main").dataset.state === "failed") run(asked.image, asked.text);
}
at("use-key").addEventListener("click", useKey);
at("key").addEventListener("keydown", (event) => event.key === "Enter" && useKey());

at("access").addEventListener("keydown", (event) => event.key === "Escape" && closeAccess());

at("copy").addEventListener("click", async () => {
  try {
    await navigator.clipboard.writeText(JSON.stringify(shown, null, 2));
    at("copy").textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(at("json")); // no clipboard to write to: it is ready to be copied by hand
    at("copy").textContent = "Selected below: press Ctrl C";
  }
});

at("models").addEventListener("toggle", async () => {
  if (!at("models").open) return;
  try {
    at("models-list").replaceChildren(...(await models(key)).models.map(modelOf));
  } catch (error) {
    if (error.status === 401) example(true);
    at("models-list").textContent = titled(`${error.message} ${error.remedy ?? ""}`);
  }
});

example(false);

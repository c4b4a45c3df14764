// The ways in which a meme comes: chosen, dropped, pasted, or one of the samples.

const at = (id) => document.getElementById(id);
const fileIn = (data) => [...(data?.files ?? [])][0] ?? null;
const isField = (target) => Boolean(target.closest?.("textarea, input"));

/** Call `take` with each picture that comes; `hint` with what to say where none did. */
export function listen({ take, hint }) {
  at("choose").addEventListener("click", () => at("file").click());
  at("file").addEventListener("change", () => {
    const image = fileIn(at("file"));
    if (image) take(image);
    at("file").value = ""; // the same file again is another change
  });
  listenToDrops(take, hint);
  document.addEventListener("paste", (event) => {
    const image = fileIn(event.clipboardData);
    if (image) {
      event.preventDefault();
      take(image);
    } else if (!isField(event.target)) hint("There is no picture on the clipboard.");
  });
  for (const button of document.querySelectorAll("[data-sample]")) {
    button.addEventListener("click", () => sample(button.dataset.sample).then(take, () => hint("The sample could not be loaded.")));
  }
  if (/Mac|iPhone|iPad/.test(navigator.platform)) document.querySelector("kbd").textContent = "⌘";
}

function listenToDrops(take, hint) {
  let depth = 0; // elements entered and not left while dragging
  const over = (value) => {
    depth = value;
    at("drop").classList.toggle("over", depth > 0);
  };
  const ours = (event) => event.dataTransfer.types.includes("Files") || !isField(event.target);
  document.addEventListener("dragenter", () => over(depth + 1));
  document.addEventListener("dragleave", () => over(depth - 1));
  document.addEventListener("dragover", (event) => ours(event) && event.preventDefault());
  document.addEventListener("drop", (event) => {
    over(0);
    if (!ours(event)) return; // words dragged within their field
    event.preventDefault();
    const image = fileIn(event.dataTransfer);
    if (image) take(image);
    else hint("That was no file. Save the picture first, then drop it here.");
  });
}

async function sample(path) {
  const response = await fetch(path);
  if (!response.ok) throw new Error(path);
  const data = await response.blob();
  return new File([data], path.split("/").at(-1), { type: data.type });
}

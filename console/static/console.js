// Everything here is a comfort: each page works without it.
import { initAll } from "./vendor/govuk-frontend.js";
import { Idiomorph } from "./vendor/idiomorph.js";

document.body.classList.add("js-enabled", "govuk-frontend-supported");
initAll();

// A page that says how far something is looks again until it has ended; focus and scroll stay where they are.
async function lookAgain() {
  const main = document.querySelector("main[data-again-after]");
  if (!main) return;
  await new Promise((then) => setTimeout(then, Number(main.dataset.againAfter)));
  const answer = await fetch(location.href).catch(() => null);
  if (answer?.ok) {
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    document.title = page.title;
    Idiomorph.morph(main, page.querySelector("main"));
  }
  lookAgain();
}
lookAgain();

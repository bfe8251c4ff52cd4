// Everything here is a comfort: each page works without it.
import { Button, ErrorSummary, SkipLink, createAll } from "./vendor/govuk-frontend.js";

// The page that answers a form would keep what was sent in the browser's history, which browsers keep on disk.
history.replaceState(null, "");

document.body.classList.add("js-enabled", "govuk-frontend-supported");
for (const component of [Button, ErrorSummary, SkipLink]) createAll(component);

// Exit this page: at once, in this tab, and in place of this page, so that "Back" does not lead here.
const leaving = document.querySelector(".govuk-exit-this-page");
const words = (name) => leaving.getAttribute(`data-i18n.${name}`) ?? "";

function leave(address) {
  document.title = "";
  document.documentElement.hidden = true;
  location.replace(address);
}

// Shift three times, each within five seconds of the one before, is the same.
const WITHIN = 5000;
const PRESSES = 3;
const told = document.createElement("p");
told.className = "rj-presses";
told.setAttribute("role", "status");
let presses = 0;
let forgets;

function pressed() {
  presses += 1;
  clearTimeout(forgets);
  if (presses === PRESSES) {
    leave(leaving.querySelector("a").href);
    return;
  }
  told.textContent = words(presses === 1 ? "press-two-more-times" : "press-one-more-time");
  forgets = setTimeout(() => {
    presses = 0;
    told.textContent = words("timed-out");
    forgets = setTimeout(() => { told.textContent = ""; }, WITHIN);
  }, WITHIN);
}

if (leaving) {
  document.body.append(told);
  for (const link of document.querySelectorAll(".govuk-exit-this-page a, a.rj-exit")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      leave(link.href);
    });
  }
  document.addEventListener("keydown", (event) => {
    // Shift with another key is somebody who types a capital letter, or tabs back.
    if (event.key === "Shift") { if (!event.repeat) pressed(); } else { presses = 0; clearTimeout(forgets); told.textContent = ""; }
  });
}

// A page that the browser had put aside is asked for again: its answers may be gone by now.
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

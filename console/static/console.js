// Everything here is a comfort: each page works without it.
import { initAll } from "./vendor/govuk-frontend.js";

// The page that answers a form would keep what was sent in the browser's history, which browsers keep on disk.
history.replaceState(null, "");

document.body.classList.add("js-enabled", "govuk-frontend-supported");
initAll();

// --- A page shows what changes while somebody looks at it: the server says that something did, and the page is read again.

const LIVE = "main[data-live]";
const SOONEST = 1500; // milliseconds between two readings
const STEPS = new Map(); // what was recorded since a page with a form was read, by number
let source = null;
let timer = null;
let failures = 0;
let readAt = 0;
let reading = Promise.resolve(); // one after the other, so that no older page comes after a newer one

const main = () => document.querySelector(LIVE);
const changed = (field) =>
  field.type === "checkbox" || field.type === "radio"
    ? field.checked !== field.defaultChecked
    : field.tagName === "SELECT"
      ? [...field.options].some((each) => each.selected !== each.defaultSelected) &&
        !(field.selectedIndex === 0 && ![...field.options].some((each) => each.defaultSelected))
      : "defaultValue" in field && field.type !== "hidden" && field.value !== field.defaultValue;
const typed = (form) => [...form.elements].some(changed);

function listen() {
  // A browser has few connections to a server: only the page that is looked at keeps one.
  if (document.hidden || source || !main()) return;
  source = new EventSource(main().dataset.live);
  source.onopen = () => { failures = 0; };
  source.onerror = again;
  source.addEventListener("ended", signedOut);
  source.addEventListener("happened", tell);
  if (main().dataset.stays === undefined) {
    source.addEventListener("change", soon);
    source.addEventListener("inbox", soon);
  }
}

function stop() {
  source?.close();
  source = null;
}

async function again() {
  stop();
  failures += 1;
  const pause = Math.min(1000 * 2 ** failures, 30000) * (0.5 + Math.random() / 2);
  setTimeout(async () => ((await timeLeft()) === ENDED ? signedOut() : listen()), pause);
}

function soon() {
  timer ??= setTimeout(() => {
    timer = null;
    readAt = Date.now();
    reading = reading.then(read);
  }, Math.max(Math.random() * 300, readAt + SOONEST - Date.now()));
}

async function read() {
  const fresh = await fetched();
  if (fresh === null) return;
  const { Idiomorph } = await import("./vendor/idiomorph.js");
  await released();
  const focused = document.activeElement;
  for (const id of ["nav", "main"]) {
    const [old, now] = [document.getElementById(id), fresh.getElementById(id)];
    if (old && now) Idiomorph.morph(old, now, { ignoreActiveValue: true, callbacks: KEPT });
  }
  document.title = fresh.title;
  if (focused && focused !== document.activeElement) {
    const whole = document.getElementById("main");
    whole.tabIndex = -1;
    (focused.isConnected ? focused : whole).focus({ preventScroll: true });
  }
}

async function fetched() {
  let answer;
  try {
    answer = await fetch(location.href, { headers: { "X-Refresh": "1" }, cache: "no-store" });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return null; // Nobody answers; the page is told again once somebody does.
  }
  if (answer.redirected && new URL(answer.url).pathname === "/sign-in") signedOut();
  if (!answer.ok || answer.redirected) return null;
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

// What a person did to the page stays: what they typed, what they opened, what our scripts made of it.
const KEPT = {
  beforeNodeMorphed: (node) => !(node instanceof HTMLFormElement && typed(node)),
  beforeAttributeUpdated: (name, node) =>
    !(name === "open" && /^(DETAILS|DIALOG)$/.test(node.tagName)) && !/^data-.*-init$/.test(name),
  afterNodeAdded: (node) => { if (node.classList?.contains("rj-row")) node.classList.add("rj-row--new"); },
};

// Nothing moves from under a finger.
let pressed = null;
document.addEventListener("pointerdown", () => {
  let release;
  const over = new Promise((resolve) => { release = resolve; });
  pressed = { over, release };
});
for (const name of ["pointerup", "pointercancel"]) {
  document.addEventListener(name, () => setTimeout(() => { pressed?.release(); pressed = null; }, 100));
}
const released = () => pressed?.over;

// A page with a form is not read again: it says what was recorded meanwhile.
function tell(event) {
  for (const step of JSON.parse(event.data).steps) STEPS.set(step.sequence, step);
  const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: "Europe/London" });
  const box = document.createElement("div");
  box.className = "rj-news";
  for (const step of STEPS.values()) {
    const line = document.createElement("p");
    const who = document.createElement("strong");
    who.textContent = `${step.by}, ${clock.format(new Date(step.at))}: `;
    line.append(who, step.says);
    box.append(line);
  }
  const see = document.createElement("a");
  see.className = "govuk-link";
  see.href = main().dataset.stays || location.pathname;
  see.target = "_blank";
  see.rel = "noopener";
  see.textContent = "See what changed (opens a new tab)";
  box.append(see);
  // What somebody types in stays where it is.
  const field = document.activeElement;
  const before = field.getBoundingClientRect().top;
  document.getElementById("news").replaceChildren(box);
  if (main().contains(field)) scrollBy({ top: field.getBoundingClientRect().top - before, behavior: "instant" });
}

document.addEventListener("visibilitychange", () => (document.hidden ? stop() : listen()));
addEventListener("pagehide", stop);
addEventListener("pageshow", listen);

// --- Before a session ends by itself, a person is asked whether they are still there.

const ENDED = "ended";
const WARN_BEFORE = 300; // seconds
const dialog = document.getElementById("ending");
const body = document.body.dataset;
let watching = null;

async function timeLeft() {
  try {
    const answer = await fetch("/still-here", { cache: "no-store", headers: { Accept: "application/json" } });
    return answer.redirected || answer.status === 401 ? ENDED : answer.ok ? await answer.json() : null;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return null;
  }
}

function watch({ idle, longest }) {
  clearTimeout(watching);
  const wait = idle > WARN_BEFORE + 5 ? idle - WARN_BEFORE : idle + 2;
  watching = setTimeout(look, wait * 1000);
  if (idle > WARN_BEFORE + 5) return dialog.close();
  const end = new Date(Date.now() + idle * 1000);
  const words = end.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  for (const at of dialog.querySelectorAll("[data-at]")) at.textContent = words;
  ask(longest <= idle ? "longest" : "idle");
}

async function look() {
  // Another tab may have been used meanwhile; the server knows.
  const left = await timeLeft();
  if (left === ENDED) return signedOut();
  if (left === null) watching = setTimeout(look, 15000);
  else watch(left);
}

function ask(why) {
  for (const each of dialog.querySelectorAll("[data-when]")) each.hidden = each.dataset.when !== why;
  dialog.querySelector("[data-stay]").hidden = why !== "idle";
  dialog.querySelector("[data-close]").hidden = why === "idle";
  dialog.querySelector("[data-sign-in]").hidden = why !== ENDED;
  if (!dialog.open) dialog.showModal();
}

function signedOut() {
  stop();
  clearTimeout(watching);
  if ([...document.querySelectorAll("main form")].some(typed)) return ask(ENDED);
  location.reload(); // which leads to where one signs in, and comes back
}

if (dialog) {
  dialog.querySelector("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const form = event.target;
    const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
    if (answer.ok) watch(await answer.json());
    else signedOut();
  });
  dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
  watch({ idle: Number(body.idle), longest: Number(body.left) });
}
listen();

// --- A page that says how far something is looks again until it has ended.

function lookAgain() {
  const after = document.querySelector("main[data-again-after]")?.dataset.againAfter;
  if (after) setTimeout(() => read().then(lookAgain), Number(after));
}
lookAgain();

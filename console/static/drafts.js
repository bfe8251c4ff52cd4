// Keeps on the server what somebody writes, as they write it, and shows what the step would do. The form works without it.
const form = document.querySelector("form[data-draft]");
const QUIET = 1500;

if (form) {
  const saved = document.getElementById("saved");
  const follows = document.getElementById("follows");
  let waiting = null;
  let underway = null;
  let sending = false;

  const say = (text) => { if (saved && saved.textContent !== text) saved.textContent = text; };

  const save = async () => {
    waiting = null;
    underway?.abort();
    underway = new AbortController();
    try {
      const answer = await fetch(form.dataset.draft, {
        method: "POST", body: new URLSearchParams(new FormData(form)), signal: underway.signal, redirect: "manual",
      });
      if (answer.status === 401) { say("You are signed out. What you write from now on is kept once you have signed in again."); return; }
      if (!answer.ok) { say("It could not be saved just now. It is tried again when you go on writing."); return; }
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const told = page.querySelector("[data-saved]");
      if (!told) return;
      say(told.dataset.saved);
      follows?.replaceChildren(...told.childNodes);
    } catch (error) {
      if (error.name !== "AbortError") say("It could not be saved just now. It is tried again when you go on writing.");
    }
  };

  const later = () => {
    if (sending) return;
    clearTimeout(waiting);
    waiting = setTimeout(save, QUIET);
  };

  // What is asked only after another answer, and does not stand below it.
  const ask = () => {
    for (const group of form.querySelectorAll("[data-when-name]")) {
      const given = [...form.querySelectorAll(`[name="${group.dataset.whenName}"]`)]
        .filter((each) => each.tagName === "SELECT" || each.checked).map((each) => each.value);
      group.hidden = !group.dataset.answered && !given.some((each) => group.dataset.whenValues.split(" ").includes(each));
    }
  };

  // How far the risk assessment is.
  const progress = document.getElementById("progress");
  const count = () => {
    const chosen = [...form.querySelectorAll(".rj-level input:checked")];
    const unknown = chosen.filter((each) => each.value === "unknown").length;
    progress.querySelector("strong").textContent = `${chosen.length} of ${progress.dataset.all}`;
    const tag = progress.querySelector(".rj-tag");
    tag.textContent = `${unknown} not known`;
    tag.hidden = unknown === 0;
  };

  form.addEventListener("input", later);
  if (progress) form.addEventListener("change", count);
  form.addEventListener("change", () => { ask(); later(); });
  form.addEventListener("submit", () => { sending = true; clearTimeout(waiting); underway?.abort(); });
  // Whoever leaves with something unsaved has it kept.
  window.addEventListener("pagehide", () => {
    if (waiting !== null && !sending) {
      clearTimeout(waiting);
      fetch(form.dataset.draft, { method: "POST", body: new URLSearchParams(new FormData(form)), keepalive: true });
    }
  });
  ask();
}

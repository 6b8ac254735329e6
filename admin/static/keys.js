// The keys of every page; the dialog "Keys" lists them. In a list j and k move, x selects and Enter
// opens; a decision applies to the highlighted row, or on a row's own page to that row. After a
// decision the list keeps its position.
"use strict";

const rows = [...document.querySelectorAll("[data-row], main table.stack:not(.card *) tbody tr")];
for (const row of rows) row.tabIndex = -1;
const POSITION = "place in the queue";
let at = -1;

function go(to) {
  if (!rows.length) return;
  rows[at]?.classList.remove("here");
  at = Math.max(0, Math.min(rows.length - 1, to));
  rows[at].classList.add("here");
  rows[at].focus({ preventScroll: true });
  rows[at].scrollIntoView({ block: "nearest" });
}

function press(key) {
  const selector = `[data-key=${key}]`;
  const place = key === "u" ? document : rows[at] ?? document;
  place.querySelector(selector)?.click();
}

function beside(rel) {
  document.querySelector(`.head [rel=${rel}]`)?.click();
}

function open(row) {
  const address = row?.dataset.open ?? row?.querySelector("a[href]")?.href;
  if (address) location.assign(address);
}

function play(media) {
  if (media?.paused) media.play();
  else media?.pause();
}

const keys = {
  j: () => (rows.length ? go(at + 1) : beside("next")),
  k: () => (rows.length ? go(at - 1) : beside("prev")),
  x: () => rows[at]?.querySelector("[name=id]")?.click(),
  a: () => press("a"),
  r: () => press("r"),
  e: () => press("e"),
  h: () => press("h"),
  u: () => press("u"),
  " ": () => play(document.querySelector("video")),
  Enter: () => open(rows[at]),
  "/": () => document.getElementById("find").select(),
  "?": () => document.getElementById("keys").showModal(),
};
const ANYWHERE = "jku/?";

document.addEventListener("keydown", (event) => {
  const busy = event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]");
  const typing = event.target.closest("input:not([type=checkbox]), textarea, select, audio, video");
  const follows = event.key === "Enter" && (at < 0 || event.target.closest("a, button, summary"));
  const pressed = event.key === " " && (rows.length || event.target.closest("a, button, summary, input, dialog"));
  if (busy || typing || follows || pressed || !Object.hasOwn(keys, event.key)) return;
  // In the list a decision needs a highlighted row; on a story's page it applies to that story.
  if (rows.length && at < 0 && !ANYWHERE.includes(event.key)) return;
  event.preventDefault();
  keys[event.key]();
});

// Ctrl+Enter (⌘+Enter on a Mac) submits the form that is being filled in; Escape closes the menu.
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    const form = event.target.closest("form[method=post]");
    if (!form) return;
    event.preventDefault(); // Enter in a one-line field submits too
    form.requestSubmit();
  } else if (event.key === "Escape") {
    menuSwitch.setAttribute("aria-expanded", "false");
    document.querySelectorAll("details.drop[open]").forEach((drop) => drop.removeAttribute("open"));
  }
});

document.querySelector(".keys-button").addEventListener("click", keys["?"]);

document.addEventListener("click", (event) => {
  const row = event.target.closest("[data-row] .buttons")?.closest("[data-row]");
  if (row) at = rows.indexOf(row);
});

document.addEventListener("submit", () => {
  const place = { address: location.href, at, scrolled: scrollY };
  if (rows.length) sessionStorage.setItem(POSITION, JSON.stringify(place));
});

const saved = JSON.parse(sessionStorage.getItem(POSITION) ?? "{}");
sessionStorage.removeItem(POSITION);
if (saved.address === location.href && rows.length) {
  scrollTo(0, saved.scrolled);
  if (saved.at >= 0) go(saved.at);
}

// Keys of the approval queue: j and k move, x selects, a approves, r rejects, e edits, u undoes the
// last decision, Enter opens, Space plays a video. After a decision the list keeps its position.
"use strict";

const rows = [...document.querySelectorAll("[data-row]")];
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
  u: () => press("u"),
  " ": () => play(document.querySelector("video")),
  Enter: () => rows[at] && location.assign(rows[at].dataset.open),
};

document.addEventListener("keydown", (event) => {
  const busy = event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]");
  const typing = event.target.closest("input:not([type=checkbox]), textarea, select, audio, video");
  const follows = event.key === "Enter" && event.target.closest("a, button, summary");
  const pressed = event.key === " " && (rows.length || event.target.closest("a, button, summary, input, dialog"));
  if (busy || typing || follows || pressed || !Object.hasOwn(keys, event.key)) return;
  // In the list a decision needs a highlighted row; on a story's page it applies to that story.
  if (rows.length && at < 0 && !"jku".includes(event.key)) return;
  event.preventDefault();
  keys[event.key]();
});

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

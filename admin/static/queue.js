// Keys of the approval queue: j and k move, x ticks, a approves, r rejects, Enter opens.
"use strict";

const rows = [...document.querySelectorAll("[data-row]")];
let at = -1;

function go(to) {
  if (!rows.length) return;
  rows[at]?.classList.remove("here");
  at = Math.max(0, Math.min(rows.length - 1, to));
  rows[at].classList.add("here");
  rows[at].focus({ preventScroll: true });
  rows[at].scrollIntoView({ block: "nearest" });
}

function press(selector) {
  (rows[at] ?? document).querySelector(selector)?.click();
}

const keys = {
  j: () => go(at + 1),
  k: () => go(at - 1),
  x: () => press("[name=id]"),
  a: () => press(".btn-success"),
  r: () => press("[data-ask=reject]"),
  Enter: () => rows[at] && location.assign(rows[at].dataset.open),
};

document.addEventListener("keydown", (event) => {
  const busy = event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]");
  const typing = event.target.closest("input:not([type=checkbox]), textarea, select");
  const follows = event.key === "Enter" && event.target.closest("a, button, summary");
  if (busy || typing || follows || !Object.hasOwn(keys, event.key)) return;
  // On the list a decision needs a row that is plain to see; on a story's page it is that story.
  if (rows.length && at < 0 && !"jk".includes(event.key)) return;
  event.preventDefault();
  keys[event.key]();
});

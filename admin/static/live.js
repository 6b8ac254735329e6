// Refreshes the live parts of a page. Pauses in hidden tabs and leaves playing media alone.
"use strict";

const from = document.currentScript.dataset.from;
const EVERY = 2000;
const LONGEST = 30000;
let pause = EVERY;

async function refresh() {
  if (!document.hidden) {
    try {
      const answer = await fetch(from, { headers: { Accept: "application/json" } });
      if (answer.status === 401) return location.reload();
      if (!answer.ok) throw new Error(String(answer.status));
      const pieces = Object.entries(await answer.json()).map(([id, html]) => [document.getElementById(id), html]);
      pieces.filter(([place]) => place).forEach(([place, html]) => show(place, html)); // a page need not have all
      pause = EVERY;
    } catch {
      pause = Math.min(LONGEST, pause * 2); // the server is unavailable: ask less and less often
    }
  }
  setTimeout(refresh, pause);
}

function seen(html) {
  return html.replace(/(name="csrf_token" value=")[^"]*/g, "$1"); // differs in every response
}

function show(place, html) {
  const parsed = document.createElement("template");
  parsed.innerHTML = html;
  const fresh = seen(parsed.innerHTML);
  if (fresh === (place.dataset.shown ?? seen(place.innerHTML))) return;
  if ([...place.querySelectorAll("audio, video")].some((media) => !media.paused)) return;
  const focused = place.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  place.innerHTML = html;
  place.dataset.shown = fresh;
  if (focused) [...place.querySelectorAll("a")].find((link) => link.getAttribute("href") === focused)?.focus();
}

setTimeout(refresh, EVERY);

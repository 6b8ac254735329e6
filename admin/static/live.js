// Refreshes the live parts of a page. Pauses in hidden tabs and leaves playing media alone.
"use strict";

const from = document.currentScript.dataset.from;
const EVERY = 2000;
const LONGEST = 30000;
let pause = EVERY;

// What the server last sent, by element id. What a person does on the page is no change of it.
const served = new Map([...document.querySelectorAll("main [id]")].map((place) => [place.id, seen(place.innerHTML)]));

async function refresh() {
  if (!document.hidden) {
    try {
      const answer = await fetch(from, { headers: { Accept: "application/json" } });
      if (answer.status === 401) return location.reload();
      if (!answer.ok) throw new Error(String(answer.status));
      Object.entries(await answer.json()).forEach(([id, html]) => served.has(id) && show(document.getElementById(id), html));
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
  if (fresh === served.get(place.id)) return;
  if ([...place.querySelectorAll("audio, video")].some((media) => !media.paused)) return;
  const focused = place.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  const opened = [...place.querySelectorAll("details[open] > summary")].map((summary) => summary.textContent);
  place.innerHTML = html;
  served.set(place.id, fresh);
  place.querySelectorAll("details").forEach((folded) => {
    folded.open ||= opened.includes(folded.querySelector("summary").textContent);
  });
  if (focused) [...place.querySelectorAll("a")].find((link) => link.getAttribute("href") === focused)?.focus();
}

setTimeout(refresh, EVERY);

// Refreshes the live parts of a page. Pauses in hidden tabs, and leaves alone what plays and what
// somebody is filling in.
"use strict";

const from = document.currentScript.dataset.from;
const EVERY = 2000;
const LONGEST = 30000;
const FOCUSABLE = "a, button, summary, input, select, textarea, audio, video";
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

// What has the focus, in words that its next version has too.
function nameOf(element) {
  const told = ["href", "src", "name", "value", "aria-label"].map((name) => element.getAttribute(name));
  return [element.tagName, element.form?.getAttribute("action"), ...told, element.matches("button, summary") && element.textContent].join(" ");
}

function isFilledIn(place) {
  const typing = place.contains(document.activeElement) && document.activeElement.matches("select, :read-write");
  return typing || [...place.querySelectorAll("form[method=post]")].some(isUnsaved); // of typing.js
}

function show(place, html) {
  const parsed = document.createElement("template");
  parsed.innerHTML = html;
  const fresh = seen(parsed.innerHTML);
  if (fresh === served.get(place.id)) return;
  if ([...place.querySelectorAll("audio, video")].some((media) => !media.paused) || isFilledIn(place)) return;
  const focused = place.contains(document.activeElement) ? nameOf(document.activeElement) : null;
  const opened = [...place.querySelectorAll("details[open] > summary")].map((summary) => summary.textContent);
  place.innerHTML = html;
  served.set(place.id, fresh);
  place.querySelectorAll("details").forEach((folded) => {
    folded.open ||= opened.includes(folded.querySelector("summary").textContent);
  });
  if (focused) [...place.querySelectorAll(FOCUSABLE)].find((element) => nameOf(element) === focused)?.focus({ preventScroll: true });
}

setTimeout(refresh, EVERY);

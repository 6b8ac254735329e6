// While the desk is open, others decide too: what they have decided is said, and can't be decided
// again here. Asks for the stories on the page every few seconds; pauses in hidden tabs.
"use strict";

const OFTEN = 4000; // milliseconds
const SELDOM = 60000;
const desk = document.querySelector("[data-decided]");
let pauseFor = OFTEN;

function undecided() {
  const places = desk.matches(".decide") ? [desk] : [...desk.querySelectorAll("[data-id]")].filter((row) => row.querySelector(".buttons"));
  return places.filter((place) => !("over" in place.dataset));
}

function closePlace(place, sentence) {
  place.dataset.over = "";
  const told = Object.assign(document.createElement("p"), { className: "told", textContent: sentence });
  told.setAttribute("role", "status");
  const box = place.querySelector("[name=id]");
  if (box) {
    if (box.checked) box.click();
    box.disabled = true;
  }
  const buttons = place.matches(".decide") ? place : place.querySelector(".buttons");
  const onwards = place.matches(".decide") && document.querySelector(".head [rel=next]");
  buttons.replaceChildren(told);
  if (onwards) {
    const link = Object.assign(document.createElement("a"), { className: "btn btn-primary", href: onwards.href, textContent: "Go on to the next" });
    buttons.append(link);
  }
  document.querySelectorAll("dialog[open] form").forEach((form) => {
    const decides = ["approve", "reject"].some((decision) => form.action.endsWith(`/${place.dataset.id}/${decision}`));
    if (decides) form.closest("dialog").close();
  });
}

async function askDecided() {
  const places = undecided();
  if (!places.length) return;
  if (!document.hidden) {
    try {
      const ids = new URLSearchParams(places.map((place) => ["id", place.dataset.id]));
      const answer = await fetch(`${desk.dataset.decided}?${ids}`, { headers: { Accept: "application/json" } });
      if (answer.status === 401) return;
      if (!answer.ok) throw new Error(String(answer.status));
      const told = await answer.json();
      places.forEach((place) => told[place.dataset.id] && closePlace(place, told[place.dataset.id]));
      pauseFor = OFTEN;
    } catch {
      pauseFor = Math.min(SELDOM, pauseFor * 2); // the server is away: ask less and less often
    }
  }
  setTimeout(askDecided, pauseFor);
}

if (desk) setTimeout(askDecided, OFTEN); // an empty queue has none

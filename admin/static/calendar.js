// Moves scheduled posts in the calendar: by pointer, by touch on their handle, or by keyboard.
// The server says what speaks against a place before the post is dropped there, and moves it.
"use strict";

const calendar = document.getElementById("calendar");
const form = document.getElementById("drop");
const panel = document.getElementById("verdict");
const narrow = matchMedia("(max-width: 860px)");
const FAR_ENOUGH = 5; // pixels before a press becomes a drag
const PAUSE = 120; // milliseconds over a place before the server is asked about it
const EDGE = 70; // pixels from the edge of the window where it scrolls
const MOVED = "moved in the calendar";

let held = null; // the post that is being moved
let pressed = null; // where a pointer went down on a post

// ── places ──────────────────────────────────────────────────────────────────────────────────

// Where the post would go, dropped on an element: a free slot, a cell of the week, or a day. A day
// keeps the clock time and the account; an hour keeps the minutes.
function placeAt(element) {
  const exact = element?.closest("#calendar [data-slot], #calendar .cell, #calendar .day");
  const place = narrow.matches && exact?.matches(".cell") ? exact.closest(".day") : exact;
  if (!place) return null;
  const { day, account, time, hour } = place.dataset;
  return {
    element: place,
    date: day,
    account: account ?? held.account,
    time: time ?? (hour ? hour + held.time.slice(2) : held.time),
  };
}

function isOrigin({ date, account, time }) {
  return date === held.day && account === held.account && time === held.time;
}

function aim(place) {
  if (!place || place.element === held.place?.element) return;
  held.place?.element.classList.remove("target");
  held.place = place;
  place.element.classList.add("target");
  clearTimeout(held.timer);
  held.verdict = null;
  const asked = held;
  held.timer = setTimeout(() => verdictOf(asked, place), PAUSE);
}

async function verdictOf(asked, place) {
  const { date, account, time } = place;
  if (isOrigin(place)) return show({ when: "Where it is now", warnings: [] }, true);
  asked.verdict ??= Verdict.ask(calendar.dataset.check, { post: asked.post, date, account, time });
  const verdict = await asked.verdict;
  if (held === asked && asked.place === place) show(verdict);
  return verdict;
}

function show(verdict, still = false) {
  Verdict.show(panel, verdict);
  if (still) panel.querySelector(".yes")?.remove();
  if (!held?.byKeys) return;
  const buttons = Object.assign(document.createElement("div"), { className: "buttons" });
  for (const [label, act] of [["Drop here", drop], ["Give up", giveUp]]) {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: label, className: "btn btn-sm btn-outline-secondary" });
    button.addEventListener("click", act);
    buttons.append(button);
  }
  panel.append(buttons);
}

// ── picking up, dropping, giving up ─────────────────────────────────────────────────────────

function pickUp(entry, byKeys) {
  held = { ...entry.dataset, entry, byKeys };
  entry.classList.add("held");
  calendar.classList.add("moving");
  aim(placeAt(entry.closest(".cell, .day")));
  show({ when: "Picked up. Choose where it goes", warnings: [] }, true);
}

async function drop() {
  const { place } = held;
  if (!place || isOrigin(place)) return giveUp();
  const dropped = held;
  clearTimeout(held.timer);
  const verdict = await verdictOf(dropped, place);
  if (held !== dropped || dropped.place !== place) return;
  if (verdict.refusal) {
    if (!held.byKeys) giveUp(true);
    return;
  }
  form.action = new URL(`${held.post}/time`, new URL(calendar.dataset.check, location.href));
  form.elements.date.value = place.date;
  form.elements.time.value = place.time;
  form.elements.account.value = place.account;
  sessionStorage.setItem(MOVED, JSON.stringify({ address: location.href, post: held.post, scrolled: scrollY }));
  form.requestSubmit();
}

function giveUp(keepMessage = false) {
  clearTimeout(held.timer);
  held.place?.element.classList.remove("target");
  held.entry.classList.remove("held");
  held.ghost?.remove();
  calendar.classList.remove("moving");
  panel.hidden = keepMessage !== true;
  held = null;
}

// ── by pointer ──────────────────────────────────────────────────────────────────────────────

calendar.addEventListener("pointerdown", (event) => {
  panel.hidden = !held;
  const entry = event.target.closest("[data-post]");
  const touch = event.pointerType !== "mouse";
  if (held || !entry || event.button !== 0 || (touch && !event.target.closest(".grip"))) return;
  pressed = { entry, x: event.clientX, y: event.clientY, pointer: event.pointerId };
});

document.addEventListener("pointermove", (event) => {
  if (pressed?.pointer !== event.pointerId) return;
  const { clientX: x, clientY: y } = event;
  if (!held && Math.hypot(x - pressed.x, y - pressed.y) < FAR_ENOUGH) return;
  if (!held) {
    const ghost = ghostOf(pressed.entry);
    pickUp(pressed.entry, false);
    held.ghost = ghost;
    requestAnimationFrame(scrollAtEdges);
  }
  Object.assign(pressed, { nowX: x, nowY: y });
  held.ghost.style.transform = `translate(${x + 12}px, ${y + 8}px)`;
  aim(placeAt(document.elementFromPoint(x, y)));
});

document.addEventListener("pointerup", (event) => {
  if (pressed?.pointer !== event.pointerId) return;
  pressed = null;
  if (!held || held.byKeys) return;
  // The click that follows must not open the post.
  const stop = (click) => click.preventDefault() || click.stopPropagation();
  addEventListener("click", stop, { capture: true, once: true });
  setTimeout(() => removeEventListener("click", stop, { capture: true }));
  drop();
});

document.addEventListener("pointercancel", () => {
  pressed = null;
  if (held && !held.byKeys) giveUp();
});

function ghostOf(entry) {
  const ghost = entry.cloneNode(true);
  ghost.className = `${entry.className} ghost`;
  ghost.style.width = `${entry.offsetWidth}px`;
  document.body.append(ghost);
  return ghost;
}

function scrollAtEdges() {
  if (!held || !pressed) return;
  if (pressed.nowY < EDGE) scrollBy(0, -10);
  else if (pressed.nowY > innerHeight - EDGE) scrollBy(0, 10);
  requestAnimationFrame(scrollAtEdges);
}

// ── by keyboard, or by tapping the handle and then the places ───────────────────────────────

calendar.addEventListener("click", (event) => {
  const grip = event.target.closest(".grip");
  if (held?.byKeys) {
    const place = placeAt(event.target);
    event.preventDefault();
    if (grip?.closest("[data-post]") === held.entry) giveUp();
    else if (place?.element === held.place?.element) drop();
    else aim(place);
  } else if (grip) pickUp(grip.closest("[data-post]"), true);
});

const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

document.addEventListener(
  "keydown",
  (event) => {
    if (!held) return;
    if (event.key === "Escape") giveUp();
    else if (held.byKeys && event.key in STEPS) step(...STEPS[event.key]);
    else if (held.byKeys && (event.key === "Enter" || event.key === " ") && !event.target.closest("#verdict")) drop();
    else return;
    event.preventDefault();
    event.stopImmediatePropagation();
  },
  { capture: true },
);

function step(across, down) {
  const days = [...calendar.querySelectorAll(".day")];
  const day = days.indexOf(held.place.element.closest(".day"));
  const cells = narrow.matches ? [] : [...days[day].querySelectorAll(".cell")];
  const cell = cells.indexOf(held.place.element);
  const perRow = calendar.querySelector(".month") && !narrow.matches ? 7 : 1;
  const next = days[day + across + (cells.length ? 0 : down * perRow)];
  const target = cells.length ? next?.querySelectorAll(".cell")[cell + down] : next;
  if (!target) return;
  aim(placeAt(target));
  target.scrollIntoView({ block: "nearest" });
}

// ── at the start ────────────────────────────────────────────────────────────────────────────

for (const grip of calendar.querySelectorAll(".grip")) grip.hidden = false;
document.getElementById("moving").hidden = false;
calendar.classList.add("by-hand");

const moved = JSON.parse(sessionStorage.getItem(MOVED) ?? "{}");
sessionStorage.removeItem(MOVED);
if (moved.address === location.href) {
  scrollTo(0, moved.scrolled);
  calendar.querySelector(`[data-post="${moved.post}"] .grip`)?.focus({ preventScroll: true });
}

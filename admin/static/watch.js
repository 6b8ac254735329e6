// The second gate: the script runs along with the video, a sentence jumps to its place, and the
// captions, which are part of the picture, can be covered or shown again as subtitles.
"use strict";

const script = document.getElementById("script");
const sentences = [...script.querySelectorAll("[data-start]")];
const starts = sentences.map((sentence) => Number(sentence.dataset.start));
const media = () => document.querySelector("#player video") ?? document.querySelector("#narration audio");
let current = -1;

function mark(to) {
  if (to === current) return;
  const hadFocus = document.activeElement === sentences[current];
  sentences[current]?.removeAttribute("aria-current");
  if (sentences[current]) sentences[current].tabIndex = -1;
  current = to;
  const sentence = sentences[current];
  if (!sentence) return;
  sentence.setAttribute("aria-current", "true");
  sentence.tabIndex = 0;
  if (hadFocus) sentence.focus({ preventScroll: true });
  const [seen, line] = [script.getBoundingClientRect(), sentence.getBoundingClientRect()];
  if (line.top < seen.top || line.bottom > seen.bottom) script.scrollTop += line.top - seen.top - seen.height / 3;
}

function saidAt(seconds) {
  return starts.findLastIndex((start) => start <= seconds + 0.05);
}

function jump(to) {
  const player = media();
  if (!player || !sentences.length) return;
  const index = Math.max(0, Math.min(sentences.length - 1, to));
  player.preload = "auto";
  player.currentTime = starts[index] + 0.01;
  mark(index);
}

if (sentences.length) {
  sentences[0].tabIndex = 0;
  for (const event of ["timeupdate", "seeking"]) {
    // They don't bubble, and the player may be replaced while the page is open.
    document.addEventListener(event, ({ target }) => target === media() && mark(saidAt(target.currentTime)), true);
  }
  script.addEventListener("click", (event) => {
    const sentence = event.target.closest("[data-start]");
    if (!sentence) return;
    event.preventDefault();
    jump(sentences.indexOf(sentence));
    media()?.play().catch(() => {}); // it can't be played: its page says so
  });
}

document.addEventListener("keydown", (event) => {
  const busy = event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]");
  if (busy || event.target.closest("input, textarea, select, audio, video")) return;
  if (event.key === "c") document.querySelector("[data-captions]")?.click();
  else if (event.key === "ArrowRight") jump(current + 1);
  else if (event.key === "ArrowLeft") jump(media()?.currentTime - starts[current] > 1.5 ? current : current - 1);
  else return;
  event.preventDefault();
});

// ── captions: in the picture, covered, or covered with subtitles ───────────────────────────────

const CHOICES = ["shown", "covered", "subtitles"];
const player = document.getElementById("player");
const chosen = () => player.dataset.choice ?? "shown";

function showCaptions(choice) {
  const cover = player.querySelector(".cover");
  const track = player.querySelector("video")?.textTracks[0];
  if (!cover) return;
  cover.style.top = `${cover.dataset.top}%`;
  cover.style.bottom = `${100 - cover.dataset.bottom}%`;
  cover.hidden = choice === "shown";
  if (track) track.mode = choice === "subtitles" ? "showing" : "disabled";
  document.querySelectorAll("[data-captions] [value]").forEach((button) => button.setAttribute("aria-pressed", String(button.value === choice)));
  player.dataset.choice = choice;
}

document.addEventListener("click", (event) => {
  const group = event.target.closest("[data-captions]");
  if (!group) return;
  const pressed = event.target.closest("[value]");
  showCaptions(pressed ? pressed.value : CHOICES[(CHOICES.indexOf(chosen()) + 1) % CHOICES.length]);
});

new MutationObserver(() => showCaptions(chosen())).observe(player, { childList: true }); // live.js replaces what is in it

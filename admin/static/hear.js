// "Hear 10 s": a story's first seconds in its channel's voice. The voice speaks in a process of its
// own at the server; this asks until the sound is there, and then plays it.
"use strict";

const ASK_EVERY = 400; // milliseconds
const LONGEST_WAIT = 100000;

function playerBeside(button) {
  const place = button.closest("[data-row]")?.querySelector(".what") ?? button.closest(".hearing");
  let player = place.querySelector(".heard");
  if (!player) {
    player = document.createElement("div");
    player.className = "heard";
    player.innerHTML = '<p role="status"></p><progress max="1" hidden></progress><audio controls hidden></audio>';
    player.querySelector("progress").setAttribute("aria-label", "Speaking");
    player.querySelector("audio").setAttribute("aria-label", "The first ten seconds");
    place.append(player);
  }
  return player;
}

async function spoken(button, say) {
  const form = new FormData();
  form.set("csrf_token", document.querySelector("[name=csrf_token]").value);
  const begun = await fetch(button.dataset.hear, { method: "POST", body: form });
  if (!begun.ok) throw new Error(begun.status === 400 ? await begun.text() : "");
  const { sound } = await begun.json();
  for (const until = Date.now() + LONGEST_WAIT; Date.now() < until; ) {
    const answer = await fetch(sound);
    if (answer.status === 200) return sound;
    if (!answer.ok) throw new Error(answer.status === 400 ? await answer.text() : "");
    say((await answer.json()).share);
    await new Promise((done) => setTimeout(done, ASK_EVERY));
  }
  throw new Error("The voice takes too long: try again later.");
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-hear]");
  if (!button || button.getAttribute("aria-busy") === "true") return;
  const player = playerBeside(button);
  const [status, bar, audio] = player.children;
  if (audio.src) return audio.paused ? audio.play() : audio.pause();
  button.setAttribute("aria-busy", "true");
  bar.hidden = false;
  status.className = "muted";
  status.textContent = "The voice is loading…";
  try {
    audio.src = await spoken(button, (share) => {
      if (!share) return bar.removeAttribute("value");
      bar.value = share;
      status.textContent = "The voice is speaking…";
    });
    status.textContent = "";
    audio.hidden = false;
    await audio.play().catch(() => {}); // a browser that plays nothing by itself shows the player
  } catch (error) {
    status.className = "reason";
    status.textContent = error.message || "The voice is unavailable: try again in a moment.";
  }
  bar.hidden = true;
  button.removeAttribute("aria-busy");
});

// Previews a channel's captions while its form is being edited.
"use strict";

const form = document.getElementById("channel");
const still = document.getElementById("still");
const problem = document.getElementById("still-problem");
const PAUSE = 150; // milliseconds without a keystroke
let waiting = 0;
let asked = 0;

const fields = [...form.querySelectorAll(".captions [name]")];

function wanted() {
  const chosen = new URLSearchParams({ sample: document.getElementById("sample").value });
  fields.forEach((field) => {
    if (field.type !== "checkbox") chosen.set(field.name, field.value);
    else if (field.checked) chosen.set(field.name, "y");
  });
  return `${form.dataset.preview}?${chosen}`;
}

async function show() {
  const number = ++asked;
  const { position, height } = form.elements;
  height.required = position.value === "height";
  height.closest(".field").hidden = !height.required;
  const wrong = fields.find((field) => !field.validity.valid);
  if (wrong) {
    problem.textContent = `${wrong.labels[0].textContent}: ${wrong.validationMessage}`;
    return;
  }
  try {
    const answer = await fetch(wanted());
    const text = answer.ok ? "" : answer.status === 400 ? await answer.text() : "The preview is unavailable.";
    const picture = answer.ok ? await asAddress(await answer.blob()) : null;
    if (number !== asked) return; // a newer request is running
    problem.textContent = text;
    if (picture) still.src = picture;
  } catch {
    if (number === asked) problem.textContent = "The preview is unavailable.";
  }
}

function asAddress(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => resolve(reader.result));
    reader.addEventListener("error", reject);
    reader.readAsDataURL(blob);
  });
}

document.querySelector(".captions").addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(show, PAUSE);
});
document.getElementById("sample").addEventListener("keydown", (event) => {
  if (event.key === "Enter") event.preventDefault(); // don't submit the form
});
show();

// Only espeak voices have a timbre.
["voice", "quote_voice"].forEach((name) => {
  const { [name]: voice, [`${name}_timbre`]: timbre } = form.elements;
  const fit = () => {
    timbre.disabled = !voice.value.startsWith("espeak:");
    timbre.closest(".field").hidden = timbre.disabled;
  };
  voice.addEventListener("change", fit);
  fit();
});

// Plays a tune of the chosen mood.
const tune = document.getElementById("tune");
if (tune) {
  const mood = form.elements.music;
  const failure = document.getElementById("tune-problem");
  const explain = async () => {
    const answer = await fetch(tune.src);
    failure.textContent = answer.ok ? "This browser can't play it." : await answer.text();
  };
  const load = () => {
    failure.textContent = "";
    tune.closest(".field").hidden = mood.value === "none";
    tune.src = `${form.dataset.music}?${new URLSearchParams({ mood: mood.value })}`;
  };
  tune.addEventListener("error", explain);
  mood.addEventListener("change", load);
  load();
}

// Speaks a text with the chosen voice and the pronunciations as they are typed now.
const hear = document.getElementById("hear");
if (hear) {
  const text = document.getElementById("heard");
  const failure = document.getElementById("hear-problem");
  const speak = async () => {
    hear.disabled = true;
    failure.textContent = "";
    try {
      const answer = await fetch(form.dataset.hear, { method: "POST", body: new FormData(form) });
      if (answer.ok) await play(await answer.arrayBuffer());
      else failure.textContent = answer.status === 400 ? await answer.text() : "The voice is unavailable.";
    } catch {
      failure.textContent = "The voice is unavailable.";
    }
    hear.disabled = false;
  };
  const play = async (sound) => {
    const context = new AudioContext();
    const source = context.createBufferSource();
    source.buffer = await context.decodeAudioData(sound);
    source.connect(context.destination);
    source.addEventListener("ended", () => context.close());
    source.start();
  };
  hear.addEventListener("click", speak);
  text.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault(); // don't submit the form
    if (!hear.disabled) speak();
  });
}

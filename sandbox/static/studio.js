"use strict";

const one = (selector) => document.querySelector(selector);
const VARIANT = document.body.dataset.variant;
let draft = "";

const stamp = (id) => {
  const copy = one(`#${id}`).content.firstElementChild.cloneNode(true);
  document.body.append(copy);
  return copy;
};

/** Show one of the page's dialogs; the class says which one. */
function ask(title, text, no, yes, className, onYes, onNo) {
  const overlay = stamp("dialog");
  const modal = overlay.firstElementChild;
  if (className) modal.classList.add(className);
  modal.querySelector("h2").textContent = title;
  modal.querySelector("p").textContent = text;
  const [cancel, primary] = modal.querySelectorAll("button");
  if (no) cancel.textContent = no; else cancel.remove();
  primary.textContent = yes;
  cancel.addEventListener("click", () => { overlay.remove(); if (onNo) onNo(); });
  primary.addEventListener("click", () => { overlay.remove(); if (onYes) onYes(); });
}

// ── the file ──

const status = one(".info-status");
const bar = one(".info-progress");
const input = one("input[type=file]");

function say(words, className) {
  status.textContent = words;
  status.className = `info-status ${className}`;
  bar.className = `info-progress ${className}`;
}

function send(file) {
  one(".upload-card").hidden = one(".options").hidden = false;
  one("[data-e2e=select_video_container]").hidden = true;
  if (editor) editor.textContent = file.name.replace(/\.[^.]+$/, "");
  say("Uploading", "");
  const xhr = new XMLHttpRequest();
  xhr.upload.addEventListener("progress", (event) => {
    bar.style.width = `${Math.min(99, event.loaded / event.total * 100).toFixed(1)}%`;
  });
  xhr.addEventListener("error", () => say("Couldn't upload. Network error.", "error"));
  xhr.addEventListener("load", () => {
    const answer = xhr.status === 200 ? JSON.parse(xhr.responseText) : { error: "Couldn't upload." };
    if (answer.error) { say(answer.error, "error"); return; }
    if (answer.stuck) return;
    draft = answer.id;
    bar.style.width = "100%";
    say(`Uploaded (${(file.size / 1e6).toFixed(2)} MB)`, "success");
    button.disabled = false;
    button.setAttribute("aria-disabled", "false");
  });
  xhr.open("PUT", "api/upload");
  xhr.setRequestHeader("Content-Type", file.type || "application/octet-stream");
  xhr.send(file);
}

one("[data-e2e=select_video_button]").addEventListener("click", () => input && input.click());
if (input) input.addEventListener("change", () => input.files.length && send(input.files[0]));

// ── the description, with suggestions that replace the typed text ──

const editor = one("[contenteditable]");
const popover = one(".mention-list-popover");

/** The hashtag before the caret, as a range; null if there is none. */
function tagAtCaret() {
  const selection = getSelection();
  const node = selection.anchorNode;
  if (!node || node.nodeType !== Node.TEXT_NODE || !editor.contains(node)) return null;
  const found = /#[\p{L}\p{N}\p{M}_]+$/u.exec(node.data.slice(0, selection.anchorOffset));
  if (!found) return null;
  const range = document.createRange();
  range.setStart(node, found.index);
  range.setEnd(node, selection.anchorOffset);
  return range;
}

function choose(words) {
  const range = tagAtCaret();
  close();
  if (!range) return;
  getSelection().removeAllRanges();
  getSelection().addRange(range);
  document.execCommand("insertText", false, `${words} `);
}

function close() {
  popover.hidden = true;
  popover.replaceChildren();
}

function suggest() {
  const range = tagAtCaret();
  if (!range) { close(); return; }
  const typed = range.toString();
  const offers = [`${typed}forever`, ...(typed.includes("rare") ? [] : [typed]), `${typed}s`];
  popover.replaceChildren(...offers.map((words, place) => {
    const option = document.createElement("div");
    option.setAttribute("role", "option");
    option.setAttribute("aria-selected", String(place === 0));
    option.append(Object.assign(document.createElement("span"), { className: "hash-tag-topic", textContent: words }));
    option.append(Object.assign(document.createElement("small"), { textContent: ` ${(place + 1) * 7}.2K posts` }));
    option.addEventListener("mousedown", (event) => { event.preventDefault(); choose(words); });
    return option;
  }));
  popover.hidden = false;
}

if (editor) {
  let later = 0;
  editor.addEventListener("input", () => { clearTimeout(later); close(); later = setTimeout(suggest, 120); });
  editor.addEventListener("keydown", (event) => {
    if (popover.hidden || !["Enter", "Tab"].includes(event.key)) return;
    event.preventDefault();
    choose(popover.querySelector("[aria-selected=true] span").textContent);
  });
  editor.addEventListener("blur", () => {
    if (!popover.hidden) choose(popover.querySelector("[aria-selected=true] span").textContent);
  });
}

// ── the settings ──

const visibility = one("[data-e2e=video_visibility_container] button");
const levels = one(".Select__list");
visibility.addEventListener("click", () => { levels.hidden = !levels.hidden; });
for (const option of levels.children) {
  option.addEventListener("click", () => { visibility.textContent = option.textContent; levels.hidden = true; });
}
one(".more-btn").addEventListener("click", (event) => {
  const collapsed = event.target.parentElement.classList.toggle("collapsed");
  event.target.textContent = collapsed ? "Show more" : "Show less";
});
const aigc = one("[role=switch]");
const showAigc = () => aigc.parentElement.setAttribute("aria-checked", String(aigc.checked));
aigc.addEventListener("change", () => {
  if (!aigc.checked) { showAigc(); return; }
  aigc.checked = false;
  ask("Label AI-generated content", "Your post will be labeled.", "Cancel", "Turn on", "",
    () => { aigc.checked = true; showAigc(); });
});

// ── posting ──

const button = one("[data-e2e=post_video_button], [data-e2e=publish_now]");

async function post() {
  const body = {
    id: draft, text: editor ? editor.innerText : "", visibility: visibility.textContent,
    comment: one("[name=comment]").checked, reuse: one("[name=reuse]").checked, aigc: aigc.checked,
  };
  button.disabled = true;
  let answer;
  try {
    const response = await fetch("api/post", {
      method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json" },
    });
    answer = await response.json();
  } catch {
    button.disabled = false; // as after a lost response: the outcome is unknown, and the button works again
    return;
  }
  if (answer.captcha) stamp("captcha");
  else if (answer.error) one("[data-e2e=upload_error]").textContent = answer.error;
  else if (VARIANT === "no_redirect") ask("Video published", "Your video has been published.", "", "View posts", "", () => { location = "content"; });
  else location = "content";
}

button.addEventListener("click", () => {
  if (VARIANT === "dialogs") {
    ask("Continue to post?", "The content check is not complete.", "Cancel", "Post now", "common-modal-confirm-modal", post);
  } else post();
});

if (VARIANT === "captcha") stamp("captcha");
if (VARIANT === "dialogs") {
  ask("Turn on automatic content checks?", "We will check your video.", "Cancel", "Turn on", "");
  const tour = stamp("tour");
  tour.querySelector("button").addEventListener("click", () => tour.remove());
}

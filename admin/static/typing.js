// Nothing typed is lost: leaving a changed form warns, long texts are kept in this browser until
// they are saved, and a text that is too long says so before it is sent. What a dialog sent and the
// server did not save is there when the dialog opens again.
"use strict";

const KEPT = `typed:${document.currentScript.dataset.person}:`;
const MOST = Number(document.currentScript.dataset.most); // bytes of a form that the server reads
const KEPT_DAYS = 7;
const NOT_TYPED = ["hidden", "submit", "button", "reset", "checkbox", "radio", "file", "password"];
const posted = [...document.querySelectorAll("main form[method=post], main ~ dialog form[method=post]")];
let sent = null;

function controls(form) {
  return [...form.elements].filter(
    (field) =>
      field.matches("input:not([type=hidden], [type=submit]), select, textarea") &&
      field.name && field.name !== "id" && !field.disabled && !field.readOnly,
  );
}

function isChanged(field) {
  if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
  if (field.type === "color") return field.value !== field.defaultValue.toLowerCase(); // browsers lower it
  if (field.tagName !== "SELECT") return field.value !== field.defaultValue;
  const options = [...field.options];
  const first = field.multiple || options.some((option) => option.defaultSelected) ? -1 : 0;
  return options.some((option, at) => option.selected !== (option.defaultSelected || at === first));
}

function isUnsaved(form) {
  if (form === sent || form.closest("dialog:not([open])")) return false;
  return "refused" in form.dataset || controls(form).some(isChanged);
}

addEventListener("beforeunload", (event) => {
  if (posted.some((form) => form.isConnected && isUnsaved(form))) event.preventDefault();
});
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || isTooLong(event)) return;
  sent = event.target;
  if (sent.closest("dialog")) keep(sent, { page: here(), ids: new FormData(sent).getAll("id") });
  setTimeout(() => (sent = null), 2000); // it was a download, or the server is away
});

// More than the server reads stays here, with a sentence.
function isTooLong(event) {
  const form = event.target;
  if (form.method !== "post" || form.enctype === "multipart/form-data") return false;
  const bytes = sizeOf(form, event.submitter);
  form.querySelector(":scope > .too-long")?.remove();
  if (bytes <= MOST) return false;
  event.preventDefault();
  const told = document.createElement("p");
  told.className = "error too-long";
  told.setAttribute("role", "alert");
  told.textContent = `Not sent: this form has ${(bytes / 1e6).toFixed(1)} MB, and at most ${MOST / 1e6} MB can be saved. Shorten it.`;
  form.prepend(told);
  told.scrollIntoView({ block: "nearest" });
  return true;
}

// As it is sent: with the button's own field, and each line end as two characters.
function sizeOf(form, submitter) {
  const fields = new URLSearchParams(new FormData(form, submitter));
  return fields.toString().replace(/%0D%0A|%0D|%0A/g, "%0D%0A").length;
}

// ── long texts are kept ────────────────────────────────────────────────────────────────────────

function long(form) {
  const wanted = (field) => field.tagName === "TEXTAREA" && field.autocomplete !== "off" && !field.readOnly;
  return [...form.elements].some(wanted);
}

function here() {
  return location.pathname + location.search;
}

function kept(form) {
  return KEPT + new URL(form.action, location.href).pathname;
}

function texts(form) {
  const all = [...form.elements].filter((field) => field.name === "seen" || ("value" in field && controls(form).includes(field)));
  return all.filter((field) => field.name === "seen" || !NOT_TYPED.includes(field.type));
}

function stored(form) {
  return JSON.parse(localStorage.getItem(kept(form)) ?? "{}");
}

function keep(form, more = {}) {
  if (!controls(form).some(isChanged)) return localStorage.removeItem(kept(form));
  const values = texts(form).map((field) => [field.name, field.value]);
  try {
    localStorage.setItem(kept(form), JSON.stringify({ at: Date.now(), values, ...more }));
  } catch {
    // The browser keeps nothing, or no more: the warning on leaving remains.
  }
}

function bringBack(form) {
  const { at, values } = stored(form);
  form.querySelector(":scope > .kept")?.remove();
  if (!values || Date.now() - at > KEPT_DAYS * 86400000) return localStorage.removeItem(kept(form));
  const fields = Object.fromEntries(texts(form).map((field) => [field.name, field]));
  const changed = values.filter(([name, value]) => name !== "seen" && fields[name] && fields[name].value !== value);
  if (!changed.length) return;
  const before = texts(form).map((field) => [field, field.value]);
  values.forEach(([name, value]) => {
    if (fields[name]) fields[name].value = value;
  });
  const note = document.createElement("p");
  note.className = "note kept";
  note.setAttribute("role", "status");
  note.textContent = "What you typed here before, and did not save, is back. ";
  const drop = document.createElement("button");
  Object.assign(drop, { type: "button", className: "btn btn-sm btn-outline-secondary", textContent: "Discard it" });
  drop.addEventListener("click", () => {
    before.forEach(([field, value]) => {
      field.value = value;
      field.dispatchEvent(new Event("input", { bubbles: true }));
    });
    localStorage.removeItem(kept(form));
    note.remove();
  });
  note.append(drop);
  form.prepend(note);
}

document.querySelectorAll("[data-saved]").forEach((mark) => localStorage.removeItem(KEPT + mark.dataset.saved));
posted.filter((form) => long(form) && !form.closest("dialog")).forEach((form) => {
  let waiting = 0;
  if (!("refused" in form.dataset)) bringBack(form);
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(keep, 300, form);
  });
  // Also when it is sent: the answer may be that the session has ended.
  addEventListener("pagehide", () => {
    clearTimeout(waiting);
    keep(form);
  });
});
// A dialog's text belongs to the row that the dialog is opened for. Closing it drops the text.
posted.filter((form) => long(form) && form.closest("dialog")).forEach((form) => {
  form.addEventListener("asked", () => bringBack(form));
  form.closest("dialog").addEventListener("close", () => localStorage.removeItem(kept(form)));
});

// Opens the dialog again whose text was sent from this page and not saved, for the same rows.
function openAgain() {
  for (const button of document.querySelectorAll("[data-ask]")) {
    const form = document.getElementById(button.dataset.ask).querySelector("form");
    const action = new URL(button.dataset.action ?? form.action, location.href);
    const { page, ids } = JSON.parse(localStorage.getItem(KEPT + action.pathname) ?? "{}");
    if (page !== here() || !long(form)) continue;
    const boxes = ids.map((id) => document.querySelector(`[data-row] [name=id][value="${CSS.escape(id)}"]`));
    boxes.forEach((box) => box && !box.checked && box.click());
    if (!ids.length || boxes.some(Boolean)) return ask(button);
  }
}

document.querySelectorAll("form[action$='/sign-out']").forEach((form) => {
  form.addEventListener("submit", () => {
    Object.keys(localStorage)
      .filter((name) => name.startsWith(KEPT))
      .forEach((name) => localStorage.removeItem(name));
  });
});

// ── how much too long ──────────────────────────────────────────────────────────────────────────
// A field with a maximum would cut what is pasted; without the maximum it says what is too much.

function count(field) {
  const length = field.dataset.count === "units" ? field.value.length : [...field.value].length;
  const longest = Number(field.dataset.longest);
  const over = length - longest;
  const room = document.getElementById(field.dataset.room);
  const figure = (number) => number.toLocaleString("en");
  const many = over === 1 ? "1 character" : `${figure(over)} characters`;
  room.textContent =
    over > 0
      ? `${many} too long. At most ${figure(longest)}.`
      : length > longest * 0.8
        ? `${figure(length)} of at most ${figure(longest)} characters.`
        : "";
  room.classList.toggle("over", over > 0);
  field.setCustomValidity(over > 0 ? `This is ${many} too long.` : "");
}

posted.forEach((form) => {
  [...form.querySelectorAll("[maxlength]")].forEach((field, at) => {
    if (NOT_TYPED.includes(field.type)) return;
    const room = document.createElement("small");
    room.className = "room";
    room.id = `room-${posted.indexOf(form)}-${at}`;
    room.setAttribute("role", "status");
    Object.assign(field.dataset, { longest: field.maxLength, room: room.id });
    field.removeAttribute("maxlength");
    field.setAttribute("aria-describedby", `${field.getAttribute("aria-describedby") ?? ""} ${room.id}`.trim());
    field.after(room);
    field.addEventListener("input", () => count(field));
    count(field);
  });
});

// A dialog whose form was refused opens as it was.
const refused = document.querySelectorAll("dialog[open]");
refused.forEach((dialog) => {
  dialog.close();
  dialog.showModal();
});
if (!refused.length) openAgain();

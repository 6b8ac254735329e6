// On every page: the mobile menu, confirmations, and dialogs that ask for a reason.
"use strict";

const menuSwitch = document.querySelector(".menu-switch");
menuSwitch.addEventListener("click", () => {
  const open = menuSwitch.getAttribute("aria-expanded") !== "true";
  menuSwitch.setAttribute("aria-expanded", String(open));
});

const ticked = () => document.querySelectorAll("[data-row] [name=id]:checked:not(:disabled)");

const confirmDialog = document.getElementById("confirm");
document.addEventListener("submit", (event) => {
  const { target: form, submitter } = event;
  const question = submitter?.dataset.confirm ?? form.dataset.confirm;
  if (!question || form.dataset.confirmed) return;
  event.preventDefault();
  const count = ticked().length;
  document.getElementById("confirm-question").textContent = question.replace("#", count);
  confirmDialog.returnValue = "no";
  confirmDialog.showModal();
  confirmDialog.addEventListener(
    "close",
    () => {
      if (confirmDialog.returnValue !== "yes") return;
      form.dataset.confirmed = "1";
      form.requestSubmit(submitter);
    },
    { once: true },
  );
});

// Opens a dialog with a form. The button that opens it may set where the form is sent, and whether
// it applies to all selected rows.
function ask(button) {
  const dialog = document.getElementById(button.dataset.ask);
  const form = dialog.querySelector("form");
  form.querySelectorAll("[name=id]").forEach((field) => field.remove());
  if (button.dataset.action) form.action = button.dataset.action;
  if ("forTicked" in button.dataset) {
    ticked().forEach((box) => {
      const field = document.createElement("input");
      Object.assign(field, { type: "hidden", name: "id", value: box.value });
      form.append(field);
    });
  }
  form.dispatchEvent(new Event("asked", { bubbles: true }));
  dialog.showModal();
  form.querySelector("textarea")?.focus();
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-ask], [data-close], [data-suggest]");
  if (!button) return;
  if (button.dataset.ask) ask(button);
  else if (button.dataset.suggest) {
    const field = button.closest("form").querySelector("textarea");
    field.value = button.dataset.suggest;
    field.focus();
  } else button.closest("dialog").close();
});

document.querySelectorAll("[data-tick-all]").forEach((all) => {
  all.addEventListener("change", () => {
    document.querySelectorAll(`#${all.dataset.tickAll} [name=id]:not(:disabled)`).forEach((box) => {
      box.checked = all.checked;
    });
  });
});

// Bulk buttons need at least one selected row.
const forTicked = [...document.querySelectorAll("[data-for-ticked]")];
function countTicked() {
  const count = ticked().length;
  forTicked.forEach((button) => {
    button.disabled = count === 0;
  });
  document.getElementById("ticked").textContent = count ? `${count} selected` : "";
}
if (forTicked.length) {
  document.addEventListener("change", countTicked);
  addEventListener("pageshow", countTicked); // the browser may restore the checkboxes
}

// "Work starts in 10 s." beside an Undo button.
for (const place of document.querySelectorAll("[data-seconds]")) {
  const starts = performance.now() + 1000 * place.dataset.seconds;
  const timer = setInterval(() => {
    const left = Math.ceil((starts - performance.now()) / 1000);
    place.textContent = left > 0 ? `Work starts in ${left} s.` : "Work has started.";
    if (left <= 0) clearInterval(timer);
  }, 250);
}

// Buttons that copy a field's text. If the browser forbids copying, the text stays selected.
"use strict";

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const field = document.getElementById(button.dataset.copy);
  let copied = true;
  try {
    await navigator.clipboard.writeText(field.value); // needs https or localhost
  } catch {
    field.focus();
    field.select();
    copied = document.execCommand("copy");
  }
  const label = button.dataset.label ?? button.textContent;
  button.dataset.label = label;
  button.textContent = copied ? "Copied" : "Selected, copy it";
  document.getElementById("copied").textContent = button.textContent;
  setTimeout(() => {
    button.textContent = label;
    document.getElementById("copied").textContent = "";
  }, 2000);
});

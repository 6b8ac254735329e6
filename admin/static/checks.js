// Makes the checks that are out of date, one after the other; live.js shows their results.
"use strict";

(async () => {
  for (const form of document.querySelectorAll("form[data-check]")) {
    const button = form.querySelector("button");
    button.disabled = true;
    try {
      await fetch(form.action, { method: "POST", body: new FormData(form), headers: { Accept: "application/json" } });
    } catch {
      // the server is away: the button checks again
    }
    button.disabled = false;
  }
})();

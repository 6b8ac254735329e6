// Makes the checks that are out of date, one after the other; live.js shows their results.
"use strict";

(async () => {
  const steps = document.getElementById("steps");
  for (const check of steps.dataset.checks.split(" ").filter(Boolean)) {
    const form = steps.querySelector(`form[action$="/check/${check}"]`);
    if (!form) continue; // nothing to check yet
    try {
      await fetch(form.action, { method: "POST", body: new FormData(form), headers: { Accept: "application/json" } });
    } catch {
      return; // the server is away: each has a button
    }
  }
})();

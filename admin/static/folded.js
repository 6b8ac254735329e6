// Loads what a folded section holds when it is opened for the first time.
"use strict";

for (const folded of document.querySelectorAll("details[data-load]")) {
  folded.addEventListener(
    "toggle",
    async () => {
      const place = folded.querySelector("div");
      try {
        const answer = await fetch(folded.dataset.load);
        if (!answer.ok) throw new Error(String(answer.status));
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        place.replaceChildren(page.getElementById("lines"));
      } catch {
        place.append(" The server didn't answer."); // the link stays
      }
    },
    { once: true },
  );
}

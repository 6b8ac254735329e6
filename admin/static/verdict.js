// What the server says about a time on an account: asked while a post or a choice is over a place,
// and in the forms that choose a time.
"use strict";

const Verdict = {
  async ask(address, fields) {
    const answer = await fetch(`${address}?${new URLSearchParams(fields)}`, {
      headers: { Accept: "application/json" },
    });
    if (!answer.ok) return { refusal: answer.status === 400 ? "Fill in the date and the time." : "The server gave no answer. Reload the page." };
    return answer.json();
  },

  show(place, verdict, note = "") {
    const lines = [];
    if (verdict.when) lines.push(["when", [verdict.when, verdict.there, verdict.account].filter(Boolean).join(" · ")]);
    if (verdict.refusal) lines.push(["no", verdict.refusal]);
    for (const warning of verdict.warnings ?? []) lines.push(["warning", warning]);
    if (!verdict.refusal && !verdict.warnings?.length) lines.push(["yes", "Nothing speaks against it."]);
    if (note) lines.push(["note", note]);
    place.replaceChildren(
      ...lines.map(([name, text]) => Object.assign(document.createElement("p"), { className: name, textContent: text })),
    );
    place.hidden = false;
  },
};

for (const form of document.querySelectorAll("form[data-check]")) {
  const place = form.querySelector(".verdict");
  form.querySelectorAll("[data-without-script]").forEach((button) => button.remove());
  let newest = 0;
  form.addEventListener("change", async () => {
    const fields = Object.fromEntries(new FormData(form));
    const [kind, id] = form.dataset.post ? ["post", form.dataset.post] : (fields.choice ?? "").split("-");
    if (!id) return;
    const { account, date = "", time = "", at = "" } = fields;
    const mine = ++newest;
    const verdict = await Verdict.ask(form.dataset.check, { [kind]: id, account, date, time, at });
    if (mine === newest) Verdict.show(place, verdict);
  });
}

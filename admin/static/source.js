// Shows only the fields that apply to the source's kind. Fields with errors always stay visible.
"use strict";

const kind = document.getElementById("kind");
const parts = [...document.querySelectorAll(".choices [data-for]")];

function show() {
  parts.forEach((part) => {
    part.hidden = !part.dataset.for.split(" ").includes(kind.value) && !part.querySelector(".error");
  });
  const listing = document.getElementById("listing");
  const filter = document.getElementById("time_filter").closest(".field");
  if (!filter.hidden) filter.hidden = listing.value !== "top" && !filter.querySelector(".error");
}

document.querySelector(".choices").addEventListener("change", show);
show();

// Shows of a source's form what its kind has a use for; what was refused always stays in sight.
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

// Shows the OpenAPI document with Swagger UI. Nothing is loaded from another host.
"use strict";

const dark = window.matchMedia("(prefers-color-scheme: dark)");

function follow() {
  document.documentElement.classList.toggle("dark-mode", dark.matches);
}

dark.addEventListener("change", follow);
follow();

SwaggerUIBundle({
  domNode: document.getElementById("api"),
  url: document.getElementById("api").dataset.document,
  deepLinking: true,
  validatorUrl: null,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  tryItOutEnabled: true,
  // The page has its own <main> already.
  onComplete: () => document.querySelectorAll("#api main").forEach((part) => part.setAttribute("role", "group")),
});

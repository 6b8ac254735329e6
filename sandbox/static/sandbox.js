"use strict";

const $ = (selector) => document.querySelector(selector);

/** Make an element; texts are set as text, never as HTML. */
function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

function avatar(creator, size) {
  const picture = make("img");
  picture.src = `/sandbox/avatars/${creator.username}.svg`;
  picture.alt = "";
  picture.width = picture.height = size;
  return picture;
}

const WORDS = {
  PROCESSING_UPLOAD: "Uploading",
  PROCESSING_DOWNLOAD: "Processing",
  SEND_TO_USER_INBOX: "In the inbox",
  PUBLISH_COMPLETE: "Posted",
  FAILED: "Failed",
};
const clock = (moment) => moment ? new Date(moment).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }) : "";
const untagged = (title) => title.replace(/#[\p{L}\p{N}_]+/gu, "").replace(/\s+/g, " ").trim();

function phone(post) {
  const card = make("div", "card");
  const screen = make("button", "phone");
  screen.id = `${post.creator}-${post.post_id || post.publish_id}`;
  screen.disabled = !post.video;
  if (post.cover) {
    const cover = make("img");
    cover.src = post.cover;
    cover.alt = "";
    cover.loading = "lazy";
    screen.append(cover);
  }
  const share = post.uploaded_bytes / post.size;
  const uploading = post.status === "PROCESSING_UPLOAD" && share < 1;
  const words = uploading ? `Uploading ${Math.floor(share * 100)} %` : post.status === "PROCESSING_UPLOAD" ? "Processing" : WORDS[post.status];
  screen.append(make("span", `badge ${post.status}`, words));
  if (post.order) screen.append(make("span", "order", `№ ${post.order}`));
  const shade = make("span", "shade");
  shade.append(make("span", "title", untagged(post.title) || (post.kind === "inbox" ? "Draft without a title" : "No title")));
  if (post.hashtags.length) shade.append(make("span", "tags", post.hashtags.map((tag) => `#${tag}`).join(" ")));
  const facts = make("span", "facts");
  const views = post.view_count === undefined ? "" : `${post.view_count.toLocaleString()} views`;
  if (post.status === "FAILED") shade.append(make("span", "reason", post.fail_reason.replaceAll("_", " ")));
  facts.append(make("span", "", views));
  facts.append(make("span", "", clock(post.published_at || post.created_at)));
  shade.append(facts);
  screen.append(shade);
  if (uploading) {
    const bar = make("span", "bar");
    bar.style.width = `${share * 100}%`;
    screen.append(bar);
  }
  screen.addEventListener("click", () => play(post));
  card.append(screen);
  if (post.status === "SEND_TO_USER_INBOX") {
    const publish = make("button", "", "Post as the creator");
    publish.addEventListener("click", async () => {
      await fetch(`/sandbox/posts/${encodeURIComponent(post.publish_id)}/publish`, { method: "POST" });
      await showPosts();
    });
    card.append(publish);
  }
  return card;
}

function play(post) {
  const dialog = $("#player");
  const video = dialog.querySelector("video");
  video.src = post.video;
  if (post.cover) video.poster = post.cover;
  const about = dialog.querySelector(".about");
  about.replaceChildren(
    make("strong", "", post.title || "No title"),
    make("p", "soft", `@${post.creator} · ${post.seconds.toFixed(1)} s · ${post.width}×${post.height} · `
      + `${post.fps} fps · ${(post.size / 1e6).toFixed(2)} MB · ${post.privacy_level || "inbox"}`
      + `${post.via === "browser" ? " · by browser" : ""}`),
    make("p", "soft", post.publish_id),
  );
  dialog.showModal();
  video.play().catch(() => {}); // a browser may require a click first
  dialog.addEventListener("close", () => video.removeAttribute("src"), { once: true });
}

let shownPosts = "";
async function showPosts() {
  const { posts, creators } = await (await fetch("/sandbox/posts")).json();
  const text = JSON.stringify([posts, creators]);
  if (text === shownPosts) return;
  shownPosts = text;
  const focused = document.activeElement && document.activeElement.id;
  const count = (status) => posts.filter((post) => post.status === status).length;
  $("#figures").textContent = posts.length
    ? `${count("PUBLISH_COMPLETE")} posted · ${count("SEND_TO_USER_INBOX")} in inboxes · ${count("FAILED")} failed · `
      + `${posts.filter((post) => post.status.startsWith("PROCESSING")).length} in progress`
    : "";
  const accounts = [];
  const idle = make("p", "quiet", posts.length ? "Nothing posted yet:" : "Waiting for the first video:");
  for (const creator of creators) {
    const own = posts.filter((post) => post.creator === creator.username);
    if (!own.length) {
      const entry = make("span");
      entry.append(avatar(creator, 22), `@${creator.username}`);
      idle.append(entry);
      continue;
    }
    const account = make("article", "account");
    const head = make("header");
    const name = make("div");
    name.append(make("h2", "", creator.nickname), make("small", "", `@${creator.username} · ${creator.followers.toLocaleString()} followers`));
    head.append(avatar(creator, 48), name, make("span", "count", `${own.length} ${own.length === 1 ? "video" : "videos"}`));
    const phones = make("div", "phones");
    phones.append(...own.map(phone));
    account.append(head, phones);
    accounts.push(account);
  }
  $("#accounts").replaceChildren(...accounts, ...(idle.childElementCount ? [idle] : []));
  if (focused && document.getElementById(focused)) document.getElementById(focused).focus();
  const choice = $("#fault-form").elements.account;
  if (choice.length === 1) for (const creator of creators) choice.append(new Option(`@${creator.username}`, creator.username));
}

let shownMails = "";
async function showMails() {
  const { mails } = await (await fetch("/sandbox/mails")).json();
  const ids = mails.map((mail) => mail.id).join();
  if (ids === shownMails) return;
  shownMails = ids;
  $("#mails").hidden = !mails.length;
  $("#mails div").replaceChildren(...mails.map((mail) => {
    const entry = make("details");
    const head = make("summary");
    head.append(make("strong", "", mail.subject), make("small", "", ` to ${mail.recipients.join(", ")} · ${clock(mail.at)}`));
    const text = make("pre");
    for (const piece of mail.text.split(/(https?:\/\/\S+)/)) { // odd indexes are links
      const link = /^https?:/.test(piece) ? make("a", "", piece) : document.createTextNode(piece);
      if (link.href !== undefined) link.href = piece;
      text.append(link);
    }
    entry.append(head, text);
    return entry;
  }));
}

async function showFaults() {
  const { faults } = await (await fetch("/sandbox/faults")).json();
  $("#faults").replaceChildren(...faults.map((fault) => {
    const entry = make("li", fault.times === 0 ? "spent" : "");
    const left = fault.times === null ? "always" : fault.times === 0 ? "used up" : `${fault.times} left`;
    const who = fault.account ? ` for @${fault.account}` : "";
    entry.append(make("span", "", `${fault.wire} ${fault.call}: ${fault.fault}${who} · ${left} · used ${fault.taken}`));
    const off = make("button", "", "×");
    off.setAttribute("aria-label", `Switch off ${fault.fault}`);
    off.addEventListener("click", async () => {
      await fetch(`/sandbox/faults/${fault.id}`, { method: "DELETE" });
      await showFaults();
    });
    entry.append(off);
    return entry;
  }));
}

async function showLog() {
  const { log } = await (await fetch("/sandbox/log")).json();
  $("#log tbody").replaceChildren(...log.slice(-40).reverse().map((call) => {
    const row = make("tr");
    const cut = call.status === null;
    const status = make("td", `number ${cut || call.status >= 400 ? "bad" : "good"}`, cut ? "cut" : call.status);
    row.append(
      make("td", "", new Date(call.at).toLocaleTimeString()), make("td", "", call.wire), make("td", "", call.call),
      make("td", "", call.account), make("td", "", call.fault), status, make("td", "number", call.milliseconds.toFixed(0)),
    );
    return row;
  }));
}

async function switchOn(fault) {
  const answer = await fetch("/sandbox/faults", { method: "POST", body: JSON.stringify(fault) });
  $("#problem").textContent = answer.ok ? "" : new DOMParser()
    .parseFromString(await answer.text(), "text/html").querySelector("p").textContent;
  await showFaults();
}

/** Show only the options of the chosen service, call and fault. */
function narrow(event) {
  const fields = $("#fault-form").elements;
  const { calls, faults, own } = fields.wire.selectedOptions[0].dataset;
  const fill = (field, names) => field.replaceChildren(...names.map((name) => new Option(name)));
  if (!event || event.target === fields.wire) fill(fields.call, [...calls.split(" "), "*"]);
  if (!event || event.target !== fields.fault) fill(fields.fault, JSON.parse(own)[fields.call.value] || faults.split(" "));
  for (const field of document.querySelectorAll(".only")) {
    field.classList.toggle("shown", field.dataset.for.split(" ").includes(fields.fault.value));
  }
}

$("#fault-form").addEventListener("change", narrow);
$("#fault-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const given = Object.fromEntries(new FormData(event.target));
  const number = (name) => given[name] === "" ? null : Number(given[name]);
  switchOn({
    wire: given.wire, call: given.call, fault: given.fault, account: given.account,
    times: number("times"), rate: number("rate") ?? 1, seconds: number("seconds") ?? 0,
    retry_after: number("retry_after"), byte: number("byte") ?? 0,
  });
});
for (const button of document.querySelectorAll("[data-quick]")) {
  button.addEventListener("click", () => switchOn(JSON.parse(button.dataset.quick)));
}
$("#reset").addEventListener("click", async () => {
  if (!window.confirm("Delete all posts, tokens, faults and calls?")) return;
  await fetch("/sandbox/reset", { method: "POST" });
  await show();
});

const show = () => Promise.all([showPosts(), showMails(), showFaults(), showLog()]).catch(() => {
  $("#figures").textContent = "The sandbox does not answer.";
});
narrow();
show().then(() => location.hash && document.getElementById(location.hash.slice(1))?.scrollIntoView());
setInterval(() => document.hidden || show(), 2000);

// The number of unread notices in the head of every page; opening a complaint from a notice marks that one as read.
"use strict";

const badge = document.getElementById("notices-count");

async function recountNotices() {
  try {
    const answer = await fetch("/console/notices/count", { headers: { "X-Live": "1" }, cache: "no-store" });
    if (!answer.ok) return;
    const { unread } = await answer.json();
    const shown = unread > 99 ? "99+" : String(unread);
    badge.querySelector("[data-number]").textContent = digits(shown);
    badge.hidden = unread === 0;
  } catch {
    // the network is away; the next look finds out
  }
}

if (badge) {
  recountNotices();
  // console.js brings the page up to date and says so in its version: what is new may be a notice.
  const page = document.querySelector("main[data-version]");
  if (page) new MutationObserver(recountNotices).observe(page, { attributes: true, attributeFilter: ["data-version"] });
  else setInterval(() => document.hidden || recountNotices(), 60000);
  document.addEventListener("visibilitychange", () => document.hidden || recountNotices());
}

document.addEventListener("click", (event) => {
  const link = event.target.closest(".told-unread a.told-link");
  const form = link && link.closest(".told").querySelector("form");
  if (!form) return;
  const body = new URLSearchParams(new FormData(form));
  fetch(form.action, { method: "POST", body, keepalive: true, redirect: "manual" });
});

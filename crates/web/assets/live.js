// Keeps an open page up to date: every tick of the stream brings the changing part anew. Without this script, reloading does the same.
"use strict";
(() => {
  const live = document.getElementById("live");
  const language = document.documentElement.lang;
  let known = null;
  let fetching = false;
  let again = false;
  let postponed = false;

  const localTimes = (root) => {
    for (const time of root.querySelectorAll("time[datetime]")) {
      const moment = new Date(time.dateTime);
      if (Number.isNaN(moment.getTime())) continue;
      const today = moment.toDateString() === new Date().toDateString();
      time.title = time.dateTime;
      time.textContent = today
        ? moment.toLocaleTimeString(language)
        : moment.toLocaleString(language, { dateStyle: "medium", timeStyle: "medium" });
    }
  };

  const isBeingRead = () => {
    const selection = document.getSelection();
    const selects = selection && !selection.isCollapsed && live.contains(selection.anchorNode);
    const active = document.activeElement;
    return selects || (live.contains(active) && active.matches("input, select, textarea"));
  };

  const replace = (text) => {
    const open = new Map();
    for (const fold of live.querySelectorAll("details[id]")) open.set(fold.id, fold.open);
    const focused = live.contains(document.activeElement) ? document.activeElement : null;
    const place = focused && (focused.id || focused.getAttribute("href") || focused.closest("details[id]")?.id);
    const next = document.createElement("template");
    next.innerHTML = text;
    for (const fold of next.content.querySelectorAll("details[id]")) {
      if (open.has(fold.id)) fold.open = open.get(fold.id);
    }
    localTimes(next.content);
    showCopying(next.content);
    live.replaceChildren(next.content);
    if (place) {
      const same = document.getElementById(place);
      const target = same
        ? same.matches("details") ? same.querySelector("summary") : same
        : [...live.querySelectorAll("a[href]")].find((link) => link.getAttribute("href") === place);
      target?.focus({ preventScroll: true });
    }
  };

  const refresh = async () => {
    if (fetching) { again = true; return; }
    fetching = true;
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html", "Tegami-Part": "live" } });
      // The session is over: the whole page leads to where people sign in.
      if (answer.status === 401) { location.reload(); return; }
      const text = await answer.text();
      postponed = isBeingRead();
      const isPage = answer.headers.get("Content-Type")?.startsWith("text/html");
      if (answer.ok && isPage && text !== known && !postponed) {
        replace(text);
        known = text;
      }
    } catch {
      // The server is away; the stream tells when it is back.
    } finally {
      fetching = false;
      if (again) { again = false; refresh(); }
    }
  };

  // Where nothing can be copied, nothing offers to.
  const showCopying = (root) => {
    for (const button of root.querySelectorAll("button[data-copy]")) button.hidden = !navigator.clipboard;
  };

  const copy = async (button) => {
    const text = document.getElementById(button.dataset.copy).textContent;
    await navigator.clipboard.writeText(text);
    // Whoever presses twice must not lose the name of the button.
    if (button.dataset.copied) return;
    const label = button.innerHTML;
    button.dataset.copied = "true";
    button.textContent = document.body.dataset.copied;
    setTimeout(() => {
      button.innerHTML = label;
      delete button.dataset.copied;
    }, 1500);
  };

  // An address that names something folded opens it.
  const unfold = () => {
    const named = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (named?.matches("details")) named.open = true;
  };

  localTimes(document);
  unfold();
  // On a narrow screen the navigation is wider than the page.
  document.querySelector("nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
  window.addEventListener("hashchange", unfold);
  showCopying(document);
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-copy]");
    // Where the browser does not allow it, the text is at least selected.
    if (button) copy(button).catch(() => getSelection().selectAllChildren(document.getElementById(button.dataset.copy)));
  });
  if (live && "live" in live.dataset && window.EventSource) {
    const stream = new EventSource("/live");
    stream.addEventListener("change", refresh);
    // What happened between reading the page and opening the stream.
    stream.addEventListener("open", refresh);
    window.addEventListener("pagehide", () => stream.close());
    const later = () => { if (postponed && !isBeingRead()) refresh(); };
    document.addEventListener("selectionchange", later);
    document.addEventListener("focusout", () => setTimeout(later));
  }
})();

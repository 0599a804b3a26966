// While it plays: what is hard to see is told some seconds before it comes, and while it lasts. Lifting for a span begins where the player stands. One calm word after so many minutes unshielded; the next one after as many more. Counts here alone.
"use strict";

(() => {
  let watched = 0, last = null;

  /** Where the player stands, in seconds; before it plays the clock says where it will begin. */
  function standing() {
    const video = document.querySelector("video.screen"), face = document.querySelector("[data-clock]");
    if (video?.dataset.started) return video.currentTime;
    return (face?.textContent || "0").split(":").reduce((sum, part) => sum * 60 + Number(part || 0), 0);
  }

  document.addEventListener("submit", (event) => {
    const form = event.target.closest("[data-lifting]");
    if (form) form.elements.at.value = String(standing().toFixed(3));
  }, true);

  /** How often the pause has passed, of what was sent before this page and what played on it. */
  const turns = (notice, seconds) => Math.floor((Number(notice.dataset.spent) + seconds) / Number(notice.dataset.pause));

  /* What was passed over does not count; what played does, at any speed, and however late the news of it comes. */
  document.addEventListener("seeking", () => { last = null; }, true);

  document.addEventListener("timeupdate", (event) => {
    const notice = document.querySelector("[data-calm]"), now = event.target.currentTime;
    const step = last === null || event.target.seeking ? 0 : now - last;
    last = now;
    if (!notice || !Number(notice.dataset.pause) || step <= 0) return;
    const before = turns(notice, watched);
    watched += step;
    if (turns(notice, watched) > before) notice.hidden = false;
  }, true);

  /* What comes next. */

  const AHEAD = 15; // seconds of one's own time

  /** Spans said to be hard to see: from, to, what of. */
  const warnings = () => [...document.querySelectorAll("[data-warning]")].flatMap((one) => {
    const said = one.querySelector("[data-at]");
    if (!said) return [];
    const [from, to] = said.textContent.split("–");
    return [{ from: readTime(from), to: readTime(to), start: from, end: to, of: one.lastElementChild.textContent.trim() }];
  });

  function foretell(video) {
    const notice = document.querySelector("[data-coming]"), now = video.currentTime;
    if (!notice || !video.dataset.started) return;
    const reach = now + AHEAD * Math.max(1, video.playbackRate);
    const found = warnings();
    const here = found.find((one) => one.from <= now && now < Math.max(one.to, one.from + 1));
    const next = found.filter((one) => now < one.from && one.from <= reach).sort((a, b) => a.from - b.from)[0];
    const words = here ? `${notice.dataset.wordNow} ${here.end}: ${here.of}`
      : next ? `${notice.dataset.wordSoon} ${next.start}: ${next.of}` : "";
    if (notice.textContent !== words) notice.textContent = words; // read out once, not at every tick
    notice.hidden = !words;
  }

  for (const kind of ["timeupdate", "seeked"]) {
    document.addEventListener(kind, (event) => {
      if (event.target.matches("video.screen")) foretell(event.target);
    }, true);
  }
})();

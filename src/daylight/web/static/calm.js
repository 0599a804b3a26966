// Lifting for a span begins where the player stands. One calm word after so many minutes unshielded; the next one after as many more. Counts here alone.
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

  document.addEventListener("timeupdate", (event) => {
    const notice = document.querySelector("[data-calm]"), now = event.target.currentTime;
    const step = last === null ? 0 : now - last;
    last = now;
    if (!notice || event.target.paused || !Number(notice.dataset.pause) || step <= 0 || step > 2) return;
    const before = turns(notice, watched);
    watched += step;
    if (turns(notice, watched) > before) notice.hidden = false;
  }, true);
})();

// One calm word after so many minutes unshielded; the next one after as many more. Counts here alone.
"use strict";

(() => {
  let watched = 0, last = null;

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

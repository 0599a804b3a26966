// The player: asks for nothing before Play is pressed, starts without sound, stays shielded until lifted.
"use strict";

let hls = null;
// Kept while the player is exchanged for its clear or shielded form; an address may name a moment.
let position = Math.max(0, Number(new URLSearchParams(location.search).get("t")) || 0);

const screen_ = () => document.querySelector("video.screen");

/** Load and play from where we were. Called by a click or a key, never by itself. */
function start() {
  const video = screen_();
  if (!video || video.dataset.started) return;
  video.dataset.started = "yes";
  document.querySelector("[data-trouble]").hidden = true;
  document.querySelector("[data-start]").hidden = true;
  video.controls = true;
  video.muted = true;
  hls = new Hls({
    workerPath: video.dataset.worker,
    startPosition: position,
    maxBufferLength: 12,
    maxMaxBufferLength: 24,
    backBufferLength: 30,
    startFragPrefetch: false,
    fragLoadingTimeOut: 60000,
  });
  hls.on(Hls.Events.ERROR, (_, problem) => problem.fatal && fail(video));
  hls.loadSource(video.dataset.playlist);
  hls.attachMedia(video);
  video.play().catch(() => {});
}

function fail(video) {
  stop();
  delete video.dataset.started;
  video.controls = false;
  document.querySelector("[data-trouble]").hidden = false;
  document.querySelector("[data-start]").hidden = false;
}

function stop() {
  hls?.destroy();
  hls = null;
}

function seek(seconds) {
  const video = screen_();
  if (!video) return;
  leaveFrame();
  position = Math.max(0, seconds);
  if (video.dataset.started) video.currentTime = position;
  else start();
}

function showTime() {
  const face = document.querySelector("[data-clock]");
  if (face) face.textContent = clock(position, true);
}

function toggle(button, on) {
  button.setAttribute("aria-pressed", String(on));
}

function setSound(on) {
  const video = screen_(), button = document.querySelector("[data-sound]");
  if (!video || !button) return; // shielded playing has no sound at all
  video.muted = !on;
}

const actions = {
  " ": (video) => (video.dataset.started ? (video.paused ? video.play() : video.pause()) : start()),
  ArrowLeft: () => seek(position - 5),
  ArrowRight: () => seek(position + 5),
  m: (video) => setSound(video.muted),
};

document.addEventListener("keydown", (event) => {
  const video = screen_();
  const elsewhere = event.target.closest("input, textarea, select, dialog, summary, video");
  const onButton = event.key === " " && event.target.closest("button, a");
  if (!video || elsewhere || onButton || event.ctrlKey || event.metaKey || event.altKey) return;
  if (!(event.key in actions) || (event.key !== " " && !video.dataset.started)) return;
  event.preventDefault();
  actions[event.key](video);
});

document.addEventListener("click", (event) => {
  const others = event.target.closest("[data-together-link]");
  if (others) others.search = `?t=${position.toFixed(3)}`;
  const at = (selector) => event.target.closest(selector);
  if (at("[data-start]")) start();
  const tile = at(".tile-button[data-time]");
  if (tile) seek(Number(tile.dataset.time));
  if (at("[data-sound]")) setSound(screen_().muted);
  const larger = at("[data-larger]");
  if (larger) toggle(larger, document.querySelector(".deck").classList.toggle("large"));
});

// Media events do not bubble; capturing sees them even after the player was exchanged.
document.addEventListener("timeupdate", (event) => {
  if (event.target !== screen_() || !hls || isExact()) return; // taking the source away sets the time back
  position = event.target.currentTime;
  showTime();
  const tiles = [...document.querySelectorAll(".tile-button[data-time]")];
  const now = tiles.filter((tile) => Number(tile.dataset.time) <= position + 0.05).at(-1);
  tiles.forEach((tile) => tile.classList.toggle("now", tile === now));
}, true);

document.addEventListener("volumechange", (event) => {
  if (event.target !== screen_()) return;
  const button = document.querySelector("[data-sound]");
  if (button) toggle(button, !event.target.muted);
  else event.target.muted = true;
}, true);

document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target?.id === "player") stop();
});
document.addEventListener("htmx:load", showTime);
window.addEventListener("pagehide", stop);

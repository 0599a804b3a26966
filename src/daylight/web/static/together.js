// Side by side: one clock for all players. It waits for whoever is not ready; whoever drifts is brought back. All are
// shielded and silent, and nothing is asked for before Play.
"use strict";

const NEAR = 0.04, FAR = 0.6, TICK = 200; // seconds, seconds, milliseconds
const wall = document.querySelector("[data-together]");
const views = [...wall.querySelectorAll("[data-view]")].map((one) => ({
  one,
  video: one.querySelector("video"),
  state: one.querySelector("[data-state]"),
  shift: Number(one.dataset.shift) / 1e6,
  from: Number(one.dataset.from) / 1e6,
  to: Number(one.dataset.to) / 1e6,
  hls: null,
  broken: false,
}));
const wordOf = (name) => wall.querySelector(`[data-word="${name}"]`).textContent;
const first = views[0], real = document.querySelector("[data-real]"), asked = Number(wall.dataset.at);
let moment = asked / 1e6, running = false, last = 0;

function load(view) {
  view.video.muted = true;
  view.hls = new Hls({
    workerPath: wall.dataset.worker,
    startPosition: Math.max(0, moment + view.shift),
    maxBufferLength: 8,
    maxMaxBufferLength: 12,
    backBufferLength: 10,
    startFragPrefetch: false,
    fragLoadingTimeOut: 60000,
  });
  view.hls.on(Hls.Events.ERROR, (_, problem) => {
    if (!problem.fatal) return;
    view.hls.destroy();
    view.hls = null;
    view.broken = true;
  });
  view.hls.loadSource(view.video.dataset.playlist);
  view.hls.attachMedia(view.video);
}

/** Whether it has pictures of this moment. */
const runs = (view) => !view.broken && view.from <= moment && moment < view.to;

function say(view, name) {
  view.state.hidden = !name;
  view.state.textContent = name ? wordOf(name) : "";
  view.one.classList.toggle("away", Boolean(name) && name !== "waits");
}

/** Bring one player to the common moment: by a jump when far, by a little haste when near. */
function follow(view) {
  if (!runs(view)) {
    view.video.pause();
    say(view, view.broken ? "trouble" : moment < view.from ? "before" : "after");
    return true;
  }
  if (!view.hls) load(view);
  const away = view.video.currentTime - (moment + view.shift);
  if (Math.abs(away) > FAR && !view.video.seeking) view.video.currentTime = moment + view.shift;
  view.video.playbackRate = Math.abs(away) < NEAR ? 1 : Math.min(1.25, Math.max(0.75, 1 - away));
  const ready = view.video.readyState >= 3 && !view.video.seeking;
  say(view, ready ? "" : "waits");
  return ready;
}

function tick() {
  const now = performance.now();
  if (running) {
    const ready = views.map(follow).every(Boolean);
    if (ready) moment += (now - last) / 1000;
    for (const view of views.filter(runs)) {
      if (ready && view.video.paused) view.video.play().catch(() => {});
      if (!ready) view.video.pause();
    }
    if (moment >= first.to) stopAll();
  }
  last = now;
  show();
}

function show() {
  wall.querySelector("[data-clock]").textContent = clock(Math.max(0, moment), true);
  real.textContent = new Date((Number(real.dataset.us) + moment * 1e6 - asked) / 1e3).toISOString().slice(0, 19).replace("T", " ");
  const bar = wall.querySelector("[data-moment]");
  if (document.activeElement !== bar || running) bar.value = String(moment * 1e6);
  for (const view of views) {
    const link = view.one.querySelector("[data-item]");
    link.search = `?t=${Math.max(0, moment + view.shift).toFixed(1)}`;
  }
}

function setRunning(on) {
  running = on;
  last = performance.now();
  wall.querySelector("[data-all]").setAttribute("aria-pressed", String(on));
  if (!on) views.forEach((view) => view.video.pause());
}

const stopAll = () => setRunning(false);

function jump(to) {
  moment = Math.min(first.to, Math.max(first.from, to));
  for (const view of views.filter((one) => one.hls && runs(one))) {
    view.video.currentTime = moment + view.shift;
  }
  show();
}

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-all]")) setRunning(!running);
  const by = event.target.closest("[data-jump]");
  if (by) jump(moment + Number(by.dataset.jump));
});

document.addEventListener("input", (event) => {
  if (event.target.closest("[data-moment]")) jump(Number(event.target.value) / 1e6);
});

document.addEventListener("keydown", (event) => {
  const onButton = event.key === " " && event.target.closest("button, a");
  if (isTyping(event) || onButton) return;
  const keys = {
    " ": () => setRunning(!running),
    ArrowLeft: () => jump(moment - 5),
    ArrowRight: () => jump(moment + 5),
  };
  if (!(event.key in keys)) return;
  event.preventDefault();
  keys[event.key]();
});

window.addEventListener("pagehide", () => views.forEach((view) => view.hls?.destroy()));
setInterval(tick, TICK);
show();

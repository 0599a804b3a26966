// How one looks: speed and direction (J K L), a span over and over, nearer, lighter. A view, never a change: nothing
// here asks the server for more than the player itself does, and none of it can lift the shield.
"use strict";

const SPEEDS = [0.25, 0.5, 1, 2, 4, 8, 16];
const BACK = 125; // milliseconds from one jump back to the next
let speed = 1, backwards = 0, backTimer = 0;
let loop = []; // seconds: begin, end
let nearer = 1, shift = [0, 0];

function setSpeed(value) {
  speed = value;
  const video = screen_();
  if (video) video.playbackRate = value;
  if (hls) hls.config.maxBufferLength = Math.min(120, 12 * Math.max(1, value));
  const chosen = document.querySelector("[data-speed]");
  if (chosen) chosen.value = String(value);
}

const faster = (by) => setSpeed(
  SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, SPEEDS.indexOf(speed) + by))] ?? 1,
);

/** No browser plays backwards: short jumps do. */
function back(times) {
  clearInterval(backTimer);
  backwards = times;
  if (!times) return;
  backTimer = setInterval(() => {
    const video = screen_();
    if (!video?.dataset.started) return back(0);
    if (!video.seeking) video.currentTime = Math.max(0, video.currentTime - (times * BACK) / 1000);
    if (video.currentTime <= 0) back(0);
    return undefined;
  }, BACK);
}

function shuttleBack(video) {
  if (!video.dataset.started) return;
  const again = backwards ? Math.min(16, backwards * 2) : 1;
  video.pause();
  back(again);
}

function shuttleOn(video) {
  const going = video.dataset.started && !video.paused;
  back(0);
  setSpeed(going ? Math.min(16, Math.max(1, speed) * 2) : 1);
  if (!video.dataset.started) start();
  else if (!going) video.play();
}

function rest(video) {
  back(0);
  video.pause();
  setSpeed(1);
}

/* A span over and over: that of the open form, else from here, to here, and off. */

function loopStep() {
  const form = typeof openForm === "function" ? openForm() : null;
  const typed = ["start", "end"].map((one) => form?.querySelector(`[data-${one}-field]`)?.value);
  if (!loop.length && typed[0] && typed[1]) loop = typed.map(readTime);
  else if (loop.length === 2) loop = [];
  else loop = [...loop, position];
  if (loop.length === 2) {
    loop.sort((one, two) => one - two);
    if (loop[1] - loop[0] < 0.1) loop = [];
    else seek(loop[0]);
  }
  tellLoop();
}

function tellLoop() {
  const button = document.querySelector("[data-loop]");
  if (!button) return;
  toggle(button, loop.length === 2);
  const words = [button.dataset.wordsFrom, button.dataset.wordsTo, button.dataset.wordsOff];
  const span = loop.map((one) => clock(one, true)).join("–");
  button.textContent = `${words[loop.length]} ${span}`.trim();
}

/* Nearer and lighter. */

function look() {
  const stage_ = document.querySelector(".stage");
  if (!stage_) return;
  const value = (name) => Number(document.querySelector(`[data-light="${name}"]`)?.value ?? 1);
  const plain = ["brightness", "contrast", "gamma"].every((name) => value(name) === 1);
  document.querySelectorAll("#gamma feFuncR, #gamma feFuncG, #gamma feFuncB")
    .forEach((one) => one.setAttribute("exponent", String(1 / value("gamma"))));
  const filter = plain ? "" : `url(#gamma) brightness(${value("brightness")}) contrast(${value("contrast")})`;
  const limit = ((nearer - 1) / nearer) * 50; // percent, so that no edge comes in
  shift = shift.map((one) => Math.min(limit, Math.max(-limit, one)));
  const move = nearer === 1 ? "" : `scale(${nearer}) translate(${shift[0]}%, ${shift[1]}%)`;
  stage_.querySelectorAll(".screen, .exact, .regions, .masks").forEach((one) => {
    one.style.transform = move;
    if (one.matches(".screen, .exact")) one.style.filter = filter;
  });
  stage_.classList.toggle("near", nearer > 1);
  const video = screen_();
  if (video) video.controls = nearer === 1 && Boolean(video.dataset.started);
  const button = document.querySelector("[data-nearer]");
  if (button) { toggle(button, nearer > 1); button.querySelector("span").textContent = `${nearer}×`; }
}

function nearerStep() {
  nearer = nearer >= 8 ? 1 : nearer * 2;
  if (nearer === 1) shift = [0, 0];
  look();
}

function drag(event) {
  const place = event.target.closest(".stage.near");
  if (!place || event.target.closest("button, .regions.drawing")) return;
  event.preventDefault();
  const from = [event.clientX, event.clientY], was = shift, box = place.getBoundingClientRect();
  place.setPointerCapture(event.pointerId);
  const moved = (one) => {
    shift = [
      was[0] + ((one.clientX - from[0]) / box.width / nearer) * 100,
      was[1] + ((one.clientY - from[1]) / box.height / nearer) * 100,
    ];
    look();
  };
  place.addEventListener("pointermove", moved);
  place.addEventListener("pointerup", () => place.removeEventListener("pointermove", moved), { once: true });
}

/* What is pressed. */

const viewKeys = {
  j: shuttleBack, k: rest, l: shuttleOn,
  "+": () => faster(1), "=": () => faster(1), "-": () => faster(-1),
  p: loopStep, z: nearerStep, c: () => grabFrame(),
  ",": () => { back(0); stepFrames(-1); },
  ".": () => { back(0); stepFrames(1); },
};

document.addEventListener("keydown", (event) => {
  const video = screen_();
  if (!video || isTyping(event) || !(event.key in viewKeys)) return;
  event.preventDefault();
  viewKeys[event.key](video);
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-loop]")) loopStep();
  if (event.target.closest("[data-nearer]")) nearerStep();
  if (event.target.closest("[data-light-reset]")) {
    document.querySelectorAll("[data-light]").forEach((one) => { one.value = "1"; });
    look();
  }
});

document.addEventListener("input", (event) => {
  if (event.target.closest("[data-light]")) look();
  if (event.target.closest("[data-speed]")) setSpeed(Number(event.target.value));
});

document.addEventListener("pointerdown", drag);
document.addEventListener("play", (event) => { if (event.target === screen_()) { back(0); event.target.playbackRate = speed; } }, true);
document.addEventListener("loadedmetadata", (event) => { if (event.target === screen_()) { event.target.playbackRate = speed; look(); } }, true);
document.addEventListener("timeupdate", (event) => {
  if (event.target === screen_() && loop.length === 2 && !event.target.paused && event.target.currentTime >= loop[1]) seek(loop[0]);
}, true);
document.addEventListener("htmx:load", () => { look(); tellLoop(); setSpeed(speed); });

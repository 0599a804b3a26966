// Masks over the player: told by the server as shapes that move evenly, a stretch of time at once, and drawn here.
// Nothing is reckoned here but where a shape is between two of its points.
"use strict";

const STRETCH = 20e6; // microseconds of masks that are asked for at once
const MOST_STRETCHES = 24; // kept; the oldest go
const STRIDE = 6; // numbers a point has
const stretches = new Map();
let masksReady = false; // once all scripts of the page are there
let maskSize = [16, 9], maskFill = [0, 0, 0], blankSpans = [], solidMasks = false;

const studioRoot = () => document.querySelector("[data-studio]");
const planPanel = () => document.getElementById("plan");
const planVersion = () => Number(planPanel()?.dataset.base ?? 0);
const surface = () => document.querySelector(".stage .screen, .pictures .still");

/** The moment that is shown, in microseconds. */
function momentNow() {
  if (typeof screen_ !== "function" || !screen_()) return 0;
  if (isExact()) return exact.us;
  return Math.round((screen_().dataset.started ? screen_().currentTime : position) * 1e6);
}

/** Ask for a stretch unless it is here or on its way, of the version that stands. */
async function needStretch(number) {
  const version = planVersion(), known = stretches.get(number);
  if (!version || number < 0 || known?.asked === version) return;
  stretches.set(number, { asked: version, paths: known?.paths ?? [] });
  while (stretches.size > MOST_STRETCHES) stretches.delete(stretches.keys().next().value);
  const query = `from=${number * STRETCH}&to=${(number + 1) * STRETCH}`;
  const answer = await fetch(`${studioRoot().dataset.masks}?${query}`, { headers: { Accept: "application/json" } })
    .catch(() => null);
  document.querySelector("[data-masks-trouble]")?.toggleAttribute("hidden", Boolean(answer?.ok));
  if (!answer?.ok) { stretches.delete(number); return; }
  const told = await answer.json();
  if (version !== planVersion()) return; // somebody decided meanwhile; the newer ones are on their way
  [maskSize, maskFill, blankSpans] = [told.size, told.fill, told.blank];
  stretches.set(number, { asked: version, paths: told.paths });
  drawMasks();
}

/** Where a shape is: left, top, right, bottom in ten-thousandths, and pixels that it grows; null where it is not. */
function pathAt(path, us) {
  if (us < path.first || us > path.last) return null;
  const all = path.points, count = all.length / STRIDE;
  let low = 0, high = count; // the first point after us
  while (low < high) {
    const middle = (low + high) >> 1;
    if (all[middle * STRIDE] > us) high = middle; else low = middle + 1;
  }
  const one = Math.max(0, low - 1) * STRIDE, two = Math.min(low, count - 1) * STRIDE;
  const part = one === two || us <= all[one] ? 0 : (us - all[one]) / (all[two] - all[one]);
  return [1, 2, 3, 4, 5].map((n) => all[one + n] + (all[two + n] - all[one + n]) * part);
}

/** Where the picture lies on the screen, without bars around it. ``box``: of what it lies in. */
function pictureRect(box) {
  const shown = surface(), still_ = document.querySelector(".stage img.exact:not([hidden])");
  const wide = still_?.naturalWidth || shown?.videoWidth || shown?.naturalWidth || maskSize[0];
  const high = still_?.naturalHeight || shown?.videoHeight || shown?.naturalHeight || maskSize[1];
  const scale = Math.min(box.width / wide, box.height / high);
  const width = wide * scale, height = high * scale;
  return { left: (box.width - width) / 2, top: (box.height - height) / 2, width, height };
}

/** The canvas over the picture; the player may have been exchanged since. */
function maskCanvas() {
  const shown = surface();
  if (!shown) return null;
  let canvas = shown.parentElement.querySelector("canvas.masks");
  if (!canvas) {
    canvas = document.createElement("canvas");
    canvas.className = "masks";
    canvas.setAttribute("aria-hidden", "true");
    shown.parentElement.append(canvas);
    shown.parentElement.classList.add("masked");
    document.dispatchEvent(new CustomEvent("daylight:canvas", { detail: canvas }));
  }
  const scale = window.devicePixelRatio || 1;
  const width = Math.round(shown.offsetWidth * scale), height = Math.round(shown.offsetHeight * scale);
  if (canvas.width !== width || canvas.height !== height) {
    [canvas.width, canvas.height] = [width, height];
    canvas.style.width = `${shown.offsetWidth}px`;
    canvas.style.height = `${shown.offsetHeight}px`;
  }
  canvas.style.left = `${shown.offsetLeft}px`; // what stands above it may have changed
  canvas.style.top = `${shown.offsetTop}px`;
  return canvas;
}

/** The outline of a shape on the canvas. */
function outline(path, [left, top, right, bottom], place) {
  const x = (value) => place.left + (value / 10000) * place.width;
  const y = (value) => place.top + (value / 10000) * place.height;
  const made = new Path2D();
  if (path.shape === "ellipse") {
    made.ellipse((x(left) + x(right)) / 2, (y(top) + y(bottom)) / 2, (x(right) - x(left)) / 2, (y(bottom) - y(top)) / 2, 0, 0, 7);
  } else if (path.shape === "polygon") {
    path.corners.forEach(([across, down], n) => {
      const at = [x(left + ((right - left) * across) / 10000), y(top + ((bottom - top) * down) / 10000)];
      if (n) made.lineTo(...at); else made.moveTo(...at);
    });
    made.closePath();
  } else {
    made.rect(x(left), y(top), x(right) - x(left), y(bottom) - y(top));
  }
  return made;
}

const MASK_LOOKS = {
  covered: { line: "#e9b96e", dash: [], veil: "#e9b96e4d" },
  open: { line: "#e9b96e", dash: [5, 4], veil: "#e9b96e4d" }, // covered, but nobody has decided
  visible: { line: "#9ac7a4", dash: [2, 3], veil: "" },
  rejected: { line: "#a9aeb1", dash: [1, 4], veil: "" },
};

/** It grows on all sides: a broad line around it, of which only what lies outside is drawn. */
function growPolygon(brush, shape_, width, place) {
  const outside = new Path2D();
  outside.rect(place.left, place.top, place.width, place.height);
  outside.addPath(shape_);
  brush.save();
  brush.clip(outside, "evenodd");
  brush.strokeStyle = brush.fillStyle;
  brush.lineJoin = "round";
  brush.lineWidth = width;
  brush.setLineDash([]);
  brush.stroke(shape_);
  brush.restore();
}

function paintMask(brush, path, box, place, isChosen) {
  const undecided = document.querySelector(`[data-track="${CSS.escape(path.name)}"].undecided`);
  const look_ = MASK_LOOKS[path.state === "covered" && undecided ? "open" : path.state];
  const shape_ = outline(path, box, place);
  const fill = solidMasks ? `rgb(${maskFill.join(" ")})` : look_.veil;
  if (look_.veil) {
    brush.fillStyle = fill;
    brush.fill(shape_);
    if (path.shape === "polygon") growPolygon(brush, shape_, (2 * box[4] * place.width) / maskSize[0], place);
  }
  brush.lineWidth = isChosen ? 3 : 1.5;
  brush.strokeStyle = isChosen ? "#9cc3e0" : look_.line;
  brush.setLineDash(look_.dash);
  brush.stroke(shape_);
}

function drawMasks(us = momentNow()) {
  const canvas = masksReady && maskCanvas();
  if (!canvas || !planVersion()) return;
  const scale = window.devicePixelRatio || 1, brush = canvas.getContext("2d");
  const box = { width: canvas.width / scale, height: canvas.height / scale };
  brush.setTransform(scale, 0, 0, scale, 0, 0);
  brush.clearRect(0, 0, box.width, box.height);
  const place = pictureRect(box);
  brush.save();
  brush.beginPath();
  brush.rect(place.left, place.top, place.width, place.height);
  brush.clip();
  if (blankSpans.some(([start, end]) => start <= us && us < end)) {
    brush.fillStyle = solidMasks ? `rgb(${maskFill.join(" ")})` : "#e9b96e66";
    brush.fillRect(place.left, place.top, place.width, place.height);
  }
  for (const [path, at] of masksHere(us)) paintMask(brush, path, at, place, path.name === chosenTrack);
  brush.restore();
  tellChosen(brush, us, place);
  inkDrawn(brush, place);
}

/** What is at a moment: shapes, each with where it is. */
function masksHere(us) {
  const found = [];
  for (const path of stretches.get(Math.floor(us / STRETCH))?.paths ?? []) {
    const at = pathAt(path, us);
    if (at) found.push([path, at]);
  }
  return found;
}

/** The chosen one bears its name. */
function tellChosen(brush, us, place) {
  const mine = masksHere(us).find(([path]) => path.name === chosenTrack);
  if (!mine) return;
  const [left, top] = mine[1];
  brush.font = "600 12px sans-serif";
  const x = place.left + (Math.max(0, left) / 10000) * place.width;
  const y = Math.max(place.top + 14, place.top + (top / 10000) * place.height - 4);
  brush.fillStyle = "#0c0e0fd0";
  brush.fillRect(x, y - 12, brush.measureText(chosenTrack).width + 8, 16);
  brush.fillStyle = "#9cc3e0";
  brush.fillText(chosenTrack, x + 4, y);
}

/** Ask for what is near, and draw. */
function followMasks() {
  const number = Math.floor(momentNow() / STRETCH);
  needStretch(number);
  if (momentNow() % STRETCH > STRETCH / 2) needStretch(number + 1);
  drawMasks();
  document.dispatchEvent(new CustomEvent("daylight:followed"));
}

/** While it plays: once for each picture that the browser shows. */
function followPictures(video) {
  const step = (_, shown) => {
    drawMasks(Math.round(shown.mediaTime * 1e6)); // of the very picture: the clock runs ahead of it
    if (!video.paused && video.isConnected) video.requestVideoFrameCallback(step);
  };
  video.requestVideoFrameCallback?.(step);
}

/** The names of what lies at a place of the window, the smallest first. */
function masksUnder(event) {
  const box = surface().getBoundingClientRect(), place = pictureRect(box);
  const x = ((event.clientX - box.left - place.left) / place.width) * 10000;
  const y = ((event.clientY - box.top - place.top) / place.height) * 10000;
  const area = ([, [left, top, right, bottom]]) => (right - left) * (bottom - top);
  return masksHere(momentNow())
    .filter(([, [left, top, right, bottom]]) => left <= x && x <= right && top <= y && y <= bottom)
    .sort((one, two) => area(one) - area(two)).map(([path]) => path.name);
}

document.addEventListener("play", (event) => { if (event.target.matches(".screen")) followPictures(event.target); }, true);
for (const name of ["timeupdate", "seeking", "seeked", "loadedmetadata", "pause"]) {
  document.addEventListener(name, (event) => { if (event.target === surface()) followMasks(); }, true);
}
document.addEventListener("load", (event) => { if (event.target.matches?.(".still, .exact")) followMasks(); }, true);
document.addEventListener("daylight:moment", followMasks);
document.addEventListener("htmx:load", followMasks);
new ResizeObserver(() => { if (studioRoot()) drawMasks(); }).observe(document.body);

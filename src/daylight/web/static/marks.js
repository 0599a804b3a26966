// Saying what one saw: spans taken from the player, regions drawn over the picture, marks shown in it.
// What is typed is never lost: forms stand until the server says that they were kept.
"use strict";

const WHOLE = 10000; // the far edge of the picture
const stage = () => document.querySelector(".stage");
let drawing = null; // the form whose region is being drawn

/* Times. */

function typedTime(seconds) {
  const us = Math.max(0, Math.round(seconds * 1e3)) * 1e3;
  const whole = Math.floor(us / 1e6), part = us % 1e6;
  const pad = (value) => String(value).padStart(2, "0");
  const head = whole < 3600
    ? `${Math.floor(whole / 60)}:${pad(whole % 60)}`
    : `${Math.floor(whole / 3600)}:${pad(Math.floor(whole / 60) % 60)}:${pad(whole % 60)}`;
  return part ? `${head}.${String(part).padStart(6, "0").replace(/0+$/, "")}` : head;
}

function readTime(text) {
  return text.split(":").reduce((sum, part) => sum * 60 + Number(part.replace(",", ".")), 0);
}

const now = () => (typeof position === "number" ? position : 0);
const openForm = () => document.querySelector("[data-saying] details.new[open] form")
  ?? document.querySelector(".marks form[data-mark-form]");

function take(form, which) {
  const field = form?.querySelector(which === "start" ? "[data-start-field]" : "[data-end-field]");
  if (field) field.value = typedTime(now());
}

/** Open the form for one kind, with the span beginning here, and go to its words. */
function begin(kind) {
  const box = document.querySelector(`[data-saying] details.new[data-kind="${kind}"]`);
  if (!box) return false;
  document.querySelectorAll("[data-saying] details.new").forEach((one) => { one.open = one === box; });
  const form = box.querySelector("form");
  const start = form.querySelector("[data-start-field]");
  if (!start.value && kind === "mark" && now() > 0) start.value = typedTime(now());
  form.querySelector("textarea").focus();
  return true;
}

/* Regions: a rectangle drawn at a moment is a key frame; drawn again later it moves. */

const keysOf = (form) => JSON.parse(form.querySelector("[data-region]")?.value || "[]");

function keep(form, keys) {
  const field = form.querySelector("[data-region]");
  if (!field) return;
  field.value = JSON.stringify(keys);
  const words = document.getElementById("marks").dataset.wordsKeys;
  form.querySelector("[data-region-count]").textContent = keys.length ? `${keys.length} ${words}` : "";
}

function addKey(form, [left, top, width, height]) {
  const at = Math.round(now() * 1e6);
  const keys = keysOf(form).filter((key) => key[0] !== at);
  keep(form, [...keys, [at, left, top, width, height]].sort((a, b) => a[0] - b[0]));
  widen(form, at / 1e6);
}

/** A region that is drawn outside of the span would never be shown: the span reaches to it. */
function widen(form, at) {
  const start = form.querySelector("[data-start-field]"), end = form.querySelector("[data-end-field]");
  if (!start.value && !end.value) return; // all of it
  const from = readTime(start.value || "0");
  if (at < from) start.value = typedTime(at);
  const to = end.value ? readTime(end.value) : from;
  if (at > to + 0.001) end.value = typedTime(at);
}

/** Where the picture itself lies in the stage, without the bars around it. */
function pictureBox(video, box = video.getBoundingClientRect()) {
  const image = document.querySelector(".stage img.exact");
  const wide = image?.naturalWidth || video.videoWidth || 16;
  const high = image?.naturalHeight || video.videoHeight || 9;
  const scale = Math.min(box.width / wide, box.height / high);
  const width = wide * scale, height = high * scale;
  return { left: (box.width - width) / 2, top: (box.height - height) / 2, width, height, box };
}

function overlay() {
  const place = stage();
  if (!place) return null;
  let layer = place.querySelector(".regions");
  if (!layer) {
    layer = document.createElement("div");
    layer.className = "regions";
    place.append(layer);
    layer.addEventListener("pointerdown", draw);
  }
  return layer;
}

function setDrawing(form) {
  drawing?.querySelector("[data-draw]")?.setAttribute("aria-pressed", "false");
  drawing = drawing === form ? null : form;
  drawing?.querySelector("[data-draw]")?.setAttribute("aria-pressed", "true");
  overlay()?.classList.toggle("drawing", Boolean(drawing));
  if (!drawing) return;
  document.querySelector("video.screen")?.pause();
  stage()?.scrollIntoView({ block: "nearest" });
}

function draw(event) {
  const video = document.querySelector("video.screen");
  if (!drawing || !video) return;
  event.preventDefault();
  const layer = event.currentTarget, place = pictureBox(video);
  const at = (one) => [
    Math.min(WHOLE, Math.max(0, Math.round(((one.clientX - place.box.left - place.left) / place.width) * WHOLE))),
    Math.min(WHOLE, Math.max(0, Math.round(((one.clientY - place.box.top - place.top) / place.height) * WHOLE))),
  ];
  const from = at(event);
  layer.setPointerCapture(event.pointerId);
  const rectangle = (one) => {
    const to = at(one);
    return [Math.min(from[0], to[0]), Math.min(from[1], to[1]), Math.abs(to[0] - from[0]), Math.abs(to[1] - from[1])];
  };
  const moved = (one) => show([[rectangle(one), true]]);
  const ended = (one) => {
    layer.removeEventListener("pointermove", moved);
    const found = rectangle(one);
    if (found[2] > 50 && found[3] > 50) addKey(drawing, found);
    showRegions();
  };
  layer.addEventListener("pointermove", moved);
  layer.addEventListener("pointerup", ended, { once: true });
}

/** Where a region is at a moment, as the server reckons it. */
function regionAt(keys, us) {
  if (!keys.length) return null;
  const after = keys.findIndex((key) => key[0] > us);
  if (after === 0 || after < 0) return keys.at(after < 0 ? -1 : 0).slice(1);
  const [one, two] = [keys[after - 1], keys[after]];
  const part = (us - one[0]) / (two[0] - one[0]);
  return one.slice(1).map((value, n) => value + (two[n + 1] - value) * part);
}

function show(found) {
  const layer = overlay(), video = document.querySelector("video.screen");
  if (!layer || !video) return;
  const place = pictureBox(video, { width: video.offsetWidth, height: video.offsetHeight });
  layer.replaceChildren(...found.map(([[left, top, width, height], fresh]) => {
    const one = document.createElement("span");
    one.className = fresh ? "region fresh" : "region";
    one.style.left = `${place.left + (left / WHOLE) * place.width}px`;
    one.style.top = `${place.top + (top / WHOLE) * place.height}px`;
    one.style.width = `${(width / WHOLE) * place.width}px`;
    one.style.height = `${(height / WHOLE) * place.height}px`;
    return one;
  }));
}

/** Marks that stand at this moment: their regions in the picture, themselves lit up in the list. */
function showRegions() {
  const us = now() * 1e6, found = [];
  document.querySelectorAll("[data-mark]").forEach((one) => {
    const from = one.dataset.from === "" ? -1 : Number(one.dataset.from);
    const to = one.dataset.to === "" ? Infinity : Number(one.dataset.to);
    const here = from >= 0 && us >= from && us <= Math.max(to, from + 5e5);
    one.classList.toggle("now", here);
    const keys = JSON.parse(one.dataset.shape || "[]");
    const region = (here || (from < 0 && keys.length)) && regionAt(keys, us);
    if (region) found.push([region, false]);
  });
  const form = drawing ?? openForm();
  const fresh = form && regionAt(keysOf(form), us);
  if (fresh) found.push([fresh, true]);
  show(found);
}

/* What is pressed. */

document.addEventListener("click", (event) => {
  const at = (selector) => event.target.closest(selector);
  const jump = at("[data-at]");
  if (jump && typeof seek === "function") seek(readTime(jump.dataset.at));
  const taken = at("[data-take]");
  if (taken) take(taken.closest("form"), taken.dataset.take);
  const drawn = at("[data-draw]");
  if (drawn) setDrawing(drawn.closest("form"));
  const cleared = at("[data-clear-region]");
  if (cleared) { keep(cleared.closest("form"), []); showRegions(); }
});

const sayKeys = {
  x: () => begin("mark"),
  d: () => begin("description"),
  v: () => begin("severity"),
  i: () => take(openForm(), "start"),
  o: () => take(openForm(), "end"),
  r: () => { const form = openForm(); if (form?.querySelector("[data-region]")) setDrawing(form); },
};

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && drawing) { setDrawing(drawing); return; }
  if (isTyping(event) || !(event.key in sayKeys) || !document.querySelector("[data-saying]")) return;
  event.preventDefault();
  sayKeys[event.key]();
});

document.addEventListener("timeupdate", showRegions, true);
document.addEventListener("seeked", showRegions, true);
document.addEventListener("daylight:moment", showRegions);
document.addEventListener("htmx:load", () => { drawing = null; showRegions(); });

// Leaving a page with unsent words is asked about first; a form that was sent is let go.
let sent = false;
document.addEventListener("submit", () => { sent = true; });
document.addEventListener("htmx:afterSwap", () => { sent = false; });
window.addEventListener("beforeunload", (event) => {
  const unsent = [...document.querySelectorAll("form[data-mark-form] textarea")]
    .some((one) => one.value !== one.defaultValue);
  if (unsent && !sent) event.preventDefault();
});

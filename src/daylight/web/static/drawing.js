// Drawing a mask over the picture that stands: a box or an ellipse by dragging, a polygon corner by corner.
"use strict";

const FAR = 10000, SMALLEST = 40; // ten-thousandths of the picture
let tool = "", ink = []; // corners of what is being drawn, in ten-thousandths

/** Choose a tool, or leave it. The very picture is shown: a mask belongs to one. */
async function setTool(name) {
  tool = tool === name ? "" : name;
  ink = [];
  if (tool === "move" && !isByHand()) tool = "";
  document.querySelectorAll("[data-tool]").forEach((one) =>
    one.setAttribute("aria-pressed", String(one.dataset.tool === tool)));
  document.querySelector("[data-drawing-hint]")?.toggleAttribute("hidden", !tool);
  maskCanvas()?.classList.toggle("drawing", Boolean(tool));
  drawMasks();
  if (!tool) return;
  surface()?.scrollIntoView({ block: "nearest" });
  await standStill();
}

/** What plays stops, at a picture whose moment is known. */
async function standStill() {
  const video = typeof screen_ === "function" && screen_();
  if (!video) return;
  video.pause();
  if (!framesAt() || isExact()) return;
  waitsAt = video.currentTime;
  await showFrame(await frameAt(momentNow() / 1e6)).catch(() => {});
}

/** Of the pointer, in ten-thousandths of the picture. */
function inkAt(event) {
  const box = surface().getBoundingClientRect(), place = pictureRect(box);
  const within = (value) => Math.min(FAR, Math.max(0, Math.round(value * FAR)));
  return [
    within((event.clientX - box.left - place.left) / place.width),
    within((event.clientY - box.top - place.top) / place.height),
  ];
}

function boxOf(corners) {
  const across = corners.map((one) => one[0]), down = corners.map((one) => one[1]);
  const left = Math.min(...across), top = Math.min(...down);
  return [left, top, Math.max(...across) - left, Math.max(...down) - top];
}

function inkDrawn(brush, place) {
  if (!tool || !ink.length) return;
  const [left, top, width, height] = boxOf(ink);
  const path = tool === "polygon"
    ? { shape: "polygon", corners: ink }
    : { shape: tool === "ellipse" ? "ellipse" : "box" };
  const box = tool === "polygon" ? [0, 0, FAR, FAR] : [left, top, left + width, top + height];
  const shape_ = outline(path, box, place);
  brush.setLineDash([]);
  brush.lineWidth = 2;
  brush.strokeStyle = "#ffffff";
  brush.fillStyle = "#9cc3e044";
  brush.fill(shape_);
  brush.stroke(shape_);
}

function pressed(event) {
  if (!tool || event.button) return;
  event.preventDefault();
  const canvas = event.currentTarget, from = inkAt(event);
  if (tool === "polygon") { ink.push(from); drawMasks(); return; }
  canvas.setPointerCapture(event.pointerId);
  const moved = (one) => { ink = [from, inkAt(one)]; drawMasks(); };
  canvas.addEventListener("pointermove", moved);
  canvas.addEventListener("pointerup", (one) => {
    canvas.removeEventListener("pointermove", moved);
    ink = [from, inkAt(one)];
    finished();
  }, { once: true });
}

/** Send what was drawn; what is too small was a click. */
function finished() {
  const box = boxOf(ink.length ? ink : [[0, 0]]), made = tool;
  if (box[2] < SMALLEST || box[3] < SMALLEST || (made === "polygon" && ink.length < 3)) {
    ink = [];
    drawMasks();
    return;
  }
  const corners = made !== "polygon" ? [] : ink.map(([x, y]) => [
    Math.round(((x - box[0]) / box[2]) * FAR), Math.round(((y - box[1]) / box[3]) * FAR),
  ]);
  const form = document.querySelector("[data-drawn]");
  const values = {
    act: { move: "move", label: "label" }[made] ?? "draw",
    name: made === "move" ? chosenTrack : "",
    box: JSON.stringify(box),
    at: String(momentNow()),
    shape: made === "ellipse" || made === "polygon" ? made : "box",
    corners: JSON.stringify(corners),
  };
  for (const [name, value] of Object.entries(values)) form.elements[name].value = value;
  setTool("");
  form.requestSubmit();
}

document.addEventListener("daylight:canvas", (event) => {
  event.detail.addEventListener("pointerdown", pressed);
  event.detail.addEventListener("dblclick", () => { if (tool === "polygon") finished(); });
});

document.addEventListener("click", (event) => {
  const chosen = event.target.closest("[data-tool]");
  if (chosen) setTool(chosen.dataset.tool);
  const solid = event.target.closest("[data-solid]");
  if (solid) setSolid(!solidMasks);
});

function setSolid(on) {
  solidMasks = on;
  document.querySelector("[data-solid]")?.setAttribute("aria-pressed", String(on));
  drawMasks();
}

document.addEventListener("keydown", (event) => {
  if (!tool || event.target.closest("input, textarea, select")) return;
  if (event.key === "Escape") setTool(tool);
  else if (event.key === "Enter" && tool === "polygon") finished();
  else return;
  event.preventDefault();
});

// The lanes under the player: what moves, is cut, heard, written or marked, along the time of the recording. A click
// goes there; n goes to the next thing of the chosen lane; s leaves out what does not move.
"use strict";

const LANE = 22, EDGE = 3, MOST_LEVEL = 9; // pixels, pixels, level
const lanesRoot = () => document.querySelector("[data-lanes]");
const tint = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const TINTS = {
  activity: "--dawn", shots: "--text", sound: "--sky", speech: "--ok", clock: "--waiting",
  marks: "--dawn", damage: "--unreadable",
};
const PRE_ROLL = 0.5; // seconds before something moves
let laneRows = [], chosenLane = 0, skipping = false;

const laneLength = () => Number(lanesRoot().dataset.length) / 1e6;
const laneWord = (name) => lanesRoot().querySelector(`[data-word="${name}"]`)?.textContent ?? name;

async function loadLanes() {
  const root = lanesRoot();
  if (!root) return;
  const answer = await fetch(root.dataset.lanes, { headers: { Accept: "application/json" } }).catch(() => null);
  root.querySelector("[data-lanes-trouble]").hidden = Boolean(answer?.ok);
  if (!answer?.ok) return;
  laneRows = (await answer.json()).lanes;
  layLanes();
}

function layLanes() {
  const list = lanesRoot().querySelector("[data-lane-list]");
  list.replaceChildren(...laneRows.map((row, number) => {
    const item = document.createElement("li");
    item.className = row.examined ? "lane" : "lane unknown";
    const name = document.createElement("button");
    name.type = "button";
    name.className = "plain lane-name";
    name.dataset.lane = String(number);
    name.textContent = laneWord(row.name);
    name.title = row.by;
    const track = document.createElement("span");
    track.className = "track";
    if (row.examined) {
      const canvas = document.createElement("canvas");
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", `${laneWord(row.name)}: ${row.things.length}`);
      track.append(canvas);
      const unplaced = row.name === "damage" && "damaged" in lanesRoot().dataset;
      if (!row.things.length) track.append(note(laneWord(unplaced ? "unplaced" : "nothing")));
    } else {
      track.append(note(laneWord("unexamined")));
    }
    item.append(name, track);
    return item;
  }));
  chooseLane(Math.max(0, laneRows.findIndex((row) => row.things.length)));
  drawLanes();
  moveCursor();
}

function note(text) {
  const one = document.createElement("span");
  one.className = "lane-note";
  one.textContent = text;
  return one;
}

function chooseLane(number) {
  chosenLane = number;
  lanesRoot().querySelectorAll("[data-lane]").forEach((one) =>
    one.setAttribute("aria-pressed", String(Number(one.dataset.lane) === number)));
}

function drawLanes() {
  const scale = window.devicePixelRatio || 1;
  lanesRoot()?.querySelectorAll(".lane canvas").forEach((canvas) => {
    const box = canvas.getBoundingClientRect();
    canvas.width = Math.round(box.width * scale);
    canvas.height = Math.round(LANE * scale);
    const brush = canvas.getContext("2d");
    brush.scale(scale, scale);
    const number = Number(canvas.closest("li").querySelector("[data-lane]").dataset.lane);
    drawLane(brush, laneRows[number], box.width);
  });
}

/** Levels rise from the bottom; what is shorter than a pixel is drawn as one, so that nothing is overlooked. */
function drawLane(brush, row, width) {
  const length = laneLength() * 1e6, room = LANE - 2 * EDGE;
  brush.fillStyle = tint("--line");
  brush.fillRect(0, LANE - EDGE, width, 1);
  brush.fillStyle = tint(TINTS[row.name] ?? "--text");
  for (const [start, end, level, word] of row.things) {
    const x = (start / length) * width, wide = Math.max(1.5, ((end - start) / length) * width);
    const high = (level / MOST_LEVEL) * room;
    brush.globalAlpha = row.name === "sound" && word !== "loud" ? 0.55 : 0.9;
    if (row.name === "clock") {
      brush.fillRect(x, LANE / 2 - 2, Math.max(1.5, wide - 1), 4);
    } else if (word === "copy") {
      brush.strokeStyle = brush.fillStyle;
      brush.strokeRect(x + 0.5, EDGE + 0.5, Math.max(2, wide - 1), room - 1);
    } else if (word === "loud") {
      brush.fillRect(x, EDGE, 2, room);
    } else {
      brush.fillRect(x, LANE - EDGE - high, wide, high);
    }
  }
  brush.globalAlpha = 1;
}

function moveCursor() {
  const root = lanesRoot(), length = root && laneLength();
  if (!length) return;
  const track = root.querySelector(".track"), cursor = root.querySelector("[data-cursor]");
  if (!track) return;
  const box = track.getBoundingClientRect(), list = root.querySelector(".lane-box").getBoundingClientRect();
  cursor.hidden = false;
  cursor.style.left = `${box.left - list.left + Math.min(1, position / length) * box.width}px`;
}

/** The things to jump to: of sound the sudden ones, of others all. */
function things(row) {
  return row.name === "sound" ? row.things.filter((one) => one[3] === "loud") : row.things;
}

function nextThing(toward) {
  const row = laneRows[chosenLane];
  if (!row) return;
  const at = position * 1e6, slack = 50_000;
  const starts = things(row).map((one) => one[0]);
  const to = toward > 0
    ? starts.find((one) => one > at + slack)
    : starts.filter((one) => one < at - 1e6).at(-1);
  if (to !== undefined) seek(to / 1e6);
}

/* What does not move is left out. */

function setSkipping(on) {
  const row = laneRows.find((one) => one.name === "activity");
  skipping = on && Boolean(row?.examined);
  const button = lanesRoot()?.querySelector("[data-skip]");
  if (button) toggle(button, skipping);
}

function skip(video) {
  if (!skipping || video.paused || video.seeking) return;
  const row = laneRows.find((one) => one.name === "activity"), now_ = video.currentTime;
  const inside = row.things.some((one) => one[0] / 1e6 - PRE_ROLL <= now_ && now_ < one[1] / 1e6 + 0.25);
  if (inside) return;
  const next = row.things.find((one) => one[0] / 1e6 > now_);
  if (next) seek(Math.max(now_, next[0] / 1e6 - PRE_ROLL + 0.05));
  else video.pause();
}

document.addEventListener("click", (event) => {
  const name = event.target.closest("[data-lane]");
  if (name) { chooseLane(Number(name.dataset.lane)); return; }
  const by = event.target.closest("[data-thing]");
  if (by) nextThing(Number(by.dataset.thing));
  if (event.target.closest("[data-skip]")) setSkipping(!skipping);
  const track = event.target.closest(".lane .track");
  if (!track) return;
  const box = track.getBoundingClientRect();
  chooseLane(Number(track.closest("li").querySelector("[data-lane]").dataset.lane));
  seek(((event.clientX - box.left) / box.width) * laneLength());
});

const laneKeys = { n: () => nextThing(1), b: () => nextThing(-1), s: () => setSkipping(!skipping) };

document.addEventListener("keydown", (event) => {
  if (isTyping(event) || !lanesRoot()) return;
  const number = Number(event.key) - 1;
  if (event.key in laneKeys) laneKeys[event.key]();
  else if (Number.isInteger(number) && number >= 0 && number < laneRows.length) chooseLane(number);
  else return;
  event.preventDefault();
});

document.addEventListener("timeupdate", (event) => { skip(event.target); moveCursor(); }, true);
document.addEventListener("seeking", moveCursor, true);
document.addEventListener("daylight:moment", moveCursor);
// Marks that were made or changed meanwhile.
document.addEventListener("htmx:afterSwap", (event) => { if (event.detail.target?.id === "marks") loadLanes(); });
new ResizeObserver(() => { if (lanesRoot()) { drawLanes(); moveCursor(); } }).observe(document.body);
loadLanes();

// The list of what is covered: going through it, deciding with keys, and what is shown of each along the time.
"use strict";

let chosenTrack = "", afterwards = null; // the track to go to once the server has answered
const BAR = 10; // pixels
const unsent = new Map(); // what was typed of a track, and not sent

const tracks = () => [...document.querySelectorAll("[data-track]")];
const shownTracks = () => tracks().filter((one) => !one.hidden);
const trackOf = (name) => document.querySelector(`[data-track="${CSS.escape(name)}"]`);
const decideForm = () => document.querySelector("[data-decide]");
const isByHand = () => trackOf(chosenTrack)?.dataset.sort === "hand";
const lengthNow = () => Number(planPanel()?.dataset.length || studioRoot()?.dataset.length || 0);

/** Choose a track: its line, its form, its mask. ``keep``: what stands in the form stays; ``fresh``: the form is new. */
function chooseTrack(name, { keep = false, fresh = false, jump = false } = {}) {
  if (!fresh) rememberTyped();
  chosenTrack = name;
  const row = trackOf(name), form = decideForm();
  tracks().forEach((one) => one.querySelector("[data-pick]").setAttribute("aria-pressed", String(one === row)));
  if (form && name) {
    form.elements.name.value = name;
    if (!keep) fillDecision(form, row);
  }
  document.querySelector("[data-by-hand]")?.toggleAttribute("hidden", !isByHand());
  const mover = document.querySelector('[data-tool="move"]');
  if (mover) mover.disabled = !isByHand();
  if (row) within(row);
  drawMasks();
  if (jump && row) goTo(Number(row.dataset.first));
}

function fillDecision(form, row) {
  const typed = unsent.get(chosenTrack) ?? row?.dataset;
  form.elements.state.value = typed?.state ?? "covered";
  form.elements.why.value = typed?.why ?? "";
  form.elements.person.value = typed?.person ?? "";
}

/** Words that were not sent stay with their track while another one is looked at. */
function rememberTyped() {
  const fields = decideForm()?.elements, row = trackOf(chosenTrack);
  if (!fields || !row) return;
  const [state, why, person] = ["state", "why", "person"].map((name) => fields[name].value);
  if (why === row.dataset.why && person === row.dataset.person) unsent.delete(chosenTrack);
  else unsent.set(chosenTrack, { state, why, person });
}

/** Scroll the list, and nothing else of the page. */
function within(row) {
  const list = row.closest("[data-tracks]");
  const top = row.offsetTop - list.offsetTop;
  if (top < list.scrollTop || top + row.offsetHeight > list.scrollTop + list.clientHeight) {
    list.scrollTop = top - list.clientHeight / 3;
  }
}

/** To a moment, standing still: the very picture where it can be made, shielded as the player stands. */
async function goTo(us) {
  const video = typeof screen_ === "function" && screen_();
  if (!video) return;
  const at = Math.max(0, Math.min(us, lengthNow() || us));
  video.pause();
  position = at / 1e6;
  if (framesAt()) {
    waitsAt = video.currentTime;
    await showFrame(await frameAt(position)).catch(() => {});
  } else if (video.dataset.started) {
    video.currentTime = position;
  }
  showTime();
  followMasks();
}

function stepTrack(by, wanted = () => true) {
  const all = shownTracks().filter((one) => wanted(one) || one.dataset.track === chosenTrack);
  const here = all.findIndex((one) => one.dataset.track === chosenTrack);
  const to = here < 0 ? (by > 0 ? 0 : all.length - 1) : here + by;
  if (all[to] && wanted(all[to])) chooseTrack(all[to].dataset.track, { jump: true });
}

const isOpen = (row) => row.classList.contains("undecided");

function toEdge(which) {
  const row = trackOf(chosenTrack);
  if (row) goTo(Number(row.dataset[which]));
}

/** A key decides: covered at once, the others ask for their reason first. */
function decideBy(state) {
  const form = decideForm();
  if (!form || !trackOf(form.elements.name.value)) return;
  if (form.elements.state.value !== state) form.elements.why.value = "";
  form.elements.state.value = state;
  if (state === "covered") form.requestSubmit();
  else form.elements.why.focus();
}

/* What is shown of the list. */

function filterTracks() {
  const wanted = document.querySelector("[data-filter]")?.value ?? "all";
  const here = wanted === "here" ? new Set(masksHere(momentNow()).map(([path]) => path.name)) : null;
  const shows = {
    all: () => true,
    undecided: isOpen,
    here: (row) => here.has(row.dataset.track),
    hand: (row) => row.dataset.sort === "hand",
    uncovered: (row) => row.dataset.state !== "covered",
  }[wanted];
  tracks().forEach((row) => { row.hidden = !shows(row); });
}

function drawTimes() {
  const length = lengthNow(), scale = window.devicePixelRatio || 1;
  for (const row of tracks()) {
    const canvas = row.querySelector("canvas.track-time"), width = canvas.offsetWidth;
    if (!width || !length) continue;
    [canvas.width, canvas.height] = [Math.round(width * scale), Math.round(BAR * scale)];
    const brush = canvas.getContext("2d");
    brush.setTransform(scale, 0, 0, scale, 0, 0);
    const x = (us) => (Math.min(us, length) / length) * width;
    const bar = (from, to, colour, top, high) => {
      brush.fillStyle = colour;
      brush.fillRect(x(from), top, Math.max(2, x(to) - x(from)), high);
    };
    bar(0, length, "#14171a", 0, BAR);
    bar(Number(row.dataset.first), Number(row.dataset.last), isOpen(row) ? "#e9b96e" : "#7d8489", 2, BAR - 4);
    for (const part of row.dataset.closed.split(" ").filter(Boolean)) {
      const [from, to] = part.split("-").map(Number);
      bar(from, to, "#ec8f8a", 0, BAR);
    }
  }
}

function moveTrackCursor() {
  const list = document.querySelector("[data-tracks]"), bar = list?.querySelector("canvas.track-time");
  const cursor = document.querySelector("[data-track-cursor]"), length = lengthNow();
  if (!cursor || !bar?.offsetWidth || !length) return;
  cursor.hidden = false;
  const from = bar.getBoundingClientRect().left - list.parentElement.getBoundingClientRect().left;
  cursor.style.left = `${from + Math.min(1, momentNow() / length) * bar.offsetWidth}px`;
}

/** A fresh panel: its bars, and the choice as it was, or the next one where this one is done. */
function dressPanel() {
  const panel = planPanel();
  if (!panel) return;
  const refused = panel.querySelector("[role=alert]");
  const next = refused ? chosenTrack : panel.dataset.made || afterwards || chosenTrack;
  const moves = !refused && afterwards && next === afterwards && next !== chosenTrack;
  afterwards = null;
  filterTracks();
  drawTimes();
  const name = trackOf(next) ? next : decideForm()?.elements.name.value ?? "";
  chooseTrack(name, { keep: Boolean(refused), fresh: true, jump: Boolean(moves) });
  followMasks();
}

/* What is pressed. */

document.addEventListener("click", (event) => {
  const at = (selector) => event.target.closest(selector);
  const row = at("[data-track]");
  if (row && at(".track-time")) {
    const box = event.target.getBoundingClientRect();
    chooseTrack(row.dataset.track);
    goTo(Math.round(((event.clientX - box.left) / box.width) * lengthNow()));
  } else if (at("[data-pick]")) {
    chooseTrack(row.dataset.track, { jump: true });
  }
  const by = at("[data-track-step]"), edge = at("[data-edge]"), jump = at("[data-jump]");
  if (by) stepTrack(Number(by.dataset.trackStep));
  if (edge) toEdge(edge.dataset.edge);
  if (jump) goTo(Math.round(readTime(jump.dataset.jump) * 1e6));
  if (event.target.matches(".stage img.exact, .pictures .still") && !tool) {
    const under = masksUnder(event);
    if (under.length) chooseTrack(under[(under.indexOf(chosenTrack) + 1) % under.length]);
  }
});

document.addEventListener("change", (event) => {
  if (event.target.closest("[data-filter]")) filterTracks();
  if (event.target.closest("[data-name]")) chooseTrack(event.target.value, { jump: true });
});

document.addEventListener("submit", (event) => {
  const here = event.target.closest("[data-here]");
  if (here) {
    here.elements.name.value = chosenTrack;
    here.elements.at.value = String(momentNow());
  }
  if (event.target.closest("[data-decide]")) {
    unsent.delete(chosenTrack); // refused, it comes back in the form
    const all = shownTracks(), number = all.findIndex((one) => one.dataset.track === chosenTrack);
    afterwards = (all.slice(number + 1).find(isOpen) ?? all.find((one) => isOpen(one) && one.dataset.track !== chosenTrack))
      ?.dataset.track ?? null;
  }
}, true);

window.addEventListener("beforeunload", (event) => {
  rememberTyped();
  if (unsent.size) event.preventDefault();
});

const studioKeys = {
  n: () => stepTrack(1), b: () => stepTrack(-1), u: () => stepTrack(1, isOpen),
  "[": () => toEdge("first"), "]": () => toEdge("last"),
  c: () => decideBy("covered"), v: () => decideBy("visible"), r: () => decideBy("rejected"),
  d: () => setTool("box"), e: () => setTool("move"), h: () => setSolid(!solidMasks),
  i: () => isByHand() && document.querySelector('[data-here] [value="begins"]').click(),
  o: () => isByHand() && document.querySelector('[data-here] [value="ends"]').click(),
};

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, dialog[open]");
  if (typing && !event.target.closest("[data-decide] input[type=radio]")) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if ((event.ctrlKey || event.metaKey) && event.key === "z" && !event.target.closest("input, textarea, select")) {
    event.preventDefault();
    document.querySelector("[data-take-back]")?.form.requestSubmit();
  }
  if (event.ctrlKey || event.metaKey || event.altKey || !(event.key in studioKeys)) return;
  event.preventDefault();
  studioKeys[event.key]();
});

document.addEventListener("daylight:followed", () => {
  moveTrackCursor();
  if (document.querySelector("[data-filter]")?.value === "here") filterTracks();
});
document.addEventListener("htmx:afterSwap", (event) => { if (event.detail.target?.id === "plan") dressPanel(); });
new ResizeObserver(() => { drawTimes(); moveTrackCursor(); }).observe(document.body);
if (typeof viewKeys === "object") delete viewKeys.c; // here the key covers; stills are kept on the item's page
masksReady = true;
dressPanel();

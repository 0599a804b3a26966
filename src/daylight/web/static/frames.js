// The very picture. A browser seeks only roughly; so what is stepped through are stills that the server makes of
// exactly that frame, shielded or clear as the player stands. Asks for nothing before a step is asked for.
"use strict";

let exact = null; // the frame that is shown: number, us, still …
let askedSteps = 0, stepping = false;
let waitsAt = 0; // where the moving picture stands meanwhile, in seconds
const NUDGE = 1; // second
const knownFrames = new Map();

const still = () => document.querySelector(".stage img.exact");
const framesAt = () => screen_()?.dataset.frames;
const isExact = () => Boolean(exact) && still() && !still().hidden;

async function askFrames(query) {
  const answer = await fetch(`${framesAt()}?${query}`, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(String(answer.status));
  const told = await answer.json();
  told.around.forEach((one) => knownFrames.set(one.number, one));
  return told.frame;
}

const frameAt = (seconds) => askFrames(`t=${Math.max(0, Math.round(seconds * 1e6))}`);
const frameOf = (number, toward) =>
  knownFrames.get(number) ?? askFrames(`n=${number}&toward=${toward}`);

/** Show one frame in place of the moving picture, which waits at the same moment. */
async function showFrame(frame) {
  const image = still(), address = framesAt();
  image.src = frame.still;
  await image.decode();
  if (address !== framesAt()) return; // the shield was lifted or put back meanwhile
  exact = frame;
  image.hidden = false;
  position = frame.us / 1e6;
  showTime();
  tellFrame();
  document.dispatchEvent(new CustomEvent("daylight:moment"));
}

function tellFrame() {
  const face = document.querySelector("[data-frame]");
  if (!face) return;
  face.hidden = !isExact();
  if (!isExact()) return;
  face.querySelector("[data-frame-number]").textContent = String(exact.number);
  face.querySelector("[data-frame-time]").textContent = preciseClock(exact.us);
  face.querySelector("[data-frame-pts]").textContent =
    exact.pts === null ? "–" : `${exact.pts} × ${exact.time_base} s`;
}

const preciseClock = (us) => `${clock(us / 1e6, false)}.${String(us % 1e6).padStart(6, "0")}`;

function leaveFrame() {
  exact = null;
  askedSteps = 0;
  const image = still();
  if (image) image.hidden = true;
  tellFrame();
}

/** One frame forward or back; presses that come meanwhile are gone through one after the other. */
async function stepFrames(by) {
  const video = screen_();
  if (!video || !framesAt()) return;
  video.pause();
  if (!isExact()) waitsAt = video.currentTime;
  askedSteps += by;
  if (stepping) return;
  stepping = true;
  try {
    while (askedSteps) {
      const toward = Math.sign(askedSteps);
      askedSteps -= toward;
      await stepOne(toward);
    }
    ahead(by);
  } catch {
    askedSteps = 0;
    document.querySelector("[data-trouble]").hidden = false;
  } finally {
    stepping = false;
  }
}

async function stepOne(toward) {
  const here = isExact() ? exact : await frameAt(position);
  const next = here.number + toward < 0 ? here : await frameOf(here.number + toward, toward);
  await showFrame(next);
}

/** The still after the one that is shown is fetched before it is asked for. */
function ahead(by) {
  const next = knownFrames.get(exact.number + Math.sign(by));
  if (next) new Image().src = next.still;
}

/** Keep the frame at hand in its own size; the ledger says so. */
async function grabFrame() {
  const note = document.querySelector("[data-grabbed]");
  if (!framesAt() || !note) return;
  screen_().pause();
  if (!isExact()) waitsAt = screen_().currentTime;
  if (!isExact()) await showFrame(await frameAt(position));
  const answer = await fetch(`${exact.still}/grab/`, {
    method: "POST",
    headers: { "X-CSRFToken": document.querySelector("[name=csrfmiddlewaretoken]").value },
  });
  note.hidden = false;
  note.querySelector("[data-grab-trouble]").hidden = answer.ok;
  note.querySelector("[data-grab-done]").hidden = !answer.ok;
  if (!answer.ok) return;
  const kept = await answer.json();
  const link = note.querySelector("a");
  link.href = kept.address;
  link.download = `${kept.sha256.slice(0, 12)}-${kept.name}.png`;
  link.textContent = `${exact.number} · ${kept.sha256.slice(0, 12)}`;
}

document.addEventListener("click", (event) => {
  const by = event.target.closest("[data-step]");
  if (by) stepFrames(Number(by.dataset.step));
  if (event.target.closest("[data-grab]")) grabFrame();
});

// Playing goes on from the frame that is shown; being taken elsewhere leaves it.
document.addEventListener("play", (event) => {
  if (event.target !== screen_() || !isExact()) return;
  event.target.currentTime = position;
  leaveFrame();
}, true);
document.addEventListener("seeking", (event) => {
  // hls.js moves a little by itself, over holes in what is buffered: nobody asked for that.
  if (event.target === screen_() && isExact() && Math.abs(event.target.currentTime - waitsAt) > NUDGE) leaveFrame();
}, true);
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target?.id !== "player") return;
  leaveFrame();
  knownFrames.clear();
});

// What goes out, beside the player: rendered by the server when asked for, for a few seconds, kept in this page alone.
"use strict";

let previewStart = 0, previewAddress = "", previewAsked = null;

const previewPart = (name) => document.querySelector(`#preview [data-preview-${name}]`);
const outVideo = () => document.querySelector("#preview video.out");

/** Show one of: waiting, trouble, shielded, stage. */
function tellPreview(which, words = "") {
  const panel = document.getElementById("preview");
  panel.hidden = false;
  document.querySelector("[data-pair]").classList.add("open");
  for (const name of ["waiting", "trouble", "shielded", "stage"]) previewPart(name).hidden = name !== which;
  previewPart("told").hidden = which !== "stage";
  previewPart("trouble").textContent = words;
  drawMasks();
}

async function askPreview() {
  const panel = document.getElementById("preview");
  if (!panel || !planVersion()) return;
  forgetPreview();
  await standStill();
  const mine = new AbortController();
  previewAsked = mine;
  tellPreview("waiting");
  const job = await runJob("preview", { at: String(momentNow()) }, () => {}, mine.signal);
  if (previewAsked !== mine || job.state === "stopped") return;
  const address = `${panel.dataset.preview}?job=${job.id}`;
  const answer = job.state === "done" ? await fetch(address, { signal: mine.signal }).catch(() => null) : null;
  if (previewAsked !== mine) return;
  if ([job.state, answer?.status].some((one) => one === "forbidden" || one === 403)) tellPreview("shielded");
  else if (answer?.ok) await showPreview(answer);
  else tellPreview("trouble", job.words || document.querySelector("[data-masks-trouble]").textContent);
}

async function showPreview(answer) {
  const told = (name) => Number(answer.headers.get(`X-Daylight-${name}`));
  const data = await answer.blob(), video = outVideo();
  previewStart = told("Start");
  const span = [previewStart, told("End")].map((us) => clock(us / 1e6, true)).join("–");
  const words = document.getElementById("preview").dataset;
  previewPart("told").textContent = [
    ...(video ? [span] : []), `${words.wordsVersion} ${told("Version")}`, `${words.wordsPictures}: ${told("Pictures")}`,
  ].join(" · ");
  tellPreview("stage");
  if (!video) { // a picture: the policy of the page takes none from memory, so it is asked for by its address
    document.querySelector("#preview img.out").src = answer.url;
    return;
  }
  previewAddress = URL.createObjectURL(data);
  video.src = previewAddress;
  video.addEventListener("loadeddata", () => {
    video.currentTime = Math.min(video.duration, Math.max(0, momentNow() - previewStart) / 1e6);
  }, { once: true });
}

function forgetPreview() {
  previewAsked?.abort();
  previewAsked = null;
  const video = outVideo();
  video?.pause();
  video?.removeAttribute("src");
  video?.load();
  if (previewAddress) URL.revokeObjectURL(previewAddress);
  previewAddress = "";
}

function closePreview() {
  forgetPreview();
  document.getElementById("preview").hidden = true;
  document.querySelector("[data-pair]").classList.remove("open");
  drawMasks();
}

/** The player goes along: playing where it was begun, else showing the very picture once this one stands. */
function alongside() {
  const out = outVideo(), video = screen_();
  if (!out?.src || !video?.dataset.started || isExact()) return;
  const there = previewStart / 1e6 + out.currentTime;
  if (Math.abs(video.currentTime - there) > 0.2) video.currentTime = there;
  if (!out.paused && video.paused) video.play().catch(() => {});
}

function stoodStill() {
  const out = outVideo();
  if (out?.src && out.paused && !out.seeking && out.readyState > 1) goTo(Math.round(previewStart + out.currentTime * 1e6));
}

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-preview-ask]")) askPreview();
  if (event.target.closest("[data-preview-close]")) closePreview();
});
document.addEventListener("play", (event) => { if (event.target === outVideo()) { leaveFrame(); alongside(); } }, true);
document.addEventListener("timeupdate", (event) => { if (event.target === outVideo() && !event.target.paused) alongside(); }, true);
for (const name of ["pause", "seeked"]) {
  document.addEventListener(name, (event) => { if (event.target === outVideo()) stoodStill(); }, true);
}
// Once lifted, what was wanted is asked for again.
document.addEventListener("htmx:afterSwap", (event) => {
  const wanted = document.getElementById("preview") && !previewPart("shielded").hidden;
  if (wanted && ["player", "pictures"].includes(event.detail.target?.id)) askPreview();
});
window.addEventListener("pagehide", forgetPreview);
studioKeys.w = askPreview;

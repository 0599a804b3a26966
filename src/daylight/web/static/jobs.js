// Work that takes a while: asked for, asked after until it is over, stopped. One line says how far it is.
"use strict";

const ASK_AGAIN = 700; // milliseconds
let jobAsked = null; // the one that the line tells of

const jobPart = (name) => document.querySelector(`[data-job${name}]`);
const pause_ = (ms) => new Promise((done) => { setTimeout(done, ms); });

/** JSON of an answer; of none, that there is none. */
async function jobAnswer(address, more, signal) {
  const token = document.querySelector("[data-job-form]").elements.csrfmiddlewaretoken.value;
  const answer = await fetch(address, { signal, headers: { "X-CSRFToken": token, Accept: "application/json" }, ...more })
    .catch(() => null);
  if (answer?.status === 403) return { state: "forbidden" };
  if (answer?.status === 409) return { state: "failed", words: (await answer.json()).words };
  return answer?.ok ? answer.json() : { state: "gone" };
}

/** How a job ended: its id, state, and words where it failed. ``tell`` is handed each answer on the way. */
async function runJob(kind, values, tell, signal) {
  const home = document.querySelector("[data-job-form]").getAttribute("action");
  const begun = await jobAnswer(home, { method: "POST", body: new URLSearchParams({ kind, ...values }) }, signal);
  const address = home + begun.id;
  const stop = () => jobAnswer(address, { method: "POST" });
  let job = begun;
  while (["waiting", "running"].includes(job.state)) {
    tell(job);
    await pause_(ASK_AGAIN);
    if (signal.aborted) { stop(); return { state: "stopped" }; }
    job = await jobAnswer(address, {}, signal);
  }
  return signal.aborted ? { state: "stopped" } : { ...job, id: begun.id };
}

function tellJob(words, running = true) {
  jobPart("").hidden = !words;
  jobPart("-told").textContent = words;
  jobPart("-stop").hidden = !running;
}

/** Run one that the line tells of; its id once it is done, else nothing. */
async function runTold(kind, values) {
  jobAsked?.abort();
  const mine = new AbortController(), words = jobPart("").dataset;
  jobAsked = mine;
  const told = (job) => {
    const of = lengthNow() ? ` / ${clock(lengthNow() / 1e6)}` : "";
    const here = job.state === "running" ? `${words[`words${kind[0].toUpperCase()}${kind.slice(1)}`]}: ${clock(job.at / 1e6)}${of}` : words.wordsWaiting;
    tellJob(here);
  };
  const job = await runJob(kind, values, told, mine.signal);
  if (jobAsked !== mine) return "";
  jobAsked = null;
  tellJob(job.words || (["done", "stopped"].includes(job.state) ? "" : words.wordsGone), false);
  return job.state === "done" ? job.id : "";
}

async function lookForFaces() {
  if (await runTold("faces", {})) document.querySelector("[data-found]")?.requestSubmit();
}

/** Follow the chosen region from where it was drawn nearest to this moment. */
async function followIt() {
  if (!isByHand() || !document.querySelector("[data-followed]")) return;
  const id = await runTold("follow", { name: chosenTrack, at: String(momentNow()) });
  const form = document.querySelector("[data-followed]");
  if (!id || !form) return;
  form.elements.job.value = id;
  form.requestSubmit();
}

/** What was found is covered at once, and a person decides. */
async function lookForTexts() {
  const id = await runTold("texts", {}), form = document.querySelector("[data-texts]");
  if (!id || !form) return;
  form.elements.job.value = id;
  form.requestSubmit();
}

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-look-texts]")) lookForTexts();
  if (event.target.closest("[data-look]")) lookForFaces();
  if (event.target.closest("[data-follow]")) followIt();
  if (event.target.closest("[data-job-stop]")) jobAsked?.abort();
});
studioKeys.f = followIt;

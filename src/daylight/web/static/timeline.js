// The timeline: what the server has worked out for the window at hand, drawn; zoomed by mouse and keys.
// It shows no picture and plays nothing: it leads to the item's page, which opens shielded.
"use strict";

const ROW = 30, HEAD = 28, TALL = 18; // pixels
const THIN = 4; // what is shorter is drawn as wide as this, so that nothing is overlooked
const CLOCKS = ["#35678a", "#2b5573", "#14171a"]; // real, the camera's own, the file's
const DAMAGED = 1, CONTESTED = 2, COPIES = 4;
const SECOND = 1e6, DAY = 86400 * SECOND;
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200,
  86400, 172800, 604800].map((seconds) => seconds * SECOND);
const LEAST = 5 * SECOND;

const root = document.querySelector("[data-timeline]");
const find = (name) => root.querySelector(`[data-${name}]`);
const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const words = root && Object.fromEntries(
  [...root.querySelectorAll("[data-word]")].map((one) => [one.dataset.word, one.textContent]),
);
const say = (name, value) => words[name].replace("%s", value);

let seen = null; // what the server sent last
let whole = null, from = 0, to = 1; // microseconds; the window may have moved since
let crowd = [], lines = [], chosen = null, asked = 0, timer = 0;
let folds = null; // folded time, time and length of each piece; null where nothing is folded

/** The time itself; what lies in a break belongs to the piece before it. */
function real(us) {
  if (!folds) return us;
  const [at, start, length] = folds[pieceAt(us)];
  return start + Math.min(Math.max(us - at, 0), length);
}

function pieceAt(us) {
  let low = 0, high = folds.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (folds[middle][0] <= us) low = middle; else high = middle - 1;
  }
  return low;
}

/* Time as text: always as it stands, never moved into the reader's zone. */

const asked_ = document.documentElement.lang || "en";
const lang = navigator.languages?.find((one) => one.startsWith(asked_)) ?? asked_; // en-GB, say
const forms = {};
function form(us, options, name) {
  forms[name] ??= new Intl.DateTimeFormat(lang, { timeZone: "UTC", hourCycle: "h23", ...options });
  return forms[name].format(us / 1000);
}
const day = (us) => form(us, { day: "numeric", month: "short", year: "numeric" }, "day");
const shortDay = (us) => form(us, { day: "numeric", month: "short" }, "short");
const month = (us) => form(us, { month: "short", year: "numeric" }, "month");
const minute = (us) => form(us, { hour: "2-digit", minute: "2-digit" }, "minute");
const second = (us) => form(us, { hour: "2-digit", minute: "2-digit", second: "2-digit" }, "second");
const moment = (us) => `${day(us)}, ${second(us)}`;

function span(us) {
  const seconds = Math.round(us / SECOND);
  const units = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
  const at = units.findIndex(([, size]) => seconds >= size);
  const first = at < 0 ? 3 : at;
  return units.slice(first, first + 2).map(([unit, size], n) => {
    const count = n ? Math.floor((seconds % units[first][1]) / size) : Math.floor(seconds / size);
    return count || !n ? new Intl.NumberFormat(lang, { style: "unit", unit, unitDisplay: "short" }).format(count) : "";
  }).filter(Boolean).join(" ");
}

/* Asking the server. */

function address(a, b, columns, more) {
  const query = new URLSearchParams({ columns: String(columns), ...more });
  if (isFolded()) query.set("fold", "1");
  if (a !== null) { query.set("from", String(Math.round(a))); query.set("to", String(Math.round(b))); }
  return `${root.dataset.timeline}?${query}`;
}

/** A window and as much again at both sides, so that moving shows something at once. */
async function load(first) {
  const number = ++asked, width = area();
  const room = to - from;
  const url = first
    ? address(null, null, width, { crowd: "1" })
    : address(from - room, to + room, width * 3, {});
  const answer = await fetch(url, { headers: { Accept: "application/json" } }).catch(() => null);
  if (number !== asked) return;
  if (!answer?.ok) { find("window").textContent = words.trouble; return; }
  seen = await answer.json();
  if (first) {
    whole = seen.extent;
    folds = seen.folds;
    crowd = seen.crowd;
    [from, to] = remembered() ?? whole;
    layOut();
    if (from !== whole[0] || to !== whole[1]) later(0);
  }
  draw();
}

function later(wait) {
  clearTimeout(timer);
  timer = setTimeout(() => load(false), wait);
}

function remembered() {
  const told = location.hash.slice(2).split(",").map(Number);
  if (location.hash[1] !== (isFolded() ? "f" : "t")) return null;
  return told.length === 2 && told.every(Number.isFinite) && told[1] - told[0] >= LEAST ? told : null;
}

/* Rows: names are elements, so that they can be read and marked; the rest is drawn. */

function layOut() {
  const names = [];
  let y = 0, place = null;
  lines = [];
  for (const row of seen.rows) {
    const unnamed = row.site === null ? words.nowhere : say("site", row.site + 1);
    const here = row.facility || (row.number ? unnamed : "");
    if (here !== place) {
      place = here;
      names.push(entry("facility", y, HEAD, here));
      y += HEAD;
    }
    const sure = row.confirmed ? "" : " proposed";
    const name = row.name || row.label || (row.number ? say("unnamed", row.number) : words.nobody);
    const one = entry(`camera${sure}`, y, ROW, name, row.count);
    if (!row.confirmed && row.number) one.title = `${name}: ${words.proposed}`;
    names.push(one);
    lines.push({ y, id: row.id, name, element: one });
    y += ROW;
  }
  find("names").replaceChildren(...names);
  find("body").style.height = `${y}px`;
}

function entry(kind, y, height, text, count) {
  const one = document.createElement("li");
  one.className = kind;
  one.style.top = `${y}px`;
  one.style.height = `${height}px`;
  const name = document.createElement("bdi");
  name.className = "name";
  name.textContent = text;
  one.append(name);
  if (count !== undefined) {
    const number = document.createElement("span");
    number.className = "count num";
    number.textContent = new Intl.NumberFormat(lang).format(count);
    one.append(number);
  }
  return one;
}

/* Drawing. */

const area = () => Math.max(200, Math.round(find("scroll").clientWidth - find("names").offsetWidth));
const toX = (us) => ((us - from) / (to - from)) * area();
const toTime = (x) => from + (x / area()) * (to - from);

function brushOf(canvas, width, height) {
  const scale = Math.min(2, window.devicePixelRatio || 1);
  if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
  }
  const brush = canvas.getContext("2d");
  brush.setTransform(scale, 0, 0, scale, 0, 0);
  brush.clearRect(0, 0, width, height);
  return brush;
}

let frame = 0;
function draw() {
  cancelAnimationFrame(frame);
  frame = requestAnimationFrame(() => { drawMap(); drawAxis(); drawRows(); tellWindow(); });
}

function tellWindow() {
  const begin = real(Math.max(from, whole[0])), end = real(Math.min(to, whole[1]));
  find("window").textContent = `${moment(begin)} – ${moment(end)} · ${span(end - begin)}`;
}

function drawMap() {
  const width = area(), height = 54, brush = brushOf(find("map"), width, height);
  const most = Math.max(1, ...crowd), step = width / crowd.length;
  brush.fillStyle = "#35678a";
  crowd.forEach((count, n) => {
    const tall = count && 4 + (height - 12) * (count / most);
    brush.fillRect(Math.floor(n * step), height - tall, Math.ceil(step), tall);
  });
  const scale = width / (whole[1] - whole[0]);
  const left = Math.max(0, (from - whole[0]) * scale), right = Math.min(width, (to - whole[0]) * scale);
  brush.fillStyle = "#14171ab0";
  brush.fillRect(0, 0, left, height);
  brush.fillRect(right, 0, width - right, height);
  brush.strokeStyle = css("--dawn");
  brush.lineWidth = 1.5;
  brush.strokeRect(left + 0.75, 0.75, Math.max(2, right - left) - 1.5, height - 1.5);
}

function ticks(width) {
  const step = STEPS.find((one) => ((to - from) / one) * 92 <= width);
  if (step && step < 172800 * SECOND) return every(step);
  const days = (to - from) / DAY;
  return step ? every(step) : months(Math.max(1, Math.ceil(days / 30 / (width / 92))));
}

function every(step) {
  const found = [];
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) found.push(at);
  return { step, found };
}

function months(count) {
  const found = [], begin = new Date(from / 1000);
  let at = Date.UTC(begin.getUTCFullYear(), 0, 1) * 1000;
  for (let n = 0; at <= to && n < 5000; n += count) {
    at = Date.UTC(begin.getUTCFullYear(), n, 1) * 1000;
    if (at >= from && at <= to) found.push(at);
  }
  return { step: 30 * DAY, found };
}

/** Where pieces begin, as far as there is room for their names; and times within wide ones. */
function drawFoldedAxis(brush, width) {
  const scale = width / (to - from);
  let free = -Infinity, last = null;
  for (let n = pieceAt(from); n < folds.length && folds[n][0] < to; n += 1) {
    const [at, start, length] = folds[n];
    const wide = length * scale;
    const step = STEPS.find((one) => one * scale >= 92) ?? Infinity;
    const marks = [start];
    for (let time = (Math.floor(start / step) + 1) * step; wide > 100 && time < start + length; time += step) marks.push(time);
    for (const time of marks) {
      const x = toX(at + time - start);
      if (x < free || x > width) continue;
      if (x >= 0) {
        brush.fillStyle = css("--line-strong");
        brush.fillRect(Math.round(x), 30, 1, 8);
      }
      const text = step < 60 * SECOND && wide > 100 ? second(time) : minute(time);
      const named = shortDay(time) !== last;
      brush.fillStyle = css("--soft");
      if (x >= -2) brush.fillText(text, x + 4, 27);
      if (named) {
        last = shortDay(time);
        brush.fillStyle = css("--text");
        brush.fillText(last, Math.max(x, 0) + 4, 11);
      }
      free = Math.max(x, 0) + Math.max(brush.measureText(text).width, brush.measureText(last).width) + 14;
    }
  }
}

/** A break shows as a darker seam. */
function drawBreaks(brush, height) {
  brush.fillStyle = "#0c0e0f";
  for (let n = Math.max(0, pieceAt(from)); n < folds.length && folds[n][0] < to + (to - from); n += 1) {
    const end = toX(folds[n][0]), begin = n ? toX(folds[n - 1][0] + folds[n - 1][2]) : toX(0);
    brush.fillRect(begin, 0, Math.max(1, end - begin), height);
  }
}

function drawAxis() {
  const width = area(), brush = brushOf(find("axis"), width, 38);
  brush.font = `12px ${css("--sans")}`;
  brush.textBaseline = "middle";
  if (folds) { drawFoldedAxis(brush, width); return; }
  const { step, found } = ticks(width);
  let last = null;
  for (const at of found) {
    const x = toX(at);
    brush.fillStyle = css("--line-strong");
    brush.fillRect(Math.round(x), 30, 1, 8);
    brush.fillStyle = css("--soft");
    const text = step >= 30 * DAY ? month(at) : step >= DAY ? shortDay(at) : step >= 60 * SECOND ? minute(at) : second(at);
    brush.fillText(text, x + 4, 27);
    if (step < DAY && shortDay(at) !== last) {
      last = shortDay(at);
      brush.fillStyle = css("--text");
      brush.fillText(day(at), x + 4, 11);
    }
  }
}

function drawRows() {
  const scroll = find("scroll"), width = area();
  const height = Math.min(scroll.clientHeight || 400, parseFloat(find("body").style.height));
  const brush = brushOf(find("rows"), width, height), top = scroll.scrollTop;
  drawDays(brush, width, height);
  const scale = (seen.to - seen.from) / seen.columns;
  const x = (column) => toX(seen.from + column * scale);
  seen.rows.forEach((row, n) => {
    const y = lines[n].y - top;
    if (y > height || y + ROW < 0) return;
    brush.fillStyle = "#ffffff10";
    brush.fillRect(0, Math.round(y + ROW / 2), width, 1);
    for (const run of row.runs) drawRun(brush, run, x, y, width);
  });
  drawChosen(brush, top);
}

/** Every other day a shade lighter, where days are wide enough to be seen. */
function drawDays(brush, width, height) {
  if (folds) { drawBreaks(brush, height); return; }
  const wide = (DAY / (to - from)) * width;
  brush.fillStyle = "#ffffff07";
  for (let at = Math.floor(from / DAY) * DAY; wide > 10 && at < to; at += DAY) {
    if ((at / DAY) % 2) brush.fillRect(toX(at), 0, wide, height);
  }
  const { found } = ticks(width);
  brush.fillStyle = "#ffffff0c";
  for (const at of found) brush.fillRect(Math.round(toX(at)), 0, 1, height);
}

function box(run, x, y) {
  const [first, last, lane] = run;
  const exact = x(first), room = Math.max(0, THIN - (x(last) - exact));
  const left = exact - room / 2, right = Math.max(x(last), exact) + room / 2;
  const gap = right - left > 6 ? 0.75 : 0; // neighbours stay apart
  return lane
    ? { left, width: right - left - gap, top: y + 1 + (lane - 1) * 3, height: 2.5 }
    : { left, width: right - left - gap, top: y + (ROW - TALL) / 2 + 1, height: TALL };
}

function drawRun(brush, run, x, y, width) {
  const [first, last, lane, , marks, by, levels] = run;
  const at = box(run, x, y);
  if (at.left > width || at.left + at.width < 0) return;
  brush.fillStyle = CLOCKS[by];
  rounded(brush, at);
  brush.fill();
  if (by === 1 && at.width > 3 && !lane) stripes(brush, at);
  if (by === 2) { brush.strokeStyle = "#5d8cac"; brush.lineWidth = 1; brush.stroke(); }
  if (levels && !lane) drawLevels(brush, levels, x, first, at);
  if (lane) { brush.fillStyle = css("--sky"); rounded(brush, at); brush.fill(); }
  if (marks & DAMAGED) dashes(brush, at);
  if (marks & CONTESTED) {
    brush.strokeStyle = css("--unreadable");
    brush.lineWidth = 2;
    brush.strokeRect(at.left, at.top - 1, Math.max(3, at.width), at.height + 2);
  }
  if (marks & COPIES && !lane && run[7] >= 0 && at.width > 30) copies(brush, at, seen.items[run[7]][6]);
}

function rounded(brush, { left, top, width, height }) {
  brush.beginPath();
  brush.roundRect(left, top, width, height, Math.min(3, width / 2));
}

function stripes(brush, at) {
  brush.save();
  rounded(brush, at);
  brush.clip();
  brush.strokeStyle = "#14171a66";
  brush.lineWidth = 1.6;
  brush.beginPath();
  const begin = Math.max(at.left, -20), end = Math.min(at.left + at.width, area() + 20);
  for (let x = Math.floor(begin / 6) * 6 - at.height; x < end; x += 6) {
    brush.moveTo(x, at.top + at.height);
    brush.lineTo(x + at.height, at.top);
  }
  brush.stroke();
  brush.restore();
}

/** Activity rises from the ground of its recording. */
function drawLevels(brush, levels, x, first, at) {
  brush.save();
  rounded(brush, at);
  brush.clip();
  let begin = 0;
  for (let n = 1; n <= levels.length; n += 1) {
    if (n < levels.length && levels[n] === levels[begin]) continue;
    const level = Number(levels[begin]);
    if (level) {
      const whole_ = levels.length < 3; // a thin one is as wide as its box
      const left = whole_ ? at.left : x(first + begin), tall = 3 + ((at.height - 4) * level) / 9;
      brush.fillStyle = `rgb(233 185 110 / ${0.55 + level / 22})`;
      brush.fillRect(left, at.top + at.height - tall, whole_ ? at.width : Math.max(1, x(first + n) - left), tall);
    }
    begin = n;
  }
  brush.restore();
}

function dashes(brush, at) {
  brush.fillStyle = "#d98c5f";
  const begin = Math.max(at.left, -6), end = Math.min(at.left + Math.max(3, at.width), area() + 6);
  for (let x = begin; x < end; x += 6) brush.fillRect(x, at.top + at.height + 1.5, Math.min(3, end - x), 3);
}

function copies(brush, at, count) {
  brush.fillStyle = css("--text");
  brush.font = `600 11px ${css("--sans")}`;
  brush.textBaseline = "middle";
  brush.fillText(`×${count + 1}`, Math.max(at.left, 0) + 5, at.top + at.height / 2);
}

function drawChosen(brush, top) {
  lines.forEach((line, n) => line.element.classList.toggle("now", n === chosen?.row));
  if (!chosen?.item) return;
  const [, start, end] = chosen.item, left = toX(start);
  brush.strokeStyle = css("--dawn");
  brush.lineWidth = 2;
  brush.strokeRect(left - 1, lines[chosen.row].y - top + 3, Math.max(4, toX(end) - left + 2), ROW - 5);
}

/* Moving about. */

function show(a, b, wait = 120) {
  const room = Math.max(LEAST, Math.min(b - a, (whole[1] - whole[0]) * 1.2));
  const middle = Math.min(Math.max((a + b) / 2, whole[0]), whole[1]);
  from = middle - room / 2;
  to = middle + room / 2;
  history.replaceState(null, "", `#${isFolded() ? "f" : "t"}${Math.round(from)},${Math.round(to)}`);
  draw();
  later(wait);
}

function zoom(factor, at = (from + to) / 2) {
  show(at - (at - from) * factor, at + (to - at) * factor);
}

const move = (part) => show(from + (to - from) * part, to + (to - from) * part);

const isFolded = () => find("fold").getAttribute("aria-pressed") === "true";

/** Fold or unfold, and stay where we were as far as that can be. */
async function fold() {
  find("fold").setAttribute("aria-pressed", String(!isFolded()));
  history.replaceState(null, "", location.pathname);
  chosen = null;
  hideTip();
  await load(true);
}

const acts = {
  all: () => show(...whole),
  in: () => zoom(0.5),
  out: () => zoom(2),
  back: () => move(-0.5),
  on: () => move(0.5),
};

function choose(row, item) {
  chosen = { row, item };
  const y = lines[row].y, scroll = find("scroll");
  if (y < scroll.scrollTop + HEAD) scroll.scrollTop = y - HEAD;
  if (y + ROW > scroll.scrollTop + scroll.clientHeight) scroll.scrollTop = y + ROW - scroll.clientHeight;
  if (item && (item[2] < from || item[1] > to)) {
    const room = (to - from) / 2;
    show(item[1] - room, item[1] + room, 0);
  }
  draw();
  if (item) tip(describe(item, item[1], 0), toX(Math.max(item[1], from)), lines[row].y - scroll.scrollTop + ROW);
  else hideTip();
}

/** To the next recording of the chosen camera that is far enough apart to be one. */
function step(by) {
  const row = chosen?.row ?? 0;
  const known = seen.rows[row].runs.filter((run) => run[7] >= 0).map((run) => seen.items[run[7]]);
  known.sort((one, other) => one[1] - other[1]);
  if (!known.length) { // too small to be told apart here
    const scale = (seen.to - seen.from) / seen.columns;
    const starts = seen.rows[row].runs.map((run) => seen.from + run[0] * scale).filter((at) => at >= from && at < to);
    if (starts.length) zoom(0.25, by > 0 ? starts[0] : starts.at(-1));
    return;
  }
  const here = chosen?.item?.[1] ?? (by > 0 ? from - 1 : to);
  const after = by > 0 ? known.find((one) => one[1] > here) : known.filter((one) => one[1] < here).at(-1);
  choose(row, after ?? chosen?.item ?? null);
}

const keys = {
  ArrowLeft: () => move(-0.2),
  ArrowRight: () => move(0.2),
  "+": () => zoom(0.5),
  "=": () => zoom(0.5),
  "-": () => zoom(2),
  0: () => show(...whole),
  f: fold,
  ArrowUp: () => choose(Math.max(0, (chosen?.row ?? 0) - 1), null),
  ArrowDown: () => choose(Math.min(lines.length - 1, (chosen?.row ?? -1) + 1), null),
  j: () => step(1),
  k: () => step(-1),
  Enter: () => chosen?.item && open_(chosen.item, Math.max(chosen.item[1], from)),
};

function open_([id, start, , media], at) {
  const seconds = (media + Math.max(0, at - start)) / SECOND;
  location.assign(`${root.dataset.item.replace("ITEM", id)}?t=${seconds.toFixed(1)}`);
}

/* What lies under the pointer. */

function hit(x, y) {
  const scroll = find("scroll"), at = y + scroll.scrollTop;
  const row = lines.findIndex((line) => at >= line.y && at < line.y + ROW);
  if (row < 0) return null;
  const scale = (seen.to - seen.from) / seen.columns;
  const edge = (column) => toX(seen.from + column * scale);
  const near = seen.rows[row].runs.filter(
    (run) => edge(run[0]) - 3 <= x && Math.max(edge(run[1]), edge(run[0]) + 2) + 2 >= x,
  );
  const high = (y + scroll.scrollTop - lines[row].y) < (ROW - TALL) / 2;
  const run = near.find((one) => (one[2] > 0) === high) ?? near[0] ?? null;
  return { row, run, time: toTime(x) };
}

function describe([id, start, end, media, by, doubt, count], at, marks) {
  const rows = [
    ["b", `${moment(real(start))} – ${second(real(end))}`],
    ["", words[`by${by}`] + (doubt === null ? "" : ` ${say("doubt", doubt / SECOND)}`)],
    ["", id.slice(0, 12)],
  ];
  if (count) rows.push(["", say("copies", count)]);
  if (marks & DAMAGED) rows.push(["warn", words.damaged]);
  if (marks & CONTESTED) rows.push(["bad", words.contested]);
  rows.push(["", say("open", clock((media + Math.max(0, Math.min(at, end) - start)) / SECOND, false))]);
  return rows;
}

function gapAt({ row, time }) {
  const scale = (seen.to - seen.from) / seen.columns;
  const edges = seen.rows[row].runs.map((run) => [seen.from + run[0] * scale, seen.from + run[1] * scale]);
  const before = Math.max(...edges.filter((one) => one[1] <= time).map((one) => one[1]));
  const after = Math.min(...edges.filter((one) => one[0] >= time).map((one) => one[0]));
  return Number.isFinite(before) && Number.isFinite(after) ? real(after) - real(before) : 0;
}

function tip(rows, x, y) {
  const box_ = find("tip"), offset = find("names").offsetWidth;
  box_.replaceChildren(...rows.map(([kind, text]) => {
    const one = document.createElement(kind === "b" ? "b" : "span");
    if (kind !== "b") one.className = kind;
    one.textContent = text;
    return one;
  }));
  box_.hidden = false;
  const top = find("scroll").offsetTop + y + 14;
  box_.style.left = `${Math.max(4, Math.min(offset + x + 14, root.clientWidth - box_.offsetWidth - 8))}px`;
  box_.style.top = `${Math.min(top, root.clientHeight - box_.offsetHeight - 6)}px`;
}

function hideTip() { find("tip").hidden = true; }

function hover(event) {
  const canvas = find("rows"), found = seen && hit(event.offsetX, event.offsetY);
  canvas.classList.toggle("can-open", Boolean(found?.run));
  if (!found) { hideTip(); return; }
  const { run, time } = found;
  if (run) {
    const text = run[7] >= 0
      ? describe(seen.items[run[7]], time, run[4])
      : [["b", moment(real(time))], ["", say("many", new Intl.NumberFormat(lang).format(run[3]))]];
    tip(text, event.offsetX, event.offsetY);
    return;
  }
  const gap = gapAt(found);
  if (gap > SECOND) tip([["b", moment(real(time))], ["", say("gap", span(gap))]], event.offsetX, event.offsetY);
  else hideTip();
}

function press(event) {
  const found = hit(event.offsetX, event.offsetY);
  if (!found) return;
  chosen = { row: found.row, item: found.run?.[7] >= 0 ? seen.items[found.run[7]] : null };
  if (!found.run) { draw(); return; }
  if (found.run[7] >= 0) open_(seen.items[found.run[7]], found.time);
  else zoom(0.2, found.time);
}

function dragging() {
  const canvas = find("rows");
  let began = null, moved = false;
  canvas.addEventListener("pointerdown", (event) => {
    began = { x: event.offsetX, from, to };
    moved = false;
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!began) { hover(event); return; }
    if (Math.abs(event.offsetX - began.x) > 3) moved = true;
    if (!moved) return;
    canvas.classList.add("dragging");
    hideTip();
    const shift = ((began.x - event.offsetX) / area()) * (began.to - began.from);
    show(began.from + shift, began.to + shift);
  });
  canvas.addEventListener("pointerup", (event) => {
    canvas.classList.remove("dragging");
    if (began && !moved) press(event);
    began = null;
  });
  canvas.addEventListener("pointercancel", () => { began = null; });
  canvas.addEventListener("pointerleave", () => { if (!began) hideTip(); });
}

function brushing() {
  const map = find("map");
  let began = null;
  const at = (event) => whole[0] + (event.offsetX / area()) * (whole[1] - whole[0]);
  map.addEventListener("pointerdown", (event) => { began = at(event); map.setPointerCapture(event.pointerId); });
  map.addEventListener("pointermove", (event) => {
    if (began !== null && Math.abs(at(event) - began) > (whole[1] - whole[0]) / 100) {
      show(Math.min(began, at(event)), Math.max(began, at(event)));
    }
  });
  map.addEventListener("pointerup", (event) => {
    const room = (to - from) / 2, here = at(event);
    if (began !== null && Math.abs(here - began) <= (whole[1] - whole[0]) / 100) show(here - room, here + room);
    began = null;
  });
}

/** The wheel moves the list; with a key held, or sideways, it moves time. */
function wheel(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) {
    event.preventDefault();
    zoom(Math.exp(Math.max(-60, Math.min(60, event.deltaY)) / 120), toTime(event.offsetX));
  } else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
    event.preventDefault();
    const by = ((event.deltaX || event.deltaY) / area()) * (to - from);
    show(from + by, to + by);
  }
}

function begin() {
  const kept = location.hash[1]; // as it was left when a recording was opened
  if (kept === "f" || kept === "t") find("fold").setAttribute("aria-pressed", String(kept === "f"));
  dragging();
  brushing();
  find("rows").addEventListener("wheel", wheel, { passive: false });
  find("scroll").addEventListener("scroll", () => { hideTip(); draw(); });
  root.addEventListener("click", (event) => {
    const button = event.target.closest("[data-do]");
    if (button && whole) acts[button.dataset.do]();
    if (event.target.closest("[data-fold]") && whole) fold();
  });
  document.addEventListener("keydown", (event) => {
    if (!whole || isTyping(event) || !(event.key in keys)) return;
    if (event.key === "Enter" && event.target.closest("a, button, summary")) return;
    event.preventDefault();
    keys[event.key]();
  });
  new ResizeObserver(() => { if (seen) { draw(); later(150); } }).observe(root);
  load(true);
}

if (root) begin();

// What the screens share: shielded strips on cards, the sheet of an item, keys, copying.
"use strict";

// Tiles across and down by how many there are to show; five would leave a hole.
const LAYOUTS = { 1: [1, 1], 2: [2, 1], 3: [3, 1], 4: [2, 2], 6: [3, 2] };

const shownOf = (count) => (count >= 6 ? 6 : Math.min(count, 4));

/** Draw evenly spread tiles of a sprite sheet side by side; a plain picture is drawn whole. */
function drawStrip(canvas) {
  const picture = new Image();
  picture.onload = () => {
    const { columns, count, width, height } = shape(canvas, picture);
    const tiles = shownOf(count);
    const [across, down] = LAYOUTS[tiles];
    const box = canvas.getBoundingClientRect();
    const scale = Math.min(2, window.devicePixelRatio || 1);
    canvas.width = Math.round(box.width * scale);
    canvas.height = Math.round(box.height * scale);
    const brush = canvas.getContext("2d");
    brush.imageSmoothingQuality = "high";
    if ("whole" in canvas.dataset) {
      brush.drawImage(picture, 0, 0, canvas.width, canvas.height);
      return;
    }
    const cellWidth = canvas.width / across, cellHeight = canvas.height / down;
    for (let n = 0; n < tiles; n += 1) {
      const index = tiles === 1 ? 0 : Math.round((n * (count - 1)) / (tiles - 1));
      const cell = [(n % across) * cellWidth, Math.floor(n / across) * cellHeight];
      const from = [(index % columns) * width, Math.floor(index / columns) * height];
      cover(brush, picture, [...from, width, height], [...cell, cellWidth, cellHeight]);
    }
  };
  picture.src = canvas.dataset.strip;
}

/** How a sheet is made up. Over a thin line it comes smaller than the item's page says. */
function shape(element, picture) {
  const columns = Math.max(1, Number(element.dataset.columns));
  const width = Number(element.dataset.tileWidth) || picture.naturalWidth;
  const scale = picture.naturalWidth / (width * columns);
  return {
    columns,
    count: Math.max(1, Number(element.dataset.count)),
    width: width * scale,
    height: (Number(element.dataset.tileHeight) || picture.naturalHeight) * scale,
  };
}

/** Fill the target with the middle of the source, keeping proportions. */
function cover(brush, picture, [x, y, width, height], [toX, toY, toWidth, toHeight]) {
  const scale = Math.max(toWidth / width, toHeight / height);
  const takeWidth = toWidth / scale, takeHeight = toHeight / scale;
  brush.drawImage(
    picture,
    x + (width - takeWidth) / 2, y + (height - takeHeight) / 2, takeWidth, takeHeight,
    toX, toY, toWidth - 1, toHeight - 1,
  );
}

const nearby = new IntersectionObserver((entries) => {
  for (const entry of entries.filter((one) => one.isIntersecting)) {
    nearby.unobserve(entry.target);
    drawStrip(entry.target);
  }
}, { rootMargin: "300px" });

/** One button a tile: the sheet as background, moved so that its tile shows. */
function layOutSheet(sheet) {
  const picture = new Image();
  picture.onload = () => {
    const { columns, count, width, height } = shape(sheet, picture);
    const rows = Math.max(1, Math.round(picture.naturalHeight / height));
    const times = sheet.dataset.times.split(" ").filter(Boolean).map((us) => Number(us) / 1e6);
    const address = `url("${picture.src}")`;
    const tiles = [];
    for (let n = 0; n < count; n += 1) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "tile-button";
      button.style.aspectRatio = `${width} / ${height}`;
      button.style.backgroundImage = address;
      button.style.backgroundSize = `${columns * 100}% ${rows * 100}%`;
      const x = n % columns, y = Math.floor(n / columns);
      button.style.backgroundPosition =
        `${columns > 1 ? (x / (columns - 1)) * 100 : 0}% ${rows > 1 ? (y / (rows - 1)) * 100 : 0}%`;
      if (Number.isFinite(times[n])) {
        button.dataset.time = String(times[n]);
        const label = document.createElement("span");
        label.textContent = clock(times[n], false);
        button.append(label);
        button.setAttribute("aria-label", `${sheet.dataset.words} ${label.textContent}`);
      }
      tiles.push(button);
    }
    sheet.replaceChildren(...tiles);
  };
  picture.src = sheet.dataset.sheet;
}

function clock(seconds, tenths) {
  const whole = Math.floor(seconds);
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const text = (parts[0] ? `${parts[0]}:${String(parts[1]).padStart(2, "0")}` : `${parts[1]}`)
    + `:${String(parts[2]).padStart(2, "0")}`;
  return tenths ? `${text}.${Math.floor((seconds % 1) * 10)}` : text;
}

function prepare(root) {
  const all = (selector) => [
    ...(root.matches?.(selector) ? [root] : []), ...root.querySelectorAll(selector),
  ];
  all("canvas[data-strip]").forEach((canvas) => nearby.observe(canvas));
  all(".sheet[data-sheet]").forEach(layOutSheet);
}

/** Arrow keys and j/k walk over the cards; up and down go by rows. */
function walk(event) {
  const cards = [...document.querySelectorAll("[data-card]")];
  const here = cards.indexOf(document.activeElement);
  const columns = cards.filter((card) => card.offsetTop === cards[0].offsetTop).length;
  const steps = {
    j: 1, ArrowRight: 1, k: -1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns,
  };
  if (event.key === "g") {
    window.scrollTo({ top: 0 });
    cards[0].focus({ preventScroll: true });
  } else if (event.key in steps) {
    const to = here < 0 ? 0 : Math.max(0, Math.min(cards.length - 1, here + steps[event.key]));
    cards[to].focus();
  } else {
    return;
  }
  event.preventDefault();
}

function isTyping(event) {
  return event.ctrlKey || event.metaKey || event.altKey
    || event.target.closest("input, textarea, select, dialog[open]");
}

document.addEventListener("keydown", (event) => {
  if (isTyping(event)) return;
  if (document.querySelector("[data-grid]")) {
    walk(event);
    return;
  }
  const links = { "[": "[data-before]", "]": "[data-after]", g: "[data-back]" };
  if (event.key === "?") document.getElementById("help")?.showModal();
  else if (event.key in links) document.querySelector(links[event.key])?.click();
});

// A choice narrows at once; without scripts there is a button for it.
document.addEventListener("change", (event) => {
  const form = event.target.closest("[data-narrow]");
  if (form) form.requestSubmit();
});

document.addEventListener("click", async (event) => {
  if (event.target.closest("[data-help-open]")) document.getElementById("help").showModal();
  const copy = event.target.closest("[data-copy]");
  if (copy) {
    await navigator.clipboard.writeText(document.querySelector(copy.dataset.copy).textContent);
    copy.classList.add("done");
    setTimeout(() => copy.classList.remove("done"), 1500);
  }
});

/** The way back leads to the wall as it was narrowed. */
function rememberWall() {
  const back = document.querySelector("[data-back]");
  if (back && document.referrer && new URL(document.referrer).pathname === back.pathname) {
    back.href = document.referrer;
  }
}

/** A form that was refused stays as it was: signed out in between, its words must not be lost. */
async function refused(event) {
  const { xhr, elt } = event.detail, form = elt.closest?.("form");
  if (!form || event.detail.requestConfig?.verb !== "post") return;
  if (xhr.status === 403 && !form.dataset.again && await renewTokens()) {
    form.dataset.again = "yes"; // signed in anew elsewhere, all forms of this page bore an older token
    form.requestSubmit();
    return;
  }
  delete form.dataset.again;
  tellUnsent(xhr.status === 401 || xhr.status === 403 ? "signed-out" : "not-kept");
}

/** One of two notices, or none: silence would be taken for success. */
function tellUnsent(which) {
  for (const name of ["signed-out", "not-kept"]) {
    document.querySelector(`[data-${name}]`)?.toggleAttribute("hidden", name !== which);
  }
}

/** Nobody answered: the server is down, or the line. */
function unanswered(event) {
  if (event.detail.requestConfig?.verb === "post") tellUnsent("not-kept");
}

async function renewTokens() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
  if (!answer?.ok || answer.redirected) return false;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const name = "input[name=csrfmiddlewaretoken]";
  const fresh = page.querySelector(name)?.value;
  document.querySelectorAll(name).forEach((one) => { one.value = fresh ?? one.value; });
  return Boolean(fresh);
}

document.addEventListener("htmx:responseError", refused);
document.addEventListener("htmx:sendError", unanswered);
document.addEventListener("htmx:afterSwap", () => tellUnsent(""));
rememberWall();
document.addEventListener("htmx:load", (event) => prepare(event.detail.elt));

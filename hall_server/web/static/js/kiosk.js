// The kiosk: choose a service or hold a code before the scanner, and have a number.
// After some quiet it returns to its start and forgets.

import { ask } from "./asking.js";
import { onPress, show } from "./dom.js";
import * as screens from "./kiosk_screens.js";
import { hallNow, live } from "./live.js";
import { LANG, count } from "./words.js";

const WARN_S = 10; // tell this long before the screen goes back
const NODE = document.body.dataset.node || location.pathname.split("/").filter(Boolean).at(-1);
const API = `/api/kiosk/${encodeURIComponent(NODE)}`;
const STAND_IN = document.body.dataset.standIn === "true"; // a page on a desk, no machine in a hall
const HOME = { name: "home" };

const place = document.getElementById("page");
const soon = document.getElementById("soon");

let screen = HOME;
let busy = false;
let wrong = null; // why the last try failed, and what to do
let touchedAt = performance.now();
let seenScan = 0; // at_ms of the scan that has had its screen

const page = live(draw);

function draw(view, now) {
  noticeScan(view, now);
  noticeSlip(view, now);
  tellOfQuiet(view);
  const state = { view, now, busy, wrong, card: screen.card, standIn: STAND_IN };
  const content = screens[screen.name](screen, state);
  place.className = `fades screen-${screen.name}`;
  show(place, content, wrong && screens.failed(wrong));
}

function go(next) {
  screen = next;
  wrong = null;
  touchedAt = performance.now();
  page.redraw();
  place.scrollTo?.(0, 0);
  scrollTo(0, 0);
  place.querySelector("[data-first]")?.focus({ preventScroll: true });
}

// ---------------------------------------------------------------- scans

function noticeScan(view, now) {
  const { scan } = view;
  if (scan && scan.at_ms > seenScan && scan.until_ms > now) {
    seenScan = scan.at_ms;
    touchedAt = performance.now();
    wrong = null;
    screen = screenOf(scan);
  } else if (screen.scanned && (!scan || scan.at_ms !== screen.scanned)) {
    screen = HOME; // the hall has forgotten it already
  }
}

function screenOf(scan) {
  const scanned = scan.at_ms;
  if (scan.ticket) {
    return { name: "ticket", ticket: scan.ticket, procedure: scan.procedure, mine: scan.what !== "procedure", scanned };
  }
  if (scan.what === "card") return { name: "home", card: true, scanned };
  if (scan.what === "procedure" && scan.procedure) {
    return { name: "procedure", procedure: scan.procedure, scanned };
  }
  return { name: "wrong", what: scan.what, scanned };
}

// ---------------------------------------------------------------- slips

let slipState = null; // of the ticket on the screen

function noticeSlip(view, now) {
  const slip = screen.name === "ticket" ? screens.slipOf(screen, view, now) : null;
  const state = slip && `${slip.asked_ms} ${slip.state}`;
  // whoever has to take a picture of the code has the whole time for it
  if (state !== slipState && slip?.state === "failed") touchedAt = performance.now();
  slipState = state;
}

async function print(token) {
  if (busy) return;
  busy = true;
  wrong = null;
  page.redraw();
  const answer = await ask(`${API}/print`, { token });
  busy = false;
  touchedAt = performance.now();
  if (!answer.ok) wrong = answer.message;
  page.redraw();
}

// ---------------------------------------------------------------- quiet

function tellOfQuiet(view) {
  const atStart = screen === HOME && LANG === "vi" && !wrong;
  const stays = slipState?.endsWith("failed") ? 2 * view.forget_after_s : view.forget_after_s;
  const left = stays - (performance.now() - touchedAt) / 1000;
  const telling = !atStart && left <= WARN_S && left > 0;
  soon.hidden = !telling;
  if (telling) {
    const text = count("kiosk.soon", Math.ceil(left));
    if (soon.textContent !== text) soon.textContent = text;
  }
  if (!atStart && left <= 0) forget();
}

function forget() {
  const known = screen.scanned || screen.name === "ticket";
  screen = HOME;
  wrong = null;
  touchedAt = performance.now();
  if (known) ask(`${API}/forget`);
  if (LANG !== "vi") location.replace("?lang=vi");
}

for (const kind of ["pointerdown", "keydown"]) {
  document.addEventListener(kind, () => {
    touchedAt = performance.now();
    soon.hidden = true;
  });
}

// ---------------------------------------------------------------- touches

async function take(service, priority) {
  if (busy) return;
  busy = true;
  wrong = null;
  page.redraw();
  const answer = await ask(`${API}/take`, { service, ...(priority && { priority }) });
  busy = false;
  touchedAt = performance.now();
  if (answer.ok) {
    go({ name: "ticket", ticket: answer.ticket, existing: answer.existing, taken: hallNow() });
  } else {
    wrong = answer.message;
    page.redraw();
  }
}

onPress(document.body, {
  service: (id) => go({ name: "service", id, card: screen.card, scanned: screen.scanned }),
  take: (id) => take(id),
  priority: (reason) => take(screen.id, reason),
  print: (token) => print(token),
  how: (what) => go({ name: "how", what, card: screen.card, scanned: screen.scanned }),
  home: () => {
    if (screen.scanned || screen.name === "ticket") ask(`${API}/forget`);
    seenScan = Math.max(seenScan, page.view().scan?.at_ms ?? 0, hallNow() - 60_000);
    go(HOME);
  },
  back: () => go(screen.card ? { name: "home", card: true, scanned: screen.scanned } : HOME),
});

// The hall's news on a page: the stream of its view, the hall's clock, and a lost connection.

import { age, clock, firstState, t } from "./words.js";

const QUIET_MS = 12_000; // the hall beats each 5 s
const AGAIN_MS = [1_000, 2_000, 4_000, 8_000];

let hallMs = 0;
let heardAt = 0; // performance.now(): it never jumps, the device's clock may
let lastWord = 0;

/** The hall's time now, in ms since the epoch. */
export function hallNow() {
  return hallMs + (performance.now() - heardAt);
}

function setClock(ms, sure) {
  // A view may be older than its arrival: it never turns the clock back.  A beat is sure.
  if (!sure && ms <= hallNow()) return;
  hallMs = ms;
  heardAt = performance.now();
}

/**
 * Draw the page now, with every change of its view, and once a second for what ages.
 *
 * `draw(view, nowMs)` must be cheap and change only what differs.  `gone()` is called when the
 * page has to leave.  Returns `{view(), redraw(), look(url)}`; `look` asks for the view at once,
 * for who cannot wait until the stream has told it, and answers whether it came.
 */
export function live(draw, { gone } = {}) {
  let view = firstState();
  setClock(view?.at_ms ?? Date.now(), true);
  lastWord = performance.now();

  const redraw = () => draw(view, hallNow());
  const note = document.getElementById("stale");
  const url = document.body.dataset.live;
  let source = null;
  let tries = 0;
  let since = null;
  let listenedAt = 0;

  function fresh() {
    lastWord = performance.now();
    tries = 0;
    if (since === null) return;
    since = null;
    delete document.documentElement.dataset.stale;
    note.hidden = true;
  }

  function lost() {
    if (since !== null || !url) return;
    since = lastWord;
    document.documentElement.dataset.stale = "";
    note.hidden = false;
    tellAge();
  }

  function tellAge() {
    if (since === null) return;
    const missing = performance.now() - since;
    const text = t("common.lost", { age: age(missing), time: clock(hallNow() - missing) });
    if (note.textContent !== text) note.textContent = text;
  }

  function listen() {
    source?.close();
    listenedAt = performance.now();
    source = new EventSource(url);
    source.addEventListener("state", (event) => {
      const next = JSON.parse(event.data);
      fresh();
      view = next;
      setClock(next.at_ms, false);
      redraw();
    });
    source.addEventListener("beat", (event) => {
      setClock(JSON.parse(event.data).at_ms, true);
      fresh();
    });
    source.addEventListener("gone", () => {
      source.close();
      if (gone) gone();
      else location.reload();
    });
    source.addEventListener("error", () => {
      lost();
      if (source.readyState === EventSource.CLOSED) {
        // The browser gives up on an answer that is no stream, e.g. a hall that is starting.
        setTimeout(() => source && listen(), AGAIN_MS[Math.min(tries++, AGAIN_MS.length - 1)]);
      }
    });
  }

  // Only once the page's own script has run to its end.
  queueMicrotask(() => {
    redraw();
    if (url && !document.hidden) listen();
  });
  // A browser has six connections to one hall, over all of its tabs: a page that nobody sees gives
  // its own back, or the seventh tab would never open.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      source?.close();
      source = null;
    } else if (url && !source) {
      listen();
    }
  });
  setInterval(() => {
    if (source && performance.now() - Math.max(lastWord, listenedAt) > QUIET_MS) {
      lost();
      if (source.readyState === EventSource.OPEN) listen();
    }
    tellAge();
    redraw();
  }, 1_000);
  async function look(from) {
    try {
      const response = await fetch(from, { credentials: "same-origin" });
      if (!response.ok || response.redirected) return false;
      const next = await response.json();
      if (next.rev >= view.rev) {
        view = next;
        redraw();
      }
      return true;
    } catch {
      return false; // no network: the page goes on with what it knows
    }
  }

  return { view: () => view, redraw, look };
}

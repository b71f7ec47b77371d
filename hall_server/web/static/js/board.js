// The hall's board, read from eight metres: who is called, where to, and how the lines stand.

import { h, show, svg } from "./dom.js";
import { live } from "./live.js";
import { clock, count, day, hourOf, named, t, waitOf, whole } from "./words.js";

const FRESH_MS = 20_000;
const MOST_LINES = 8;

const page = document.getElementById("page");
const said = document.getElementById("said");

live((view, now) => {
  const shut = view.open_counters === 0;
  const night = shut && view.waiting === 0;
  page.classList.toggle("night", night);
  show(page, head(view, now), ...(night ? [closed(now)] : [main(view, now, shut), lines(view)]));
  tell(view, now);
});

function head(view, now) {
  return h(
    "header.head",
    null,
    h("h1.hall", null, view.hall),
    h("p.when", null, h("time.clock", null, clock(now)), h("span.day", null, day(now))),
  );
}

function main(view, now, shut) {
  const [latest, ...earlier] = view.calls;
  const hero = shut ? resting() : latest ? called(latest, now) : welcome();
  return h("main.main", { "data-key": "main" }, h("div.stage", null, hero), recent(shut ? view.calls : earlier, now));
}

function called(call, now) {
  return h(
    "section.called",
    { "data-key": `call-${call.id}`, class: now - call.at_ms < FRESH_MS ? "fresh" : null },
    h("p.please", null, t("board.please")),
    h("p.number", { "data-length": call.number.length }, call.number),
    h(
      "div.where",
      null,
      h("p.counter", null, t("common.counter", { counter: call.counter })),
      h("p.service", null, named(call, "service")),
    ),
  );
}

function welcome() {
  return h(
    "section.called.quiet",
    { "data-key": "welcome" },
    h("p.greeting", null, t("board.welcome")),
    h("p.service", null, t("board.welcome_how")),
  );
}

function resting() {
  return h(
    "section.called.quiet",
    { "data-key": "resting" },
    h("p.greeting", null, t("board.resting")),
    h("p.service", null, t("board.resting_how")),
  );
}

function recent(calls, now) {
  const rows = calls.slice(0, 7).map((call) =>
    h(
      "li.row",
      { "data-key": `row-${call.id}`, class: now - call.at_ms < FRESH_MS ? "fresh" : null },
      h("span.row-number", null, call.number),
      h("span.row-service", null, named(call, "service")),
      h("span.unseen", null, `${t("common.counter", { counter: call.counter })}`),
      h("span.row-counter", { "aria-hidden": "true" }, arrow(), h("b", null, call.counter)),
    ),
  );
  return h(
    "section.recent",
    null,
    h(
      "div.recent-head",
      null,
      h("h2", null, t("board.recent")),
      h("span", { "aria-hidden": "true" }, t("board.counter")),
    ),
    rows.length ? h("ol.rows", null, rows) : h("p.none", null, t("board.recent_none")),
  );
}

function arrow() {
  return svg(
    "svg",
    { class: "arrow", viewBox: "0 0 24 24", "aria-hidden": "true" },
    svg("path", { d: "M4 12h14M12.5 6l6 6-6 6" }),
  );
}

function lines(view) {
  const busy = view.services.filter((one) => one.waiting > 0 || one.counters.length > 0);
  const shown = (busy.length ? busy : view.services).slice(0, MOST_LINES);
  return h(
    "section.lines",
    { "aria-label": t("board.lines") },
    shown.map((one) =>
      h(
        "article.line",
        { "data-key": `line-${one.id}` },
        h("h2", null, h("b.prefix", { "aria-hidden": "true" }, one.prefix), named(one)),
        h(
          "p.queue",
          null,
          one.waiting > 0 && [
            h("b", null, whole(one.waiting)),
            h("span.people", null, count("board.waiting", one.waiting)),
          ],
          h("span.wait", { class: one.wait ? null : "shut" }, waitWords(one)),
        ),
      ),
    ),
  );
}

/** "chờ 11–17 phút"; bare where there is no time to tell. */
function waitWords(one) {
  const timed = one.wait && (one.waiting > 0 || one.wait.high_minutes > 1);
  return timed ? t("board.wait", { wait: waitOf(one) }) : waitOf(one);
}

function closed(now) {
  const hour = hourOf(now);
  const late = hour >= 17 || hour < 6;
  return h(
    "main.closed",
    { "data-key": "closed" },
    h("p.closed-clock", { "aria-hidden": "true" }, clock(now)),
    h("p.greeting", null, t(late ? "board.night" : "board.closed")),
    h("p.service", null, t(late ? "board.night_how" : "board.closed_how")),
  );
}

/** What is new, for somebody who hears the board instead of seeing it. */
function tell(view, now) {
  const words = view.calls
    .filter((call) => now - call.at_ms < FRESH_MS)
    .map((call) => t("board.said", { number: call.number, counter: call.counter }))
    .join(" ");
  if (words && said.textContent !== words) said.textContent = words;
}

// The display over a counter, and the screen that asks how it was.

import { h, show } from "./dom.js";
import { scale } from "./faces.js";
import { live } from "./live.js";
import { clock, count, named, t } from "./words.js";

const FRESH_MS = 20_000;

const page = document.getElementById("page");
const said = document.getElementById("said");

function ratingLeft(view, now) {
  return view.rating ? Math.ceil((view.rating.until_ms - now) / 1000) : 0;
}

/** A called number goes before the question: somebody is looking for this counter. */
function screenOf(view, now) {
  if (view.phase === "called" || view.phase === "serving") return view.phase;
  if (view.thanks_until_ms && view.thanks_until_ms > now) return "thanks";
  if (ratingLeft(view, now) > 0) return "rating";
  return view.phase;
}

function head(view, now) {
  const services = view.services.map((name, index) => named({ name, name_en: view.services_en[index] }));
  return h(
    "header.head",
    { "data-key": "head" },
    h("h1", null, t("common.counter", { counter: view.counter })),
    h("p", null, services.join(" · ")),
    h("time", null, clock(now)),
  );
}

function number(view, words, kind) {
  return h(
    "section.stage",
    { "data-key": `${kind}-${view.call_id ?? view.number}`, class: kind },
    h("p.words", null, words),
    h("p.number", { "data-length": view.number?.length }, view.number),
    h("p.service", null, named(view, "service")),
  );
}

const quiet = (kind) => () =>
  h(
    "section.stage.quiet",
    { "data-key": kind },
    h("p.title", null, t(`counter.${kind}`)),
    h("p.service", null, t(`counter.${kind}_how`)),
  );

const screens = {
  called: (view, now) => [
    number(view, t("counter.please"), now - (view.called_ms ?? 0) < FRESH_MS ? "fresh" : "steady"),
    ratingLeft(view, now) > 0 &&
      h("p.still", { "data-key": "still" }, t("counter.still_rating", { time: count("common.seconds", ratingLeft(view, now)) })),
  ],
  serving: (view) => number(view, t("counter.serving"), "serving"),
  idle: quiet("idle"),
  paused: (view) => quiet(view.away ? "away" : "paused")(),
  closed: quiet("closed"),
  rating: (view, now) =>
    h(
      "section.question",
      { "data-key": "rating" },
      h("h1", null, t("counter.ask")),
      h("p.how", null, t("counter.ask_how")),
      scale(view.rating.levels),
      h("p.left", null, t("counter.left", { time: count("common.seconds", ratingLeft(view, now)) })),
    ),
  thanks: () =>
    h(
      "section.question",
      { "data-key": "thanks" },
      h("p.heart", { "aria-hidden": "true" }, "✓"),
      h("h1", null, t("counter.thanks")),
      h("p.how", null, t("counter.thanks_how")),
    ),
};

function tell(view, name) {
  const words = {
    called: () => t("counter.said", { number: view.number, counter: view.counter }),
    rating: () => `${t("counter.ask")} ${t("counter.ask_how")}`,
    thanks: () => t("counter.thanks"),
  }[name]?.();
  if (words && said.textContent !== words) said.textContent = words;
}

live((view, now) => {
  const name = screenOf(view, now);
  page.className = `fades screen ${name}`;
  document.body.classList.toggle("dark", !["rating", "thanks"].includes(name));
  show(page, name === "rating" || name === "thanks" ? null : head(view, now), screens[name](view, now));
  tell(view, name);
});

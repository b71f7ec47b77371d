// What the clerk's console shows, from its view; what is pressed is in clerk.js.

import { h } from "./dom.js";
import { clock, count, has, named, passed, percent, spell, stopwatch, t, tenth, whole } from "./words.js";

const FEWEST_RATINGS = 5; // a mean of fewer would tell the clerk what one person chose

export function bar(view, now) {
  return [
    h(
      "div.who",
      null,
      h("h1", null, t("common.counter", { counter: view.counter })),
      h("p.pill", null, view.services.map((one) => named(one)).join(" · ")),
      view.phase === "paused" && h("p.pill.warn", null, t("clerk.paused")),
    ),
    h(
      "div.who",
      null,
      h("span", null, view.clerk_name),
      h("time.pill", null, clock(now)),
    ),
  ];
}

export function queue(view, now) {
  const more = view.waiting_total - view.waiting.length;
  return [
    h(
      "h2.label",
      null,
      t("clerk.waiting_here"),
      " · ",
      h("b", null, whole(view.waiting_total)),
      view.waiting.length > 0 && h("kbd", { title: t("clerk.list_key") }, "G"),
    ),
    view.waiting.length === 0 && h("p.none", null, t("clerk.nobody")),
    h(
      "ol.lines",
      null,
      view.waiting.map((one, index) => line(one, now, index === 0)),
      more > 0 && h("li.more", { "data-key": "more" }, t("clerk.more", { n: whole(more) })),
    ),
    view.parked.length > 0 && h("h2.label.parked", null, t("clerk.parked"), " · ", h("b", null, view.parked.length)),
    view.parked.length > 0 && h("ol.lines", null, view.parked.map((one) => line(one, now, false))),
  ];
}

function line(one, now, first) {
  return h(
    "li",
    { "data-key": one.ticket },
    h(
      "button.line",
      {
        type: "button",
        class: first ? "first" : null,
        "data-do": "ticket",
        "data-arg": one.ticket,
      },
      h(
        "span.line-what",
        null,
        h("b", null, one.number),
        " ",
        h("span.line-service", null, named(one, "service")),
        one.priority && h("span.line-mark", null, "★ ", t(`common.priority.${one.priority}`)),
        one.no_shows > 0 && h("span.line-mark.away", null, count("clerk.absent", one.no_shows)),
      ),
      h("span.line-wait", null, passed(now - one.since_ms)),
    ),
  );
}

export function body(view, now, { busy, message, holding, step }) {
  if (!view.yours || view.phase === "closed") return notYours(view);
  return [
    h("div.slot", { "data-key": "slot" }, ticket(view, now)),
    main(view, now, busy, holding, step),
    buttons(view, busy, holding),
    message &&
      h(
        "p.note.told",
        { "data-key": "told", class: message.wrong ? "wrong" : null, role: message.wrong ? "alert" : null },
        message.text,
      ),
    hint(view, now),
    slip(view),
    card(view),
  ];
}

function notYours(view) {
  return h(
    "section.panel.plainly",
    { "data-key": "not-yours" },
    h("h2", null, t(view.phase === "closed" ? "clerk.closed" : "clerk.not_yours", { counter: view.counter })),
    h("p", null, t("clerk.not_yours_how")),
    h("a.button.main", { id: "act", href: "/clerk/sign-in" }, t("clerk.sign_in_again"), h("kbd", { "aria-hidden": "true" }, "Enter")),
  );
}

function ticket(view, now) {
  const one = view.ticket;
  if (!one) {
    const next = view.waiting[0];
    return h(
      "section.panel.ticket.empty",
      { "data-key": "nobody" },
      h("p.number", null, next ? next.number : "–"),
      h(
        "div.about",
        null,
        h("h2", null, view.phase === "paused" ? t("clerk.on_break", { reason: view.away ? t("clerk.pause_reason.away") : view.pause_reason }) : t(next ? "clerk.next_up" : "clerk.all_done")),
        view.away && h("p", null, t("clerk.away_how")),
        h("p", null, next ? `${named(next, "service")} · ${t("clerk.waited", { time: passed(now - next.since_ms) })}` : t("clerk.all_done_how")),
      ),
    );
  }
  const state =
    one.phase === "serving"
      ? t("clerk.serving_for", { time: stopwatch(now - (one.started_ms ?? now)) })
      : t("clerk.called_for", { time: stopwatch(now - one.called_ms) });
  return h(
    "section.panel.ticket",
    { "data-key": `ticket-${one.ticket}`, class: one.phase },
    h("p.number", { "data-length": one.number.length }, one.number),
    h(
      "div.about",
      null,
      h("h2", null, named(one, "service"), h("span.state", null, " · ", state)),
      h(
        "p",
        null,
        t("clerk.waited", { time: passed(one.wait_ms) }),
        ", ",
        why(one.reason),
      ),
      one.priority && h("p.mark", null, "★ ", t(`common.priority.${one.priority}`)),
      (one.times_called > 1 || one.no_shows > 0) &&
        h("p", null, count("clerk.times_called", one.times_called), one.no_shows > 0 && ` · ${count("clerk.absent", one.no_shows)}`),
      one.match && h("p", { class: one.match === "other" ? "mark bad" : "match" }, one.match === "other" ? "⚠ " : "✓ ", t(`clerk.match.${one.match}`)),
    ),
  );
}

/** Why the hall called it: codes of its own, or the words of a clerk who called by hand. */
function why(reason) {
  const codes = reason.split(";");
  const own = codes.every((code) => has(`clerk.reason.${code}`));
  return own ? codes.map((code) => t(`clerk.reason.${code}`)).join(", ") : t("clerk.reason.by_hand", { reason });
}

function main(view, now, busy, holding, step) {
  const left = holding ? Math.max(1, Math.ceil((holding.until - now) / 1000)) : 0;
  const label = {
    "call-next": () => t("clerk.do.call_next"),
    start: () => t("clerk.do.start"),
    finish: () => t("clerk.do.finish"),
    resume: () => t("clerk.do.resume"),
    now: () => t("clerk.holding.now", { number: holding.number, n: left }),
  }[step];
  return h(
    "div.main-row",
    { "data-key": "main" },
    h(
      "button.act",
      {
        id: "act",
        type: "button",
        "data-do": "next",
        disabled: busy || step === null,
        class: holding ? "held" : null,
        "aria-keyshortcuts": "Enter",
      },
      h("span", null, label ? label() : t("clerk.do.nothing")),
      h("kbd", { "aria-hidden": "true" }, "Enter"),
    ),
    holding &&
      h(
        "button.button.take-back",
        { type: "button", "data-do": "undo", "data-key": "take-back" },
        h("span", null, t("clerk.holding.take_back")),
        h("kbd", { "aria-hidden": "true" }, "Z"),
      ),
  );
}

/** What can be done now, by its act; Enter's step is chosen in clerk.js. */
export function canDo(view, holding) {
  const hers = view.yours && view.phase !== "closed";
  const called = hers && view.ticket?.phase === "called";
  const here = hers && Boolean(view.ticket);
  return {
    recall: called,
    "no-show": called && !holding,
    park: here,
    transfer: here,
    undo: Boolean(holding) || (hers && !here && Boolean(view.undo)),
    pause: hers,
    take: hers,
    list: view.waiting.length + view.parked.length > 0,
  };
}

function buttons(view, busy, holding) {
  const here = Boolean(view.ticket);
  const paused = view.phase === "paused";
  const can = canDo(view, holding);
  const list = [
    ["recall", "R", t("clerk.do.recall")],
    ["no-show", "V", t("clerk.do.no_show")],
    ["park", "P", t("clerk.do.park")],
    ["transfer", "T", t("clerk.do.transfer")],
    ["undo", "Z", view.undo && !here ? t("clerk.do.undo_number", { number: view.undo }) : t("clerk.do.undo")],
    ["pause", "B", t(paused ? "clerk.do.resume_short" : "clerk.do.pause")],
    ["take", "N", t("clerk.do.take")],
    ["list", "G", t("clerk.do.list")],
  ];
  return h(
    "div.keys",
    { role: "group", "aria-label": t("clerk.more_acts"), "data-key": "keys" },
    list.map(([what, key, label]) =>
      h(
        "button.button.key",
        { type: "button", "data-do": what, disabled: busy || !can[what], "aria-keyshortcuts": key },
        h("span", null, label),
        h("kbd", { "aria-hidden": "true" }, key),
      ),
    ),
  );
}

function hint(view, now) {
  const one = view.ticket;
  if (one?.phase !== "called" || now - one.called_ms < view.recall_after_s * 1000) return null;
  return h("p.note.hint", { "data-key": "hint", role: "status" }, t("clerk.recall_hint", { n: view.recall_after_s }));
}

/** What became of the last slip that this clerk asked for. */
function slip(view) {
  const one = view.slip;
  if (!one || one.state === "printing") return null;
  const failed = one.state === "failed";
  const reason = failed && t(`common.slip.${one.reason}`);
  return h(
    "p.note",
    { "data-key": "slip", class: failed ? "wrong" : null, role: failed ? "alert" : "status" },
    t(`clerk.slip_${one.state}`, { number: one.number, node: one.node, reason }),
  );
}

function card(view) {
  const { card: form, card_message: wrong } = view;
  if (wrong) return h("p.note.wrong", { "data-key": "card-wrong", role: "status" }, t(`clerk.card.${wrong}`));
  if (!form) {
    if (!view.ticket) return null;
    const was = view.ticket.match; // read, and forgotten since: by time or by a new start of the hall
    return h("p.card-none", { "data-key": "card-none" }, t(was ? "clerk.card.gone" : "clerk.card.none"));
  }
  const field = (name, value, wide) => value && h("div", { class: wide ? "wide" : null }, h("dt", null, t(`clerk.card.${name}`)), h("dd", null, value));
  return h(
    "section.panel.card",
    { "data-key": "card", "aria-label": t("clerk.card.label") },
    h("h2", null, t("clerk.card.read", { time: clock(form.read_ms) })),
    h(
      "dl",
      null,
      field("name", form.name),
      field("number", form.number_masked),
      field("born", form.born),
      field("sex", t(`clerk.card.${form.sex}`)),
      field("address", form.address, true),
    ),
  );
}

export function today(view) {
  const day = view.today;
  const tile = (value, about) => h("article.tile", null, h("p.value", null, value), h("p", null, about));
  return [
    h("h2.label", null, t("clerk.today")),
    tile(whole(day.served), count("clerk.served", day.served)),
    day.mean_service_ms !== null && tile(spell(day.mean_service_ms), t("clerk.mean_service")),
    day.rating_mean !== null
      ? tile(
          `${tenth(day.rating_mean)} / ${day.levels}`,
          t("clerk.rated", { n: whole(day.ratings), of: whole(day.served), share: day.served ? percent(day.ratings / day.served) : "0 %" }),
        )
      : tile(whole(day.ratings), t("clerk.rated_few", { n: FEWEST_RATINGS })),
    view.rating_open && h("p.note", { role: "status" }, t("clerk.rating_open")),
    view.counters.length > 0 &&
      h(
        "section.others",
        null,
        h("h2.label", null, t("clerk.others")),
        h(
          "ul",
          null,
          view.services.map((one) =>
            h("li", null, h("span", null, named(one)), h("span.soft", null, one.counters.length ? t("clerk.at_counters", { counters: one.counters.join(", ") }) : t("common.no_counter"))),
          ),
        ),
      ),
  ];
}

// The kiosk's screens, each with one question; what a touch does is in kiosk.js.

import { h, svg } from "./dom.js";
import { count, has, hourOf, listed, named, range, t, waitOf } from "./words.js";

const PRIORITIES = ["elderly", "disabled", "pregnant", "merit", "poor", "orphan", "social"];

export function home(screen, { view, now, card }) {
  const shut = view.services.every((one) => one.counters.length === 0 && one.waiting === 0);
  const hour = hourOf(now);
  const night = shut && (hour >= 17 || hour < 6);
  const words = card ? "card_read" : night ? "night" : shut ? "shut" : "choose";
  return h(
    "div.home",
    { "data-key": "home" },
    h(
      "div.ask",
      null,
      h("h1", { "data-first": true, tabindex: -1 }, t(`kiosk.${words}`)),
      h("p.lead", null, t(`kiosk.${words}_how`)),
    ),
    card ? cardRead() : night ? moon() : scanner(),
    h(
      "ul.services",
      { "data-many": view.services.length > 6, "aria-label": t("kiosk.services") },
      view.services.map((one) =>
        h(
          "li",
          { "data-key": one.id },
          h(
            "button.service",
            { type: "button", "data-do": "service", "data-arg": one.id },
            h("b", { class: named(one).length > 34 ? "long" : null }, named(one)),
            h("span", null, lineOf(one)),
          ),
        ),
      ),
    ),
    h(
      "nav.ways",
      { "aria-label": t("kiosk.ways") },
      (card ? ["wall", "help"] : ["card", "wall", "help"]).map((what) =>
        h("button.way", { type: "button", "data-do": "how", "data-arg": what }, t(`kiosk.way.${what}`)),
      ),
    ),
  );
}

function lineOf(one) {
  const wait = h("span.whole", null, one.wait && (one.waiting || one.wait.high_minutes > 1) ? about(one.wait) : waitOf(one));
  return one.waiting ? [count("common.people", one.waiting), " · ", wait] : wait;
}

const about = (wait) =>
  wait.high_minutes <= 1 ? range(wait) : t("kiosk.before_wait", { wait: range(wait) });

function scanner(pictureOnly = false) {
  return h(
    "section.scanner",
    { "data-key": "scanner" },
    svg(
      "svg",
      { viewBox: "0 0 320 180", class: "scan-picture", "aria-hidden": "true" },
      svg("rect", { x: 40, y: 30, width: 190, height: 120, rx: 14, class: "card-edge" }),
      svg("rect", { x: 60, y: 52, width: 46, height: 56, rx: 8, class: "card-face" }),
      svg("path", { d: "M60 126h70M124 62h20M124 82h14", class: "card-lines" }),
      svg("path", { d: "M164 52h18v18h-18zM194 52h18v18h-18zM164 82h18v18h-18zM196 84h4M208 84h4M196 98h4M208 98h4", class: "card-code" }),
      svg("path", { d: "M252 60c14 18 14 42 0 60M272 46c24 28 24 60 0 88", class: "scan-waves" }),
    ),
    !pictureOnly && h("div", null, h("h2", null, t("kiosk.scan")), h("p", null, t("kiosk.scan_how"))),
  );
}

function cardRead() {
  return h(
    "section.scanner.read",
    { "data-key": "read", role: "status" },
    h("span.tick", { "aria-hidden": "true" }, "✓"),
    h("div", null, h("h2", null, t("kiosk.read")), h("p", null, t("kiosk.read_private"))),
  );
}

function moon() {
  return h(
    "section.scanner",
    { "data-key": "moon" },
    svg(
      "svg",
      { viewBox: "0 0 320 180", class: "scan-picture", "aria-hidden": "true" },
      svg("path", { d: "M182 38a58 58 0 1 0 34 96a64 64 0 0 1-34-96z", class: "moon" }),
      svg("path", { d: "M92 52v12M86 58h12M244 60v10M239 65h10M74 120v8M70 124h8", class: "stars" }),
    ),
    h("div", null, h("h2", null, t("kiosk.after_hours")), h("p", null, t("kiosk.after_hours_how"))),
  );
}

export function service(screen, { view, busy }) {
  const one = view.services.find((each) => each.id === screen.id);
  if (!one) return wrong({ what: "unknown_procedure" });
  return h(
    "div.confirm",
    { "data-key": `service-${one.id}` },
    h("h1", { "data-first": true, tabindex: -1 }, named(one)),
    h("p.lead", null, before(one)),
    h(
      "button.go",
      { type: "button", "data-do": "take", "data-arg": one.id, disabled: busy },
      t(busy ? "kiosk.taking" : "kiosk.take"),
    ),
    h("h2", null, t("kiosk.priority")),
    h("p", null, t("kiosk.priority_how")),
    h(
      "ul.priorities",
      null,
      PRIORITIES.map((reason) =>
        h(
          "li",
          null,
          h(
            "button.way",
            { type: "button", "data-do": "priority", "data-arg": reason, disabled: busy },
            t(`common.priority.${reason}`),
          ),
        ),
      ),
    ),
    foot("back"),
  );
}

function before(one) {
  if (one.wait === null) return t("kiosk.no_counter_yet");
  if (one.waiting === 0) {
    // nobody is in line, but every counter may be at work
    const soon = one.wait.high_minutes <= 1;
    return soon
      ? t("kiosk.nobody_before")
      : [t("kiosk.nobody_before"), " ", h("span.whole", null, t("kiosk.about"), " ", range(one.wait))];
  }
  const people = t("kiosk.before", { people: count("common.people", one.waiting) });
  return [people, " · ", h("span.whole", null, about(one.wait))];
}

const TOLD_SOON_MS = 3_000; // the answer to taking a number may come before the view that knows its slip

/** What became of the slip of the ticket on the screen; null where none was asked for. */
export function slipOf(screen, view, now) {
  if (!view.printer) return null;
  const { ticket: one } = screen;
  const slip = view.slips.findLast((each) => each.number === one.number);
  if (slip?.state === "printing" && now >= slip.lost_ms) return { ...slip, state: "failed", reason: "no_answer" };
  if (slip) return slip;
  const fresh = !screen.existing && screen.taken && now - screen.taken < TOLD_SOON_MS;
  return fresh ? { number: one.number, state: "printing", asked_ms: screen.taken } : null;
}

export function ticket(screen, { view, now, busy, standIn }) {
  const one = screen.ticket;
  const mine = screen.existing || screen.mine;
  const slip = slipOf(screen, view, now);
  return h(
    "div.taken",
    { "data-key": `ticket-${one.number}`, class: slip?.state === "failed" ? "unprinted" : null },
    h("p.kind", null, t(mine ? "kiosk.yours_already" : "kiosk.yours")),
    h(
      "section.paper",
      null,
      h("h1.number", { "data-first": true, tabindex: -1, "data-length": one.number.length }, one.number),
      h("p.what", null, named(one, "service")),
    ),
    h(
      "section.facts",
      null,
      one.wait && h("p.big", null, t("kiosk.about"), " ", h("b", null, range(one.wait))),
      one.place !== null &&
        h("p", null, one.place <= 1 ? t("kiosk.next") : t("kiosk.ahead", { people: count("common.people", one.place - 1) })),
      one.counters.length > 0
        ? h("p", null, t("kiosk.counters", { counters: listed(one.counters) }))
        : h("p", null, t("kiosk.no_counter_yet")),
    ),
    h(
      "section.take-along",
      { "data-key": "along" },
      standIn ? h("a", { href: one.url, target: "_blank", rel: "noopener" }, codeOf(one)) : codeOf(one),
      h("div", { "data-key": "said", role: slip?.state === "failed" ? "alert" : "status" }, takeAlong(one, slip)),
    ),
    screen.procedure && papers(screen.procedure),
    foot("done", view.printer && slip?.state !== "printing" && again(one, slip, busy)),
  );
}

function takeAlong(one, slip) {
  const { number } = one;
  const [what, how] = {
    none: () => [t("kiosk.remember"), t("kiosk.remember_how")],
    printing: () => [t("kiosk.printing"), t("kiosk.printing_how")],
    printed: () => [t("kiosk.printed"), t("kiosk.remember_how")],
    failed: () => [
      t(`common.slip.${slip.reason}`),
      t(slip.reason === "unsure" ? "kiosk.unsure_how" : "kiosk.unprinted_how", { number }),
    ],
  }[slip?.state ?? "none"]();
  return [h("h2", null, slip?.state === "failed" && h("span.warn-sign", { "aria-hidden": "true" }, "!"), what), h("p", null, how)];
}

const again = (one, slip, busy) =>
  h(
    "button.way.again",
    { type: "button", "data-do": "print", "data-arg": one.token, "data-key": "again", disabled: busy },
    t(slip ? "kiosk.print_again" : "kiosk.print"),
  );

const codeOf = (one) =>
  h("img", { src: `/qr/${encodeURIComponent(one.token)}.svg`, width: 240, height: 240, alt: t("kiosk.qr_alt", { number: one.number }) });

function papers(procedure) {
  if (!procedure.documents.length) return null;
  return h(
    "section.papers",
    null,
    h("h2", null, t("kiosk.papers", { procedure: named(procedure) })),
    h("ul", null, procedure.documents.map((one) => h("li", null, one))),
  );
}

export function procedure(screen, { view, busy }) {
  const one = screen.procedure;
  const line = view.services.find((each) => each.name === one.service);
  return h(
    "div.confirm",
    { "data-key": `procedure-${one.code}` },
    h("h1", { "data-first": true, tabindex: -1 }, named(one)),
    h("p.lead", null, named(one, "service")),
    papers(one),
    line &&
      h("button.go", { type: "button", "data-do": "take", "data-arg": line.id, disabled: busy }, t(busy ? "kiosk.taking" : "kiosk.take")),
    foot("done"),
  );
}

export function wrong(screen) {
  const key = has(`kiosk.wrong.${screen.what}`) ? screen.what : "wrong_unknown";
  return h(
    "div.plain",
    { "data-key": `wrong-${key}`, role: "alert" },
    h("span.sign", { "aria-hidden": "true" }, "!"),
    h("h1", { "data-first": true, tabindex: -1 }, t(`kiosk.wrong.${key}`)),
    h("p.lead", null, t(`kiosk.wrong.${key}.how`)),
    foot("try"),
  );
}

export function how(screen) {
  return h(
    "div.plain",
    { "data-key": `how-${screen.what}` },
    screen.what !== "help" && scanner(true),
    h("h1", { "data-first": true, tabindex: -1 }, t(`kiosk.how.${screen.what}`)),
    h("ol.steps", null, [1, 2, 3].filter((n) => has(`kiosk.how.${screen.what}.${n}`)).map((n) => h("li", null, t(`kiosk.how.${screen.what}.${n}`)))),
    foot("back"),
  );
}

export function failed(message) {
  return h("p.note.wrong.failed", { "data-key": "failed", role: "alert" }, message);
}

function foot(what, before = null) {
  return h(
    "p.foot",
    { class: before ? "two" : null },
    before,
    h(
      "button.way",
      { type: "button", "data-do": what === "back" ? "back" : "home", class: what === "done" ? "finish" : null },
      t(`kiosk.foot.${what}`),
    ),
  );
}

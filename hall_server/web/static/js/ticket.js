// A citizen's own page: the number, how long it takes, where to go, and then how it was.

import { ask } from "./asking.js";
import { h, onPress, show } from "./dom.js";
import { scale } from "./faces.js";
import { live } from "./live.js";
import { clock, count, listed, named, range, t } from "./words.js";

const API = `/api/ticket/${location.pathname.split("/").filter(Boolean).at(-1)}`;
const FRESH_MS = 20_000;

const place = document.getElementById("page");
const said = document.getElementById("said");
const sure = document.getElementById("sure");

let busy = false;
let message = null; // {text, wrong}
let lastPhase = null;

function draw(view, now) {
  const rating = view.rating && view.rating.until_ms > now && view.rated === null;
  place.className = `fades ${view.phase}`;
  show(
    place,
    rating ? brief(view) : number(view, now),
    !rating && h("div.body", { "data-key": `body-${view.phase}` }, (bodies[view.phase] ?? bodies.finished)(view, now)),
    rating && rate(view),
    view.rated !== null && h("p.note", { "data-key": "rated" }, t("ticket.rated")),
    message && h("p.note", { "data-key": "message", class: message.wrong ? "wrong" : null, role: message.wrong ? "alert" : "status" }, message.text),
    facts(view),
    acts(view),
  );
  tell(view);
}

function number(view, now) {
  const fresh = view.phase === "called" && now - (view.called_ms ?? 0) < FRESH_MS;
  return h(
    "section.paper",
    { "data-key": `paper-${view.phase === "called"}`, class: view.phase === "called" ? (fresh ? "called fresh" : "called") : null },
    h("p", null, t("ticket.yours")),
    h("h1.number", { "data-length": view.number.length }, view.number),
    h("p", null, named(view, "service")),
  );
}

function brief(view) {
  return h("p.brief", { "data-key": "brief" }, h("b", null, view.number), " · ", named(view, "service"), " · ", t("ticket.finished"));
}

const onlySaid = (phase) => () => h("section.say", null, h("h2", null, t(`ticket.${phase}`)), h("p", null, t(`ticket.${phase}_how`)));

const bodies = {
  waiting: (view, now) => {
    const gone = now - view.taken_ms;
    const left = (view.wait?.median_minutes ?? 0) * 60_000;
    const share = Math.round((100 * gone) / Math.max(1, gone + left));
    const ahead = (view.place ?? 1) - 1;
    return h(
      "section.wait",
      null,
      h("p", null, t(view.wait ? "ticket.about" : "ticket.unknown")),
      h("p.big", null, view.wait ? range(view.wait) : t("ticket.keep")),
      h("p", null, ahead > 0 ? t("ticket.ahead", { people: count("common.people", ahead) }) : t("ticket.next"), view.counters.length > 0 && ` ${t("ticket.at", { counters: listed(view.counters) })}`),
      view.wait && h("progress", { value: Math.min(97, share), max: 100, "aria-label": t("ticket.progress") }),
    );
  },
  called: (view) =>
    h(
      "section.go",
      null,
      h("p", null, t("ticket.go")),
      h("p.big", null, t("common.counter", { counter: view.counter ?? "" })),
      h("p", null, t("ticket.go_how")),
    ),
  serving: (view) =>
    h("section.say", null, h("h2", null, t("ticket.serving", { counter: view.counter ?? "" })), h("p", null, t("ticket.serving_how"))),
  parked: onlySaid("parked"),
  finished: onlySaid("finished"),
  dropped: onlySaid("dropped"),
  cancelled: onlySaid("cancelled"),
};

function rate(view) {
  return h(
    "section.rate",
    { "data-key": "rate" },
    h("h1", null, t("ticket.ask")),
    h("p", null, t("ticket.ask_how")),
    scale(view.rating.levels, "rate", busy),
  );
}

function facts(view) {
  const documents = named(view, "documents");
  const rows = [];
  if (["waiting", "parked"].includes(view.phase)) {
    for (const call of view.now_serving) rows.push([t("ticket.now_serving"), `${call.number} · ${t("common.counter", { counter: call.counter })}`]);
  }
  rows.push([t("ticket.taken"), clock(view.taken_ms)]);
  if (documents && !["finished", "dropped", "cancelled"].includes(view.phase)) rows.push([t("ticket.documents"), documents]);
  return h("dl.facts", { "data-key": "facts" }, rows.map(([name, value]) => h("div", null, h("dt", null, name), h("dd", null, value))));
}

function acts(view) {
  return h(
    "div.acts",
    { "data-key": "acts" },
    view.can_wait_longer && h("button.button", { type: "button", "data-do": "later", disabled: busy, "data-key": "later" }, t("ticket.more_time")),
    view.can_cancel && h("button.button.ends", { type: "button", "data-do": "cancel", disabled: busy, "data-key": "cancel" }, t("ticket.cancel")),
  );
}

function tell(view) {
  document.title = view.phase === "called" ? `${t("ticket.go")} ${t("common.counter", { counter: view.counter ?? "" })}` : `${view.number} · ${t("ticket.title")}`;
  if (view.phase === lastPhase) return;
  if (view.phase === "called") {
    said.textContent = t("ticket.said", { number: view.number, counter: view.counter ?? "" });
    if (lastPhase !== null && navigator.userActivation?.hasBeenActive) navigator.vibrate?.([300, 150, 300]);
  }
  lastPhase = view.phase;
}

async function send(what, values, done) {
  if (busy) return;
  busy = true;
  message = null;
  page.redraw();
  const answer = await ask(`${API}/${what}`, values);
  busy = false;
  message = answer.ok ? (done ? { text: t(done) } : null) : { text: answer.message, wrong: true };
  page.redraw();
}

/** Ask once more before what cannot be had back. */
function confirm(title, lead, yes, ends, then) {
  show(
    sure,
    h("h2", { id: "sure-title" }, title),
    h("p.lead", null, lead),
    h(
      "div.acts",
      null,
      h("button.button", { type: "button", value: "yes", class: ends ? "ends edged" : "main" }, yes),
      h("button.button", { type: "button", value: "no" }, t("ticket.no")),
    ),
  );
  sure.onclick = (event) => {
    const pressed = event.target.closest("button");
    if (!pressed && event.target !== sure) return;
    sure.close();
    if (pressed?.value === "yes") then();
  };
  sure.showModal();
  sure.querySelector("[value=no]").focus();
}

onPress(document.body, {
  later: () => confirm(t("ticket.more_time"), t("ticket.more_time_how"), t("ticket.more_time_yes"), false, () => send("wait-longer", {}, "ticket.more_time_done")),
  cancel: () => confirm(t("ticket.cancel_sure"), t("ticket.cancel_how"), t("ticket.cancel_yes"), true, () => send("cancel", {})),
  rate: (level) => send("rate", { level: Number(level) }),
});

const page = live(draw);

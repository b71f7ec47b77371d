// The clerk's console: what is at the counter now, and one key for each thing that can be done.

import { ask } from "./asking.js";
import { choose, choosing } from "./choosing.js";
import { body, bar, canDo, queue, today } from "./clerk_view.js";
import { onPress, show } from "./dom.js";
import { hallNow, live } from "./live.js";
import { named, t } from "./words.js";

const GRACE_MS = 5_000;
const TOLD_MS = 8_000;
const DOUBLE_MS = 500; // a key held or hit twice must not also do the next step

const places = Object.fromEntries(
  ["bar", "queue", "work", "today", "said"].map((id) => [id, document.getElementById(id)]),
);

let answering = null; // what the hall has still to answer
let meanwhile = null; // {act, step} of the last key pressed before that answer: done after it
let lastStep = -Infinity;
let message = null; // {text, wrong, at, slip: the number that Z brings back}
let holding = null; // {what, number, ticket, until, timer}: done in a moment, unless taken back

const page = live(draw, { gone: () => location.assign("/clerk/sign-in") });

function draw(view, now) {
  if (holding && holding.ticket !== view.ticket?.ticket) {
    dropHolding();
    if (message?.slip) message = null;
  }
  if (message && !message.wrong && now - message.at > TOLD_MS) message = null;
  show(places.bar, bar(view, now));
  show(places.queue, queue(view, now));
  const said = message && told(message, view);
  const state = { busy: answering !== null, message: said, holding, step: nextStep(view) };
  show(places.work, body(view, now, state));
  show(places.today, today(view));
  document.title = `${view.ticket?.number ?? t("common.counter", { counter: view.counter })} · ${view.hall}`;
}

// ---------------------------------------------------------------- what can be done now

/** The natural next step, for Enter: its command, or null where there is nothing to do. */
function nextStep(view) {
  if (!view.yours || view.phase === "closed") return "sign-in";
  if (holding) return "now";
  if (view.ticket?.phase === "called") return "start";
  if (view.ticket?.phase === "serving") return "finish";
  if (view.phase === "paused") return "resume";
  return view.waiting_total > 0 ? "call-next" : null;
}

async function command(what, values = {}) {
  while (answering) await answering; // a question was answered before the hall had answered
  answering = ask(`/api/clerk/${what}`, values);
  say(null);
  const answer = await answering;
  answering = null;
  if (answer.ok) {
    const number = answer.number ?? "";
    say(t(`clerk.done.${what}`, { number }), { slip: what === "finish" ? number : null });
  } else {
    say(answer.message, { wrong: true });
  }
  setTimeout(doMeanwhile, 0, what, answer.ok); // once all is said about this one
  return answer;
}

/** Do what a key asked for while the hall was answering `done`, if it still makes sense. */
async function doMeanwhile(done, went) {
  const kept = meanwhile;
  meanwhile = null;
  if (!kept) return;
  const { act, step } = kept;
  // An Enter for the very step that was on its way was impatience: it must not do the next one.
  if (went && step !== done && (await page.look("/api/view/clerk"))) {
    const fits = act === "next" ? nextStep(page.view()) === step : canDo(page.view(), holding)[act];
    if (fits) {
      acts[act]();
      return;
    }
  }
  const key = Object.keys(KEYS).find((one) => KEYS[one] === act);
  const name = key.length === 1 ? key.toUpperCase() : key;
  say(`${message?.text ?? ""} ${t("clerk.key_not_done", { key: name })}`.trim(), message ?? {});
}

function say(text, { wrong = false, slip = null } = {}) {
  message = text ? { text, wrong, slip, at: hallNow() } : null;
  if (text) places.said.textContent = slip ? `${text} ${t("clerk.slip")}` : text;
  page.redraw();
}

/** A message as it is true now: Z is named only while it brings back that number. */
function told({ text, wrong, slip }, view) {
  const may = slip && (holding || (view.undo === slip && !view.ticket));
  return { text: may ? `${text} ${t("clerk.slip")}` : text, wrong };
}

// ---------------------------------------------------------------- things with a moment's grace

function hold(what, ticket) {
  const until = hallNow() + GRACE_MS;
  holding = { what, number: ticket.number, ticket: ticket.ticket, until };
  holding.timer = setTimeout(doHeld, GRACE_MS);
  say(t("clerk.holding.said", { number: ticket.number }), { slip: ticket.number });
}

function dropHolding() {
  clearTimeout(holding?.timer);
  holding = null;
}

function doHeld() {
  const held = holding;
  dropHolding();
  if (held) command(held.what);
}

// ---------------------------------------------------------------- the keys and buttons

const PRIORITIES = ["merit", "elderly", "disabled", "pregnant", "poor", "orphan", "social"];
const reasons = (group, keys) =>
  keys.map((key) => ({ value: t(`clerk.${group}.${key}`), label: t(`clerk.${group}.${key}`) }));

const acts = {
  next() {
    const now = performance.now();
    if (now - lastStep < DOUBLE_MS) return;
    const step = nextStep(page.view());
    if (step === null) return;
    lastStep = now;
    if (step === "sign-in") location.assign("/clerk/sign-in");
    else if (step === "now") doHeld();
    else command(step);
  },
  recall() {
    command("recall");
  },
  "no-show"() {
    hold("no-show", page.view().ticket);
  },
  async park() {
    const { ticket } = page.view();
    const reason = await choose({
      title: t("clerk.park.title", { number: ticket.number }),
      lead: t("clerk.park.lead"),
      options: reasons("park_reason", ["paper", "copy", "pay", "form", "back"]),
      write: t("clerk.other_reason"),
    });
    if (reason) command("park", { reason });
  },
  async pause() {
    const view = page.view();
    if (view.phase === "paused") {
      command("resume");
      return;
    }
    const reason = await choose({
      title: t("clerk.pause.title"),
      lead: t(view.ticket ? "clerk.pause.lead_busy" : "clerk.pause.lead"),
      options: reasons("pause_reason", ["break", "lunch", "meeting", "machine"]),
      write: t("clerk.other_reason"),
    });
    if (reason) command("pause", { reason });
  },
  undo() {
    if (holding) {
      const { number } = holding;
      dropHolding();
      say(t("clerk.done.kept", { number }));
    } else {
      command("undo");
    }
  },
  async transfer() {
    const view = page.view();
    const { ticket } = view;
    const service = await choose({
      title: t("clerk.transfer.title", { number: ticket.number }),
      lead: t("clerk.transfer.lead"),
      options: view.all_services.map((one) => ({
        value: one.id,
        label: named(one),
        about: one.counters.length
          ? t("clerk.transfer.counters", { counters: one.counters.join(", ") })
          : t("common.no_counter"),
      })),
    });
    if (!service) return;
    // A ticket may go to another counter of the service it has, but not back to the same line.
    const same = view.all_services.find((one) => one.id === service)?.name === ticket.service;
    const counters = view.counters.filter((one) => one.services.includes(service) && one.counter !== view.counter);
    const to_counter = await choose({
      title: t("clerk.transfer.which", { number: ticket.number }),
      options: [
        ...(same ? [] : [{ value: "", label: t("clerk.transfer.any"), about: t("clerk.transfer.any_about") }]),
        ...counters.map((one) => ({
          value: one.counter,
          label: t("common.counter", { counter: one.counter }),
          about: t(one.open ? "clerk.counter_open" : "clerk.counter_shut"),
        })),
      ],
    });
    if (to_counter === null) return;
    command("transfer", { service, ...(to_counter && { to_counter }) });
  },
  async take() {
    const view = page.view();
    const service = await choose({
      title: t("clerk.take.title"),
      lead: t("clerk.take.lead"),
      options: view.all_services.map((one) => ({ value: one.id, label: named(one) })),
    });
    if (!service) return;
    const priority = await choosePriority(t("clerk.take.priority"), "none");
    if (priority === null) return;
    const answer = await command("take", { service, ...(priority && { priority }) });
    const number = answer?.ok && (answer.number ?? answer.ticket?.number);
    if (number) say(t(answer.existing ? "clerk.taken_before" : "clerk.taken", { number }));
  },
  list() {
    places.queue.querySelector("button[data-do=ticket]")?.focus();
  },
  async ticket(id) {
    const view = page.view();
    const line = view.waiting.find((one) => one.ticket === id);
    const parked = view.parked.find((one) => one.ticket === id);
    const one = line ?? parked;
    if (!one) return;
    const free = !view.ticket && view.phase === "open";
    const what = await choose({
      title: `${one.number} · ${named(one, "service")}`,
      lead: free ? "" : t("clerk.one.not_free"),
      options: [
        parked && { value: "unpark", label: t("clerk.one.unpark"), about: t("clerk.one.unpark_about") },
        free && { value: "call", label: t("clerk.one.call"), about: t("clerk.one.call_about") },
        { value: "priority", label: t("clerk.one.priority"), about: t("clerk.one.priority_about") },
        { value: "cancel", label: t("clerk.one.cancel"), ends: true },
        ...view.printers.map((node) => ({
          value: `print ${node}`,
          label: t("clerk.one.print"),
          about: t("clerk.one.print_about", { node }),
        })),
      ].filter(Boolean),
    });
    if (what?.startsWith("print ")) command("print", { ticket: id, node: what.slice(6) });
    if (what === "unpark") command("unpark", { ticket: id });
    if (what === "call") callByHand(one);
    if (what === "priority") {
      const reason = await choosePriority(t("clerk.priority.title", { number: one.number }), "take_back");
      if (reason !== null) command("priority", { ticket: id, reason: reason || null });
    }
    if (what === "cancel") {
      const sure = await choose({
        title: t("clerk.cancel.title", { number: one.number }),
        lead: t("clerk.cancel.lead"),
        options: [
          { value: "", label: t("clerk.cancel.keep") },
          { value: "yes", label: t("clerk.cancel.yes"), ends: true },
        ],
      });
      if (sure) command("cancel", { ticket: id });
    }
  },
};

async function callByHand(one) {
  const reason = await choose({
    title: t("clerk.call.title", { number: one.number }),
    lead: t("clerk.call.lead"),
    options: reasons("call_reason", ["short", "frail", "back", "agreed", "mistake"]),
    write: t("clerk.other_reason"),
  });
  if (reason) command("call", { ticket: one.ticket, reason });
}

function choosePriority(title, none) {
  return choose({
    title,
    lead: t("clerk.priority.lead"),
    options: [
      ...(none === "none" ? [{ value: "", label: t("clerk.priority.none") }] : []),
      ...PRIORITIES.map((key) => ({ value: key, label: t(`common.priority.${key}`) })),
      ...(none === "take_back" ? [{ value: "", label: t("clerk.priority.take_back") }] : []),
    ],
  });
}

const KEYS = {
  Enter: "next",
  r: "recall",
  v: "no-show",
  p: "park",
  b: "pause",
  z: "undo",
  t: "transfer",
  n: "take",
  g: "list",
};

onPress(document.body, acts);

document.addEventListener("keydown", (event) => {
  if (choosing() || event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
  const { target } = event;
  if (target.matches?.("input, textarea, select")) return;
  const inList = target.closest?.("#queue");
  if (inList && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
    event.preventDefault();
    const rows = [...places.queue.querySelectorAll("button[data-do=ticket]")];
    rows[rows.indexOf(target) + (event.key === "ArrowDown" ? 1 : -1)]?.focus();
    return;
  }
  if (event.key === "Escape" && inList) target.blur();
  // Enter on a button that somebody walked to by keyboard presses that button; on one that was
  // clicked with the mouse it is the next step as ever.
  if (event.key === "Enter" && target.closest?.("a, button")?.matches(":focus-visible")) return;
  const act = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!act) return;
  event.preventDefault();
  const atOnce = act === "list" || (act === "undo" && holding);
  if (answering && !atOnce) keep(act);
  else if (act === "next" || canDo(page.view(), holding)[act]) acts[act]();
});

function keep(act) {
  // A second Enter at once is a slip; it must not push out the key that came before it either.
  if (act === "next" && performance.now() - lastStep < DOUBLE_MS) return;
  // The page may have shown the next step before the answer came: an Enter is for what it shows.
  meanwhile = { act, step: act === "next" ? nextStep(page.view()) : null };
}

// The technician's page: is every part well, and if not, which and since when.

import { ask } from "./asking.js";
import { h, onPress, show } from "./dom.js";
import { live } from "./live.js";
import { age, clockSeconds, count, day, has, t, tenth, whole } from "./words.js";

const place = document.getElementById("page");

let latest = null;
const opened = new Set();
const said = new Map();

function draw() {
  const [view, now] = latest;
  show(place, verdict(view), tiles(view), nodes(view, now), afar(view), selfTests(view, now), alarms(view, now), letters(view, now));
}

live(
  (view, now) => {
    latest = [view, now];
    draw();
  },
  { gone: () => location.assign("/technician/sign-in") },
);

const away = (view) => view.nodes.filter((one) => one.status !== "online");
const raised = (view) => view.alarms.filter((one) => one.raised);

function verdict(view) {
  const wrong = [
    view.journal_full && t("technician.journal_full"),
    view.broker === "away" && t("technician.broker_away"),
    away(view).length > 0 && count("technician.nodes_away", away(view).length),
    raised(view).length > 0 && count("technician.alarms_raised", raised(view).length),
    view.store_error && t("technician.store_away"),
  ].filter(Boolean);
  return wrong.length
    ? h("section.verdict.bad", { "data-key": "verdict", role: "status" }, h("h2", null, t("technician.look")), h("ul", null, wrong.map((one) => h("li", null, one))))
    : h("section.verdict", { "data-key": "verdict", role: "status" }, h("h2", null, t("technician.well")));
}

function tiles(view) {
  const short = (value) => (value === null ? "–" : value < 10 ? tenth(value) : whole(Math.round(value)));
  const list = [
    [t("technician.broker"), t(`technician.broker.${view.broker}`)],
    [t("technician.path"), t("technician.ms", { n: `${short(view.path_p50_ms)} / ${short(view.path_p99_ms)}` })],
    [t("technician.facts"), whole(view.journal_facts)],
    [t("technician.inbox"), whole(view.inbox_depth)],
    [t("technician.pages"), whole(view.live_pages)],
    [t("technician.points"), view.points_written === null ? t("technician.no_store") : whole(view.points_written)],
    [t("technician.spool"), whole(view.spool_depth)],
    [t("technician.version"), view.version || "–"],
  ];
  return h("dl.tiles", { "data-key": "tiles" }, list.map(([name, value]) => h("div", null, h("dt", null, name), h("dd", null, value))));
}

const bytes = (n) => (n === null ? "–" : n >= 1e9 ? `${tenth(n / 1e9)} GB` : `${whole(Math.round(n / 1e6))} MB`);

function nodes(view, now) {
  const heads = ["node", "status", "seen", "outbox", "events", "clock", "machine", "devices"];
  return h(
    "section.table",
    { "data-key": "nodes", tabindex: 0, role: "region", "aria-labelledby": "nodes-title" },
    h("h2", { id: "nodes-title" }, t("technician.nodes")),
    h(
      "table",
      null,
      h("thead", null, h("tr", null, heads.map((one) => h("th", { scope: "col" }, t(`technician.head.${one}`))))),
      h("tbody", null, view.nodes.map((one) => node(one, now))),
    ),
  );
}

// a newer node may have a device that this page has no word for yet
const nameOf = (device) => (has(`technician.device.${device}`) ? t(`technician.device.${device}`) : device);

function node(one, now) {
  const missing = one.events_total === null ? 0 : Math.max(0, one.events_total - one.committed - (one.outbox_depth ?? 0));
  return h(
    "tr",
    { "data-key": one.node },
    h("th", { scope: "row" }, one.node, h("small", null, one.counter ? t("common.counter", { counter: one.counter }) : t(`common.kind.${one.kind}`), one.version && ` · ${one.version}`)),
    h("td", null, h("span.state", { "data-state": one.status }, t(`technician.status.${one.status}`))),
    h("td", null, one.last_seen_ms === null ? "–" : t("technician.ago", { age: age(now - one.last_seen_ms) })),
    h("td", null, one.outbox_depth === null ? "–" : whole(one.outbox_depth)),
    h("td", null, one.events_total === null ? whole(one.committed) : `${whole(one.committed)} / ${whole(one.events_total)}`, missing > 0 && h("small.bad", null, t("technician.missing", { n: whole(missing) }))),
    h("td", null, one.clock_synchronised === null ? "–" : t(one.clock_synchronised ? "technician.clock_good" : "technician.clock_bad"), one.clock_offset_ms !== null && h("small", null, t("technician.ms", { n: whole(one.clock_offset_ms) }))),
    h("td", null, one.temperature_c === null ? "–" : `${tenth(one.temperature_c)} °C`, h("small", null, t("technician.free", { disk: bytes(one.disk_free_bytes), memory: bytes(one.rss_bytes) }))),
    h("td.wide", null, one.devices.map(nameOf).join(", ") || "–", one.notes.map((note) => h("small.note-line", null, note))),
  );
}

const COMMANDS = ["identify", "reboot"]; // a self-test wants somebody beside the node

function afar(view) {
  return h(
    "section.panel.afar",
    { "data-key": "afar" },
    h("h2", null, t("technician.afar")),
    h("ul", null, view.nodes.map(oneAfar)),
  );
}

function oneAfar(one) {
  const isAway = one.status !== "online";
  return h(
    "li",
    { "data-key": one.node },
    h("b", null, one.node),
    h(
      "div.acts",
      null,
      COMMANDS.map((what) => h("button.button", { type: "button", "data-do": "command", "data-arg": `${what} ${one.node}`, disabled: isAway }, t(`technician.do.${what}`))),
      h("button.button", { type: "button", "data-do": "settings", "data-arg": one.node, "aria-expanded": String(opened.has(one.node)) }, t("technician.do.settings")),
    ),
    h("div", { role: "status" }, said.has(one.node) && h("p.soft", null, said.get(one.node)), one.command && h("p", null, answer(one.command)), one.settings && h("p.soft", null, standing(one.settings), one.settings.reason && h("small.bad", null, one.settings.reason))),
    opened.has(one.node) && one.settings && form(one),
  );
}

function answer(one) {
  const why = one.reason ? (has(`technician.because.${one.reason}`) ? t(`technician.because.${one.reason}`) : one.text) : one.text;
  return `${t(`technician.do.${one.command}`)}: ${t(`technician.answer.${one.outcome}`)}${why ? ` (${why})` : ""}`;
}

function standing(one) {
  const n = whole(one.wanted);
  if (one.status === "refused") return t("technician.settings.refused", { n, old: whole(one.applied) });
  if (one.wanted === 0) return t("technician.settings.own");
  return t(`technician.settings.${one.status}`, { n });
}

function form(one) {
  const id = `settings-${one.node}`;
  return h(
    "div.wish",
    { "data-key": id },
    h("label", { for: id }, t("technician.settings.label", { node: one.node })),
    h("textarea", { id, rows: 6, spellcheck: "false", autocapitalize: "off", "aria-describedby": `${id}-how` }, one.settings.wanted_text),
    h("p.soft", { id: `${id}-how` }, t("technician.settings.how")),
    one.settings.applied_text !== one.settings.wanted_text && h("p.soft", null, t("technician.settings.in_force")),
    one.settings.applied_text !== one.settings.wanted_text && h("pre", null, one.settings.applied_text || t("technician.settings.own")),
    h("button.button", { type: "button", "data-do": "send", "data-arg": one.node }, t("technician.settings.send")),
  );
}

function tell(node, words) {
  if (words) said.set(node, words);
  else said.delete(node);
  draw();
}

onPress(place, {
  command: async (what) => {
    const [command, node] = what.split(" ");
    if (command === "reboot" && !window.confirm(t("technician.do.really", { node }))) return;
    const done = await ask("/api/technician/command", { node, command });
    tell(node, done.ok ? "" : done.message);
  },
  settings: (node) => {
    if (!opened.delete(node)) opened.add(node);
    draw();
  },
  send: async (node) => {
    const text = document.getElementById(`settings-${node}`).value;
    const done = await ask("/api/technician/settings", { node, text });
    tell(node, done.ok ? "" : done.message);
  },
});

const stepOf = (one) => (one.text ? `${nameOf(one.device)} · ${one.step}: ${one.text}` : `${nameOf(one.device)} · ${one.step}`);

function selfTests(view, now) {
  const signed = (one) => t(one.unattended ? "technician.self_test_unattended" : "technician.self_test_by", { by: one.by });
  return h(
    "section.panel",
    { "data-key": "self-tests" },
    h("h2", null, t("technician.self_tests")),
    view.self_tests.length === 0
      ? h("p.soft", null, t("technician.self_tests_none"))
      : h(
          "ul.list",
          null,
          view.self_tests.map((one) =>
            h(
              "li",
              { "data-key": one.node },
              h("time", null, when(one.at_ms, now)),
              h("span.state", { "data-state": one.passed ? "online" : "offline" }, t(one.passed ? "technician.self_test_passed" : "technician.self_test_failed")),
              h("span", null, h("b", null, one.node), ` ${signed(one)}`, one.failed.map((step) => h("small.bad", null, stepOf(step)))),
            ),
          ),
        ),
  );
}

const when = (ms, now) => (now - ms < 43_200_000 ? clockSeconds(ms) : `${clockSeconds(ms)} · ${day(ms)}`);

function alarms(view, now) {
  return h(
    "section.panel",
    { "data-key": "alarms" },
    h("h2", null, t("technician.alarms")),
    view.alarms.length === 0
      ? h("p.soft", null, t("technician.alarms_none"))
      : h(
          "ul.list",
          null,
          view.alarms.map((one) =>
            h("li", null, h("time", null, when(one.at_ms, now)), h("span.state", { "data-state": one.raised ? "offline" : "online" }, t(one.raised ? "technician.raised" : "technician.over")), h("span", null, h("b", null, `${one.node} · ${one.device}`), ` ${one.text}`)),
          ),
        ),
  );
}

function letters(view, now) {
  return h(
    "section.panel",
    { "data-key": "letters" },
    h("h2", null, t("technician.letters"), " · ", whole(view.dead_letters_total)),
    h("p.soft", null, t(view.dead_letters_total ? "technician.letters_how" : "technician.letters_none")),
    view.dead_letters.length > 0 &&
      h(
        "ul.list",
        null,
        view.dead_letters.map((one) =>
          h("li", null, h("time", null, when(one.at_ms, now)), h("code", null, one.topic), h("span", null, one.reason, h("small", null, ` · ${t("technician.bytes", { n: whole(one.bytes) })}`))),
        ),
      ),
  );
}

// The start page: every page of the hall, and its stand-in devices as they are.

import { h, onPress, show } from "./dom.js";
import { face, labelOf, levels } from "./faces.js";
import { panel } from "./panel.js";
import { LANG, count, firstState, named, t } from "./words.js";

const view = firstState();
const said = document.getElementById("said");
const panels = new Map();
let cards = [];
const chosen = new Map(); // node -> id of the card in the holder

// ---------------------------------------------------------------- the pages

const link = (href, title, about, far = false) =>
  h(
    "a.page",
    { href, target: far ? "_blank" : null, rel: far ? "noopener" : null },
    h("b", null, title),
    h("span", null, about),
  );

// A stand-in kiosk of this machine may be opened from here with its key.
function kioskAddress(node) {
  const key = view.kiosk_keys?.[node];
  return key ? `/kiosk/${node}?key=${encodeURIComponent(key)}` : `/kiosk/${node}`;
}

function group(title, links) {
  return links.length > 0 && h("section.group", null, h("h2", null, title), h("div.group-links", null, links));
}

const counters = view.counters ?? [];
show(
  document.getElementById("pages"),
  group(t("start.citizens"), [
    link("/board", t("start.board"), t("start.board_about"), true),
    ...(view.kiosks ?? []).map((node) => link(kioskAddress(node), t("start.kiosk"), t("start.kiosk_about"), true)),
    ...(view.procedures ?? []).slice(0, 3).map((one) => link(`/p/${one.code}`, named(one), t("start.procedure_about"), true)),
  ]),
  group(t("start.staff"), [
    link("/clerk", t("start.clerk"), t("start.clerk_about"), true),
    link("/technician", t("start.technician"), t("start.technician_about"), true),
  ]),
  group(
    t("start.counters"),
    counters.map((one) => h("a.chip", { href: `/counter/${one}`, target: "_blank", rel: "noopener" }, t("common.counter", { counter: one }))),
  ),
);

// ---------------------------------------------------------------- the devices

const place = document.getElementById("nodes");
const nodes = (view.nodes ?? []).filter((one) => one.panel_url);

const atCounters = nodes.filter((one) => one.counter);
const elsewhere = nodes.filter((one) => !one.counter); // kiosks and boards: half as tall
const pairs = elsewhere.flatMap((_, i) => (i % 2 ? [] : [elsewhere.slice(i, i + 2)]));

function draw() {
  const drawn = (one) => device(one, panels.get(one.node));
  show(
    place,
    pairs.map((pair) => h("div.pair", { "data-key": `pair-${pair[0].node}` }, pair.map(drawn))),
    atCounters.map(drawn),
  );
}

function device(node, its) {
  const state = its?.state ?? null;
  const title = node.counter ? t("common.counter", { counter: node.counter }) : t(`common.kind.${node.kind}`);
  const away = its ? !its.here : false;
  return h(
    "article.node",
    { "data-key": node.node, class: away ? "away" : null, "aria-label": title },
    h("header", null, h("h3", null, title), h("p.link", { class: state?.link === "connected" && !away ? "on" : "off" }, linkWords(state, away))),
    state?.has_matrix &&
      h("img.matrix", {
        src: `${node.panel_url}/matrix.png?version=${state.version}`,
        alt: state.ticket ? t("start.matrix_ticket", { number: state.ticket }) : t("start.matrix"),
        width: 512,
        height: 128,
      }),
    state?.slips > 0 &&
      h("img.slip", { src: `${node.panel_url}/slip.png?n=${state.slips}`, alt: t("start.slip"), "data-key": "slip" }),
    state?.buttons?.length > 0 && buttons(node, state, away),
    state?.has_scanner && holder(node, away),
    spoken(state),
    its?.wrong && h("p.note.wrong", { role: "alert" }, its.wrong),
    state?.outbox_depth > 0 && h("p.soft", null, count("start.outbox", state.outbox_depth)),
  );
}

function linkWords(state, away) {
  if (away) return t("start.away");
  if (!state) return t("start.waiting");
  return t(state.link === "connected" ? "start.connected" : "start.unconnected");
}

function buttons(node, state, away) {
  const scale = state.buttons.length;
  const lit = new Map(state.buttons.map((one) => [one.level, one.lit]));
  return h(
    "div.pads",
    { role: "group", "aria-label": t("start.buttons") },
    levels(scale).map((level) =>
      h(
        "button.pad",
        {
          type: "button",
          "data-do": "press",
          "data-arg": `${node.node} ${level}`,
          "data-lit": lit.get(level),
          "data-mood": moodName(level, scale),
          disabled: away,
        },
        h("span.lamp", { "aria-hidden": "true" }),
        face(level, scale),
        h("span.pad-name", null, labelOf(level, scale), lit.get(level) && h("span.unseen", null, ` · ${t("start.lit")}`)),
      ),
    ),
  );
}

const moodName = (level, scale) =>
  ({ 3: ["poor", "middle", "good"], 4: ["worst", "poor", "good", "best"], 5: ["worst", "poor", "middle", "good", "best"] })[scale][level - 1];

function holder(node, away) {
  if (!cards.length) return null;
  const now = chosen.get(node.node) ?? cards[0].id;
  const card = cards.find((one) => one.id === now) ?? cards[0];
  return h(
    "div.holder",
    null,
    h("img.card", { src: card.png_url, alt: "", width: 160, height: 120, loading: "lazy" }),
    h(
      "div.field",
      null,
      h("label", { for: `card-${node.node}` }, t("start.card")),
      h(
        "select",
        { id: `card-${node.node}`, "data-node": node.node },
        cards.map((one) => h("option", { value: one.id, selected: one.id === now }, named(one, "label"))),
      ),
      h("button.button", { type: "button", "data-do": "hold", "data-arg": node.node, disabled: away }, t("start.hold")),
    ),
  );
}

function spoken(state) {
  const list = Array.isArray(state?.spoken) ? state.spoken : state?.spoken ? [state.spoken] : [];
  if (!list.length) return null;
  return h("p.spoken", { lang: "vi" }, h("span", { lang: LANG }, t("start.spoken")), ` “${list.at(-1)}”`);
}

place.addEventListener("change", (event) => {
  const { node } = event.target.dataset;
  if (!node) return;
  chosen.set(node, event.target.value);
  draw();
});

onPress(place, {
  async press(what) {
    const [node, level] = what.split(" ");
    await panels.get(node)?.press(level);
    draw();
  },
  async hold(node) {
    const card = cards.find((one) => one.id === (chosen.get(node) ?? cards[0].id));
    const held = await panels.get(node)?.hold(card.png_url);
    if (held) said.textContent = t("start.held");
    draw();
  },
});

async function open() {
  if (!nodes.length) return;
  document.getElementById("devices").hidden = false;
  for (const node of nodes) panels.set(node.node, panel(node.panel_url, draw));
  draw();
  try {
    const answer = await fetch("/demo/cards.json");
    if (answer.ok) cards = await answer.json();
  } catch {
    cards = []; // no made-up cards here: the holders stay away
  }
  draw();
}

open();

// The faces of the satisfaction levels, best first; each also says its level in words.

import { h, svg } from "./dom.js";
import { t } from "./words.js";

const MOODS = { 3: [-1, 0, 1], 4: [-2, -1, 1, 2], 5: [-2, -1, 0, 1, 2] };
const NAMES = { 2: "best", 1: "good", 0: "middle", "-1": "poor", "-2": "worst" };
const MOUTHS = {
  2: "M31 57q19 34 38 0",
  1: "M33 62q17 17 34 0",
  0: "M33 67h34",
  "-1": "M33 71q17-15 34 0",
  "-2": "M31 74q19-32 38 0",
};

/** The levels of a scale, best first. */
export function levels(scale) {
  return [...MOODS[scale].keys()].map((index) => index + 1).reverse();
}

export function moodOf(level, scale) {
  return NAMES[MOODS[scale][level - 1]];
}

export const labelOf = (level, scale) => t(`common.rating.${scale}.${level}`);

export function face(level, scale) {
  return svg(
    "svg",
    { class: "face", viewBox: "0 0 100 100", "aria-hidden": "true" },
    svg("circle", { cx: 50, cy: 50, r: 45 }),
    svg("circle", { cx: 35, cy: 41, r: 3.2, class: "eye" }),
    svg("circle", { cx: 65, cy: 41, r: 3.2, class: "eye" }),
    svg("path", { d: MOUTHS[MOODS[scale][level - 1]] }),
  );
}

/** The whole scale: as cards to read, or as buttons where `act` names what a press does. */
export function scale(count, act = null, disabled = false) {
  return h(
    "ul.scale",
    { "data-levels": count },
    levels(count).map((level) =>
      h(
        "li",
        { "data-mood": moodOf(level, count) },
        act
          ? h(
              "button.mood",
              { type: "button", "data-do": act, "data-arg": level, disabled },
              face(level, count),
              h("span", null, labelOf(level, count)),
            )
          : h("div.mood", null, face(level, count), h("span", null, labelOf(level, count))),
      ),
    ),
  );
}

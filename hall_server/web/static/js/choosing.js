// A question with a few answers, in a native dialog: a digit answers it, Esc leaves it.

import { h, show } from "./dom.js";
import { t } from "./words.js";

const dialog = document.getElementById("choice");
let answer = null;

export const choosing = () => dialog.open;

/**
 * Ask, and return the chosen option's `value`, the written text where `write` is set, or null.
 *
 * options: [{value, label, about?, ends?}]; write: {label, options: what text may be written}.
 */
export function choose({ title, lead = "", options, write = null }) {
  return new Promise((done) => {
    let settled = false;
    answer = (value) => {
      if (settled) return;
      settled = true;
      dialog.close();
      done(value);
    };
    show(
      dialog,
      h("h2", { id: "choice-title", "data-key": title }, title),
      lead && h("p.lead", null, lead),
      h(
        "ol.options",
        { "data-key": `options-${title}` },
        options.map((one, index) =>
          h(
            "li",
            null,
            h(
              "button.button.option",
              {
                type: "button",
                value: index,
                class: one.ends ? "ends" : null,
                "aria-keyshortcuts": index < 9 ? index + 1 : null,
              },
              h("span", null, one.label, one.about && h("small", null, one.about)),
              index < 9 && h("kbd", { "aria-hidden": "true" }, index + 1),
            ),
          ),
        ),
      ),
      write &&
        h(
          "form.field.write",
          { "data-key": `write-${title}` },
          h("label", { for: "written" }, write),
          h(
            "div.write-row",
            null,
            h("input", { id: "written", maxlength: 120, autocomplete: "off" }),
            h("button.button.main", { type: "submit" }, t("common.ok")),
          ),
        ),
      h(
        "p.leave-row",
        null,
        h("button.button.plain", { type: "button", value: "leave" }, t("common.leave"), " ", h("kbd", { "aria-hidden": "true" }, "Esc")),
      ),
    );
    dialog.onclick = (event) => {
      if (event.target === dialog) return answer(null);
      const pressed = event.target.closest("button[value]");
      if (!pressed) return undefined;
      return answer(pressed.value === "leave" ? null : options[Number(pressed.value)].value);
    };
    dialog.onsubmit = (event) => {
      event.preventDefault();
      const text = dialog.querySelector("#written").value.trim();
      if (text) answer(text);
    };
    dialog.onkeydown = (event) => {
      if (event.target.tagName === "INPUT") return;
      const digit = Number(event.key);
      if (digit >= 1 && digit <= Math.min(9, options.length) && !event.ctrlKey && !event.altKey) {
        event.preventDefault();
        answer(options[digit - 1].value);
      }
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step) {
        event.preventDefault();
        const buttons = [...dialog.querySelectorAll("button.option, #written")];
        const here = buttons.indexOf(document.activeElement);
        buttons[(here + step + buttons.length) % buttons.length].focus();
      }
    };
    // Not "close": it comes late, and would answer the question after this one.
    dialog.oncancel = (event) => {
      event.preventDefault();
      answer(null);
    };
    dialog.showModal();
    dialog.querySelector("button.option, #written")?.focus();
  });
}

// A procedure as its wall code shows it: what to bring, how long it takes, how to take a number.

import { h, show } from "./dom.js";
import { LANG, firstState, named, t } from "./words.js";

const one = firstState();
const days = new Intl.NumberFormat(LANG, { maximumFractionDigits: 1 }).format(one.days);

document.title = named(one);
show(
  document.getElementById("page"),
  h("h1.name", null, named(one)),
  h("p", null, t("procedure.service", { service: named(one, "service") })),
  h(
    "section.panel",
    null,
    h("h2", null, t("procedure.bring")),
    one.documents.length
      ? h("ul.check", null, one.documents.map((paper) => h("li", null, paper)))
      : h("p", null, t("procedure.bring_none")),
  ),
  h("dl.facts", null, h("div", null, h("dt", null, t("procedure.days")), h("dd", null, one.days > 0 ? t("procedure.days_n", { n: days }) : t("procedure.days_none")))),
  h(
    "section.panel.code",
    null,
    h("h2", null, t("procedure.take")),
    h("img", { src: `/p/${encodeURIComponent(one.code)}.svg`, width: 240, height: 240, alt: t("procedure.code_alt") }),
    h("p", null, t("procedure.take_how")),
  ),
);

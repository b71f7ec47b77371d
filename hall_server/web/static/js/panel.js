// A node's stand-in devices, through the node's own loopback address.

import { t } from "./words.js";

const AGAIN_MS = 2_000;
const OWN = { "X-Panel": "1" };

/** Follow the panel at `url`; `changed()` after each news.  Has `state`, `here`, `wrong`. */
export function panel(url, changed) {
  const its = { state: null, here: true, wrong: "" };

  async function follow() {
    for (;;) {
      try {
        const after = its.state && its.here ? its.state.version : 0;
        const answer = await fetch(`${url}/state?after=${after}`, { cache: "no-store" });
        if (!answer.ok) throw new Error(String(answer.status));
        its.state = await answer.json();
        its.here = true;
      } catch {
        its.here = false;
      }
      changed();
      if (!its.here) await new Promise((done) => setTimeout(done, AGAIN_MS));
    }
  }

  async function post(path, body) {
    its.wrong = "";
    try {
      const answer = await fetch(`${url}${path}`, { method: "POST", headers: OWN, body });
      if (!answer.ok) its.wrong = t("start.not_ready");
      return answer.ok;
    } catch {
      its.wrong = t("start.not_here");
      return false;
    }
  }

  its.press = (level) => post(`/press/${level}`, "");
  its.hold = async (picture) => {
    const card = await fetch(picture);
    return post("/hold", await card.blob());
  };
  follow();
  return its;
}

// Asking something of the hall: one request id for all tries, so that nothing happens twice.

import { t } from "./words.js";

const TRIES_MS = [0, 600, 1_500];
const PATIENCE_MS = 8_000;

/** 32 hexadecimal digits; plain http on a hall's own network has no crypto.randomUUID. */
export function requestId() {
  if (crypto.randomUUID) return crypto.randomUUID().replaceAll("-", "");
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/** Post `body` and return the hall's answer: `{ok: true, ...}` or `{ok: false, code, message}`. */
export async function ask(url, body = {}) {
  const payload = JSON.stringify({ request_id: requestId(), ...body });
  const headers = { "Content-Type": "application/json" };
  const { csrf } = document.body.dataset;
  if (csrf) headers["X-CSRFToken"] = csrf;
  let answer = null;
  for (const wait of TRIES_MS) {
    if (wait) await pause(wait);
    answer = await once(url, payload, headers);
    if (answer) return answer;
  }
  return { ok: false, code: "no_answer", message: t("common.no_answer") };
}

async function once(url, payload, headers) {
  try {
    const response = await fetch(url, {
      method: "POST",
      headers,
      body: payload,
      credentials: "same-origin",
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    if (response.redirected) {
      location.assign(response.url);
      return { ok: false, code: "signed_out", message: t("common.signed_out") };
    }
    const answer = await response.json();
    if (typeof answer.ok === "boolean") return answer;
    return { ok: false, code: String(response.status), message: t("common.no_answer") };
  } catch {
    // No network, no answer in time, or no JSON: the same request may be sent again.
    return null;
  }
}

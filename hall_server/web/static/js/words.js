// The page's words in its language, and numbers as people say them.

function read(id) {
  const holder = document.getElementById(id);
  return holder ? JSON.parse(holder.textContent) : null;
}

const WORDS = read("words") ?? {};
export const LANG = document.documentElement.lang === "en" ? "en" : "vi";
export const firstState = () => read("state");

const OFFSET_MS = Number(document.body.dataset.utcOffset ?? 420) * 60_000;

/** The words under `key` with {names} filled in; the key itself where it is missing. */
export function t(key, values = {}) {
  const text = WORDS[key];
  if (text === undefined) return key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** Words that count `n` things: English has a word for one. */
export function count(key, n, values = {}) {
  const one = `${key}.one`;
  return t(n === 1 && one in WORDS ? one : key, { n: whole(n), ...values });
}

export const has = (key) => key in WORDS;

/** A name in the page's language; Vietnamese where there is no English one. */
export function named(thing, field = "name") {
  return (LANG === "en" && thing[`${field}_en`]) || thing[field] || "";
}

const wholes = new Intl.NumberFormat(LANG);
export const whole = (n) => wholes.format(n);

const tenths = new Intl.NumberFormat(LANG, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
export const tenth = (x) => tenths.format(x);

/** "64 %" */
export const percent = (x) => `${whole(Math.round(x * 100))} %`;

/** A wait told as a range: "11–17 phút", "3–4,5 giờ". */
export function range(wait) {
  const low = Math.max(0, wait.low_minutes);
  const high = Math.max(low, wait.high_minutes);
  if (high <= 1) return t("common.under_a_minute");
  if (high > 120) {
    const from = Math.floor(low / 30) / 2;
    const to = Math.ceil(high / 30) / 2;
    return t("common.hours", { n: from === to ? half(to) : `${half(from)}–${half(to)}` });
  }
  const from = Math.max(1, low);
  return t("common.minutes", { n: from === high ? whole(high) : `${whole(from)}–${whole(high)}` });
}
const half = (x) => new Intl.NumberFormat(LANG, { maximumFractionDigits: 1 }).format(x);

/** What a line says of its wait: nobody to wait for, a range, or no counter open. */
export function waitOf(service) {
  if (service.wait === null) return t("common.no_counter");
  if (service.waiting === 0 && service.wait.high_minutes <= 1) return t("common.no_wait");
  return range(service.wait);
}

/** Minutes that have passed: "18 phút", "1 giờ 05". */
export function passed(ms) {
  const minutes = Math.max(0, Math.floor(ms / 60_000));
  if (minutes < 1) return t("common.under_a_minute");
  if (minutes < 100) return count("common.minutes", minutes);
  return t("common.hours_minutes", {
    h: whole(Math.floor(minutes / 60)),
    m: String(minutes % 60).padStart(2, "0"),
  });
}

/** "03:12" of minutes and seconds. */
export function stopwatch(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (n) => String(n).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const rest = `${two(Math.floor((seconds % 3600) / 60))}:${two(seconds % 60)}`;
  return hours ? `${hours}:${rest}` : rest;
}

/** "6 phút 40" of minutes and seconds. */
export function spell(ms) {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return t("common.seconds", { n: seconds });
  return t("common.minutes_seconds", {
    m: whole(Math.floor(seconds / 60)),
    s: String(seconds % 60).padStart(2, "0"),
  });
}

/** Age of a lost connection or of a node's last word: "12 giây", "3 phút", "2 giờ", "4 ngày". */
export function age(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return count("common.seconds", seconds);
  if (seconds < 3600) return count("common.minutes", Math.floor(seconds / 60));
  if (seconds < 172_800) return count("common.hours", Math.floor(seconds / 3600));
  return count("common.days", Math.floor(seconds / 86_400));
}

/** A UTC time as the hall's own clock shows it, whatever the device's zone is. */
function local(ms) {
  return new Date(ms + OFFSET_MS);
}

export const hourOf = (ms) => local(ms).getUTCHours();

/** "08:42" */
export function clock(ms) {
  return local(ms).toISOString().slice(11, 16);
}

/** "08:42:10" */
export function clockSeconds(ms) {
  return local(ms).toISOString().slice(11, 19);
}

/** "Thứ Hai 23/11" */
export function day(ms) {
  const date = local(ms);
  const weekday = date.getUTCDay();
  return t("common.date", {
    weekday: t(`common.weekday.${weekday}`),
    day: String(date.getUTCDate()).padStart(2, "0"),
    month: String(date.getUTCMonth() + 1).padStart(2, "0"),
  });
}

/** "quầy 1, 3 và 5" as a list of names. */
export function listed(items) {
  if (items.length < 2) return items.join("");
  return t("common.and", { first: items.slice(0, -1).join(", "), last: items.at(-1) });
}

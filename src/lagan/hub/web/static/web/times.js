// Shows every <time datetime> in the viewer's own zone and language; the ISO form stays in the element.
const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const STEPS = [
  [MINUTE, 1, "second"],
  [HOUR, MINUTE, "minute"],
  [DAY, HOUR, "hour"],
  [7 * DAY, DAY, "day"],
];

const language = document.documentElement.lang || undefined;
const exact = new Intl.DateTimeFormat(language, { dateStyle: "full", timeStyle: "long" });
const short = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
const clock = new Intl.DateTimeFormat(language, { dateStyle: "short", timeStyle: "medium" });
const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });

/** "5 minutes ago" within a week of `now` (both Dates), a date and time beyond it. */
export function ago(moment, now) {
  const seconds = Math.round((moment - now) / 1000);
  const step = STEPS.find(([limit]) => Math.abs(seconds) < limit);
  return step ? relative.format(Math.round(seconds / step[1]), step[2]) : short.format(moment);
}

export function showTimes(root) {
  const now = new Date();
  for (const element of root.querySelectorAll("time[datetime]")) {
    const moment = new Date(element.dateTime);
    if (Number.isNaN(moment.valueOf())) continue;
    element.title = exact.format(moment);
    if (element.dataset.show === "ago") element.textContent = ago(moment, now);
    else if (element.dataset.show === "clock") element.textContent = clock.format(moment);
    else element.textContent = short.format(moment);
  }
}

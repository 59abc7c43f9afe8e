/** Dates and durations by Intl, in the reader's language and time zone. */

const cache = new Map<string, Intl.DateTimeFormat>();

function formatter(locale: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${locale}${JSON.stringify(options)}`;
  let found = cache.get(key);
  if (!found) {
    found = new Intl.DateTimeFormat(locale, options);
    cache.set(key, found);
  }
  return found;
}

const TIME: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
const SECONDS: Intl.DateTimeFormatOptions = { ...TIME, second: "2-digit" };
const DAY: Intl.DateTimeFormatOptions = { day: "numeric", month: "short" };

export function clock(locale: string, at: Date | string): string {
  return formatter(locale, SECONDS).format(new Date(at));
}

/** The time alone today, with the day on other days, with the year in other years. */
export function moment(locale: string, at: string, now: Date = new Date(), seconds = false): string {
  const date = new Date(at);
  const time = seconds ? SECONDS : TIME;
  if (date.toDateString() === now.toDateString()) return formatter(locale, time).format(date);
  if (date.getFullYear() === now.getFullYear()) return formatter(locale, { ...DAY, ...time }).format(date);
  return formatter(locale, { ...DAY, year: "numeric", ...time }).format(date);
}

export function full(locale: string, at: string): string {
  return formatter(locale, { dateStyle: "full", timeStyle: "long" }).format(new Date(at));
}

/** A date without a time (a birth date): never moved by the time zone. */
export function day(locale: string, date: string): string {
  const at = new Date(`${date.slice(0, 10)}T00:00:00Z`);
  if (Number.isNaN(at.getTime())) return date;
  return formatter(locale, { year: "numeric", month: "short", day: "numeric", timeZone: "UTC" }).format(at);
}

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/** "5 min ago", "in 2 h"; seconds only below a minute. */
export function relative(locale: string, at: string, now: Date = new Date()): string {
  const seconds = (new Date(at).getTime() - now.getTime()) / 1000;
  const present = Math.trunc(seconds) === 0;
  const format = new Intl.RelativeTimeFormat(locale, {
    numeric: present ? "auto" : "always",
    style: "short",
  });
  for (const [unit, size] of STEPS) {
    if (Math.abs(seconds) >= size) return format.format(Math.trunc(seconds / size), unit);
  }
  return format.format(Math.trunc(seconds), "second");
}

/** m:ss until a time, never below zero. */
export function countdown(until: string, now: number): string {
  const left = Math.max(0, Math.round((new Date(until).getTime() - now) / 1000));
  return `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
}

const UNITS = ["B", "KiB", "MiB", "GiB"];

export function size(locale: string, bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const text = new Intl.NumberFormat(locale, {
    maximumFractionDigits: value < 10 && unit > 0 ? 1 : 0,
  }).format(value);
  return `${text} ${UNITS[unit]}`;
}

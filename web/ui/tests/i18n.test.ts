import { describe, expect, it } from "vitest";
import { DICTIONARIES, LANGUAGES, translate, wordOf } from "@/i18n";
import { adminEn } from "@/i18n/admin/en";
import { engineEn } from "@/i18n/engine/en";
import { recordsEn } from "@/i18n/records/en";
import { scanEn } from "@/i18n/scan/en";
import { countdown, day, moment, relative, size } from "@/i18n/time";

const { en } = DICTIONARIES;
const keys = Object.keys(en) as (keyof typeof en)[];
const marks = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(([mark]) => mark).sort();

describe.each(LANGUAGES)("%s", (language) => {
  const words = DICTIONARIES[language];
  it("has exactly the keys of English, none empty", () => {
    expect(Object.keys(words).sort()).toEqual([...keys].sort());
    expect(keys.filter((key) => !words[key].trim())).toEqual([]);
  });
  it("puts in the same values", () => {
    expect(keys.filter((key) => marks(words[key]).join() !== marks(en[key]).join())).toEqual([]);
  });
});

describe("the parts of the dictionary", () => {
  it("take no key from one another", () => {
    const parts: Record<string, string>[] = [adminEn, engineEn, recordsEn, scanEn];
    const taken = parts.flatMap((part) =>
      Object.keys(part).filter((key) => (en as Record<string, string>)[key] !== part[key]),
    );
    expect(taken).toEqual([]);
  });
});

describe("es and zh", () => {
  // the words that are the same in two languages
  const SAME = /^(band\.|nav\.|pdf|match|order\.|card\.|waybill\.title)/;
  it("are translated", () => {
    const left = keys.filter((key) => !SAME.test(key) && en[key].length > 14);
    expect(left.filter((key) => DICTIONARIES.es[key] === en[key])).toEqual([]);
    expect(left.filter((key) => DICTIONARIES.zh[key] === en[key])).toEqual([]);
  });
});

describe("words", () => {
  it("are filled in", () => {
    expect(translate(en, "top.needs", { n: 3 })).toBe("3 need me");
  });
  it("of the server stay when unknown", () => {
    expect(wordOf(en, "state", "dead")).toBe("dead");
    expect(wordOf(DICTIONARIES.zh, "state", "dead")).toBe("已终止");
    expect(wordOf(en, "state", "melting")).toBe("melting");
  });
});

describe("times", () => {
  const now = new Date("2026-11-21T10:00:00Z");
  it("are relative", () => {
    expect(relative("en-GB", "2026-11-21T09:55:00Z", now)).toBe("5 min ago");
    expect(relative("en-GB", "2026-11-21T10:00:42Z", now)).toContain("42");
    expect(relative("zh-CN", "2026-11-19T10:00:00Z", now)).toBe("2天前");
  });
  it("show the day only on other days", () => {
    expect(moment("en-GB", "2026-11-21T09:55:00Z", now)).toMatch(/^\d\d:\d\d$/);
    expect(moment("en-GB", "2026-11-02T09:55:00Z", now)).toContain("Nov");
    expect(moment("en-GB", "2025-11-02T09:55:00Z", now)).toContain("2025");
  });
  it("never move a birth date", () => {
    expect(day("en-GB", "1988-04-12")).toBe("12 Apr 1988");
    expect(day("en-GB", "not known")).toBe("not known");
  });
  it("count down to zero and no further", () => {
    expect(countdown("2026-11-21T10:01:05Z", now.getTime())).toBe("1:05");
    expect(countdown("2026-11-21T09:00:00Z", now.getTime())).toBe("0:00");
  });
  it("show sizes", () => {
    expect(size("en-GB", 812)).toBe("812 B");
    expect(size("en-GB", 84_120)).toBe("82 KiB");
    expect(size("en-GB", 3_412_000)).toBe("3.3 MiB");
  });
});

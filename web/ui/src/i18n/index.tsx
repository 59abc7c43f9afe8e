import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useState } from "react";
import type { Language } from "@/api/types";
import { en } from "./en";
import { es } from "./es";
import { zh } from "./zh";

export type Key = keyof typeof en;
export type Words = Record<Key, string>;
export const DICTIONARIES: Record<Language, Words> = { en, es, zh };
export const LANGUAGES: readonly Language[] = ["en", "es", "zh"];
/** Each language in its own words, as a person looks for it. */
export const LANGUAGE_NAMES: Record<Language, string> = { en: "English", es: "Español", zh: "中文" };
const LOCALES: Record<Language, string> = { en: "en-GB", es: "es", zh: "zh-CN" };
const STORED = "waybill.language";

export type Values = Record<string, string | number>;

export interface I18n {
  language: Language;
  locale: string;
  setLanguage: (language: Language) => void;
  t: (key: Key, values?: Values) => string;
  /** A word that the server sent, by a family of keys (`state.dead`); the word itself where no text is known. */
  word: (family: string, word: string | null | undefined) => string;
}

export function isLanguage(text: unknown): text is Language {
  return text === "en" || text === "es" || text === "zh";
}

export function translate(words: Words, key: Key, values: Values = {}): string {
  return words[key].replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ""));
}

export function wordOf(words: Words, family: string, word: string): string {
  const known = words as Record<string, string>;
  return known[`${family}.${word}`] ?? word;
}

const Context = createContext<I18n | null>(null);

function firstLanguage(): Language {
  const stored = localStorage.getItem(STORED);
  if (isLanguage(stored)) return stored;
  const wished = navigator.language.slice(0, 2);
  return isLanguage(wished) ? wished : "en";
}

export function LanguageProvider({ children, initial }: { children: ReactNode; initial?: Language }) {
  const [language, choose] = useState<Language>(initial ?? firstLanguage);
  const setLanguage = useCallback((next: Language) => {
    localStorage.setItem(STORED, next);
    choose(next);
  }, []);
  useEffect(() => {
    document.documentElement.lang = language === "zh" ? "zh-CN" : language;
  }, [language]);
  const value = useMemo<I18n>(() => {
    const words = DICTIONARIES[language];
    return {
      language,
      locale: LOCALES[language],
      setLanguage,
      t: (key, values) => translate(words, key, values),
      word: (family, word) => (word ? wordOf(words, family, word) : ""),
    };
  }, [language, setLanguage]);
  return <Context.Provider value={value}>{children}</Context.Provider>;
}

export function useI18n(): I18n {
  const i18n = useContext(Context);
  if (!i18n) throw new Error("useI18n outside LanguageProvider");
  return i18n;
}

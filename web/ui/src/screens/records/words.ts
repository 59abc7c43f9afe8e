import { useI18n } from "@/i18n";
import { day } from "@/i18n/time";
import { useLists, useNamed } from "../scan/useLists";
import type { DocBrief, Level } from "./types";

export interface RecordWords {
  kind: (code: string) => string;
  department: (code: string) => string;
  date: (date: string) => string;
  title: (document: Pick<DocBrief, "title" | "kind">) => string;
  /** A branch of the tree: what its key means at its level. */
  branch: (level: Level, key: string) => string;
}

/** Codes as people say them; what a list does not know stays as it is. */
export function useRecordWords(): RecordWords {
  const { t, locale } = useI18n();
  const { kinds, departments } = useLists();
  const named = useNamed();
  const kind = (code: string) =>
    code
      ? named(
          kinds.find((one) => one.code === code),
          code,
        )
      : t("records.nokind");
  const department = (code: string) =>
    code
      ? named(
          departments.find((one) => one.code === code),
          code,
        )
      : t("records.nodepartment");
  return {
    kind,
    department,
    date: (date) => (date ? day(locale, date) : "–"),
    title: (document) => document.title || kind(document.kind),
    branch: (level, key) => {
      if (level === "kind") return kind(key);
      if (level === "department") return department(key);
      if (level === "date") return month(locale, key);
      return key || t("records.noepisode");
    },
  };
}

function month(locale: string, key: string): string {
  const at = new Date(`${key}-01T00:00:00Z`);
  if (Number.isNaN(at.getTime())) return key;
  return new Intl.DateTimeFormat(locale, { year: "numeric", month: "long", timeZone: "UTC" }).format(at);
}

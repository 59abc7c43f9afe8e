import { scan } from "@/api/scan";
import { useLoad } from "@/app/load";
import { useI18n } from "@/i18n";
import type { Lists, Names } from "./types";

const NONE: Lists = {
  kinds: [],
  departments: [],
  stations: [],
  versions: { kinds: "", departments: "", stations: "" },
};

/** Kinds, departments and stations; empty while they are on their way. */
export function useLists(): Lists {
  return useLoad("lists", scan.lists, ["lists"]).data ?? NONE;
}

/** The name in the reader's language, or in one that there is, or the code. */
export function useNamed(): (thing: { code: string; names: Names } | undefined, code?: string) => string {
  const { language } = useI18n();
  return (thing, code = "") =>
    thing ? thing.names[language] || thing.names.en || thing.names.es || thing.names.zh || thing.code : code;
}

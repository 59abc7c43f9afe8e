import { useEffect, useState } from "react";
import { api } from "@/api/api";
import { scan } from "@/api/scan";
import { problemFrom } from "@/app/load";
import { useSession } from "@/app/session";
import type { PatientBrief } from "./types";

const PAUSE = 200;
const MOST = 8;

export interface People {
  /** Null until there is an answer for this text. */
  found: readonly (PatientBrief & { merged_from?: string | null })[] | null;
  failed: string;
}

/** Patients that fit a number, a name, pinyin or a birth date; the text goes in a POST, never into an address. */
export function usePeople(text: string): People {
  const { rights } = useSession();
  const desk = rights.includes("scan");
  const [answer, setAnswer] = useState<{ text: string } & People>({ text: "", found: null, failed: "" });
  useEffect(() => {
    if (!text) return;
    const control = new AbortController();
    const timer = setTimeout(() => {
      const asked = desk ? scan.lookup(text, control.signal) : api.findPatients(text, control.signal);
      asked.then(
        ({ items }) => setAnswer({ text, found: items.slice(0, MOST).map(brief), failed: "" }),
        (error: unknown) => {
          if (control.signal.aborted) return;
          const problem = problemFrom(error);
          setAnswer({ text, found: [], failed: `${problem.detail || problem.message} ${problem.code}` });
        },
      );
    }, PAUSE);
    return () => {
      clearTimeout(timer);
      control.abort();
    };
  }, [text, desk]);
  return answer.text === text && text ? answer : { found: null, failed: "" };
}

const brief = (one: PatientBrief & { merged_from?: string | null }) => ({
  id: one.id,
  number: one.number,
  name: one.name,
  birth_date: one.birth_date,
  sex: one.sex,
  merged_from: one.merged_from,
});

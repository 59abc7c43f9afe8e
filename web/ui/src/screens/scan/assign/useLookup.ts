import { useCallback, useEffect, useRef, useState } from "react";
import { scan } from "@/api/scan";
import { useFailure } from "@/parts/why";
import type { Found } from "../types";

const PAUSE = 200;
const LEAST = 2;

export interface Lookup {
  /** Null until there is an answer for this text. */
  found: Found[] | null;
  failed: string;
  /** Asks now: a hand scanner ends with Enter before the pause is over. */
  now: () => Promise<Found[]>;
}

/** Patients that fit a text; the text goes in a POST, never into an address. */
export function useLookup(text: string, enabled: boolean): Lookup {
  const [answer, setAnswer] = useState<{ text: string; items: Found[]; failed: string } | null>(null);
  const why = useFailure();
  const newest = useRef(text);
  newest.current = text;
  const ask = useCallback(
    async (what: string, signal?: AbortSignal): Promise<Found[]> => {
      try {
        const { items } = await scan.lookup(what, signal);
        if (newest.current === what) setAnswer({ text: what, items, failed: "" });
        return items;
      } catch (error) {
        if (signal?.aborted) return [];
        if (newest.current === what) setAnswer({ text: what, items: [], failed: why(error) });
        return [];
      }
    },
    [why],
  );
  useEffect(() => {
    if (!enabled || text.length < LEAST) return;
    const control = new AbortController();
    const timer = setTimeout(() => void ask(text, control.signal), PAUSE);
    return () => {
      clearTimeout(timer);
      control.abort();
    };
  }, [text, enabled, ask]);
  const fits = answer !== null && answer.text === text && enabled;
  return {
    found: fits ? answer.items : null,
    failed: fits ? answer.failed : "",
    now: useCallback(() => ask(text), [ask, text]),
  };
}

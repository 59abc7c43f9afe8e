import { useCallback, useEffect, useRef, useState } from "react";
import type { Problem } from "@/api/client";
import { records } from "@/api/records";
import { problemFrom } from "@/app/load";
import type { RecordsAsked, SearchHit } from "../types";

const PAGE = 40;
const PAUSE = 200;
/** The server gives up a long search early and says where to go on: so often it is asked by itself. */
const PATIENCE = 25;

export interface Hits {
  /** Null: nothing was asked, or the first answer is on its way. */
  items: SearchHit[] | null;
  next: string | null;
  busy: boolean;
  ms: number;
  problem: Problem | null;
  more: () => void;
  again: () => void;
}

interface State {
  key: string;
  items: SearchHit[] | null;
  next: string | null;
  ms: number;
  problem: Problem | null;
}
const NOTHING: State = { key: "", items: null, next: null, ms: 0, problem: null };

/** Documents that fit what is asked; null asks nothing. */
export function useHits(asked: RecordsAsked | null): Hits {
  const key = asked ? JSON.stringify(asked) : "";
  const [state, setState] = useState<State>(NOTHING);
  const [busy, setBusy] = useState(false);
  const running = useRef<AbortController | null>(null);

  const run = useCallback(async (what: string, before: SearchHit[], after: string | null) => {
    running.current?.abort();
    const control = new AbortController();
    running.current = control;
    setBusy(true);
    try {
      let [items, next, ms] = [before, after, 0];
      for (let turn = 0; turn < PATIENCE; turn += 1) {
        const ask = { ...(JSON.parse(what) as RecordsAsked), after: next, limit: PAGE };
        const page = await records.search(ask, control.signal);
        const seen = new Set(items.map((hit) => hit.document));
        items = [...items, ...page.items.filter((hit) => !seen.has(hit.document))];
        next = page.next;
        ms += page.ms;
        setState({ key: what, items, next, ms, problem: null });
        if (!next || items.length >= before.length + PAGE / 2) break;
      }
    } catch (error) {
      if (control.signal.aborted) return;
      setState({
        key: what,
        items: before.length ? before : [],
        next: after,
        ms: 0,
        problem: problemFrom(error),
      });
    }
    if (!control.signal.aborted) setBusy(false);
  }, []);

  useEffect(() => {
    if (!key) {
      setBusy(false);
      return;
    }
    const timer = setTimeout(() => void run(key, [], null), PAUSE);
    return () => {
      clearTimeout(timer);
      running.current?.abort();
    };
  }, [key, run]);

  const shown = state.key === key && key ? state : NOTHING;
  return {
    ...shown,
    busy,
    more: () => void run(key, shown.items ?? [], shown.next),
    again: () => void run(key, [], null),
  };
}

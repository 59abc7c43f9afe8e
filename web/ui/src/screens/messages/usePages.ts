import { useState } from "react";
import type { Problem } from "@/api/client";
import { type Loaded, problemFrom, useLoad } from "@/app/load";

interface PageOf<T> {
  items: T[];
  next: string | null;
}

export interface Pages<T> {
  first: Loaded<PageOf<T>>;
  items: T[];
  next: string | null;
  busy: boolean;
  problem: Problem | null;
  more: () => Promise<void>;
}

/** The first page, which lives, and those that "More" added. */
export function usePages<T extends { id: string }>(
  key: string,
  load: (after: string | null, signal?: AbortSignal) => Promise<PageOf<T>>,
  topics: readonly string[],
): Pages<T> {
  const first = useLoad(key, (signal) => load(null, signal), topics);
  const [added, setAdded] = useState<T[]>([]);
  const [onward, setOnward] = useState<string | null | undefined>(undefined);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const shown = first.data?.items ?? [];
  const seen = new Set(shown.map((item) => item.id));
  const next = onward === undefined ? (first.data?.next ?? null) : onward;
  const more = async () => {
    setBusy(true);
    try {
      const page = await load(next);
      setAdded((old) => [...old, ...page.items]);
      setOnward(page.next);
      setProblem(null);
    } catch (error) {
      setProblem(problemFrom(error));
    }
    setBusy(false);
  };
  return {
    first,
    items: [...shown, ...added.filter((item) => !seen.has(item.id))],
    next,
    busy,
    problem,
    more,
  };
}

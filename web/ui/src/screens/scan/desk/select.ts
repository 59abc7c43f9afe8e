import { useCallback, useMemo, useState } from "react";

/** The page that the arrows stand on, and the pages that are ticked. */
export interface Selection {
  at: number;
  id: string | null;
  ticked: ReadonlySet<string>;
  /** What an act is done to: the ticked pages in their order, or the one under the cursor. */
  chosen: string[];
  go: (to: number) => void;
  /** Ticks everything between where the range began and there. */
  extend: (to: number) => void;
  tick: (id?: string) => void;
  all: () => void;
  clear: () => void;
}

/** Keeps its place when pages come, go and change their order. */
export function useSelection(ids: readonly string[]): Selection {
  const [id, setId] = useState<string | null>(null);
  const [last, setLast] = useState(0);
  const [anchor, setAnchor] = useState<string | null>(null);
  const [ticked, setTicked] = useState<ReadonlySet<string>>(new Set());
  const found = id === null ? -1 : ids.indexOf(id);
  const at = found >= 0 ? found : Math.min(last, Math.max(0, ids.length - 1));
  const current = ids[at] ?? null;

  const go = useCallback(
    (to: number) => {
      const next = Math.max(0, Math.min(ids.length - 1, to));
      setId(ids[next] ?? null);
      setLast(next);
      setAnchor(null);
    },
    [ids],
  );
  const extend = (to: number) => {
    const next = Math.max(0, Math.min(ids.length - 1, to));
    const begin = anchor ?? current;
    const from = begin === null ? at : ids.indexOf(begin);
    setAnchor(begin);
    setId(ids[next] ?? null);
    setLast(next);
    setTicked(new Set(ids.slice(Math.min(from, next), Math.max(from, next) + 1)));
  };
  const tick = (which = current ?? undefined) => {
    if (which === undefined) return;
    setTicked((old) => {
      const next = new Set(old);
      if (!next.delete(which)) next.add(which);
      return next;
    });
    setAnchor(which);
  };
  const chosen = useMemo(() => {
    const inOrder = ids.filter((one) => ticked.has(one));
    return inOrder.length ? inOrder : current === null ? [] : [current];
  }, [ids, ticked, current]);
  return {
    at,
    id: current,
    ticked,
    chosen,
    go,
    extend,
    tick,
    all: () => setTicked(new Set(ids)),
    clear: () => {
      setTicked(new Set());
      setAnchor(null);
    },
  };
}

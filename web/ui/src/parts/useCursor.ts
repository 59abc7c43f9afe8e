import { useEffect, useState } from "react";
import type { Bindings } from "@/keys/keys";

/** The row that j and k move; keeps its place when rows come and go, and is scrolled into view. */
export function useCursor(
  ids: readonly (string | number)[],
  open: (id: string | number) => void,
): { cursor: string | number | null; choose: (id: string | number) => void; keys: Bindings } {
  const [cursor, choose] = useState<string | number | null>(null);
  const at = cursor === null ? -1 : ids.indexOf(cursor);
  const first = ids[0];
  useEffect(() => {
    if (at < 0 && first !== undefined && cursor !== null) choose(first);
  }, [at, first, cursor]);
  useEffect(() => {
    if (cursor === null) return;
    document
      .querySelector(`[data-row-key="${CSS.escape(String(cursor))}"]`)
      ?.scrollIntoView({ block: "nearest" });
  }, [cursor]);
  const move = (by: number) => {
    const next = ids[Math.min(ids.length - 1, Math.max(0, at + by))];
    if (next !== undefined) choose(next);
  };
  const keys: Bindings = {
    j: { help: "keys.down", run: () => move(1) },
    k: { help: "keys.up", run: () => move(-1) },
    Enter: { help: "keys.open", run: () => cursor !== null && open(cursor) },
  };
  return { cursor, choose, keys };
}

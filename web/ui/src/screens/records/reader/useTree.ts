import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { records } from "@/api/records";
import { type Loaded, useLoad } from "@/app/load";
import type { Level, Tree } from "../types";
import { useRecordWords } from "../words";
import {
  documentsOf,
  type Fetched,
  firstOpen,
  idOf,
  LEVELS,
  type Order,
  PINNED,
  pathTo,
  type Row,
  rowsOf,
} from "./rows";

const STORED = "waybill.tree";
const DEFAULT: readonly Level[] = ["department", "kind", "date"];
const PAGE = 100;

export interface RecordTree {
  loaded: Loaded<Tree>;
  by: readonly Level[];
  arrange: (by: readonly Level[]) => void;
  order: Order;
  turn: () => void;
  withdrawn: boolean;
  setWithdrawn: (on: boolean) => void;
  rows: readonly Row[];
  toggle: (row: Row) => void;
  more: (keys: readonly string[]) => void;
  /** Shows the branches above a document. */
  reveal: (id: string) => void;
  failed: unknown;
}

function stored(): readonly Level[] {
  const levels = (localStorage.getItem(STORED) ?? "")
    .split(",")
    .filter((one): one is Level => (LEVELS as readonly string[]).includes(one));
  return levels.length ? [...new Set(levels)] : DEFAULT;
}

/** A patient's documents, arranged as this person likes them; the way of arranging is kept by the browser. */
export function useTree(patient: string): RecordTree {
  const [by, setBy] = useState(stored);
  const [order, setOrder] = useState<Order>("newest");
  const [withdrawn, setWithdrawn] = useState(false);
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set([PINNED]));
  const [fetched, setFetched] = useState<Fetched>(new Map());
  const [failed, setFailed] = useState<unknown>(null);
  const words = useRecordWords();
  const key = `tree ${patient} ${by.join()} ${withdrawn}`;
  const loaded = useLoad(key, (signal) => records.tree(patient, by, withdrawn, signal), ["records"]);
  const tree = loaded.data;

  const begun = useRef("");
  useEffect(() => {
    if (!tree || begun.current === key) return;
    begun.current = key;
    setFetched(new Map());
    setOpen((old) => new Set([...(old.has(PINNED) ? [PINNED] : []), ...firstOpen(tree)]));
  }, [tree, key]);

  const more = useCallback(
    (keys: readonly string[]) => {
      const id = idOf(keys);
      const after = fetched.get(id)?.next ?? null;
      records.branch(patient, { by: [...by], keys: [...keys], withdrawn, after, limit: PAGE }).then(
        (page) =>
          setFetched((old) => {
            const items = [...(after ? (old.get(id)?.items ?? []) : []), ...page.items];
            return new Map(old).set(id, { items, next: page.next });
          }),
        setFailed,
      );
    },
    [patient, by, withdrawn, fetched],
  );
  const toggle = (row: Row) => {
    if (row.kind !== "branch") return;
    setOpen((old) => {
      const now = new Set(old);
      if (!now.delete(row.id)) now.add(row.id);
      return now;
    });
    if (!row.isOpen && row.ask && !fetched.has(row.id)) more(row.ask);
  };
  // branches that are open from the beginning need their documents, too
  const label = words.branch;
  const rows = useMemo(
    () => (tree ? rowsOf({ tree, fetched, isOpen: (id) => open.has(id), order, label }) : []),
    [tree, fetched, open, order, label],
  );
  const wanted = rows.find((row) => row.kind === "branch" && row.isOpen && row.ask && !fetched.has(row.id));
  const wantedId = wanted?.id;
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each branch
  useEffect(() => {
    if (wanted?.kind === "branch" && wanted.ask) more(wanted.ask);
  }, [wantedId]);

  return {
    loaded,
    by,
    arrange: (levels) => {
      localStorage.setItem(STORED, levels.join());
      setBy(levels);
    },
    order,
    turn: () => setOrder((old) => (old === "newest" ? "oldest" : "newest")),
    withdrawn,
    setWithdrawn,
    rows,
    toggle,
    more,
    reveal: useCallback(
      (id: string) => {
        if (tree) setOpen((old) => new Set([...old, ...pathTo(tree, id)]));
      },
      [tree],
    ),
    failed,
  };
}

export { documentsOf };

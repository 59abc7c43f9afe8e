import type { Operated } from "@/api/api";
import type { Dashboard, DashConnection, DashRoute, Pause } from "@/api/types";

/** A connection or a route as a row of the dashboard. */
export interface BoardRow {
  key: string;
  kind: Operated;
  name: string;
  sub: string;
  state: string;
  reason: string;
  since: string | null;
  rateIn: number;
  rateOut: number;
  totalIn: number;
  totalOut: number;
  queue: number;
  running: number;
  held: number;
  dead: number;
  oldest: string | null;
  lastError: string;
  spark: readonly number[];
  pause: Pause | null;
  trouble: boolean;
}

export function rowsOf(board: Dashboard): BoardRow[] {
  return [...board.connections.map(ofConnection), ...board.routes.map(ofRoute)];
}

function ofConnection(row: DashConnection): BoardRow {
  const bad = row.state === "down" || row.state === "degraded";
  return {
    key: `connection:${row.name}`,
    kind: "connection",
    name: row.name,
    sub: row.type,
    state: row.pause?.state ?? row.state,
    reason: row.reason,
    since: row.pause?.at ?? row.since,
    rateIn: row.rate_in,
    rateOut: row.rate_out,
    totalIn: row.in,
    totalOut: row.out,
    queue: row.waiting,
    running: row.counts.running ?? 0,
    held: row.counts.held ?? 0,
    dead: row.dead,
    oldest: row.oldest,
    lastError: row.last_error,
    spark: row.spark,
    pause: row.pause,
    trouble: (bad && !row.pause) || row.dead > 0,
  };
}

function ofRoute(row: DashRoute): BoardRow {
  const trouble = row.dead + row.held > 0;
  return {
    key: `route:${row.name}`,
    kind: "route",
    name: row.name,
    sub: row.revision.slice(0, 8),
    state: row.pause?.state ?? (trouble ? "trouble" : "up"),
    reason: "",
    since: row.pause?.at ?? null,
    rateIn: row.rate_in,
    rateOut: row.rate_out,
    totalIn: row.in,
    totalOut: row.done_today,
    queue: row.ready + row.waiting,
    running: row.running,
    held: row.held,
    dead: row.dead,
    oldest: row.oldest,
    lastError: row.last_error,
    spark: row.spark,
    pause: row.pause,
    trouble,
  };
}

export type Shown = "all" | "trouble" | "paused";

/** What fits the filter, in the order of the sections: trouble first. */
export function chosen(rows: readonly BoardRow[], shown: Shown, text: string): BoardRow[] {
  const word = text.trim().toLowerCase();
  return rows
    .filter((row) => (shown === "trouble" ? row.trouble : shown === "paused" ? row.pause !== null : true))
    .filter(
      (row) =>
        !word ||
        [row.name, row.sub, row.lastError, row.reason].some((one) => one.toLowerCase().includes(word)),
    );
}

export interface Section {
  name: "trouble" | "connections" | "routes";
  rows: BoardRow[];
}

export function sections(rows: readonly BoardRow[]): Section[] {
  const fine = rows.filter((row) => !row.trouble);
  const all: Section[] = [
    { name: "trouble", rows: rows.filter((row) => row.trouble) },
    { name: "connections", rows: fine.filter((row) => row.kind === "connection") },
    { name: "routes", rows: fine.filter((row) => row.kind === "route") },
  ];
  return all.filter((one) => one.rows.length > 0);
}

export const pathOf = (row: { kind: Operated; name: string }): string =>
  `/engine/${row.kind === "route" ? "routes" : "connections"}/${row.name}`;

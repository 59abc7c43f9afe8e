import type { DiagramEdge } from "@/api/types";

export const NODE = 46;
export const PITCH = 66;
const LANE = 16;

export interface Arc {
  edge: DiagramEdge;
  from: number;
  to: number;
  /** How far out from the column, counted from 1. */
  lane: number;
  side: "left" | "right";
}

/** Ways that are not simply the next step: back ones on the left, forward ones on the right, each in a lane of its own. */
export function arcsOf(ids: readonly string[], edges: readonly DiagramEdge[]): Arc[] {
  const jumps = edges
    .map((edge) => ({
      edge,
      from: ids.indexOf(edge.from),
      to: edge.to === "" ? ids.length : ids.indexOf(edge.to),
    }))
    .filter((one) => one.from >= 0 && one.to >= 0 && !(one.edge.way === "next" && one.to === one.from + 1))
    .map((one) => ({ ...one, side: one.to <= one.from ? ("left" as const) : ("right" as const) }))
    .sort((a, b) => Math.abs(a.to - a.from) - Math.abs(b.to - b.from));
  const placed: Arc[] = [];
  for (const jump of jumps) {
    let lane = 1;
    while (placed.some((other) => other.side === jump.side && other.lane === lane && overlap(other, jump)))
      lane += 1;
    placed.push({ ...jump, lane });
  }
  return placed;
}

function overlap(a: { from: number; to: number }, b: { from: number; to: number }): boolean {
  const [low, high] = [Math.min(a.from, a.to), Math.max(a.from, a.to)];
  return low <= Math.max(b.from, b.to) && Math.min(b.from, b.to) <= high;
}

/** Pixels beside the column that the lanes of a side need. */
export const gutter = (arcs: readonly Arc[], side: Arc["side"], label = 0): number => {
  const lanes = Math.max(0, ...arcs.filter((arc) => arc.side === side).map((arc) => arc.lane));
  return lanes ? 14 + lanes * LANE + label : 12;
};

/** From the side of one node out to its lane and back to the side of the other. */
export function pathOfArc(arc: Arc, left: number, width: number): { path: string; x: number; y: number } {
  const out = arc.side === "left" ? -1 : 1;
  const edge = arc.side === "left" ? left : left + width;
  const x = edge + out * (8 + arc.lane * LANE);
  const y1 = arc.from * PITCH + NODE / 2 + 8;
  const y2 = arc.to * PITCH + NODE / 2 - 8;
  const bend = 7;
  const down = y2 > y1 ? 1 : -1;
  const path = [
    `M${edge} ${y1}`,
    `H${x - out * bend}`,
    `Q${x} ${y1} ${x} ${y1 + down * bend}`,
    `V${y2 - down * bend}`,
    `Q${x} ${y2} ${x - out * bend} ${y2}`,
    `H${edge + out * 3}`,
  ].join(" ");
  return { path, x, y: (y1 + y2) / 2 };
}

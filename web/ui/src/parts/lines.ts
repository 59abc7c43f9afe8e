/** Line differences, by Myers: the fewest lines taken out and put in. */

export interface DiffLine {
  kind: "same" | "out" | "in";
  text: string;
  /** Line numbers from 1 in the old and the new text; 0 where it is not there. */
  old: number;
  now: number;
}

/** Edits beyond this are told as a whole: the shortest way would take too long. */
const MOST_EDITS = 2000;

export function diffLines(before: string, after: string): DiffLine[] {
  const a = split(before);
  const b = split(after);
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head += 1;
  let tail = 0;
  while (
    tail < a.length - head &&
    tail < b.length - head &&
    a[a.length - 1 - tail] === b[b.length - 1 - tail]
  )
    tail += 1;
  const lines: DiffLine[] = [];
  for (let at = 0; at < head; at += 1) lines.push(line("same", a[at], at, at));
  for (const one of middle(a.slice(head, a.length - tail), b.slice(head, b.length - tail))) {
    lines.push({ ...one, old: one.old && one.old + head, now: one.now && one.now + head });
  }
  for (let at = tail; at > 0; at -= 1)
    lines.push(line("same", a[a.length - at], a.length - at, b.length - at));
  return lines;
}

export const isSame = (lines: readonly DiffLine[]): boolean => lines.every((one) => one.kind === "same");

/** Only the changes with some lines around them; null stands for what was left out. */
export function withContext(lines: readonly DiffLine[], around = 3): (DiffLine | null)[] {
  const near = new Set<number>();
  for (const [at, one] of lines.entries()) {
    if (one.kind === "same") continue;
    for (let by = -around; by <= around; by += 1) near.add(at + by);
  }
  const shown: (DiffLine | null)[] = [];
  for (const [at, one] of lines.entries()) {
    if (near.has(at)) shown.push(one);
    else if (shown.length === 0 || shown.at(-1) !== null) shown.push(null);
  }
  return shown;
}

const split = (text: string): string[] =>
  text === "" ? [] : text.replace(/\r\n?/g, "\n").replace(/\n$/, "").split("\n");

const line = (kind: DiffLine["kind"], text: string | undefined, old: number, now: number): DiffLine => ({
  kind,
  text: text ?? "",
  old: kind === "in" ? 0 : old + 1,
  now: kind === "out" ? 0 : now + 1,
});

function middle(a: string[], b: string[]): DiffLine[] {
  const trace = a.length + b.length <= MOST_EDITS * 4 ? walk(a, b) : null;
  if (!trace)
    return [
      ...a.map((text, at) => line("out", text, at, 0)),
      ...b.map((text, at) => line("in", text, 0, at)),
    ];
  const lines: DiffLine[] = [];
  let x = a.length;
  let y = b.length;
  for (let d = trace.length - 1; d >= 0; d -= 1) {
    const reach = trace[d] as Map<number, number>;
    const k = x - y;
    const down = k === -d || (k !== d && (reach.get(k - 1) ?? -1) < (reach.get(k + 1) ?? -1));
    const from = down ? k + 1 : k - 1;
    const fromX = d === 0 ? 0 : (reach.get(from) ?? 0);
    const fromY = d === 0 ? 0 : fromX - from;
    while (x > fromX && y > fromY) {
      x -= 1;
      y -= 1;
      lines.push(line("same", a[x], x, y));
    }
    if (d > 0) {
      if (down) lines.push(line("in", b[fromY], 0, fromY));
      else lines.push(line("out", a[fromX], fromX, 0));
      x = fromX;
      y = fromY;
    }
  }
  return lines.reverse();
}

/** How far each diagonal came before each edit; null when there are too many edits. */
function walk(a: string[], b: string[]): Map<number, number>[] | null {
  const reach = new Map<number, number>([[1, 0]]);
  const trace: Map<number, number>[] = [];
  for (let d = 0; d <= Math.min(a.length + b.length, MOST_EDITS); d += 1) {
    trace.push(new Map(reach));
    for (let k = -d; k <= d; k += 2) {
      const down = k === -d || (k !== d && (reach.get(k - 1) ?? -1) < (reach.get(k + 1) ?? -1));
      let x = down ? (reach.get(k + 1) ?? 0) : (reach.get(k - 1) ?? 0) + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x += 1;
      reach.set(k, x);
      if (x >= a.length && x - k >= b.length) return trace;
    }
  }
  return null;
}

import type { DocBrief, Level, Tree, TreeNode } from "../types";

/** The tree as the lines that are seen. */
export const LEVELS: readonly Level[] = ["episode", "department", "kind", "date"];
export type Order = "newest" | "oldest";

export interface Branch {
  kind: "branch";
  id: string;
  depth: number;
  level: Level | "pinned";
  label: string;
  count: number;
  isOpen: boolean;
  /** The keys from the root to it, when its documents have to be asked for. */
  ask: readonly string[] | null;
}
export interface Leaf {
  kind: "document";
  id: string;
  depth: number;
  document: DocBrief;
}
export interface More {
  kind: "more";
  id: string;
  depth: number;
  keys: readonly string[];
}
export type Row = Branch | Leaf | More;

/** Documents of branches that came when they were opened. */
export type Fetched = ReadonlyMap<string, { items: readonly DocBrief[]; next: string | null }>;

export const PINNED = "pinned";
export const idOf = (keys: readonly string[]): string => `/${keys.join("/")}`;

interface Ask {
  tree: Tree;
  fetched: Fetched;
  isOpen: (id: string) => boolean;
  order: Order;
  label: (level: Level, key: string) => string;
}

export function rowsOf({ tree, fetched, isOpen, order, label }: Ask): Row[] {
  const rows: Row[] = [];
  const pinned = documentsOf(tree, fetched).filter((one) => one.pinned);
  if (pinned.length) {
    const shown = isOpen(PINNED);
    rows.push({
      kind: "branch",
      id: PINNED,
      depth: 0,
      level: "pinned",
      label: "",
      count: pinned.length,
      isOpen: shown,
      ask: null,
    });
    if (shown)
      for (const document of byDate(pinned, order))
        rows.push({ kind: "document", id: `${PINNED} ${document.id}`, depth: 1, document });
  }
  const walk = (nodes: readonly TreeNode[], above: readonly string[]) => {
    const level = tree.by[above.length] ?? "date";
    for (const node of sorted(nodes, level, order, label)) {
      const keys = [...above, node.key];
      const id = idOf(keys);
      const shown = isOpen(id);
      const depth = above.length;
      const last = keys.length === tree.by.length;
      const ask = last && !node.documents ? keys : null;
      const text = label(level, node.key);
      rows.push({ kind: "branch", id, depth, level, label: text, count: node.count, isOpen: shown, ask });
      if (!shown) continue;
      if (last) rows.push(...leavesOf(node, keys, fetched, order));
      else walk(node.nodes ?? [], keys);
    }
  };
  walk(tree.nodes, []);
  return rows;
}

/** The documents of a branch of the last level, and the line that brings more of them. */
function leavesOf(node: TreeNode, keys: readonly string[], fetched: Fetched, order: Order): Row[] {
  const id = idOf(keys);
  const came = fetched.get(id);
  const rows: Row[] = byDate(node.documents ?? came?.items ?? [], order).map((document) => ({
    kind: "document",
    id: document.id,
    depth: keys.length,
    document,
  }));
  if (came?.next) rows.push({ kind: "more", id: `${id} more`, depth: keys.length, keys });
  return rows;
}

/** All documents that are known here. */
export function documentsOf(tree: Tree, fetched: Fetched): DocBrief[] {
  const found: DocBrief[] = [];
  const walk = (nodes: readonly TreeNode[]) => {
    for (const node of nodes) {
      found.push(...(node.documents ?? []));
      walk(node.nodes ?? []);
    }
  };
  walk(tree.nodes);
  for (const { items } of fetched.values()) found.push(...items);
  return found;
}

/** The branches above a document. */
export function pathTo(tree: Tree, id: string): string[] {
  const walk = (nodes: readonly TreeNode[], above: readonly string[]): string[] | null => {
    for (const node of nodes) {
      const keys = [...above, node.key];
      if (node.documents?.some((one) => one.id === id)) return [idOf(keys)];
      const below = walk(node.nodes ?? [], keys);
      if (below) return [idOf(keys), ...below];
    }
    return null;
  };
  return walk(tree.nodes, []) ?? [];
}

/** The branches that are open at first: all of a small record, of a large one the first down to its documents. */
export function firstOpen(tree: Tree): string[] {
  const open: string[] = [];
  const walk = (nodes: readonly TreeNode[], above: readonly string[], all: boolean) => {
    for (const [at, node] of nodes.entries()) {
      if (!all && at > 0) break;
      const keys = [...above, node.key];
      open.push(idOf(keys));
      walk(node.nodes ?? [], keys, all);
    }
  };
  walk(tree.nodes, [], tree.total <= FEW);
  return open;
}
const FEW = 24;

function byDate(documents: readonly DocBrief[], order: Order): DocBrief[] {
  const sign = order === "newest" ? -1 : 1;
  return [...documents].sort((a, b) => (a.date < b.date ? -sign : a.date > b.date ? sign : 0));
}

function sorted(
  nodes: readonly TreeNode[],
  level: Level,
  order: Order,
  label: (level: Level, key: string) => string,
): TreeNode[] {
  const sign = order === "newest" ? -1 : 1;
  const timed = level === "date" || level === "episode";
  return [...nodes].sort((a, b) => {
    if (timed) return a.key < b.key ? -sign : a.key > b.key ? sign : 0;
    return label(level, a.key).localeCompare(label(level, b.key));
  });
}

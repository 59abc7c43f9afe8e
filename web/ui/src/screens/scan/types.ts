/** What the scan desk's API sends and takes. Times are milliseconds since 1970; boxes are parts of a page. */

export type Box = [number, number, number, number];
export type BatchState = "open" | "stopped" | "closed" | "filed" | "cancelled";
export type PageState =
  | "kept"
  | "rescan"
  | "header"
  | "separator"
  | "label"
  | "blank"
  | "dropped"
  | "replaced";
export type Sides = "one" | "both" | "twice";
export type Why = "unknown" | "count" | "rescan" | "pending" | "failed" | "stopped";

export interface Person {
  login: string;
  name: string;
  me: boolean;
}
export interface PatientBrief {
  id: string;
  number: string;
  name: string;
  birth_date: string;
  sex: string;
}
export interface PageCode {
  format: string;
  kind: "header" | "separator" | "label" | "other";
  text: string;
  box: number[];
}
export interface Recipe {
  rotate: 0 | 90 | 180 | 270;
  crop: number[] | null;
  deskew: number;
  contrast: number;
}
export interface Page {
  id: string;
  number: number;
  position: number;
  state: PageState;
  reason: string;
  flags: string[];
  codes: PageCode[];
  skew: number;
  width: number;
  height: number;
  dpi: number;
  recipe: Recipe;
  r: string;
  patient: PatientBrief | null;
  assigned_how: string;
  draft: string | null;
  text: "none" | "queued" | "done" | "failed";
  file: string;
  replaces: string | null;
  ready: boolean;
}
export interface SuggestedValue {
  name: string;
  value: string;
  page: string | null;
  box: number[] | null;
}
export interface Suggested {
  kinds: { code: string; probability: number }[];
  values: SuggestedValue[];
  abstained: boolean;
}
export interface Draft {
  id: string;
  position: number;
  state: "open" | "filed";
  pages: string[];
  patient: PatientBrief | null;
  kind: string;
  date: string;
  department: string;
  author: string;
  title: string;
  episode: string;
  details: Record<string, unknown>;
  suggested: Suggested;
  document: string | null;
  missing: string[];
}
export interface Ledger {
  sheets: number | null;
  sides: Sides;
  expected: number | null;
  images: number;
  kept: number;
  rescan: number;
  label: number;
  separator: number;
  header: number;
  blank: number;
  dropped: number;
  replaced: number;
  pending_files: number;
  failed_files: number;
  balances: boolean;
  why: Why[];
}
export interface ScanFile {
  id: number;
  name: string;
  state: "taken" | "joined" | "failed" | "dismissed";
  pages: number;
  taken: number;
  reason: string;
  at: number;
}
export interface Act {
  id: number;
  kind: string;
  by: Person | null;
  at: number;
  undone: boolean;
  can_undo: boolean;
}
interface BatchHead {
  id: string;
  state: BatchState;
  station: string;
  title: string;
  operator: Person | null;
  lock: { by: Person; at: number } | null;
  box: string | null;
  expected: number | null;
  flags: number;
  unassigned: number;
  filed: number;
  code: string;
  reason: string;
  created_at: number;
  changed_at: number;
  pending_files: number;
  failed_files: number;
}
export interface BatchRow extends BatchHead {
  pages: number;
  drafts: number;
}
export interface Batch extends BatchHead {
  sheets: number | null;
  documents: number | null;
  sides: Sides;
  languages: string;
  version: number;
  ledger: Ledger;
  pages: Page[];
  drafts: Draft[];
  files: ScanFile[];
  acts: Act[];
  can: { edit: boolean; close: boolean; claim: boolean; take_over: boolean; reopen: boolean; file: boolean };
}
export interface Batches {
  items: BatchRow[];
  next: string | null;
  counts: Record<string, number>;
}
export interface Changed {
  version: number;
  ledger: Ledger;
  pages: Page[];
  drafts: Draft[];
  act: Act | null;
}
export interface BatchesAsked {
  states?: BatchState[] | null;
  station?: string | null;
  mine?: boolean;
  box?: string | null;
  after?: string | null;
  limit?: number;
}
export interface BatchFields {
  station?: string;
  title?: string;
  sheets?: number | null;
  documents?: number | null;
  sides?: Sides;
  languages?: string;
  box?: string | null;
}
export interface ActAsked {
  act:
    | "rotate"
    | "crop"
    | "deskew"
    | "contrast"
    | "move"
    | "drop"
    | "blank"
    | "keep"
    | "rescan"
    | "flag"
    | "replace"
    | "interleave"
    | "split"
    | "join"
    | "draft"
    | "insert";
  pages: string[];
  by?: -90 | 90 | 180;
  box?: Box | null;
  angle?: number | null;
  level?: number;
  before?: string | null;
  reason?: string;
  page?: string;
  on?: boolean;
}

export interface Found extends PatientBrief {
  why: string;
  merged_from?: string | null;
}
export interface Candidate {
  patient: PatientBrief;
  why: "label" | "text" | "file" | "appointment" | "previous";
  place: number[] | null;
  page: string | null;
}
export type AssignHow = "typed" | "scanned" | "ocr" | "label" | "file";
export interface AssignAsked {
  pages: string[] | "all" | "rest";
  patient: string | null;
  how: AssignHow;
  note?: string;
}

export interface DraftFields {
  kind?: string;
  date?: string;
  department?: string;
  author?: string;
  title?: string;
  episode?: string;
  details?: Record<string, unknown>;
}
export interface FiledAll {
  filed: number;
  left: { draft: string; missing: string[] }[];
}

export interface Names {
  en?: string;
  es?: string;
  zh?: string;
}
export interface Kind {
  code: string;
  names: Names;
  family: string;
  department: string;
  active: boolean;
}
export interface Department {
  code: string;
  names: Names;
  active: boolean;
}
export interface Station {
  code: string;
  title: string;
  languages: string;
  options: Record<string, unknown>;
  active: boolean;
}
export interface Lists {
  kinds: Kind[];
  departments: Department[];
  stations: Station[];
}

export interface SheetsAsked {
  kind: "header" | "separators" | "labels" | "set";
  station?: string;
  documents?: number;
  sheets?: number;
  title?: string;
  count?: number;
  patient?: string;
  language: string;
}

export interface ScanProblem {
  id: string;
  kind: "incomplete" | "unreadable" | "stopped" | "text" | "pdf" | "upload";
  batch: string | null;
  subject: string;
  code: string;
  reason: string;
  since: number | string;
  can_retry: boolean;
}
export interface ScanProblems {
  items: ScanProblem[];
  next: string | null;
  counts: Record<string, number>;
}

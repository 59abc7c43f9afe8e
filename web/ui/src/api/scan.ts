import type {
  ActAsked,
  AssignAsked,
  Batch,
  Batches,
  BatchesAsked,
  BatchFields,
  Candidate,
  Changed,
  Draft,
  DraftFields,
  FiledAll,
  Found,
  Lists,
  Page,
  ScanProblems,
  SheetsAsked,
} from "@/screens/scan/types";
import { call, download, get, post } from "./client";

const SCAN = "/api/v1/scan";
const of = (id: string) => `${SCAN}/batches/${id}`;
export type BatchDeed = "claim" | "release" | "close";

/** Every call that the scan desk's screens make, one line each. */
export const scan = {
  batches: (ask: BatchesAsked, signal?: AbortSignal) => post<Batches>(`${SCAN}/batches/search`, ask, signal),
  create: (ask: BatchFields) => post<Batch>(`${SCAN}/batches`, ask),
  batch: (id: string, signal?: AbortSignal) => get<Batch>(of(id), signal),
  say: (id: string, fields: BatchFields) => call<Batch>("PATCH", of(id), fields),
  deed: (id: string, deed: BatchDeed) => post<Batch>(`${of(id)}/${deed}`),
  takeOver: (id: string, note: string) => post<Batch>(`${of(id)}/take-over`, { note }),
  reopen: (id: string, reason: string) => post<Batch>(`${of(id)}/reopen`, { reason }),
  resolve: (id: string, note: string) => post<Batch>(`${of(id)}/resolve`, { note }),
  cancel: (id: string, reason: string) => post<Batch>(`${of(id)}/cancel`, { reason }),
  act: (id: string, ask: ActAsked) => post<Changed>(`${of(id)}/acts`, ask),
  undo: (id: string) => post<Changed>(`${of(id)}/undo`, {}),
  dismissFile: (id: string, file: number, reason: string) =>
    post<unknown>(`${of(id)}/files/${file}/dismiss`, { reason }),
  retryFile: (id: string, file: number) => post<unknown>(`${of(id)}/files/${file}/retry`),

  lookup: (text: string, signal?: AbortSignal) =>
    post<{ items: Found[] }>(`${SCAN}/patients/lookup`, { text, limit: 8 }, signal),
  candidates: (id: string, page: string, signal?: AbortSignal) =>
    post<{ items: Candidate[] }>(`${of(id)}/candidates`, { page }, signal),
  assign: (id: string, ask: AssignAsked) => post<Changed>(`${of(id)}/assign`, ask),
  confirm: (id: string, act: number) => post<Changed>(`${of(id)}/assign/confirm`, { act }),
  refuse: (id: string, act: number) => post<Changed>(`${of(id)}/assign/refuse`, { act }),

  draft: (id: string, fields: DraftFields) => call<Draft>("PATCH", `${SCAN}/drafts/${id}`, fields),
  same: (id: string) => post<Draft>(`${SCAN}/drafts/${id}/same`),
  suggest: (id: string) => post<Draft>(`${SCAN}/drafts/${id}/suggest`),
  file: (id: string) => post<Draft>(`${SCAN}/drafts/${id}/file`),
  fileAll: (id: string) => post<FiledAll>(`${of(id)}/file-all`),

  sheets: (ask: SheetsAsked) => download(`${SCAN}/sheets`, ask),
  problems: (ask: { after?: string | null; limit?: number }, signal?: AbortSignal) =>
    post<ScanProblems>(`${SCAN}/problems/search`, ask, signal),
  retry: (ids: string[]) => post<unknown>(`${SCAN}/problems/retry`, { ids }),
  lists: (signal?: AbortSignal) => get<Lists>("/api/v1/lists", signal),

  /** The recipe's key makes the address new whenever the picture is. */
  thumb: (page: Pick<Page, "id" | "r">) => `${SCAN}/pages/${page.id}/thumb?r=${page.r}`,
  view: (page: Pick<Page, "id" | "r">) => `${SCAN}/pages/${page.id}/view?r=${page.r}`,
};

import type {
  Attributes,
  Box,
  Boxes,
  BoxFields,
  BranchAsked,
  BulkDone,
  BulkPreview,
  BulkUndone,
  Decided,
  Decision,
  DocBrief,
  DocBriefs,
  DocumentFlag,
  Duplicates,
  FlagAnswer,
  FlagAsked,
  History,
  ImportResult,
  Level,
  ListSaved,
  ListUse,
  PageHits,
  PageInWork,
  Projects,
  ReaderDocument,
  RecordsAsked,
  RepairAsked,
  Repaired,
  RepairPreview,
  SearchHits,
  Tomorrow,
  TrainedModel,
  Tree,
} from "@/screens/records/types";
import { call, download, get, post, text } from "./client";

const V1 = "/api/v1";
const RECORDS = `${V1}/records`;
const of = (id: string) => `${V1}/documents/${id}`;
type Paged = { after?: string | null; limit?: number };
/** A file of many documents takes its time. */
const EXPORT = 300_000;

/** Every call that the records' screens make, one line each. */
export const records = {
  search: (ask: RecordsAsked, signal?: AbortSignal) => post<SearchHits>(`${RECORDS}/search`, ask, signal),
  tree: (patient: string, by: readonly Level[], withdrawn: boolean, signal?: AbortSignal) =>
    get<Tree>(
      `${V1}/patients/${patient}/tree?by=${by.join(",")}${withdrawn ? "&withdrawn=true" : ""}`,
      signal,
    ),
  branch: (patient: string, ask: BranchAsked, signal?: AbortSignal) =>
    post<DocBriefs>(`${V1}/patients/${patient}/tree/documents`, ask, signal),
  reader: (id: string, signal?: AbortSignal) => get<ReaderDocument>(`${of(id)}/reader`, signal),
  find: (id: string, words: string, signal?: AbortSignal) =>
    post<{ hits: PageHits[] }>(`${of(id)}/find`, { text: words }, signal),
  flag: (id: string, said: FlagAsked) => post<{ items: DocumentFlag[] }>(`${of(id)}/flags`, said),
  answerFlag: (id: string, flag: number, answer: FlagAnswer, note: string) =>
    post<{ items: DocumentFlag[] }>(`${of(id)}/flags/${flag}/answer`, { answer, note }),
  inWork: (patient: string, signal?: AbortSignal) =>
    get<{ pages: PageInWork[] }>(`${V1}/patients/${patient}/in-work`, signal),
  pictureInWork: (patient: string, page: string, r: string, kind: "thumb" | "view") =>
    `${V1}/patients/${patient}/in-work/${page}/${kind}?r=${r}`,
  pin: (id: string, on: boolean) => post<void>(`${of(id)}/pin`, { on }),

  edit: (id: string, said: Attributes & { reason?: string }) => call<DocBrief>("PATCH", of(id), said),
  history: (id: string, after?: string | null, signal?: AbortSignal) =>
    get<History>(`${of(id)}/history${after ? `?after=${encodeURIComponent(after)}` : ""}`, signal),
  withdraw: (id: string, reason: string) => post<DocBrief>(`${of(id)}/withdraw`, { reason }),
  restore: (id: string) => post<DocBrief>(`${of(id)}/restore`),
  undo: (id: string) => post<DocBrief>(`${of(id)}/undo`),
  pages: (id: string, pages: string[], reason: string) =>
    post<DocBrief>(`${of(id)}/pages`, { pages, reason }),
  bulkPreview: (documents: string[], set: Attributes, signal?: AbortSignal) =>
    post<BulkPreview>(`${RECORDS}/bulk/preview`, { documents, set }, signal),
  bulkApply: (documents: string[], set: Attributes, reason: string) =>
    post<BulkDone>(`${RECORDS}/bulk/apply`, { documents, set, reason }),
  bulkUndo: (bulk: string) => post<BulkUndone>(`${RECORDS}/bulk/undo`, { bulk }),
  export: (documents: string[], form: "pdf" | "zip") =>
    download(`${RECORDS}/export`, { documents, form }, EXPORT),

  duplicates: (ask: Paged, signal?: AbortSignal) =>
    post<Duplicates>(`${RECORDS}/duplicates/search`, ask, signal),
  decide: (id: number, decision: Decision, note = "") =>
    post<Decided>(`${RECORDS}/duplicates/${id}/decide`, { decision, note }),
  tomorrow: (ask: { day: string; department: string } & Paged, signal?: AbortSignal) =>
    post<Tomorrow>(`${RECORDS}/tomorrow`, ask, signal),
  first: (id: string, on: boolean) => post<void>(`${RECORDS}/tomorrow/${id}/first`, { on }),
  repairPreview: (ask: RepairAsked, signal?: AbortSignal) =>
    post<RepairPreview>(`${RECORDS}/repair/preview`, ask, signal),
  repair: (ask: RepairAsked, note: string) => post<Repaired>(`${RECORDS}/repair/apply`, { ...ask, note }),
  boxes: (ask: { project?: string | null } & Paged, signal?: AbortSignal) =>
    post<Boxes>(`${RECORDS}/boxes/search`, ask, signal),
  newBox: (fields: BoxFields) => post<Box>(`${RECORDS}/boxes`, fields),
  changeBox: (id: string, fields: BoxFields) => call<Box>("PATCH", `${RECORDS}/boxes/${id}`, fields),
  projects: (signal?: AbortSignal) => get<Projects>(`${RECORDS}/projects`, signal),

  listsText: (signal?: AbortSignal) => text(`${V1}/lists/export`, signal),
  importLists: (yaml: string, apply: boolean) => post<ImportResult>(`${V1}/lists/import`, { yaml, apply }),
  listsUsed: (signal?: AbortSignal) => get<ListUse>(`${V1}/lists/used`, signal),
  putList: (name: string, version: string, items: unknown[]) =>
    call<ListSaved>("PUT", `${V1}/lists/${name}`, { version, items }),
  models: (signal?: AbortSignal) => get<TrainedModel[]>(`${V1}/lists/models`, signal),
  activate: (id: number) => post<void>(`${V1}/lists/models/${id}/use`),

  picture: (id: string, n: number, r: string, kind: "thumb" | "view") =>
    `${of(id)}/pages/${n}/${kind}?r=${r}`,
  version: (id: string, version: number) => `${of(id)}/versions/${version}`,
  whole: (patient: string) => `${V1}/patients/${patient}/all.pdf`,
};

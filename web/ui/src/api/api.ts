import { call, get, post } from "./client";
import type {
  Alerts,
  Attention,
  BulkAct,
  BulkJob,
  BulkPreview,
  ConnectionPage,
  Dashboard,
  Filters,
  Language,
  MessageHits,
  Opened,
  Patient,
  PatientAccess,
  PatientDocuments,
  PatientMessages,
  PatientOrders,
  Patients,
  Plan,
  Probed,
  RevisionText,
  RouteList,
  RoutePage,
  RunHits,
  Search,
  Session,
  SignJob,
  SignQueue,
  SignReport,
  Status,
  Today,
  Unmatched,
  Waybill,
  WorkPage,
} from "./types";

const V1 = "/api/v1";
type Id = string | number;
export type Operated = "connection" | "route";
export type Operation = "stop" | "start" | "pause" | "resume";
export type BulkAsk = { act: BulkAct; ids?: string[]; filter?: Partial<Search> };
type Paged = Partial<Search> & { after?: string | null; limit?: number };

/** Every call that the screens make, one line each. */
export const api = {
  signIn: (token: string) => post<void>(`${V1}/session/link`, { token }),
  session: () => get<Session>(`${V1}/session`),
  signOut: () => call<void>("DELETE", `${V1}/session`),
  setLanguage: (language: Language) => call<void>("PUT", `${V1}/session/language`, { language }),

  today: (signal?: AbortSignal) => get<Today>(`${V1}/today`, signal),
  worklist: (
    ask: { status: Status; text?: string; after?: string | null; limit?: number },
    signal?: AbortSignal,
  ) => post<WorkPage>(`${V1}/worklist/search`, ask, signal),

  findPatients: (text: string, signal?: AbortSignal) =>
    post<Patients>(`${V1}/patients/search`, { text }, signal),
  patient: (id: string, signal?: AbortSignal) => get<Patient>(`${V1}/patients/${id}`, signal),
  patientOrders: (id: string, signal?: AbortSignal) =>
    get<PatientOrders>(`${V1}/patients/${id}/orders`, signal),
  patientDocuments: (id: string, signal?: AbortSignal) =>
    get<PatientDocuments>(`${V1}/patients/${id}/documents`, signal),
  patientMessages: (id: string, signal?: AbortSignal) =>
    get<PatientMessages>(`${V1}/patients/${id}/messages`, signal),
  patientAccess: (id: string, signal?: AbortSignal) =>
    get<PatientAccess>(`${V1}/patients/${id}/access`, signal),

  dashboard: (signal?: AbortSignal) => get<Dashboard>(`${V1}/dashboard`, signal),

  connection: (name: string, signal?: AbortSignal) =>
    get<ConnectionPage>(`${V1}/connections/${name}`, signal),
  probe: (name: string) => post<Probed>(`${V1}/connections/${name}/probe`),
  operate: (kind: Operated, name: string, deed: Operation, note: string) =>
    post<unknown>(`${V1}/${kind}s/${name}/${deed}`, { note }),
  routes: (signal?: AbortSignal) => get<RouteList>(`${V1}/routes`, signal),
  route: (name: string, signal?: AbortSignal) => get<RoutePage>(`${V1}/routes/${name}`, signal),
  revision: (route: string, revision: string, signal?: AbortSignal) =>
    get<RevisionText>(`${V1}/routes/${route}/revisions/${revision}`, signal),
  reload: (ask: { route?: string; revision?: string; note?: string }) =>
    post<Plan>(`${V1}/routes/reload`, ask),

  searchRuns: (ask: Paged, signal?: AbortSignal) => post<RunHits>(`${V1}/runs/search`, ask, signal),
  searchMessages: (ask: Paged, signal?: AbortSignal) =>
    post<MessageHits>(`${V1}/messages/search`, ask, signal),
  filters: (signal?: AbortSignal) => get<Filters>(`${V1}/messages/filters/words`, signal),

  bulkPreview: (ask: BulkAsk, signal?: AbortSignal) => post<BulkPreview>(`${V1}/bulk/preview`, ask, signal),
  bulkStart: (ask: BulkAsk & { note: string }) => post<BulkJob>(`${V1}/bulk`, ask),
  bulk: (id: string, signal?: AbortSignal) => get<BulkJob>(`${V1}/bulk/${id}`, signal),
  bulkStop: (id: string) => post<unknown>(`${V1}/bulk/${id}/stop`),

  run: (id: string, signal?: AbortSignal) => get<Waybill>(`${V1}/runs/${id}`, signal),
  message: (id: string, signal?: AbortSignal) => get<Waybill>(`${V1}/messages/${id}`, signal),
  openValue: (id: string, name: string) =>
    post<Opened>(`${V1}/runs/${id}/values/${encodeURIComponent(name)}/open`),
  openBody: (messageId: string) => post<Opened>(`${V1}/messages/${messageId}/body/open`),
  valueFile: (id: string, name: string) => `${V1}/runs/${id}/values/${encodeURIComponent(name)}/file`,
  retry: (id: string, note: string) => post<unknown>(`${V1}/runs/${id}/retry`, { note }),
  cancelRun: (id: string, note: string) => post<unknown>(`${V1}/runs/${id}/cancel`, { note }),
  release: (id: string, note: string) => post<unknown>(`${V1}/runs/${id}/release`, { note }),
  retryFrom: (id: string, step: string, note: string) =>
    post<unknown>(`${V1}/runs/${id}/retry_from`, { step, note }),
  edit: (id: string, body: string, note: string) =>
    post<{ run_id: string }>(`${V1}/runs/${id}/edit`, { body, note }),
  answer: (id: string, answer: string, note: string) =>
    post<unknown>(`${V1}/runs/${id}/answer`, { answer, note }),
  doubt: (id: string, answer: string, note: string) =>
    post<unknown>(`${V1}/runs/${id}/doubt`, { answer, note }),

  alerts: (signal?: AbortSignal) => get<Alerts>(`${V1}/alerts`, signal),
  acknowledgeAlert: (id: Id, note: string) => post<unknown>(`${V1}/alerts/${id}/acknowledge`, { note }),
  snoozeAlert: (id: Id, minutes: number, note: string) =>
    post<unknown>(`${V1}/alerts/${id}/snooze`, { minutes, note }),
  attention: (signal?: AbortSignal) => get<Attention>(`${V1}/attention`, signal),
  acknowledge: (id: Id, note: string) => post<unknown>(`${V1}/attention/${id}/acknowledge`, { note }),
  closeAttention: (id: Id, answer: string, note: string) =>
    post<unknown>(`${V1}/attention/${id}/close`, { answer, note }),

  unmatched: (signal?: AbortSignal) => get<Unmatched>(`${V1}/unmatched`, signal),
  unmatchedContent: (id: Id) => `${V1}/unmatched/${id}/content`,
  choose: (id: Id, runId: string) => post<unknown>(`${V1}/unmatched/${id}/choose`, { run_id: runId }),
  discard: (id: Id, reason: string) => post<unknown>(`${V1}/unmatched/${id}/discard`, { reason }),

  signQueue: (signal?: AbortSignal) => get<SignQueue>(`${V1}/sign/queue`, signal),
  signReport: (runId: string, signal?: AbortSignal) => get<SignReport>(`${V1}/sign/${runId}`, signal),
  sign: (runId: string) => post<SignJob>(`${V1}/sign/${runId}/sign`),
  refuse: (runId: string, reason: string) => post<unknown>(`${V1}/sign/${runId}/refuse`, { reason }),
  reread: (runId: string) => post<unknown>(`${V1}/sign/${runId}/reread`),
  cancelSigning: (runId: string) => post<unknown>(`${V1}/sign/${runId}/cancel`),
};

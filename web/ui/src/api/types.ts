/** What the API sends, by the names of its schema (openapi.json -> schema.d.ts: `npm run types`). */
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Language = Schemas["LanguageAsked"]["language"];
export type Session = Schemas["Session"];
export type Today = Schemas["Today"];
export type TodayCard = Schemas["Card"];
export type Status = Schemas["WorklistAsked"]["status"];
export type WorkPage = Schemas["Worklist"];
export type WorkItem = Schemas["WorklistRow"];
export type PatientRow = Schemas["PatientRow"];
export type Patients = Schemas["Patients"];
export type Patient = Schemas["Patient"];
export type PatientOrders = Schemas["PatientOrders"];
export type PatientOrder = Schemas["PatientOrder"];
export type PatientDocuments = Schemas["PatientDocuments"];
export type PatientDocument = Schemas["PatientDocument"];
export type PatientMessages = Schemas["PatientMessages"];
export type PatientMessage = Schemas["PatientMessage"];
export type PatientAccess = Schemas["PatientAccess"];
export type AccessEntry = Schemas["Access"];
export type Dashboard = Schemas["Dashboard"];
export type DashConnection = Schemas["ConnectionRow"];
export type DashRoute = Schemas["RouteRow"];
export type Waybill = Schemas["Waybill"];
export type WaybillStep = Schemas["Step"];
export type Effect = Schemas["Effect"];
export type RunEvent = Schemas["Event"];
export type Opened = Schemas["OpenedValue"];
export type Attention = Schemas["Attention"];
export type AttentionGroup = Schemas["AttentionGroup"];
export type AttentionItem = Schemas["AttentionItem"];
export type Unmatched = Schemas["Unmatched"];
export type UnmatchedFile = Schemas["UnmatchedFile"];
export type Candidate = Schemas["Candidate"];
export type SignQueue = Schemas["SignQueue"];
export type SignRow = Schemas["SignRow"];
export type SignReport = Schemas["SignReport"];
export type SignJob = Schemas["SignJob"];
export type Match = Schemas["Match"];

export const STATUSES: readonly Status[] = ["Pending", "Processing", "Processed", "Sent"];

/** What the records' API sends and takes, by the names of its schema. Times are milliseconds since 1970; boxes are
 * parts of a page. */
import type { components } from "@/api/schema";

type Schemas = components["schemas"];

export type PatientBrief = Schemas["PatientBrief"];
export type SearchHit = Schemas["SearchHit"];
export type SearchHits = Schemas["SearchHits"];
export type RecordsAsked = Partial<Schemas["RecordsAsked"]>;
export type Level = Schemas["Tree"]["by"][number];
export type Tree = Schemas["Tree"];
export type TreeNode = Schemas["TreeNode"];
export type DocBrief = Schemas["DocBrief"];
export type DocBriefs = Schemas["DocBriefs"];
export type BranchAsked = Pick<Schemas["BranchAsked"], "by" | "keys"> & Partial<Schemas["BranchAsked"]>;
export type ReaderDocument = Schemas["ReaderDocument"];
export type ReaderPage = Schemas["ReaderPage"];
export type PageHits = Schemas["PageHits"];
export type Attributes = Schemas["Attributes"];
export type AttributeName = Exclude<keyof Attributes, "details">;
export type History = Schemas["History"];
export type HistoryEntry = Schemas["HistoryEntry"];
export type BulkPreview = Schemas["BulkPreview"];
export type BulkDone = Schemas["BulkDone"];
export type BulkUndone = Schemas["BulkUndone"];
export type Duplicate = Schemas["Duplicate"];
export type DuplicatePage = Schemas["DuplicatePage"];
export type Duplicates = Schemas["Duplicates"];
export type Decision = Schemas["DecisionAsked"]["decision"];
export type Decided = Schemas["Decided"];
export type RepairAsked = Schemas["RepairAsked"];
export type RepairPreview = Schemas["RepairPreview"];
export type Repaired = Schemas["Repaired"];
export type TomorrowRow = Schemas["TomorrowRow"];
export type Tomorrow = Schemas["Tomorrow"];
export type Box = Schemas["Box"];
export type Boxes = Schemas["Boxes"];
export type BoxFields = Partial<Schemas["BoxPatch"]>;
export type Project = Schemas["Project"];
export type Projects = Schemas["Projects"];
export type Kind = Schemas["Kind"];
export type Department = Schemas["Department"];
export type Station = Schemas["Station"];
export type ImportResult = Schemas["ImportResult"];
export type ListFault = Schemas["ListFault"];
export type TrainedModel = Schemas["TrainedModel"];

/** What the scan desk's API sends and takes, by the names of its schema. Times are milliseconds since 1970; boxes are
 * parts of a page. */
import type { components } from "@/api/schema";

type Schemas = components["schemas"];

export type Box = [number, number, number, number];
export type Person = Schemas["Person"];
export type PatientBrief = Schemas["PatientBrief"];
export type PageCode = Schemas["PageCode"];
export type Recipe = Schemas["Recipe"];
export type Page = Schemas["Page"];
export type PageState = Page["state"];
export type Suggested = Schemas["Suggested"];
export type SuggestedValue = Schemas["SuggestedValue"];
export type Draft = Schemas["Draft"];
export type Ledger = Schemas["Ledger"];
export type Sides = Ledger["sides"];
export type ScanFile = Schemas["File"];
export type Act = Schemas["Act"];
export type Proposal = Schemas["Proposal"];
export type BatchRow = Schemas["BatchRow"];
export type BatchState = BatchRow["state"];
export type Batch = Schemas["Batch"];
export type Batches = Schemas["Batches"];
export type Changed = Schemas["BatchChanged"];
export type BatchesAsked = Partial<Schemas["BatchesAsked"]>;
export type BatchFields = Partial<Schemas["BatchNew"]>;
export type ActAsked = Pick<Schemas["ActAsked"], "act"> & Partial<Schemas["ActAsked"]> & { pages: string[] };
export type DraftFields = Schemas["Attributes"];
export type FiledAll = Schemas["FiledAll"];
export type Lists = Schemas["Lists"];
export type Kind = Schemas["Kind"];
export type Department = Schemas["Department"];
export type Station = Schemas["Station"];
export type Names = Kind["names"];
export type ScanProblem = Schemas["ScanProblem"];
export type ScanProblems = Schemas["ScanProblems"];

export type Found = Schemas["PatientFound"];
export type Candidate = Schemas["PageCandidate"];
export type AssignAsked = Pick<Schemas["AssignAsked"], "pages" | "patient" | "how"> & { note?: string };
export type AssignHow = AssignAsked["how"];
export type SheetsAsked = Pick<Schemas["SheetsAsked"], "kind"> & Partial<Schemas["SheetsAsked"]>;

import type {
  Attributes,
  Box,
  DocBrief,
  DocumentFlag,
  Duplicate,
  HistoryEntry,
  ImportResult,
  PageInWork,
  Project,
  ReaderDocument,
  RepairPreview,
  SearchHit,
  TomorrowRow,
  TrainedModel,
  Tree,
  TreeNode,
} from "../../src/screens/records/types";
import { PEOPLE, picture, type ScanAnswer } from "./scan.ts";

const ok = (body: unknown): ScanAnswer => ({ status: 200, body });
const done: ScanAnswer = { status: 204 };
const no = (status: number, code: string, detail: string): ScanAnswer => ({
  status,
  body: { title: "Refused", status, code, detail, right: null },
});
const missing = no(404, "WB-7006", "There is nothing at this address.");
const [ANA, LUZ, SAM] = PEOPLE as [(typeof PEOPLE)[0], (typeof PEOPLE)[0], (typeof PEOPLE)[0]];
const HOUR = 3_600_000;

type Doc = DocBrief & { patient: string; words: string };

function doc(id: string, more: Partial<Doc>): Doc {
  return {
    id,
    kind: "lab",
    title: "",
    date: "2026-05-03",
    department: "lab",
    author: "",
    episode: "",
    pages: 3,
    version: 1,
    state: "current",
    origin: "scan",
    unread: true,
    pinned: false,
    flagged: false,
    patient: "pat1",
    words: "血压 稳定 blood pressure",
    ...more,
  };
}

const YAML = `kinds:
  - code: lab
    names: {en: Laboratory report, es: Informe de laboratorio, zh: 检验报告}
departments:
  - code: lab
    names: {en: Laboratory}
stations: []
`;

/** The records' part of the invented API. */
export class MockRecords {
  documents: Doc[] = [
    doc("d1", { date: "2026-05-03", pinned: true }),
    doc("d2", { kind: "letter", department: "card", date: "2026-05-01", author: "Dr. Muestra", pages: 12 }),
    doc("d3", { kind: "consent", department: "card", date: "2025-11-20", unread: false, words: "agreed" }),
    doc("d4", { kind: "report", title: "Echo", department: "card", origin: "route", pages: 2, words: "" }),
    doc("d9", { patient: "pat2", kind: "ecg", department: "card", words: "ritmo sinusal" }),
  ];
  tree = { in_work: { pages: 12, since: Date.now() - HOUR }, unchecked: [{ batch: "b1", pages: ["b1p3"] }] };
  history: HistoryEntry[] = [];
  readonly flags = new Map<string, DocumentFlag[]>();
  loose: PageInWork[] = [1, 2, 3].map((n) => ({
    n,
    page: `b1p${n}`,
    width: 1654,
    height: 2339,
    r: "",
    checked: n > 2,
    at: Date.now() - HOUR,
  }));
  pairs: Duplicate[] = [pair(1, "bytes", "pat1", "pat1"), pair(2, "image", "pat1", "pat2")];
  day: TomorrowRow[] = [
    row("t1", { time: "08:30", scanned: 4, in_work: 12, paper: "Shelf 12", box: "K-001" }),
    row("t2", { patient: LUZ, name: LUZ.name, number: LUZ.number, time: "09:10", department: "lab" }),
    row("t3", { patient: null, name: "Nobody Yet", number: "9999", time: "11:00", paper: "Shelf 3" }),
  ];
  boxes: Box[] = [
    box("x1", { code: "K-001", project: "Back-file", sheets: 400, state: "stored", images: 380 }),
    box("x2", { code: "K-002", project: "Back-file", sheets: null }),
  ];
  projects: Project[] = [
    {
      project: "Back-file",
      boxes: { stored: 1, open: 1 },
      sheets: 400,
      unsaid: 0,
      fed: 300,
      images: 380,
      batches: { filed: 3 },
      documents: 90,
      a_day: 50,
      days: 2,
    },
  ];
  yaml = YAML;
  models: TrainedModel[] = [model(2, "refused", 0.55), model(1, "active", 0.91)];
  /** A word for which a search never comes to an end. */
  long = "";
  private bulks = 0;

  handle(method: string, path: string, body: Record<string, unknown>): ScanAnswer | null {
    const bare = path.split("?")[0] ?? "";
    for (const [wanted, pattern, run] of this.routes) {
      const found = wanted === method ? pattern.exec(bare) : null;
      if (found) return run(found.slice(1), body, path);
    }
    return null;
  }

  private readonly routes: [
    string,
    RegExp,
    (args: string[], body: Record<string, unknown>, path: string) => ScanAnswer,
  ][] = [
    ["POST", /^\/records\/search$/, (_, body) => this.search(body)],
    ["GET", /^\/patients\/(\w+)\/tree$/, ([id], _, path) => this.treeOf(id ?? "", path)],
    [
      "POST",
      /^\/patients\/(\w+)\/tree\/documents$/,
      ([id]) => ok({ items: this.documents.filter((one) => one.patient === id), next: null }),
    ],
    ["GET", /^\/documents\/(\w+)\/reader$/, ([id]) => this.with(id, (one) => ok(this.reader(one)))],
    [
      "GET",
      /^\/documents\/(\w+)\/pages\/(\d+)\/(thumb|view)$/,
      ([id, n]) => ({ status: 200, svg: picture(`${id}p${n}`) }),
    ],
    ["POST", /^\/documents\/(\w+)\/flags$/, ([id], body) => this.flag(id ?? "", body)],
    [
      "POST",
      /^\/documents\/(\w+)\/flags\/(\d+)\/answer$/,
      ([id, flag], body) => this.answer(id ?? "", Number(flag), body),
    ],
    ["GET", /^\/patients\/\w+\/in-work$/, () => ok({ pages: this.loose })],
    [
      "GET",
      /^\/patients\/\w+\/in-work\/(\w+)\/(thumb|view)$/,
      ([page]) => ({ status: 200, svg: picture(page ?? "") }),
    ],
    ["GET", /^\/documents\/\w+\/versions\/\d+$/, () => ({ status: 200, pdf: true })],
    ["GET", /^\/patients\/\w+\/all\.pdf$/, () => ({ status: 200, pdf: true })],
    ["POST", /^\/documents\/(\w+)\/find$/, ([id], body) => this.find(id, String(body.text))],
    [
      "POST",
      /^\/documents\/(\w+)\/pin$/,
      ([id], body) =>
        this.with(id, (one) => {
          one.pinned = body.on === true;
          return done;
        }),
    ],
    ["PATCH", /^\/documents\/(\w+)$/, ([id], body) => this.edit(id, body)],
    ["GET", /^\/documents\/(\w+)\/history$/, () => ok({ items: this.history, next: null })],
    ["POST", /^\/documents\/(\w+)\/undo$/, ([id]) => this.undo(id)],
    ["POST", /^\/documents\/(\w+)\/withdraw$/, ([id]) => this.put(id, { state: "withdrawn" })],
    ["POST", /^\/documents\/(\w+)\/restore$/, ([id]) => this.put(id, { state: "current" })],
    [
      "POST",
      /^\/documents\/(\w+)\/pages$/,
      ([id], body) => this.put(id, { version: 2, pages: (body.pages as string[]).length }),
    ],
    ["POST", /^\/records\/bulk\/preview$/, (_, body) => this.preview(body)],
    ["POST", /^\/records\/bulk\/apply$/, (_, body) => this.apply(body)],
    ["POST", /^\/records\/bulk\/undo$/, (_, body) => ok({ bulk: body.bulk, count: 2, left: 0 })],
    ["POST", /^\/records\/export$/, () => ({ status: 200, pdf: true })],
    [
      "POST",
      /^\/records\/duplicates\/search$/,
      () => ok({ items: this.pairs, next: null, open: this.pairs.length }),
    ],
    ["POST", /^\/records\/duplicates\/(\d+)\/decide$/, ([id], body) => this.decide(Number(id), body)],
    [
      "POST",
      /^\/records\/tomorrow$/,
      () =>
        ok({ items: this.day, next: null, counts: { total: 3, first: 0, paper: 2, "department:lab": 1 } }),
    ],
    [
      "POST",
      /^\/records\/tomorrow\/(\w+)\/first$/,
      ([id], body) => {
        for (const one of this.day) if (one.id === id) one.first = body.on === true;
        return done;
      },
    ],
    ["POST", /^\/records\/repair\/preview$/, (_, body) => this.repairPreview(body)],
    ["POST", /^\/records\/repair\/apply$/, () => ok({ act: 7, moved: ["d9"], made: [], pages: 3 })],
    ["POST", /^\/records\/boxes\/search$/, () => ok({ items: this.boxes, next: null })],
    [
      "POST",
      /^\/records\/boxes$/,
      (_, body) => {
        const made = box(`x${this.boxes.length + 1}`, body as Partial<Box>);
        this.boxes = [made, ...this.boxes];
        return ok(made);
      },
    ],
    [
      "PATCH",
      /^\/records\/boxes\/(\w+)$/,
      ([id], body) => {
        const found = this.boxes.find((one) => one.id === id);
        return found ? ok(Object.assign(found, body)) : missing;
      },
    ],
    ["GET", /^\/records\/projects$/, () => ok({ items: this.projects })],
    ["GET", /^\/lists\/export$/, () => ({ status: 200, text: this.yaml })],
    ["POST", /^\/lists\/import$/, (_, body) => this.import(String(body.yaml), body.apply === true)],
    ["GET", /^\/lists\/models$/, () => ok(this.models)],
    [
      "POST",
      /^\/lists\/models\/(\d+)\/use$/,
      ([id]) => {
        for (const one of this.models) one.state = one.id === Number(id) ? "active" : "old";
        return done;
      },
    ],
  ];

  private with(id: string | undefined, run: (one: Doc) => ScanAnswer): ScanAnswer {
    const found = this.documents.find((one) => one.id === id);
    return found ? run(found) : missing;
  }

  private search(body: Record<string, unknown>): ScanAnswer {
    const text = String(body.text ?? "");
    const kinds = (body.kinds ?? []) as string[];
    if (this.long && text === this.long) return ok({ items: [], next: "further", ms: 120 });
    const found = this.documents.filter(
      (one) => one.words.includes(text) && (!kinds.length || kinds.includes(one.kind)),
    );
    const items = found.map((one): SearchHit => {
      const [before = "", after = ""] = text ? one.words.split(text) : [];
      return {
        document: one.id,
        patient: PEOPLE.find((who) => who.id === one.patient) ?? ANA,
        kind: one.kind,
        title: one.title,
        date: one.date,
        department: one.department,
        pages: one.pages,
        hits: text ? 2 : 0,
        page: text ? 2 : null,
        snippet: text
          ? [
              { text: before, hit: false },
              { text, hit: true },
              { text: after, hit: false },
            ]
          : [],
      };
    });
    const first = items.slice(0, 3);
    return body.after
      ? ok({ items: items.slice(3), next: null, ms: 2 })
      : ok({ items: first, next: items.length > 3 ? "k3" : null, ms: 4 });
  }

  private treeOf(id: string, path: string): ScanAnswer {
    const by = (new URLSearchParams(path.split("?")[1]).get("by") ?? "date").split(",") as Tree["by"];
    const withdrawn = path.includes("withdrawn=true");
    const all = this.documents.filter((one) => one.patient === id && (withdrawn || one.state === "current"));
    const keyOf = (one: Doc, level: string) =>
      level === "date" ? one.date.slice(0, 7) : String(one[level as "kind"]);
    const branches = (docs: Doc[], levels: readonly string[]): TreeNode[] => {
      const [level, ...rest] = levels;
      if (!level) return [];
      const keys = [...new Set(docs.map((one) => keyOf(one, level)))].sort().reverse();
      return keys.map((key) => {
        const mine = docs.filter((one) => keyOf(one, level) === key);
        return {
          key,
          label: key,
          count: mine.length,
          nodes: branches(mine, rest),
          documents: rest.length ? null : structuredClone(mine),
        };
      });
    };
    const patient = PEOPLE.find((who) => who.id === id) ?? ANA;
    return ok({ by, patient, total: all.length, nodes: branches(all, by), ...this.tree });
  }

  private flag(id: string, body: Record<string, unknown>): ScanAnswer {
    const n = (body.n as number | null | undefined) ?? null;
    const made: DocumentFlag = {
      id: 1 + (this.flags.get(id)?.length ?? 0),
      whole: n === null,
      n,
      version: 1,
      reason: body.reason as DocumentFlag["reason"],
      note: String(body.note ?? ""),
      by: { login: "demo", name: "Demo Person", me: true },
      at: Date.now(),
      answer: "",
      answer_note: "",
      answered_by: null,
      answered_at: null,
    };
    this.flags.set(id, [made, ...(this.flags.get(id) ?? [])]);
    return ok({ items: this.flags.get(id) });
  }

  private answer(id: string, flag: number, body: Record<string, unknown>): ScanAnswer {
    const said = {
      answer: body.answer as DocumentFlag["answer"],
      answer_note: String(body.note),
      answered_by: { login: "eva", name: "Eva Clerk", me: false },
      answered_at: Date.now(),
    };
    const all = (this.flags.get(id) ?? []).map((one) => (one.id === flag ? { ...one, ...said } : one));
    this.flags.set(id, all);
    return ok({ items: all });
  }

  private reader(one: Doc): ReaderDocument {
    const pages = Array.from({ length: one.pages }, (_, at) => ({
      n: at + 1,
      page: `${one.id}p${at + 1}`,
      width: 1654,
      height: 2339,
      r: "",
    }));
    return {
      document: structuredClone(one),
      patient: PEOPLE.find((who) => who.id === one.patient) ?? ANA,
      details: {},
      versions: [
        {
          version: one.version,
          form: "searchable",
          at: Date.now() - HOUR,
          by: "demo",
          reason: "",
          checks: ["pdfa"],
          foreign: false,
        },
      ],
      pages: one.origin === "scan" ? pages : null,
      flags: this.flags.get(one.id) ?? [],
    };
  }

  private find(id: string | undefined, text: string): ScanAnswer {
    return this.with(id, (one) =>
      ok({
        hits: one.words.includes(text)
          ? [
              { n: 2, boxes: [[0.2, 0.3, 0.2, 0.02]] },
              { n: 3, boxes: [[0.1, 0.5, 0.2, 0.02]] },
            ]
          : [],
      }),
    );
  }

  private put(id: string | undefined, said: Partial<Doc>): ScanAnswer {
    return this.with(id, (one) => ok(Object.assign(one, said)));
  }

  private edit(id: string | undefined, body: Record<string, unknown>): ScanAnswer {
    const { reason, ...said } = body as Attributes & { reason?: string };
    return this.with(id, (one) => {
      const changes = Object.entries(said).map(([name, after]) => ({
        name,
        before: one[name as keyof Doc],
        after,
      }));
      this.history = [
        {
          id: this.history.length + 1,
          kind: "document.edit",
          by: "demo",
          at: Date.now(),
          note: reason ?? "",
          changes,
          bulk: "",
          undone_at: null,
          undone_by: null,
          can_undo: true,
        },
        ...this.history,
      ];
      return ok(Object.assign(one, said));
    });
  }

  private undo(id: string | undefined): ScanAnswer {
    return this.with(id, (one) => {
      const last = this.history.find((act) => act.can_undo);
      if (!last) return no(409, "WB-8103", "There is nothing to undo.");
      Object.assign(last, { can_undo: false, undone_at: Date.now(), undone_by: "demo" });
      return ok(Object.assign(one, Object.fromEntries(last.changes.map((c) => [c.name, c.before]))));
    });
  }

  private preview(body: Record<string, unknown>): ScanAnswer {
    const ids = body.documents as string[];
    const sample = ids.map((document) => ({
      document,
      changes: Object.entries(body.set as object).map(([name, after]) => ({ name, before: "", after })),
    }));
    return ok({ count: ids.length, changes: ids.length, sample });
  }

  private apply(body: Record<string, unknown>): ScanAnswer {
    const ids = body.documents as string[];
    for (const one of this.documents) if (ids.includes(one.id)) Object.assign(one, body.set);
    this.bulks += 1;
    return ok({ bulk: `bulk${this.bulks}`, count: ids.length });
  }

  private decide(id: number, body: Record<string, unknown>): ScanAnswer {
    this.pairs = this.pairs.filter((one) => one.id !== id);
    return ok({ id, state: body.decision, open: this.pairs.length });
  }

  private repairPreview(body: Record<string, unknown>): ScanAnswer {
    const to = PEOPLE.find((who) => who.id === body.to) ?? SAM;
    const documents = (body.documents ?? []) as string[];
    const preview: RepairPreview = {
      from: [ANA],
      to,
      documents: documents.map((id) => ({
        id,
        kind: "lab",
        title: "",
        date: "2026-05-03",
        from: ANA,
        becomes: "moved",
        pages: 3,
        left: 0,
        sent: true,
      })),
      pages: documents.length * 3 + ((body.pages ?? []) as string[]).length,
      withdrawals: documents.length,
      readers: [{ who: "dr.muestra", when: Date.now() - HOUR }],
      conflicts: to.id === ANA.id ? ["same"] : [],
    };
    return ok(preview);
  }

  private import(text: string, apply: boolean): ScanAnswer {
    const lines = text.split("\n");
    const bad = lines.findIndex((line) => line.includes("lonic"));
    const none = { added: [], changed: [], retired: [] };
    const fault = {
      line: bad + 1,
      column: 5,
      code: "WB-0103",
      text: "unknown key `lonic`",
      advice: "Write `loinc`.",
    };
    const result: ImportResult =
      bad >= 0
        ? { applied: false, changes: {}, faults: [fault] }
        : {
            applied: apply,
            changes: { kinds: { ...none, added: ["ecg"] }, departments: none, stations: none },
            faults: [],
          };
    if (result.applied) this.yaml = text;
    return ok(result);
  }
}

function pair(id: number, why: Duplicate["why"], a: string, b: string): Duplicate {
  const side = (at: number, patient: string): Duplicate["a"] => ({
    page: `dup${id}${at}`,
    r: "",
    number: at,
    state: "kept",
    file: `scan-${at}.jpg`,
    width: 1654,
    height: 2339,
    at: Date.now() - (3 - at) * HOUR,
    patient: PEOPLE.find((who) => who.id === patient) ?? null,
    document: at === 1 ? "d1" : null,
    title: "",
    batch: "b1",
  });
  return { id, why, distance: why === "image" ? 3 : 0, a: side(1, a), b: side(2, b) };
}

function row(id: string, more: Partial<TomorrowRow>): TomorrowRow {
  return {
    id,
    patient: ANA,
    number: ANA.number,
    name: ANA.name,
    department: "card",
    time: "",
    reason: "Control",
    scanned: 0,
    in_work: 0,
    paper: "",
    box: "",
    first: false,
    ...more,
  };
}

function box(id: string, more: Partial<Box>): Box {
  return {
    id,
    code: id,
    project: "",
    shelf: "",
    title: "",
    sheets: null,
    state: "open",
    batches: {},
    images: 0,
    documents: 0,
    created_at: Date.now(),
    ...more,
  };
}

function model(id: number, state: string, accuracy: number): TrainedModel {
  return {
    id,
    state,
    at: new Date(Date.now() - HOUR).toISOString(),
    report: {
      accuracy,
      named: 0.7,
      precision: 0.98,
      top3: 0.97,
      documents: 320,
      patients: 80,
      seconds: 12.1,
      by_kind: { lab: 200, letter: 120 },
      left_out: {},
      reason: state === "refused" ? "only 55% of the held-out documents were told right" : "",
    },
  };
}

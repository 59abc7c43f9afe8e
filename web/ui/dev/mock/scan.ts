import type {
  ActAsked,
  AssignAsked,
  Batch,
  BatchRow,
  Changed,
  Draft,
  Ledger,
  Page,
  PageState,
  PatientBrief,
  Person,
  ScanProblem,
} from "../../src/screens/scan/types";

export interface ScanAnswer {
  status: number;
  body?: unknown;
  /** A picture instead of a JSON body. */
  svg?: string;
  pdf?: boolean;
  /** A text instead of a JSON body. */
  text?: string;
}

const ME: Person = { login: "demo", name: "Demo User", me: true };
const OTHER: Person = { login: "luz", name: "Luz Muestra", me: false };
const HOUR = 3_600_000;
const PLAIN: Page["recipe"] = { rotate: 0, crop: null, deskew: 0, contrast: 0 };

export const PEOPLE: PatientBrief[] = [
  { id: "pat1", number: "1002-7", name: "示例甲", birth_date: "1988-04-12", sex: "F" },
  { id: "pat2", number: "1003-5", name: "María Muestra López", birth_date: "1951-11-30", sex: "F" },
  { id: "pat3", number: "2041-9", name: "Sam Sample", birth_date: "1990-01-02", sex: "M" },
];
/** A label with this number contradicts whatever page it is given to. */
export const WRONG = "pat3";

const ok = (body: unknown): ScanAnswer => ({ status: 200, body });
const no = (status: number, code: string, detail: string, more: object = {}): ScanAnswer => ({
  status,
  body: { title: "Refused", status, code, detail, right: null, ...more },
});
const missing = no(404, "WB-7006", "There is nothing at this address.");

function page(batch: string, n: number, state: PageState, draft: string | null): Page {
  return {
    id: `${batch}p${n}`,
    number: n,
    position: n,
    state,
    reason: "",
    flags: n % 9 === 4 ? ["skewed"] : n % 13 === 7 ? ["blank"] : [],
    codes: [],
    skew: n % 9 === 4 ? 1.8 : 0,
    width: 1654,
    height: 2339,
    dpi: 200,
    recipe: PLAIN,
    r: "",
    patient: null,
    assigned_how: "",
    draft,
    text: "done",
    file: `scan-${n}.tif`,
    replaces: null,
    ready: true,
  };
}

function draftOf(id: string, position: number, pages: string[]): Draft {
  return {
    id,
    position,
    state: "open",
    pages,
    patient: null,
    kind: "",
    date: "",
    department: "",
    author: "",
    title: "",
    episode: "",
    details: {},
    suggested: {
      kinds: [
        { code: "lab", probability: 0.82 },
        { code: "letter", probability: 0.11 },
        { code: "consent", probability: 0.04 },
      ],
      values: [
        { name: "date", value: "2026-05-03", page: pages[0] ?? null, box: [0.62, 0.08, 0.2, 0.03] },
        { name: "laboratory_number", value: "L-4711", page: pages[0] ?? null, box: [0.1, 0.16, 0.2, 0.03] },
      ],
      abstained: false,
    },
    document: null,
    missing: ["patient", "kind", "date"],
  };
}

/** A separator, then `each` pages, so often as there are documents. */
function filled(id: string, documents: number, each: number): { pages: Page[]; drafts: Draft[] } {
  const pages: Page[] = [page(id, 1, "header", null)];
  const drafts: Draft[] = [];
  for (let d = 0; d < documents; d += 1) {
    const draft = `${id}d${d + 1}`;
    pages.push(page(id, pages.length + 1, "separator", null));
    const own = Array.from({ length: each }, (_, n) => page(id, pages.length + 1 + n, "kept", draft));
    pages.push(...own);
    drafts.push(
      draftOf(
        draft,
        d + 1,
        own.map((one) => one.id),
      ),
    );
  }
  return { pages, drafts };
}

const EMPTY = {
  ledger: {} as Ledger,
  files: [],
  acts: [],
  proposals: [],
  can: {} as Batch["can"],
  flags: 0,
  unassigned: 0,
  first: false,
  to_confirm: 0,
};

function batch(id: string, more: Partial<Batch>, documents: number, each: number): Batch {
  const now = Date.now();
  const inside = filled(id, documents, each);
  return {
    id,
    state: "open",
    station: "scan-1",
    title: "",
    operator: ME,
    lock: { by: ME, at: now - 60_000 },
    box: null,
    expected: null,
    filed: 0,
    code: "",
    reason: "",
    created_at: now - 2 * HOUR,
    changed_at: now - 60_000,
    pending_files: 0,
    failed_files: 0,
    sheets: inside.pages.length,
    documents,
    sides: "one",
    languages: "eng",
    version: 1,
    ...EMPTY,
    ...inside,
    ...more,
  };
}

type Undo = () => void;

/** The scan desk's part of the invented API: a batch that balances, one of another person, one that is stopped. */
/** Of a problem that is of no document. */
const NOWHERE = { patient: null, document: null, page: null };

export class MockScan {
  batches: Batch[] = [
    batch("b1", { title: "Ward 3, May" }, 3, 4),
    batch("b2", { title: "Box 17", lock: { by: OTHER, at: Date.now() - 120_000 }, operator: OTHER }, 2, 2),
    batch(
      "b3",
      {
        state: "stopped",
        code: "WB-8040",
        reason: "Separator 2 of 3 is missing after page 6.",
        lock: null,
        operator: null,
        station: "scan-2",
      },
      2,
      3,
    ),
  ];
  problems: ScanProblem[] = [
    {
      id: "f1",
      kind: "incomplete",
      batch: null,
      subject: "scan-2 / 0007.tif",
      code: "WB-8607",
      reason: "The file is not complete yet.",
      since: Date.now() - HOUR,
      can_retry: false,
      ...NOWHERE,
    },
    {
      id: "t1",
      kind: "text",
      batch: "b1",
      subject: "Ward 3, May, page 4",
      code: "WB-8401",
      reason: "Reading took too long.",
      since: Date.now() - HOUR,
      can_retry: true,
      ...NOWHERE,
    },
  ];
  private readonly undos = new Map<string, Undo[]>();

  constructor() {
    for (const one of this.batches) this.count(one);
  }

  handle(method: string, path: string, body: Record<string, unknown>): ScanAnswer | null {
    if (!path.startsWith("/scan/")) return null;
    for (const [wanted, pattern, run] of this.routes) {
      const found = wanted === method ? pattern.exec(path) : null;
      if (found) return run(found.slice(1), body);
    }
    return missing;
  }

  private readonly routes: [string, RegExp, (args: string[], body: Record<string, unknown>) => ScanAnswer][] =
    [
      ["POST", /^\/scan\/batches\/search$/, (_, body) => this.search(body)],
      ["POST", /^\/scan\/batches$/, (_, body) => this.create(body)],
      ["GET", /^\/scan\/batches\/(\w+)$/, ([id]) => this.with(id, (one) => ok(one))],
      [
        "PATCH",
        /^\/scan\/batches\/(\w+)$/,
        ([id], body) => this.with(id, (one) => this.put(Object.assign(one, body))),
      ],
      [
        "POST",
        /^\/scan\/batches\/(\w+)\/(claim|take-over)$/,
        ([id]) => this.with(id, (one) => this.put(Object.assign(one, { lock: { by: ME, at: Date.now() } }))),
      ],
      [
        "POST",
        /^\/scan\/batches\/(\w+)\/resolve$/,
        ([id]) =>
          this.with(id, (one) => this.put(Object.assign(one, { state: "open", code: "", reason: "" }))),
      ],
      ["POST", /^\/scan\/batches\/(\w+)\/close$/, ([id]) => this.with(id, (one) => this.close(one))],
      [
        "POST",
        /^\/scan\/batches\/(\w+)\/acts$/,
        ([id], body) => this.with(id, (one) => this.act(one, body as unknown as ActAsked)),
      ],
      ["POST", /^\/scan\/batches\/(\w+)\/undo$/, ([id]) => this.with(id, (one) => this.undo(one))],
      [
        "POST",
        /^\/scan\/batches\/(\w+)\/candidates$/,
        ([id], body) => this.with(id, (one) => this.candidates(one, String(body.page))),
      ],
      [
        "POST",
        /^\/scan\/batches\/(\w+)\/assign$/,
        ([id], body) => this.with(id, (one) => this.assign(one, body as unknown as AssignAsked)),
      ],
      [
        "POST",
        /^\/scan\/batches\/(\w+)\/assign\/(confirm|refuse)$/,
        ([id, what], body) => this.with(id, (one) => this.answer(one, Number(body.act), what === "confirm")),
      ],
      ["POST", /^\/scan\/batches\/(\w+)\/file-all$/, ([id]) => this.with(id, (one) => this.fileAll(one))],
      ["POST", /^\/scan\/patients\/lookup$/, (_, body) => this.lookup(String(body.text))],
      ["PATCH", /^\/scan\/drafts\/(\w+)$/, ([id], body) => this.draft(id, (one) => Object.assign(one, body))],
      ["POST", /^\/scan\/drafts\/(\w+)\/same$/, ([id]) => this.same(id ?? "")],
      ["POST", /^\/scan\/drafts\/(\w+)\/suggest$/, ([id]) => this.draft(id, () => undefined)],
      ["POST", /^\/scan\/drafts\/(\w+)\/file$/, ([id]) => this.file(id)],
      ["GET", /^\/scan\/pages\/(\w+)\/(thumb|view)$/, ([id]) => ({ status: 200, svg: picture(id ?? "") })],
      ["POST", /^\/scan\/sheets$/, () => ({ status: 200, pdf: true })],
      ["POST", /^\/scan\/problems\/search$/, () => ok({ items: this.problems, next: null, counts: {} })],
      ["POST", /^\/scan\/problems\/retry$/, (_, body) => this.retry(body.ids as string[])],
    ];

  private with(id: string | undefined, run: (one: Batch) => ScanAnswer): ScanAnswer {
    const found = this.batches.find((one) => one.id === id);
    return found ? run(found) : missing;
  }

  private put(one: Batch): ScanAnswer {
    one.version += 1;
    this.count(one);
    return ok(structuredClone(one));
  }

  /** What follows from the pages and the lock. */
  private count(one: Batch): void {
    const of = (state: PageState) => one.pages.filter((page) => page.state === state).length;
    const expected = one.sheets === null ? null : one.sheets * (one.sides === "one" ? 1 : 2);
    const images = one.pages.length;
    const ledger: Ledger = {
      sheets: one.sheets,
      sides: one.sides,
      expected,
      images,
      kept: of("kept"),
      rescan: of("rescan"),
      label: of("label"),
      separator: of("separator"),
      header: of("header"),
      blank: of("blank"),
      dropped: of("dropped"),
      replaced: of("replaced"),
      pending_files: one.pending_files,
      failed_files: one.failed_files,
      documents: one.documents,
      groups: one.drafts.length,
      balances: false,
      why: [],
    };
    if (expected === null) ledger.why.push("unknown");
    else if (expected !== images - ledger.replaced) ledger.why.push("count");
    if (ledger.rescan) ledger.why.push("rescan");
    if (ledger.failed_files) ledger.why.push("failed");
    if (one.state === "stopped") ledger.why.push("stopped");
    ledger.balances = ledger.why.length === 0;
    const mine = one.lock?.by.me === true;
    const working = one.state === "open" || one.state === "stopped";
    Object.assign(one, {
      ledger,
      expected,
      flags: one.pages.filter((page) => page.flags.length).length,
      unassigned: one.pages.filter((page) => page.state === "kept" && !page.patient).length,
      filed: one.drafts.filter((draft) => draft.state === "filed").length,
      can: {
        edit: mine && working,
        close: mine && one.state === "open" && ledger.balances,
        claim: !one.lock && working,
        take_over: one.lock !== null && !mine,
        reopen: mine && one.state === "closed",
        file: one.state === "closed",
      },
    });
    for (const draft of one.drafts) {
      draft.patient = one.pages.find((page) => page.id === draft.pages[0])?.patient ?? null;
      draft.missing = [
        ...(draft.patient ? [] : ["patient"]),
        ...(draft.kind ? [] : ["kind"]),
        ...(draft.date ? [] : ["date"]),
      ];
    }
  }

  private changed(one: Batch, pages: Page[], kind = "act"): Changed {
    one.version += 1;
    this.count(one);
    const act = { id: one.version, kind, by: ME, at: Date.now(), undone: false, can_undo: true };
    one.acts.push(act);
    const { version, ledger, drafts, proposals } = one;
    return structuredClone({ version, ledger, pages, drafts, proposals, act });
  }

  private search(body: Record<string, unknown>): ScanAnswer {
    const states = body.states as string[] | null;
    const items: BatchRow[] = this.batches
      .filter((one) => !states || states.includes(one.state))
      .filter((one) => !body.mine || one.lock?.by.me)
      .map((one) => ({ ...one, pages: one.pages.length, drafts: one.drafts.length }));
    const counts: Record<string, number> = {};
    for (const one of this.batches) counts[one.state] = (counts[one.state] ?? 0) + 1;
    return ok({ items, next: null, counts });
  }

  private create(body: Record<string, unknown>): ScanAnswer {
    const made = batch(
      `b${this.batches.length + 1}`,
      { ...body, pages: [], drafts: [] } as Partial<Batch>,
      0,
      0,
    );
    made.sheets = (body.sheets as number | null) ?? null;
    this.batches.push(made);
    return this.put(made);
  }

  private close(one: Batch): ScanAnswer {
    if (!one.can.close) return no(409, "WB-8103", "The ledger does not balance.");
    return this.put(Object.assign(one, { state: "closed" }));
  }

  private act(one: Batch, ask: ActAsked): ScanAnswer {
    if (!one.can.edit) return no(409, "WB-8102", "Somebody else works on this batch.");
    const pages = one.pages.filter((page) => ask.pages.includes(page.id));
    const before = structuredClone({ pages: one.pages, drafts: one.drafts });
    this.undos.set(one.id, [...(this.undos.get(one.id) ?? []), () => Object.assign(one, before)]);
    const first = pages[0];
    if (ask.act === "split" && first) split(one, first);
    else if (ask.act === "join" && first) join(one, first);
    else if (ask.act === "move") move(one, pages, ask.before ?? null);
    else if (ask.act === "insert") place(one, ask.before ?? null);
    else for (const page of pages) edit(page, ask);
    const all = ask.act === "move" || ask.act === "insert";
    return ok(this.changed(one, all ? one.pages : pages, ask.act));
  }

  private undo(one: Batch): ScanAnswer {
    const last = this.undos.get(one.id)?.pop();
    if (!last) return no(409, "WB-8105", "There is nothing to undo.");
    last();
    return ok(this.changed(one, one.pages, "undo"));
  }

  private candidates(one: Batch, page: string): ScanAnswer {
    const [first, second] = PEOPLE;
    const items = [
      { patient: first, why: "label", place: [0.08, 0.04, 0.3, 0.05], page },
      { patient: second, why: "text", place: [0.5, 0.12, 0.3, 0.03], page },
    ];
    return ok({ items: one.pages.length ? items : [] });
  }

  private lookup(text: string): ScanAnswer {
    const fits = (one: PatientBrief) =>
      one.name.toLowerCase().includes(text.toLowerCase()) || one.number.startsWith(text);
    return ok({ items: PEOPLE.filter(fits).map((one) => ({ ...one, why: "number" })) });
  }

  private assign(one: Batch, ask: AssignAsked): ScanAnswer {
    if (!one.can.edit) return no(409, "WB-8102", "Somebody else works on this batch.");
    if (ask.patient === WRONG && ask.note === undefined)
      return no(409, "WB-8201", "The page names another patient.", { fields: ["name", "birth_date"] });
    const patient = PEOPLE.find((known) => known.id === ask.patient) ?? null;
    if (ask.note !== undefined && patient) {
      const pages = ask.pages === "all" ? one.pages.map((page) => page.id) : [...ask.pages];
      const wish = { id: one.version + 1, by: ME, at: Date.now(), note: ask.note, patient, pages };
      one.proposals = [...one.proposals, wish];
      one.to_confirm = one.proposals.length;
      return ok(this.changed(one, [], "assign.proposed"));
    }
    const pages = one.pages.filter(
      (page) => page.state === "kept" && (ask.pages === "all" || ask.pages.includes(page.id)),
    );
    const before = structuredClone({ pages: one.pages, drafts: one.drafts });
    this.undos.set(one.id, [...(this.undos.get(one.id) ?? []), () => Object.assign(one, before)]);
    for (const page of pages) Object.assign(page, { patient, assigned_how: ask.how });
    return ok(this.changed(one, pages, "assign"));
  }

  private answer(one: Batch, act: number, right: boolean): ScanAnswer {
    const wish = one.proposals.find((known) => known.id === act);
    if (!wish || (right && wish.by?.me)) return no(409, "WB-8202", "another person has to confirm it");
    one.proposals = one.proposals.filter((known) => known !== wish);
    one.to_confirm = one.proposals.length;
    const pages = right ? one.pages.filter((page) => wish.pages.includes(page.id)) : [];
    for (const page of pages) Object.assign(page, { patient: wish.patient, assigned_how: "confirmed" });
    return ok(this.changed(one, pages, right ? "assign" : "assign.proposed"));
  }

  private draft(id: string | undefined, change: (draft: Draft) => void): ScanAnswer {
    for (const one of this.batches) {
      const found = one.drafts.find((draft) => draft.id === id);
      if (!found) continue;
      change(found);
      this.count(one);
      return ok(structuredClone(found));
    }
    return missing;
  }

  private same(id: string): ScanAnswer {
    return this.draft(id, (draft) => {
      const all = this.batches.flatMap((one) => one.drafts);
      const before = all[all.indexOf(draft) - 1];
      if (before)
        Object.assign(draft, { kind: before.kind, date: before.date, department: before.department });
    });
  }

  private file(id: string | undefined): ScanAnswer {
    const draft = this.batches.flatMap((one) => one.drafts).find((one) => one.id === id);
    if (!draft) return missing;
    if (draft.missing.length) return no(409, "WB-8301", "The document is not complete.");
    return this.draft(id, (one) => Object.assign(one, { state: "filed", document: "doc1" }));
  }

  private fileAll(one: Batch): ScanAnswer {
    const ready = one.drafts.filter((draft) => draft.state === "open" && draft.missing.length === 0);
    for (const draft of ready) draft.state = "filed";
    this.count(one);
    const left = one.drafts.filter((draft) => draft.state === "open");
    return ok({
      filed: ready.length,
      left: left.map((draft) => ({ draft: draft.id, missing: draft.missing })),
    });
  }

  private retry(ids: string[]): ScanAnswer {
    this.problems = this.problems.filter((one) => !ids.includes(one.id));
    return ok({});
  }
}

const STATES: Partial<Record<ActAsked["act"], PageState>> = {
  drop: "dropped",
  blank: "blank",
  keep: "kept",
  rescan: "rescan",
};

function edit(page: Page, ask: ActAsked): void {
  const { recipe } = page;
  const state = STATES[ask.act];
  if (state) Object.assign(page, { state, reason: ask.reason ?? "" });
  if (ask.act === "flag") page.flags = ask.on === false ? [] : ["flag"];
  if (ask.act === "rotate")
    page.recipe = { ...recipe, rotate: ((recipe.rotate + (ask.by ?? 90) + 360) % 360) as 0 | 90 | 180 | 270 };
  if (ask.act === "crop") page.recipe = { ...recipe, crop: ask.box ?? null };
  if (ask.act === "deskew") page.recipe = { ...recipe, deskew: page.skew };
  if (page.recipe !== recipe) page.r = `r${page.recipe.rotate}${page.recipe.crop?.join("-") ?? ""}`;
}

function place(one: Batch, before: string | null): void {
  for (const page of one.pages)
    page.flags = [
      ...page.flags.filter((flag) => flag !== "insert"),
      ...(page.id === before ? ["insert"] : []),
    ];
}

function split(one: Batch, first: Page): void {
  const old = one.drafts.find((draft) => draft.pages.includes(first.id));
  if (!old) return;
  const at = old.pages.indexOf(first.id);
  const made = draftOf(`${old.id}x${at}`, old.position + 0.5, old.pages.slice(at));
  old.pages = old.pages.slice(0, at);
  one.drafts.splice(one.drafts.indexOf(old) + 1, 0, made);
  for (const page of one.pages) if (made.pages.includes(page.id)) page.draft = made.id;
}

function join(one: Batch, first: Page): void {
  const at = one.drafts.findIndex((draft) => draft.pages.includes(first.id));
  const into = one.drafts[at - 1];
  const from = one.drafts[at];
  if (!into || !from) return;
  into.pages = [...into.pages, ...from.pages];
  one.drafts.splice(at, 1);
  for (const page of one.pages) if (page.draft === from.id) page.draft = into.id;
}

function move(one: Batch, moved: Page[], before: string | null): void {
  const rest = one.pages.filter((page) => !moved.includes(page));
  const at = before === null ? rest.length : rest.findIndex((page) => page.id === before);
  one.pages = [...rest.slice(0, at), ...moved, ...rest.slice(at)];
  for (const [nth, page] of one.pages.entries()) page.position = nth + 1;
}

/** An invented page: lines of grey, and its name. */
export function picture(id: string): string {
  const lines = Array.from(
    { length: 22 },
    (_, n) =>
      `<rect x="60" y="${200 + n * 34}" width="${380 + ((n * 97) % 240)}" height="9" fill="#9aa5a8"/>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 827 1169"><rect width="827" height="1169" fill="#fff"/><text x="60" y="120" font-family="sans-serif" font-size="44">${id}</text>${lines.join("")}</svg>`;
}

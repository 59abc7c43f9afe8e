import type { SignJob, SignRow, WorkItem } from "../../src/api/types";
import { MockAdmin } from "./admin.ts";
import * as data from "./data.ts";
import { MockRecords } from "./records.ts";
import { MockScan } from "./scan.ts";

export interface Answer {
  status: number;
  body?: unknown;
  /** Bytes of the sample report instead of a JSON body. */
  pdf?: boolean;
  /** A picture instead of a JSON body. */
  svg?: string;
  /** A text instead of a JSON body. */
  text?: string;
}

const ok = (body: unknown): Answer => ({ status: 200, body });
const done: Answer = { status: 204 };
const problem = (status: number, code: string, title: string, detail: string, right?: string): Answer => ({
  status,
  body: { type: `urn:waybill:${code}`, title, status, code, detail, right: right ?? null },
});
const missing = problem(404, "WB-7006", "Not Found", "There is nothing at this address.");

type Handler = (args: string[], body: Record<string, unknown>) => Answer;

/** A small twin of the API in memory: enough of its behaviour to walk through every screen. */
export class MockServer {
  signedIn = false;
  session = structuredClone(data.session);
  readonly work = data.worklist();
  readonly jobs = new Map<string, SignJob>();
  attention = data.attention();
  alerts = data.alerts();
  unmatched = data.unmatched();
  readonly scan = new MockScan();
  readonly admin = new MockAdmin();
  readonly records = new MockRecords();
  /** Every call, for tests. */
  readonly calls: { method: string; path: string; body: unknown }[] = [];
  /** Answers by "METHOD path" that come instead of the usual ones. */
  readonly instead = new Map<string, Answer>();
  onChange: (topics: string[]) => void = () => {};
  /** How long the phone takes; tests set it. */
  phone = 6000;
  private ticks = 0;

  constructor(signedIn = false) {
    this.signedIn = signedIn;
    this.admin.onKeys = (keys) => {
      this.session.user.keys = keys;
    };
  }

  handle(method: string, path: string, body: unknown): Answer {
    this.calls.push({ method, path, body });
    const forced = this.instead.get(`${method} ${path}`);
    if (forced) return forced;
    if (path !== "/session/link" && !this.signedIn)
      return problem(401, "WB-7001", "Unauthorized", "Sign in first.");
    const administered = this.admin.handle(method, path, (body ?? {}) as Record<string, unknown>);
    if (administered) return administered;
    const filed = this.records.handle(method, path, (body ?? {}) as Record<string, unknown>);
    if (filed) return filed;
    const bare = path.split("?")[0] ?? "";
    const scanned = this.scan.handle(method, bare, (body ?? {}) as Record<string, unknown>);
    if (scanned) return scanned;
    for (const [wanted, pattern, handler] of this.routes) {
      const found = wanted === method ? pattern.exec(bare) : null;
      if (found) return handler(found.slice(1), (body ?? {}) as Record<string, unknown>);
    }
    return missing;
  }

  private readonly routes: [string, RegExp, Handler][] = [
    ["POST", /^\/session\/link$/, (_, body) => this.link(String(body.token))],
    ["GET", /^\/session$/, () => ok(this.session)],
    ["DELETE", /^\/session$/, () => this.leave()],
    ["PUT", /^\/session\/language$/, (_, body) => this.language(String(body.language))],
    ["GET", /^\/today$/, () => this.today()],
    ["POST", /^\/worklist\/search$/, (_, body) => this.search(body)],
    ["POST", /^\/patients\/search$/, (_, body) => this.patients(String(body.text))],
    ["GET", /^\/patients\/(\w+)$/, ([id = ""]) => ok(data.patient(id))],
    ["GET", /^\/patients\/(\w+)\/orders$/, ([id = ""]) => this.orders(id)],
    ["GET", /^\/patients\/(\w+)\/documents$/, () => this.documents()],
    ["GET", /^\/patients\/(\w+)\/messages$/, () => this.messages()],
    ["GET", /^\/patients\/(\w+)\/access$/, () => this.access()],
    ["GET", /^\/dashboard$/, () => ok(data.dashboard(this.ticks++))],
    ["GET", /^\/connections\/(\w+)$/, ([name = ""]) => ok(data.connection(name))],
    ["POST", /^\/connections\/\w+\/probe$/, () => ok({ ok: true, text: "200 OK", findings: [] })],
    ["POST", /^\/(connections|routes)\/(\w+)\/(stop|start|pause|resume)$/, () => done],
    ["GET", /^\/routes$/, () => ok(data.routes())],
    ["GET", /^\/routes\/(\w+)$/, ([name = ""]) => ok(data.route(name))],
    ["GET", /^\/routes\/\w+\/revisions\/(\w+)$/, ([name = ""]) => ok(data.revision(name))],
    ["POST", /^\/routes\/reload$/, () => ok({ changes: [], notes: [], problems: [], applied: true })],
    ["POST", /^\/runs\/search$/, (_, body) => this.runs(body)],
    ["POST", /^\/messages\/search$/, () => ok({ items: [], next: null })],
    ["GET", /^\/messages\/filters\/words$/, () => ok(data.filters)],
    [
      "POST",
      /^\/bulk\/preview$/,
      (_, body) => ok(data.preview((body.ids as string[] | undefined)?.length ?? 12)),
    ],
    ["POST", /^\/bulk$/, () => ({ status: 202, body: data.job(0, 2) })],
    ["GET", /^\/bulk\/[\w-]+$/, () => ok(data.job(2, 2))],
    ["POST", /^\/runs\/[\w-]+\/(retry_from|answer)$/, () => done],
    ["POST", /^\/runs\/[\w-]+\/edit$/, () => ok({ run_id: data.runId(2) })],
    ["GET", /^\/runs\/([\w-]+)$/, ([id = ""]) => this.run(id)],
    ["GET", /^\/messages\/([\w-]+)$/, ([id = ""]) => this.message(id)],
    ["POST", /^\/runs\/[\w-]+\/values\/\w+\/open$/, () => ok(BODY)],
    ["GET", /^\/runs\/[\w-]+\/values\/\w+\/file$/, () => ({ status: 200, pdf: true })],
    ["POST", /^\/messages\/[\w-]+\/body\/open$/, () => ok(BODY)],
    ["POST", /^\/runs\/([\w-]+)\/(retry|cancel|doubt)$/, ([id = "", act = ""]) => this.act(id, act)],
    ["GET", /^\/alerts$/, () => ok(this.alerts)],
    [
      "POST",
      /^\/alerts\/(\d+)\/acknowledge$/,
      ([id]) => this.alert(Number(id), { state: "acknowledged", acknowledged_by: "demo" }),
    ],
    [
      "POST",
      /^\/alerts\/(\d+)\/snooze$/,
      ([id]) => this.alert(Number(id), { snoozed_until: "2099-01-01T00:00:00.000Z" }),
    ],
    ["GET", /^\/attention$/, () => ok(this.attention)],
    ["POST", /^\/attention\/(\d+)\/acknowledge$/, ([id]) => this.acknowledge(Number(id))],
    ["POST", /^\/attention\/(\d+)\/close$/, ([id]) => this.close(Number(id))],
    ["GET", /^\/unmatched$/, () => ok(this.unmatched)],
    ["GET", /^\/unmatched\/\d+\/content$/, () => ({ status: 200, pdf: true })],
    ["POST", /^\/unmatched\/(\d+)\/(choose|discard)$/, ([id]) => this.decide(Number(id))],
    ["GET", /^\/sign\/queue$/, () => this.queue()],
    ["GET", /^\/sign\/([\w-]+)$/, ([id = ""]) => this.report(id)],
    ["GET", /^\/sign\/[\w-]+\/document$/, () => ({ status: 200, pdf: true })],
    ["POST", /^\/sign\/([\w-]+)\/sign$/, ([id = ""]) => this.sign(id)],
    ["POST", /^\/sign\/([\w-]+)\/refuse$/, ([id = ""]) => this.refuse(id)],
    ["POST", /^\/sign\/([\w-]+)\/reread$/, ([id = ""]) => this.reread(id)],
    ["POST", /^\/sign\/([\w-]+)\/cancel$/, ([id = ""]) => this.withdraw(id)],
  ];

  private find(id: string): WorkItem | undefined {
    return this.work.find((item) => item.run_id === id);
  }

  private link(token: string): Answer {
    if (token !== "good") return problem(401, "WB-7004", "Unauthorized", "This link does not work.");
    this.signedIn = true;
    return done;
  }

  private leave(): Answer {
    this.signedIn = false;
    return done;
  }

  private language(language: string): Answer {
    this.session.user.language = language;
    return done;
  }

  private counts(): Record<string, number> {
    const counts: Record<string, number> = { Pending: 0, Processing: 0, Processed: 0, Sent: 0 };
    for (const item of this.work) counts[item.status] = (counts[item.status] ?? 0) + 1;
    return counts;
  }

  private today(): Answer {
    const counts = this.counts();
    const card = (key: string, count: number, link: string, tone: string) => ({
      key,
      count,
      link,
      tone: count ? tone : "calm",
    });
    const cards = [
      card("attention", 5, "/engine/attention", "error"),
      card("sign", counts.Processed ?? 0, "/sign", "warning"),
      card("unmatched", this.unmatched.items.length, "/engine/unmatched", "warning"),
      ...Object.entries(counts).map(([name, n]) =>
        card(name.toLowerCase(), n, `/worklist?status=${name}`, "info"),
      ),
      card("dead", 0, "/engine", "error"),
    ];
    return ok({
      cards,
      health: {
        state: "degraded",
        reasons: ["ca: connection refused", "his_out: 3 of the last 10 calls failed"],
      },
    });
  }

  private runs(body: Record<string, unknown>): Answer {
    const states = (body.state as string[] | undefined) ?? [];
    const items = data.runHits().filter((one) => !states.length || states.includes(one.state));
    return ok({ items: items.slice(0, Number(body.limit ?? 50)), next: null });
  }

  private search(body: Record<string, unknown>): Answer {
    const text = String(body.text ?? "");
    const limit = Number(body.limit ?? 50);
    const from = Number(body.after ?? 0);
    const all = this.work.filter(
      (item) =>
        item.status === body.status &&
        [item.order_id, item.name, item.patient_number, item.exam].some((value) => value.startsWith(text)),
    );
    const next = from + limit < all.length ? String(from + limit) : null;
    return ok({ items: all.slice(from, from + limit), next, counts: this.counts() });
  }

  private patients(text: string): Answer {
    const all = Array.from({ length: 8 }, (_, n) => data.patient(data.patientId(n)));
    return ok({
      items: all.filter((one) => one.name.startsWith(text) || one.number.startsWith(text)),
      next: null,
    });
  }

  private orders(id: string): Answer {
    const items = this.work
      .filter((item) => item.patient_id === id)
      .map((item) => ({ ...item, route: "exam_report", created_at: item.since }));
    return ok({ items, next: null });
  }

  private documents(): Answer {
    const document = {
      id: "d0001",
      kind: "ANS report",
      title: "自主神经功能检查报告",
      url: "/d/d0001",
      picture: "/d/d0001.png",
    };
    return ok({
      items: [{ ...document, run_id: data.runId(21), created_at: data.ago(20 * data.HOUR) }],
      next: null,
    });
  }

  private messages(): Answer {
    const item = {
      id: data.runId(9000),
      connection: "his_in",
      received_at: data.ago(5 * data.HOUR),
      size: 4312,
      outcome: "accepted",
      run_id: data.runId(8),
    };
    return ok({
      items: ["AddRisAppBillRt", "PatientRegistryRt"].map((operation, at) => ({
        ...item,
        id: data.runId(9000 + at),
        operation,
      })),
      next: null,
    });
  }

  private access(): Answer {
    const acts = ["patient.access", "sign.open", "run.read", "worklist.list"];
    const items = acts.map((act, at) => ({
      at: data.ago(at * 11 * data.MINUTE),
      user: "demo",
      act,
      subject: "",
      origin: "127.0.0.1",
      run_id: null,
    }));
    return ok({ items, next: null });
  }

  private run(id: string): Answer {
    const item = this.find(id);
    return item ? ok(data.waybill(item)) : missing;
  }

  private message(id: string): Answer {
    const base = data.waybill(this.work[0] as WorkItem);
    const reason = "/Request/Body/PATPatientInfo: PATPatientID is missing";
    const message = base.message && {
      ...base.message,
      id,
      outcome: "invalid",
      code: "WB-1007",
      reason,
      repeats: 0,
    };
    const line = {
      text: `invalid: WB-1007 ${reason}`,
      waits_for: "",
      since: data.ago(data.HOUR),
      next_at: null,
      may: [],
    };
    return ok({
      ...base,
      id,
      state: "invalid",
      status: null,
      step: null,
      line,
      message,
      parent: null,
      labels: [],
      steps: [],
      effects: [],
      events: [],
      attention: [],
      patient_id: null,
    });
  }

  private act(id: string, act: string): Answer {
    const item = this.find(id);
    if (!item) return missing;
    Object.assign(item, { badge: null, reason: "", state: act === "cancel" ? "cancelled" : "waiting" });
    this.onChange([`run:${id}`, "worklist", "attention"]);
    return done;
  }

  private acknowledge(id: number): Answer {
    for (const group of this.attention.groups) {
      for (const item of group.items) if (item.id === id) item.acknowledged_by = this.session.user.login;
    }
    return done;
  }

  private alert(id: number, changed: object): Answer {
    for (const alert of this.alerts.alerts) if (alert.id === id) Object.assign(alert, changed);
    return done;
  }

  private close(id: number): Answer {
    this.attention.groups = this.attention.groups.filter(
      (group) => !group.items.some((item) => item.id === id),
    );
    return done;
  }

  private decide(id: number): Answer {
    this.unmatched.items = this.unmatched.items.filter((file) => file.id !== id);
    this.onChange(["unmatched"]);
    return done;
  }

  private queue(): Answer {
    const rows = this.work.filter((item) => item.status === "Processed" && item.badge !== "doubt");
    const row = (item: WorkItem, at: number): SignRow => ({
      ...item,
      urgent: at === 0,
      job: this.jobs.get(item.run_id) ?? null,
      blocked: item.badge === "blocked" ? item.reason : null,
    });
    return ok({ mine: rows.slice(0, 1).map(row), pool: rows.slice(1).map((item) => row(item, 1)) });
  }

  private report(id: string): Answer {
    const item = this.find(id);
    if (!item) return missing;
    const job = this.jobs.get(id) ?? null;
    const open = job?.state === "waiting";
    const next = this.work.find((other) => other.can_sign && other.run_id !== id)?.run_id ?? null;
    const report = data.signReport(item);
    return ok({
      ...report,
      job,
      next,
      can_sign: report.can_sign && !open,
      why_not: open ? "A signature is already asked for." : report.why_not,
    });
  }

  private sign(id: string): Answer {
    const item = this.find(id);
    if (!item) return missing;
    const job: SignJob = {
      id: 1,
      state: "waiting",
      owner_me: true,
      expires_at: data.ago(-5 * data.MINUTE),
      reason: "",
    };
    this.jobs.set(id, job);
    setTimeout(() => {
      if (job.state !== "waiting") return;
      job.state = "accepted";
      Object.assign(item, { status: "Sent", state: "done", can_sign: false, waits_for: "" });
      this.onChange(["sign", "worklist", `run:${id}`]);
    }, this.phone);
    this.onChange(["sign", `run:${id}`]);
    return ok(job);
  }

  private refuse(id: string): Answer {
    const item = this.find(id);
    if (!item) return missing;
    Object.assign(item, { status: "Processing", can_sign: false, waits_for: "a new report of the device" });
    this.onChange(["sign", "worklist"]);
    return done;
  }

  private reread(id: string): Answer {
    const item = this.find(id);
    if (!item) return missing;
    Object.assign(item, { badge: null, reason: "", can_sign: true });
    this.onChange(["sign", "worklist"]);
    return done;
  }

  private withdraw(id: string): Answer {
    const job = this.jobs.get(id);
    if (!job) return missing;
    job.state = "cancelled";
    this.onChange(["sign"]);
    return done;
  }
}

const BODY = {
  kind: "xml",
  content_type: "text/xml",
  text: "<Request>\n  <Header>\n    <SourceSystem>02</SourceSystem>\n    <MessageID>900001</MessageID>\n  </Header>\n  <Body>\n    <PATPatientInfo>\n      <PATPatientID>0009000001</PATPatientID>\n      <PATName>示例甲</PATName>\n    </PATPatientInfo>\n  </Body>\n</Request>",
  size: 4312,
  truncated: false,
};

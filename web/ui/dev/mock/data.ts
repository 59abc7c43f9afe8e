/** Invented data in the API's shapes, for looking at the screens and for their tests. No real person is in it. */
import type {
  Alerts,
  Attention,
  BulkJob,
  BulkPreview,
  ConnectionPage,
  Dashboard,
  DashConnection,
  DashRoute,
  Filters,
  Patient,
  RevisionText,
  RouteList,
  RoutePage,
  RunHit,
  Session,
  SignReport,
  Status,
  Unmatched,
  Waybill,
  WorkItem,
} from "../../src/api/types";

export const HOUR = 3_600_000;
export const MINUTE = 60_000;
export const ago = (ms: number): string => new Date(Date.now() - ms).toISOString();

const EXAMS = ["自主神经功能检查", "心率变异性分析", "直立倾斜试验", "24小时动态血压"];
const NAMES = [
  "示例甲",
  "示例乙",
  "示例丙",
  "示例丁",
  "Muestra Uno",
  "Muestra Dos",
  "Sample Three",
  "示例戊",
];

export const runId = (n: number): string => `0197a3c2-5b1e-7c44-9d00-${String(n).padStart(12, "0")}`;
export const patientId = (n: number): string => `p${String(n).padStart(11, "0")}`;

function work(n: number, status: Status, more: Partial<WorkItem> = {}): WorkItem {
  const who = n % NAMES.length;
  const number = `00090000${String(who + 1).padStart(2, "0")}`;
  const order = `9000000${String(10 + n)}-1`;
  return {
    run_id: runId(n),
    status,
    state: status === "Sent" ? "done" : "waiting",
    badge: null,
    name: NAMES[who] ?? "",
    patient_id: patientId(who),
    patient_number: number,
    order_id: order,
    exam: EXAMS[n % EXAMS.length] ?? "",
    since: ago((n * 37 + 4) * MINUTE),
    waits_for: { Pending: "", Processing: "a file", Processed: "a physician's signature", Sent: "" }[status],
    next_at: null,
    reason: "",
    folder: status === "Pending" ? null : `${number}/${order}`,
    registered: n % 3 === 0 ? "2026-11-20" : null,
    can_sign: status === "Processed",
    ...more,
  };
}

export function worklist(): WorkItem[] {
  const items: WorkItem[] = [
    work(1, "Pending", {
      waits_for: "an answer of records",
      next_at: ago(-42_000),
      name: "",
      patient_id: null,
    }),
    work(2, "Pending", {
      state: "dead",
      badge: "dead",
      waits_for: "",
      reason: "device_db: the row exists with other values in the columns Name, Birth",
    }),
    work(3, "Pending", {
      waits_for: "device_db, attempt 4",
      next_at: ago(-9_000),
      reason: "the database is locked",
    }),
  ];
  for (let n = 4; n < 13; n += 1) items.push(work(n, "Processing"));
  items[5] = work(6, "Processing", { badge: "late" });
  for (let n = 13; n < 18; n += 1) items.push(work(n, "Processed"));
  items.push(
    work(18, "Processed", { badge: "blocked", can_sign: false, reason: "the order's examination changed" }),
    work(19, "Processed", {
      state: "held",
      badge: "doubt",
      can_sign: false,
      reason: "his_out did not answer within 20 s",
    }),
  );
  for (let n = 20; n < 44; n += 1) items.push(work(n, "Sent"));
  return items;
}

export const session: Session = {
  user: { login: "demo", name: "Demo User", roles: ["OP", "PH", "AN", "AD"], language: "en", keys: {} },
  csrf: "mock-csrf",
  site: { name: "Demonstration site", band: "DEMO" },
  version: "0.1.0",
  needs_me: 7,
  nav: [
    "today",
    "worklist",
    "patients",
    "sign",
    "engine",
    "messages",
    "runs",
    "attention",
    "alerts",
    "unmatched",
    "scan",
    "problems",
    "tomorrow",
    "records",
    "duplicates",
    "repair",
    "lists",
    "users",
    "documents",
  ],
  rights: [
    "today",
    "worklist",
    "patients",
    "sign",
    "engine",
    "messages",
    "runs",
    "operate",
    "attention",
    "alerts",
    "unmatched",
    "scan",
    "tomorrow",
    "records",
    "edit",
    "duplicates",
    "repair",
    "lists",
    "users",
    "capture",
    "problems",
    "documents",
    "names",
  ],
};

export function patient(id: string): Patient {
  const who = Number(id.slice(1)) % NAMES.length;
  return {
    id,
    name: NAMES[who] ?? "",
    birth_date: `19${60 + who * 4}-04-12`,
    sex: who % 2 ? "M" : "F",
    number: `00090000${String(who + 1).padStart(2, "0")}`,
    details: { telephone: "000 0000 0000", visit: "900000011" },
  };
}

const spark = (seed: number, high: number): number[] =>
  Array.from({ length: 30 }, (_, at) =>
    Math.max(0, Math.round(high * (0.5 + 0.5 * Math.sin(at / 3 + seed)) - (at % 4))),
  );

export function dashboard(tick = 0): Dashboard {
  const row = (name: string, type: string, more: object) => ({
    name,
    type,
    state: "up",
    reason: "",
    since: ago(26 * HOUR),
    in: 0,
    out: 0,
    refused: 0,
    repeats: 0,
    failed: 0,
    rate_in: 0,
    rate_out: 1.5,
    counts: {},
    waiting: 0,
    oldest: null,
    dead: 0,
    last_error: "",
    pause: null,
    spark: spark(name.length, 9),
    help: "",
    contact: "",
    ...more,
  });
  const route = (name: string, more: object) => ({
    name,
    revision: "9f31c07ab2d4e8",
    ready: 0,
    running: 0,
    waiting: 0,
    held: 0,
    dead: 0,
    in: 0,
    done_today: 0,
    rate_in: 0,
    rate_out: 0,
    oldest: null,
    last_error: "",
    pause: null,
    spark: spark(name.length, 7),
    help: "",
    contact: "",
    ...more,
  });
  return {
    engine: {
      version: "0.1.0",
      started_at: ago(26 * HOUR),
      pss_mb: 148.4,
      queue: tick % 5,
      writer_queue: tick % 3,
      wal_bytes: 3_412_000 + tick * 4096,
      workers: 2,
    },
    connections: [
      row("his_in", "soap_in", { in: 1284 + tick }),
      row("his_out", "soap_out", {
        state: "degraded",
        reason: "3 of the last 10 calls failed",
        since: ago(14 * MINUTE),
        out: 1102,
        waiting: 4,
        oldest: ago(12 * MINUTE),
        dead: 1,
        last_error: "WB-3002 no answer within 20 s",
      }),
      row("device_db", "access", {
        out: 1260,
        waiting: 1,
        oldest: ago(40_000),
        last_error: "WB-3006 the database is locked",
      }),
      row("device_dir", "folder", { in: 1108, out: 1260, waiting: 9, oldest: ago(7 * HOUR) }),
      row("ca", "coss", {
        state: "down",
        reason: "connection refused",
        since: ago(3 * MINUTE),
        out: 1107,
        last_error: "WB-3001 connection refused",
      }),
      row("records", "records", { out: 2376 }),
    ],
    routes: [
      route("exam_report", {
        waiting: 21,
        held: 1,
        dead: 1,
        done_today: 214,
        running: tick % 2,
        oldest: ago(3 * 24 * HOUR),
        last_error: "WB-3004 device_row: the row exists with other values",
      }),
      route("order_update", { done_today: 31 }),
      route("ris_registry", { done_today: 208 }),
      route("patient_registry", { done_today: 187, ready: tick % 2 }),
    ],
  };
}

const STEPS: [string, string][] = [
  ["each_order", "split"],
  ["demographics", "call"],
  ["patient", "wait"],
  ["name", "set"],
  ["order", "transform"],
  ["device_row", "call"],
  ["device_folder", "call"],
  ["report", "wait"],
  ["signed", "sign"],
  ["send_back", "call"],
  ["keep", "call"],
];
const AT: Record<string, string> = {
  Pending: "device_row",
  Processing: "report",
  Processed: "signed",
  Sent: "keep",
};

export function waybill(item: WorkItem): Waybill {
  const doubt = item.badge === "doubt";
  const step = doubt ? "send_back" : (AT[item.status] ?? "report");
  const here = STEPS.findIndex(([id]) => id === step);
  const done = item.state === "done";
  const bad = item.state === "dead" || item.state === "held";
  const may = doubt
    ? (["arrived", "again", "ask", "cancel"] as const)
    : bad
      ? (["retry", "cancel"] as const)
      : done
        ? ([] as const)
        : item.status === "Processed"
          ? (["sign", "cancel"] as const)
          : item.status === "Processing"
            ? (["choose", "cancel"] as const)
            : (["cancel"] as const);
  return {
    id: item.run_id,
    route: "exam_report",
    revision: "9f31c07ab2d4e8",
    state: item.state,
    status: item.status,
    step,
    created_at: ago(5 * HOUR),
    patient_id: item.patient_id,
    line: {
      text: `${item.state}, at ${step}`,
      waits_for: item.waits_for,
      since: item.since,
      next_at: item.next_at,
      may: [...may],
    },
    message: {
      id: runId(9000),
      connection: "his_in",
      operation: "AddRisAppBillRt",
      received_at: ago(5 * HOUR),
      size: 4312,
      outcome: "accepted",
      code: "",
      reason: "",
      repeats: 1,
    },
    parent: { id: runId(8000), state: "waiting", status: null },
    children: [],
    origin: null,
    resent: [],
    order_held: false,
    question: null,
    labels: [
      { name: "order_id", value: item.order_id, phi: false, masked: false },
      { name: "patient_id", value: item.patient_number, phi: false, masked: false },
      { name: "name", value: item.name, phi: true, masked: false },
    ],
    steps: STEPS.map(([id, verb], at) => ({
      id,
      verb,
      state:
        id === "patient"
          ? "skipped"
          : at < here || done
            ? "done"
            : at > here
              ? "ahead"
              : bad
                ? "failed"
                : "current",
      at: at <= here ? ago(5 * HOUR - at * 20_000) : null,
      attempts: id === "device_row" && at <= here ? 3 : at < here ? 1 : 0,
      has_value:
        ["order", "device_row", "device_folder", "report", "signed"].includes(id) && (at < here || done),
      kind: ["report", "signed"].includes(id) ? "blob" : "xml",
      value: id,
      reads: verb === "call" && at > 2 ? ["order"] : ["body"],
      help: "",
      contact: "",
    })),
    effects: [
      effect("demographics", "records", "upsert_patient", "done", 1),
      effect(
        "device_row",
        "device_db",
        "insert",
        item.badge === "dead" ? "refused" : "done",
        3,
        item.badge === "dead" ? item.reason : "",
        "WB-3004",
      ),
      ...(here > 6 ? [effect("device_folder", "device_dir", "make", "done", 1)] : []),
      ...(doubt
        ? [effect("send_back", "his_out", "RegisterDocumentRt", "doubt", 1, item.reason, "WB-3002")]
        : []),
    ],
    events: STEPS.slice(0, here + 1).map(([id, verb], at) => ({
      at: ago(5 * HOUR - at * 20_000),
      kind: at === here && bad ? item.state : verb === "wait" || verb === "sign" ? "waits" : "done",
      step: id,
      code: at === here && bad ? "WB-3004" : "",
      text: at === here && bad ? item.reason : "",
      user: "",
    })),
    attention: bad
      ? [
          {
            id: 1,
            kind: item.badge ?? "dead",
            code: doubt ? "WB-3002" : "WB-3004",
            reason: item.reason,
            created_at: item.since,
            acknowledged_by: "",
          },
        ]
      : [],
  };
}

function effect(
  step: string,
  connection: string,
  operation: string,
  state: string,
  attempts: number,
  reason = "",
  code = "",
) {
  return {
    step,
    connection,
    operation,
    state,
    attempts,
    at: ago(5 * HOUR),
    settled_at: state === "doubt" ? null : ago(5 * HOUR - 4000),
    code: reason ? code : "",
    reason,
  };
}

export function alerts(): Alerts {
  const alert = {
    rule: "ward_desk",
    text: "down: connection refused",
    ended_at: null,
    told_begin_at: ago(9 * MINUTE),
    told_end_at: null,
    acknowledged_by: "",
    acknowledged_at: null,
    snoozed_until: null,
    note: "",
    mine: true,
    roles: ["OP"],
    help: "Look at the line to the HIS.",
    contact: "ext. 7",
    began_at: ago(10 * MINUTE),
    state: "open",
    condition: "connection",
    subject: "his_out",
    link: "/engine/connections/his_out",
    id: 2,
  };
  const ended = {
    ...alert,
    id: 1,
    state: "ended",
    subject: "ca",
    ended_at: ago(100 * MINUTE),
    began_at: ago(120 * MINUTE),
  };
  const untold = {
    rule: "ward_desk",
    target: "email",
    connection: "mail",
    attempts: 3,
    since: ago(9 * MINUTE),
    reason: "WB-3001 connection refused",
  };
  return { alerts: [alert, ended], untold: [untold], rules: 1 };
}

export function attention(): Attention {
  const item = (id: number, run: number, reason: string, by = "") => ({
    id,
    run_id: runId(run),
    message_id: null,
    file_id: null,
    order_id: `9000000${10 + run}-1`,
    reason,
    created_at: ago(id * 23 * MINUTE),
    acknowledged_by: by,
  });
  return {
    groups: [
      {
        kind: "doubt",
        code: "WB-3002",
        cause: "his_out did not answer RegisterDocumentRt within 20 s; it may have taken the report",
        route: "exam_report",
        step: "send_back",
        count: 2,
        oldest: ago(3 * HOUR),
        help: "Look in the HIS under the order's documents. If the report is there, answer “It arrived”. If not, “Send again”.",
        contact: "HIS on-call, extension 4000",
        answers: [],
        items: [
          item(1, 19, "his_out: no answer within 20 s"),
          item(2, 17, "his_out: the connection was cut after the request was sent", "demo"),
        ],
      },
      {
        kind: "dead",
        code: "WB-3004",
        cause: "device_db: the row exists with other values in the columns Name, Birth",
        route: "exam_report",
        step: "device_row",
        count: 1,
        oldest: ago(2 * HOUR),
        help: "Compare the row in the device's database with the order, correct it there, then retry.",
        contact: "",
        answers: [],
        items: [item(3, 2, "device_db: the row exists with other values in the columns Name, Birth")],
      },
      {
        kind: "update",
        code: "WB-4003",
        cause: "the order was changed after its report was sent",
        route: "order_update",
        step: "change",
        count: 1,
        oldest: ago(HOUR),
        help: "",
        contact: "",
        answers: ["ignore", "apply", "anew"],
        items: [item(4, 24, "the order was changed after its report was sent")],
      },
      {
        kind: "invalid",
        code: "WB-1007",
        cause: "AddRisAppBillRt: PATPatientID is missing",
        route: "exam_report",
        step: "",
        count: 1,
        oldest: ago(4 * HOUR),
        help: "",
        contact: "",
        answers: ["ignore"],
        items: [
          {
            ...item(5, 1, "/Request/Body/PATPatientInfo: PATPatientID is missing"),
            run_id: null,
            message_id: runId(9001),
            order_id: "",
          },
        ],
      },
    ],
  };
}

export function unmatched(): Unmatched {
  const candidate = (n: number, why: string) => ({
    run_id: runId(n),
    label: `9000000${10 + n}-1 · ${NAMES[n % NAMES.length]}`,
    why,
  });
  return {
    items: [
      {
        id: 11,
        connection: "device_dir",
        path: "0009000005/900000014-1/rescan_0412.pdf",
        size: 84_120,
        first_seen: ago(34 * MINUTE),
        state: "late",
        reason: "The order of this folder already has its report.",
        has_content: true,
        candidates: [
          candidate(4, "it owns the folder"),
          candidate(12, "the same patient, waiting since 09:12"),
        ],
      },
      {
        id: 12,
        connection: "device_dir",
        path: "inbox/ANS_20261121_0913.pdf",
        size: 71_004,
        first_seen: ago(2 * HOUR),
        state: "unmatched",
        reason: "No order owns the folder inbox.",
        has_content: true,
        candidates: [],
      },
      {
        id: 13,
        connection: "device_dir",
        path: "0009000003/900000016-1/ANS.pdf",
        size: 12_288,
        first_seen: ago(50_000),
        state: "incomplete",
        reason: "The file ends before its end mark; it may still be written.",
        has_content: false,
        candidates: [candidate(6, "it owns the folder")],
      },
    ],
  };
}

export function signReport(item: WorkItem): SignReport {
  const who = item.patient_id ? patient(item.patient_id) : null;
  const blocked = item.badge === "blocked" ? item.reason : null;
  return {
    run_id: item.run_id,
    status: item.status,
    state: item.state,
    title: `${item.exam} ${item.order_id}`,
    order: {
      id: item.order_id,
      exam_id: `${item.order_id}`,
      code: "ANS01",
      description: item.exam,
      patient_id: item.patient_number,
      patient_name: item.name,
      sex: who?.sex ?? "U",
      birth_date: who?.birth_date ?? "",
      department_name: "心理卫生中心",
      doctor_name: "示例医师",
      visit: "900000011",
      ordered_at: "2026-11-20 09:20:31",
    },
    patient: who,
    document: {
      url: `/api/v1/sign/${item.run_id}/document`,
      sha256: `${item.order_id}`,
      size: 71_004,
      pages: null,
    },
    matches: [
      { rule: "document", ok: true, text: "The report is stored." },
      { rule: "patient", ok: true, text: "The order's patient number is registered." },
      { rule: "name", ok: true, text: "The order's name is the registered one." },
      { rule: "folder", ok: true, text: "The report came from the folder of this order." },
      { rule: "order", ok: !blocked, text: blocked ?? "No change of the order waits to be read." },
    ],
    job: null,
    blocked,
    can_sign: item.can_sign,
    why_not: blocked ? `The order was changed: ${blocked}` : null,
    phone_url: null,
    next: null,
  };
}

const TEXT =
  "receive:\n  from: [his_in]\n  operation: AddRisAppBillRt\nsteps:\n- id: order\n- id: send_back\n";

export function routes(): RouteList {
  return {
    routes: dashboard().routes.map((row) => ({ row, deployed_at: ago(26 * HOUR), deployed_by: "analyst" })),
    plan: {
      changes: [{ kind: "route", name: "exam_report", change: "changed", detail: "step order changed" }],
      notes: [],
      problems: [],
      applied: false,
    },
  };
}

const STANDING: Record<string, Record<string, number>> = {
  send_back: { dead: 2, waiting: 1 },
  report: { waiting: 9 },
};

export function route(name: string): RoutePage {
  const row = dashboard().routes.find((one) => one.name === name) ?? (dashboard().routes[0] as DashRoute);
  const revision = (id: string, hours: number, current: boolean) => ({
    revision: id,
    deployed_at: ago(hours * HOUR),
    deployed_by: current ? "analyst" : "",
    open: current ? 14 : 2,
    current,
  });
  return {
    row,
    diagram: {
      nodes: STEPS.map(([id, verb]) => ({
        id,
        verb,
        connection: verb === "call" ? "his_out" : "",
        status: "",
        conditional: id === "demographics",
        at: STANDING[id] ?? {},
        oldest: null,
        help: "",
        contact: "",
      })),
      edges: [
        ...STEPS.map(([id], at) => ({
          from: id,
          to: STEPS[at + 1]?.[0] ?? "",
          way: "next" as const,
          label: "",
        })),
        { from: "signed", to: "report", way: "refused", label: "refused" },
        { from: "order", to: "send_back", way: "choose", label: "//Kind is letter" },
      ],
    },
    text: TEXT,
    receives: ["his_in AddRisAppBillRt"],
    revisions: [revision(row.revision, 26, true), revision("5c0aa91f2277e0", 300, false)],
  };
}

export function revision(name: string): RevisionText {
  const text = name.startsWith("5c") ? TEXT.replace("- id: order\n", "- id: order_old\n") : TEXT;
  return { revision: name, text, files: { "transforms/his/order.xsl": "<xsl:stylesheet/>\n" } };
}

export function connection(name: string): ConnectionPage {
  const row =
    dashboard().connections.find((one) => one.name === name) ??
    (dashboard().connections[0] as DashConnection);
  return {
    row,
    settings: [
      { name: "url", value: "http://127.0.0.1:8091/his", given: true, secret: false },
      { name: "key", value: "his_key", given: true, secret: true },
      { name: "timeout", value: "20s", given: false, secret: false },
    ],
    health: [{ at: ago(14 * MINUTE), state: row.state, reason: row.reason }],
    receives: [],
    uses: [{ route: "exam_report", step: "send_back", verb: "call", counts: { dead: 1 }, oldest: ago(HOUR) }],
    certificate_ends: ago(-20 * 24 * HOUR),
  };
}

export function runHits(): RunHit[] {
  return worklist().map((item) => ({
    id: item.run_id,
    message_id: runId(9000),
    route: "exam_report",
    state: item.state,
    status: item.status,
    step: "send_back",
    code: item.state === "dead" ? "WB-3004" : "",
    reason: item.reason,
    waits_for: item.waits_for,
    since: item.since,
    created_at: item.since,
    due_at: null,
    labels: [
      { name: "order_id", value: item.order_id, phi: false, masked: false },
      { name: "name", value: item.name, phi: true, masked: false },
    ],
  }));
}

export function preview(count: number): BulkPreview {
  return {
    act: "retry",
    runs: count + 1,
    count,
    complete: true,
    groups: [
      { route: "exam_report", state: "dead", able: true, count },
      { route: "exam_report", state: "done", able: false, count: 1 },
    ],
    again: [],
    examples: [
      {
        run_id: runId(1),
        route: "exam_report",
        state: "dead",
        step: "send_back",
        order_id: "900000011-1",
        reason: "refused",
      },
    ],
  };
}

export function job(done: number, all: number): BulkJob {
  return {
    id: runId(7000),
    act: "retry",
    by: "demo",
    state: done < all ? "running" : "done",
    done,
    seen: done,
    all,
    failed: [],
    started_at: ago(2000),
    ended_at: null,
  };
}

export const filters: Filters = {
  labels: ["order_id", "patient_id", "name"],
  routes: ["exam_report", "order_update"],
  steps: ["order", "send_back"],
  connections: ["his_in", "his_out"],
  operations: ["AddRisAppBillRt"],
  states: ["ready", "running", "waiting", "held", "done", "dead", "cancelled"],
};

import type { OpenSession, UserRow } from "../../src/api/admin.ts";
import type { ListName } from "../../src/screens/admin/lists/rows.ts";
import type { Lists } from "../../src/screens/scan/types";
import type { ScanAnswer } from "./scan.ts";

const ok = (body: unknown): ScanAnswer => ({ status: 200, body });

const kind = (code: string, en: string, es: string, zh: string, department = ""): Lists["kinds"][number] => ({
  code,
  names: { en, es, zh },
  family: "",
  loinc: "",
  kdl: "",
  department,
  threshold: null,
  values: [],
  position: 0,
  active: true,
});
const first = (): Lists => ({
  kinds: [
    {
      ...kind("lab", "Laboratory report", "Informe de laboratorio", "检验报告", "lab"),
      loinc: "11502-2",
      values: [{ name: "laboratory_number", pattern: "[A-Z]{1,3}\\d{2}", after: ["Lab no.", "检验号"] }],
    },
    kind("letter", "Discharge letter", "Informe de alta", "出院小结"),
    kind("consent", "Consent form", "Consentimiento", "知情同意书"),
    kind("ecg", "ECG", "ECG", "心电图"),
  ],
  departments: [
    { code: "lab", names: { en: "Laboratory", es: "Laboratorio", zh: "检验科" }, position: 1, active: true },
    { code: "card", names: { en: "Cardiology", es: "Cardiología", zh: "心内科" }, position: 2, active: true },
  ],
  stations: [
    { code: "scan-1", title: "Scanner 1", languages: "eng", options: { prefix: "~" }, active: true },
    { code: "scan-2", title: "Scanner 2", languages: "spa+eng", options: {}, active: true },
  ],
  versions: { kinds: "v1", departments: "v1", stations: "v1" },
});

const MINUTE = 60_000;
const ago = (minutes: number) => new Date(Date.now() - minutes * MINUTE).toISOString();
const done: ScanAnswer = { status: 204 };
const no = (status: number, code: string, detail: string): ScanAnswer => ({
  status,
  body: { title: "Refused", status, code, detail, right: null },
});
type User = Omit<UserRow, "id">;
const user = (login: string, name: string, roles: string[], more: Partial<User> = {}): User => ({
  login,
  name,
  roles,
  department: "",
  staff_number: "",
  certificate_id: "",
  created_at: ago(90_000),
  seen_at: ago(3),
  disabled_at: null,
  sessions: 1,
  me: false,
  ...more,
});

/** The administrator's part of the invented API: lists that two may edit. */
export class MockAdmin {
  lists = first();
  used = { kinds: { lab: 1200, letter: 7 }, departments: { lab: 900 }, stations: { "scan-1": 40 } };

  users: User[] = [
    user("ana", "Ana Muestra", ["CL", "SC"], { department: "lab" }),
    user("demo", "Demo User", ["AD"], { me: true }),
    user("lin", "示例医师", ["PH"], { staff_number: "D9001", seen_at: null, sessions: 0 }),
    user("old", "Sam Sample", ["OP"], { disabled_at: ago(9000), sessions: 0 }),
  ];
  sessions: OpenSession[] = ["a", "b", "c"].map((letter, at) => ({
    id: letter.repeat(16),
    created_at: ago(60 + at * 30),
    seen_at: ago(at * 7),
    expires_at: ago(-600),
    mine: at === 0,
  }));
  onKeys: (keys: Record<string, string>) => void = () => {};

  handle(method: string, path: string, body: Record<string, unknown>): ScanAnswer | null {
    if (path.startsWith("/users")) return this.people(method, path, body);
    if (path.startsWith("/me/")) return this.me(method, path, body);
    if (path === "/lists") return ok(this.lists);
    if (path === "/lists/used") return ok(this.used);
    const list = method === "PUT" ? /^\/lists\/(kinds|departments|stations)$/.exec(path) : null;
    return list ? this.save(list[1] as ListName, body) : null;
  }

  /** What another administrator does at the same time. */
  other(name: ListName, change: (rows: Lists[ListName]) => void): void {
    this.lists = structuredClone(this.lists);
    change(this.lists[name]);
    this.lists.versions[name] += "+";
  }

  private people(method: string, path: string, body: Record<string, unknown>): ScanAnswer {
    const [, , login = "", deed = ""] = path.split("/");
    if (login === "search") return this.found(body);
    if (method === "POST" && !login) {
      if (this.users.some((one) => one.login === body.login))
        return no(409, "WB-7031", "this login belongs to a user already");
      this.users.push(user("", "", [], { seen_at: null, sessions: 0, ...(body as Partial<User>) }));
      return ok(this.users.at(-1));
    }
    const one = this.users.find((known) => known.login === login);
    if (!one) return no(409, "WB-7030", "there is no such user");
    if (method === "PATCH") Object.assign(one, body);
    if (deed === "link") return ok({ path: "/login#once", expires_at: ago(-15) });
    if (deed === "disable") Object.assign(one, { disabled_at: ago(0), sessions: 0 });
    if (deed === "enable") one.disabled_at = null;
    if (deed === "sign-out") one.sessions = 0;
    return ok(one);
  }

  private found({ text, role, state }: Record<string, unknown>): ScanAnswer {
    const items = this.users.filter(
      (one) =>
        (state === "all" || (state === "disabled") === (one.disabled_at !== null)) &&
        (!role || one.roles.includes(String(role))) &&
        `${one.login} ${one.name} ${one.staff_number}`.includes(String(text ?? "")),
    );
    const disabled = this.users.filter((one) => one.disabled_at).length;
    return ok({ items, next: null, counts: { active: this.users.length - disabled, disabled } });
  }

  private me(method: string, path: string, body: Record<string, unknown>): ScanAnswer {
    if (method === "GET") return ok({ items: this.sessions });
    if (method === "PUT") {
      this.onKeys(body.keys as Record<string, string>);
      return done;
    }
    const before = this.sessions.length;
    const id = path.split("/")[3];
    this.sessions = this.sessions.filter((one) => one.mine || (id !== "others" && one.id !== id));
    return id === "others" ? ok({ count: before - this.sessions.length }) : done;
  }

  private save(name: ListName, body: Record<string, unknown>): ScanAnswer {
    const detail = "somebody else changed this list meanwhile: look at it, and change it again";
    if (body.version !== this.lists.versions[name])
      return { status: 409, body: { title: "Conflict", code: "WB-8505", detail } };
    const rows = body.items as Lists["kinds"];
    const changes = { added: [], changed: [], retired: [] };
    const bad = name === "stations" ? -1 : rows.findIndex((row) => !Object.values(row.names).some(Boolean));
    if (bad >= 0) {
      const fault = { row: bad, field: "names", code: "WB-6005", text: "write a name", advice: "" };
      return ok({ changes, faults: [fault], lists: this.lists });
    }
    const items = rows.map((row, position) => (name === "stations" ? row : { ...row, position }));
    const versions = { ...this.lists.versions, [name]: `${this.lists.versions[name]}1` };
    this.lists = { ...this.lists, [name]: items, versions };
    return ok({ changes, faults: [], lists: this.lists });
  }
}

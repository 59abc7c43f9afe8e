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

/** The administrator's part of the invented API: lists that two may edit. */
export class MockAdmin {
  lists = first();
  used = { kinds: { lab: 1200, letter: 7 }, departments: { lab: 900 }, stations: { "scan-1": 40 } };

  handle(method: string, path: string, body: Record<string, unknown>): ScanAnswer | null {
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

import { StarFilled } from "@ant-design/icons";
import { Button, Select, Table, type TableColumnsType } from "antd";
import { useState } from "react";
import { Link, useNavigate } from "react-router";
import { records } from "@/api/records";
import { useSession } from "@/app/session";
import { useI18n } from "@/i18n";
import { type Bindings, useKeys } from "@/keys/keys";
import { PageHead, Tag } from "@/parts/bits";
import { More } from "@/parts/More";
import { Empty, Failure, Show } from "@/parts/States";
import { useCursor } from "@/parts/useCursor";
import { usePages } from "../messages/usePages";
import { PatientLine } from "../scan/assign/Echo";
import { useLists, useNamed } from "../scan/useLists";
import { DateField } from "./DateField";
import { RecordsNav } from "./RecordsNav";
import { Said, useSaid } from "./say";
import type { TomorrowRow } from "./types";

const PAGE = 100;
const DAY = 86_400_000;

/** A day of this place's calendar, so many days from now. */
export function dayFrom(days: number, now = new Date()): string {
  const at = new Date(now.getFullYear(), now.getMonth(), now.getDate() + days);
  const two = (part: number) => String(part).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

/** A day before or after another. */
export function dayBy(day: string, by: number): string {
  const at = Date.parse(`${day}T00:00:00Z`);
  return Number.isNaN(at) ? day : new Date(at + by * DAY).toISOString().slice(0, 10);
}

/** TOMORROW /records/tomorrow: who comes, and where his record is. */
export default function Tomorrow() {
  const { t, locale } = useI18n();
  const lists = useLists();
  const named = useNamed();
  const [day, setDay] = useState(() => dayFrom(1));
  const [department, setDepartment] = useState("");
  const pages = usePages<TomorrowRow>(
    `tomorrow ${day} ${department}`,
    (after, signal) => records.tomorrow({ day, department, after, limit: PAGE }, signal),
    ["records", "scan"],
  );
  const counts = (pages.first.data as { counts?: Record<string, number> } | null)?.counts ?? {};
  const codes = new Set([
    ...lists.departments.filter((one) => one.active).map((one) => one.code),
    ...Object.keys(counts)
      .filter((name) => name.startsWith("department:"))
      .map((name) => name.slice("department:".length)),
  ]);
  const step = (by: number) => setDay((old) => dayBy(old, by));
  const keys: Bindings = {
    "[": { help: "tom.key.before", run: () => step(-1) },
    "]": { help: "tom.key.after", run: () => step(1) },
    T: { help: "tom.key.tomorrow", run: () => setDay(dayFrom(1)) },
  };
  useKeys("nav.tomorrow", keys);
  const weekday = new Intl.DateTimeFormat(locale, { weekday: "long", timeZone: "UTC" });
  return (
    <div className="page fill">
      <PageHead title={t("nav.tomorrow")} sub={t("tom.sub")}>
        <RecordsNav />
      </PageHead>
      <div className="row wrap">
        <Button aria-label={t("tom.key.before")} onClick={() => step(-1)}>
          ‹ <kbd>[</kbd>
        </Button>
        <DateField
          aria-label={t("tom.day")}
          value={day}
          onDate={(date) => date && setDay(date)}
          data-testid="day"
        />
        <Button aria-label={t("tom.key.after")} onClick={() => step(1)}>
          <kbd>]</kbd> ›
        </Button>
        <b className="weekday">{weekday.format(new Date(`${day}T00:00:00Z`))}</b>
        <Select
          allowClear
          showSearch={{ optionFilterProp: "label" }}
          style={{ minWidth: 220 }}
          placeholder={t("tom.department.any")}
          aria-label={t("scan.field.department")}
          value={department || undefined}
          onChange={(code: string | undefined) => setDepartment(code ?? "")}
          options={[...codes].map((code) => {
            const name = named(
              lists.departments.find((one) => one.code === code),
              code,
            );
            const count = counts[`department:${code}`];
            return { value: code, label: count ? `${name} (${count})` : name };
          })}
        />
        {pages.first.data && (
          <span className="quiet" data-testid="tomorrow-counts">
            {t("tom.counts", {
              n: counts.total ?? 0,
              first: counts.first ?? 0,
              paper: counts.paper ?? 0,
            })}
          </span>
        )}
      </div>
      <section className="card list find-list" aria-label={t("nav.tomorrow")}>
        <Show of={pages.first} lines={9}>
          {() =>
            pages.items.length ? (
              <Rows items={pages.items} reload={pages.first.reload} />
            ) : (
              <Empty title={t("tom.empty")} hint={t("tom.hint")} />
            )
          }
        </Show>
        {pages.problem && <Failure problem={pages.problem} onRetry={() => void pages.more()} />}
        <More of={pages} />
      </section>
    </div>
  );
}

function Rows({ items, reload }: { items: TomorrowRow[]; reload: () => void }) {
  const { t } = useI18n();
  const go = useNavigate();
  const { rights } = useSession();
  const { said, say, fail } = useSaid();
  const mayRead = rights.includes("records");
  const list = useCursor(
    items.map((row) => row.id),
    (id) => {
      const patient = items.find((row) => row.id === id)?.patient;
      if (patient && mayRead) void go(`/patients/${patient.id}/documents`);
    },
  );
  const first = async (row: TomorrowRow | undefined) => {
    if (!row) return;
    try {
      await records.first(row.id, !row.first);
      say(t(row.first ? "tom.notfirst" : "tom.isfirst"));
      reload();
    } catch (error) {
      fail(error);
    }
  };
  const row = items.find((one) => one.id === list.cursor);
  useKeys("keys.list", { ...list.keys, s: { help: "tom.key.first", run: () => void first(row) } });
  return (
    <>
      <div className="list-bar">
        <Button size="small" disabled={!row} onClick={() => void first(row)} data-testid="first">
          {t(row?.first ? "tom.unfirst" : "tom.first")} <kbd>s</kbd>
        </Button>
        <Said said={said} />
      </div>
      <div className="rec-scroll">
        <Table
          size="small"
          rowKey="id"
          columns={useColumns(mayRead)}
          dataSource={items}
          pagination={false}
          tableLayout="fixed"
          sticky
          rowClassName={(one) => (one.id === list.cursor ? "cursor" : "")}
          onRow={(one) => ({ onClick: () => list.choose(one.id) })}
        />
      </div>
    </>
  );
}

function useColumns(mayRead: boolean): TableColumnsType<TomorrowRow> {
  const { t } = useI18n();
  const lists = useLists();
  const named = useNamed();
  return [
    { title: t("tom.time"), width: 76, render: (_, row) => <b>{row.time || "–"}</b> },
    {
      title: t("col.patient"),
      render: (_, row) =>
        row.patient ? (
          mayRead ? (
            <Link className="plain" to={`/patients/${row.patient.id}/documents`}>
              <PatientLine patient={row.patient} />
            </Link>
          ) : (
            <PatientLine patient={row.patient} />
          )
        ) : (
          <span className="two">
            <bdi className="strong">{row.name || t("worklist.noname")}</bdi>
            <span className="small quiet">
              <span className="mono">{row.number}</span> · {t("tom.unknown")}
            </span>
          </span>
        ),
    },
    {
      title: t("scan.field.department"),
      width: 190,
      render: (_, row) => (
        <span className="two">
          <span className="ellipsis">
            {named(
              lists.departments.find((one) => one.code === row.department),
              row.department,
            ) || "–"}
          </span>
          <span className="small quiet ellipsis">{row.reason}</span>
        </span>
      ),
    },
    {
      title: t("tom.scanned"),
      width: 120,
      render: (_, row) =>
        row.scanned ? (
          <Tag tone="green">{t("tom.documents", { n: row.scanned })}</Tag>
        ) : (
          <span className="quiet">{t("tom.none")}</span>
        ),
    },
    {
      title: t("tom.inwork"),
      width: 120,
      render: (_, row) =>
        row.in_work ? (
          <Tag tone="blue">{t("find.pages", { n: row.in_work })}</Tag>
        ) : (
          <span className="quiet">–</span>
        ),
    },
    {
      title: t("tom.paper"),
      width: 150,
      render: (_, row) =>
        row.paper ? <Tag tone="amber">{row.paper}</Tag> : <span className="quiet">–</span>,
    },
    {
      title: t("tom.box"),
      width: 110,
      render: (_, row) => row.box || <span className="quiet">–</span>,
    },
    {
      title: t("tom.first"),
      width: 110,
      render: (_, row) =>
        row.first ? (
          <span className="is-first">
            <StarFilled /> {t("tom.first.yes")}
          </span>
        ) : (
          <span className="quiet">–</span>
        ),
    },
  ];
}

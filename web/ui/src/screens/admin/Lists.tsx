import { Button, Table, type TableColumnsType } from "antd";
import { useState } from "react";
import { Problem } from "@/api/client";
import { useSession } from "@/app/session";
import { useI18n } from "@/i18n";
import { type Bindings, useKeys } from "@/keys/keys";
import { PageHead, Tag } from "@/parts/bits";
import { Failure } from "@/parts/States";
import type { Department, Kind, Station } from "../records/types";
import { useLists } from "../scan/useLists";
import { Models } from "./Models";
import { YamlEditor } from "./YamlEditor";

const VIEWS = ["kinds", "departments", "stations", "yaml", "learnt"] as const;
type View = (typeof VIEWS)[number];

/** LISTS /admin/lists: what the site calls things, and what the machine has learnt from that. */
export default function Lists() {
  const { t } = useI18n();
  const { rights } = useSession();
  const [view, setView] = useState<View>("kinds");
  const lists = useLists();
  const may = rights.includes("lists");
  const keys: Bindings = { e: { help: "lists.key.edit", run: () => setView("yaml") } };
  for (const [at, name] of VIEWS.entries())
    keys[String(at + 1)] = { help: `lists.view.${name}`, run: () => setView(name) };
  useKeys("nav.lists", keys, { enabled: may });
  if (!may) return <Failure problem={new Problem(403, "WB-7003", "", "", "lists")} />;
  const counts: Partial<Record<View, number>> = {
    kinds: lists.kinds.length,
    departments: lists.departments.length,
    stations: lists.stations.length,
  };
  return (
    <div className="page fill">
      <PageHead title={t("nav.lists")} sub={t("lists.sub")}>
        <div className="subnav" role="tablist" aria-label={t("nav.lists")}>
          {VIEWS.map((name, at) => (
            <button
              key={name}
              type="button"
              role="tab"
              aria-selected={view === name}
              className={view === name ? "on" : ""}
              onClick={() => setView(name)}
              data-testid={`lists-${name}`}
            >
              {t(`lists.view.${name}`)} <kbd>{at + 1}</kbd>
              {!!counts[name] && <span className="count">{counts[name]}</span>}
            </button>
          ))}
        </div>
      </PageHead>
      {view === "yaml" ? (
        <YamlEditor />
      ) : view === "learnt" ? (
        <Models />
      ) : (
        <section className="card list find-list" aria-label={t(`lists.view.${view}`)}>
          <div className="list-bar">
            <span className="quiet grow">{t(`lists.${view}.hint`)}</span>
            <Button size="small" onClick={() => setView("yaml")}>
              {t("lists.edit")} <kbd>e</kbd>
            </Button>
          </div>
          <div className="rec-scroll">
            {view === "kinds" && <Kinds kinds={lists.kinds} departments={lists.departments} />}
            {view === "departments" && <Departments departments={lists.departments} />}
            {view === "stations" && <Stations stations={lists.stations} />}
          </div>
        </section>
      )}
    </div>
  );
}

function useActive(): (active: boolean) => React.ReactNode {
  const { t } = useI18n();
  return (active) =>
    active ? <Tag tone="green">{t("lists.active")}</Tag> : <Tag tone="slate">{t("lists.retired")}</Tag>;
}

const dash = <span className="quiet">–</span>;
const inactive = (one: { active: boolean }) => (one.active ? "" : "retired");

function useNames<T extends { names: Record<string, string>; code: string }>(): TableColumnsType<T> {
  const { t } = useI18n();
  return [
    { title: t("lists.code"), width: 170, render: (_, one) => <b className="mono">{one.code}</b> },
    { title: "English", ellipsis: true, render: (_, one) => one.names.en || dash },
    { title: "Español", ellipsis: true, render: (_, one) => one.names.es || dash },
    { title: "中文", ellipsis: true, render: (_, one) => <span lang="zh">{one.names.zh || dash}</span> },
  ];
}

function Kinds({ kinds, departments }: { kinds: Kind[]; departments: Department[] }) {
  const { t } = useI18n();
  const state = useActive();
  const nameOf = (code: string) =>
    departments.some((one) => one.code === code) || !code ? code : `${code} ?`;
  const columns: TableColumnsType<Kind> = [
    ...useNames<Kind>(),
    { title: "LOINC", width: 92, render: (_, one) => <span className="mono">{one.loinc || dash}</span> },
    { title: "KDL", width: 100, render: (_, one) => <span className="mono">{one.kdl || dash}</span> },
    { title: t("scan.field.department"), width: 120, render: (_, one) => nameOf(one.department) || dash },
    {
      title: t("lists.threshold"),
      width: 100,
      align: "right",
      render: (_, one) =>
        one.threshold === null ? (
          <span className="quiet small">{t("lists.learnt")}</span>
        ) : (
          `${Math.round(one.threshold * 100)} %`
        ),
    },
    { title: t("lists.values"), width: 76, align: "right", render: (_, one) => one.values.length || dash },
    { title: t("scan.col.state"), width: 110, render: (_, one) => state(one.active) },
  ];
  return (
    <Table
      size="small"
      rowKey="code"
      columns={columns}
      dataSource={kinds}
      pagination={false}
      tableLayout="fixed"
      sticky
      rowClassName={inactive}
    />
  );
}

function Departments({ departments }: { departments: Department[] }) {
  const { t } = useI18n();
  const state = useActive();
  const columns: TableColumnsType<Department> = [
    ...useNames<Department>(),
    { title: t("scan.col.state"), width: 130, render: (_, one) => state(one.active) },
  ];
  return (
    <Table
      size="small"
      rowKey="code"
      columns={columns}
      dataSource={departments}
      pagination={false}
      tableLayout="fixed"
      sticky
      rowClassName={inactive}
    />
  );
}

function Stations({ stations }: { stations: Station[] }) {
  const { t } = useI18n();
  const state = useActive();
  const columns: TableColumnsType<Station> = [
    { title: t("lists.code"), width: 200, render: (_, one) => <b className="mono">{one.code}</b> },
    { title: t("lists.title"), render: (_, one) => one.title || dash },
    {
      title: t("lists.languages"),
      width: 220,
      render: (_, one) => <span className="mono">{one.languages}</span>,
    },
    {
      title: t("lists.options"),
      render: (_, one) =>
        Object.entries(one.options)
          .map(([name, value]) => `${name}: ${String(value)}`)
          .join(", ") || dash,
    },
    { title: t("scan.col.state"), width: 130, render: (_, one) => state(one.active) },
  ];
  return (
    <Table
      size="small"
      rowKey="code"
      columns={columns}
      dataSource={stations}
      pagination={false}
      tableLayout="fixed"
      sticky
      rowClassName={inactive}
    />
  );
}

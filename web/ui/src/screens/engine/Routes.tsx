import { Table, type TableColumnsType } from "antd";
import { Link, useNavigate } from "react-router";
import { api } from "@/api/api";
import type { Plan, RouteEntry } from "@/api/types";
import { useLoad } from "@/app/load";
import { useI18n } from "@/i18n";
import { useKeys } from "@/keys/keys";
import { At, PageHead, StateTag, Tag } from "@/parts/bits";
import { EngineNav } from "@/parts/EngineNav";
import { Show } from "@/parts/States";
import { useCursor } from "@/parts/useCursor";
import { PlanBox } from "./PlanBox";

export default function RoutesScreen() {
  const { t } = useI18n();
  const list = useLoad("routes", api.routes, ["dashboard"]);
  return (
    <div className="page">
      <PageHead title={t("nav.routes")} sub={t("routes.sub")}>
        <EngineNav />
      </PageHead>
      <Show of={list} lines={8}>
        {(data) => (
          <>
            {data.plan && <PlanBox plan={data.plan} onDone={list.reload} />}
            <Listed routes={data.routes} plan={data.plan} />
          </>
        )}
      </Show>
    </div>
  );
}

export const isEdited = (plan: Plan | null, name: string): boolean =>
  plan?.changes.some((one) => one.kind === "route" && one.name === name) ?? false;

function Listed({ routes, plan }: { routes: RouteEntry[]; plan: Plan | null }) {
  const { t } = useI18n();
  const go = useNavigate();
  const { cursor, choose, keys } = useCursor(
    routes.map((one) => one.row.name),
    (name) => void go(`/engine/routes/${name}`),
  );
  useKeys("keys.list", keys);
  const count = (key: "ready" | "running" | "waiting" | "held" | "dead") => ({
    title: t(`dash.${key}`),
    width: 86,
    align: "right" as const,
    render: (_: unknown, { row }: RouteEntry) =>
      row[key] ? (
        <Link to={`/engine/messages?route=${row.name}&state=${key}`} className={key === "dead" ? "bad" : ""}>
          {row[key]}
        </Link>
      ) : (
        <span className="zero">0</span>
      ),
  });
  const columns: TableColumnsType<RouteEntry> = [
    {
      title: t("dash.route"),
      render: (_, { row }) => (
        <span className="row">
          <Link to={`/engine/routes/${row.name}`} className="mono strong">
            {row.name}
          </Link>
          {row.pause && <StateTag state={row.pause.state} />}
          {isEdited(plan, row.name) && <Tag tone="amber">{t("routes.edited")}</Tag>}
        </span>
      ),
    },
    {
      title: t("routes.revision"),
      width: 120,
      render: (_, { row }) => <span className="mono">{row.revision.slice(0, 10)}</span>,
    },
    {
      title: t("routes.deployed"),
      width: 200,
      render: (_, one) => (
        <span className="two">
          <At at={one.deployed_at} />
          <span className="small quiet">{one.deployed_by || t("routes.bystart")}</span>
        </span>
      ),
    },
    count("ready"),
    count("running"),
    count("waiting"),
    count("held"),
    count("dead"),
  ];
  return (
    <section className="card list">
      <Table
        size="small"
        rowKey={(one) => one.row.name}
        columns={columns}
        dataSource={routes}
        pagination={false}
        rowClassName={(one) => (one.row.name === cursor ? "cursor" : "")}
        onRow={(one) => ({ onClick: () => choose(one.row.name) })}
      />
    </section>
  );
}

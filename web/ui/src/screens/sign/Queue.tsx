import { Table, type TableColumnsType } from "antd";
import { useNavigate } from "react-router";
import { api } from "@/api/api";
import type { SignRow } from "@/api/types";
import { useLoad } from "@/app/load";
import { useI18n } from "@/i18n";
import { type Bindings, useKeys } from "@/keys/keys";
import { Ago, PageHead, Tag } from "@/parts/bits";
import { LinkButton } from "@/parts/LinkButton";
import { Empty, Show } from "@/parts/States";
import { useCursor } from "@/parts/useCursor";
import { JobTag } from "./JobTag";

export default function Queue() {
  const { t } = useI18n();
  const queue = useLoad("sign queue", api.signQueue, ["sign"]);
  return (
    <div className="page">
      <PageHead title={t("sign.queue")} sub={t("sign.queue.sub")} />
      <Show of={queue} lines={8}>
        {(data) =>
          data.mine.length + data.pool.length ? (
            <Lists mine={data.mine} pool={data.pool} />
          ) : (
            <div className="card">
              <Empty title={t("sign.empty")} hint={t("sign.empty.hint")} />
            </div>
          )
        }
      </Show>
    </div>
  );
}

function Lists({ mine, pool }: { mine: SignRow[]; pool: SignRow[] }) {
  const { t } = useI18n();
  const go = useNavigate();
  const all = [...mine, ...pool];
  const open = (id: string | number) => void go(`/sign/${id}`);
  const list = useCursor(
    all.map((row) => row.run_id),
    open,
  );
  const first = all[0]?.run_id;
  const keys: Bindings = {
    ...list.keys,
    n: { help: "keys.sign.first", run: () => first && open(first) },
  };
  useKeys("sign.queue", keys);
  const shown = { cursor: list.cursor, onCursor: list.choose, onOpen: open };
  return (
    <>
      <Section title={t("sign.mine")} hint={t("sign.mine.hint")} rows={mine} {...shown} />
      <Section title={t("sign.pool")} hint={t("sign.pool.hint")} rows={pool} {...shown} />
    </>
  );
}

interface Props {
  title: string;
  hint: string;
  rows: SignRow[];
  cursor: string | number | null;
  onCursor: (id: string) => void;
  onOpen: (id: string) => void;
}

function Section({ title, hint, rows, cursor, onCursor, onOpen }: Props) {
  const columns = useColumns();
  return (
    <section className="card list" aria-label={title}>
      <h2 className="row">
        {title} <span className="count">{rows.length}</span>
      </h2>
      {rows.length === 0 ? (
        <p className="quiet card-body">{hint}</p>
      ) : (
        <Table
          size="small"
          rowKey="run_id"
          columns={columns}
          dataSource={rows}
          pagination={false}
          tableLayout="fixed"
          rowClassName={(row) => (row.run_id === cursor ? "cursor" : "")}
          onRow={(row) => ({ onClick: () => onCursor(row.run_id), onDoubleClick: () => onOpen(row.run_id) })}
        />
      )}
    </section>
  );
}

function useColumns(): TableColumnsType<SignRow> {
  const { t } = useI18n();
  return [
    {
      title: t("col.patient"),
      width: 210,
      render: (_, row) => (
        <div className="two">
          <span className="row">
            <bdi className="strong ellipsis">{row.name || t("worklist.noname")}</bdi>
            {row.urgent && <Tag tone="red">{t("sign.urgent")}</Tag>}
          </span>
          <span className="mono quiet">{row.patient_number}</span>
        </div>
      ),
    },
    {
      title: t("col.exam"),
      render: (_, row) => (
        <div className="two">
          <span className="ellipsis">{row.exam || t("worklist.noexam")}</span>
          <span className="mono quiet small">{row.order_id}</span>
        </div>
      ),
    },
    { title: t("sign.waiting"), width: 120, render: (_, row) => <Ago at={row.since} /> },
    {
      title: t("sign.check"),
      width: 260,
      render: (_, row) =>
        row.blocked ? (
          <div className="two">
            <span>
              <Tag tone="red">{t("sign.blocked")}</Tag>
            </span>
            <span className="small quiet ellipsis">{row.blocked}</span>
          </div>
        ) : row.job ? (
          <JobTag job={row.job} />
        ) : (
          <Tag tone="green">{t("sign.ready")}</Tag>
        ),
    },
    {
      title: "",
      width: 110,
      align: "right",
      render: (_, row) => (
        <LinkButton size="small" type={row.blocked ? "default" : "primary"} to={`/sign/${row.run_id}`}>
          {t("act.openreport")}
        </LinkButton>
      ),
    },
  ];
}

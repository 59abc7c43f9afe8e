import { Table, type TableColumnsType } from "antd";
import { Link, useNavigate } from "react-router";
import { api } from "@/api/api";
import type { MessageHit, Search } from "@/api/types";
import { useSession } from "@/app/session";
import { useI18n } from "@/i18n";
import { size } from "@/i18n/time";
import { useKeys } from "@/keys/keys";
import { At, StateTag } from "@/parts/bits";
import { More } from "@/parts/More";
import { Empty, Failure, Show } from "@/parts/States";
import { useCursor } from "@/parts/useCursor";
import { withCode } from "../waybill/say";
import { usePages } from "./usePages";

const PAGE = 50;

/** The messages that a search found, also those that no run came from. */
export function MessageList({ filter }: { filter: Partial<Search> }) {
  const { t, locale } = useI18n();
  const go = useNavigate();
  const { nav } = useSession();
  const pages = usePages(
    "messages",
    (after, signal) => api.searchMessages({ ...filter, after, limit: PAGE }, signal),
    ["attention", "worklist"],
  );
  const { items } = pages;
  const { cursor, choose, keys } = useCursor(
    items.map((item) => item.id),
    (id) => void go(`/engine/messages/${id}`),
  );
  useKeys("keys.list", keys);
  const may = nav.includes("runs");
  const columns: TableColumnsType<MessageHit> = [
    { title: t("col.outcome"), width: 120, render: (_, row) => <StateTag state={row.outcome} /> },
    {
      title: t("col.connection"),
      width: 250,
      render: (_, row) => (
        <span className="two">
          {may ? (
            <Link to={`/engine/messages/${row.id}`} className="mono strong ellipsis">
              {`${row.connection} · ${row.operation}`}
            </Link>
          ) : (
            <span className="mono strong ellipsis">{`${row.connection} · ${row.operation}`}</span>
          )}
          <span className="small quiet mono">{row.id.slice(-8)}</span>
        </span>
      ),
    },
    {
      title: t("msgs.runs"),
      width: 150,
      render: (_, row) =>
        row.runs.length ? (
          <span className="row wrap">
            {row.runs.slice(0, 3).map((id) =>
              may ? (
                <Link key={id} to={`/engine/runs/${id}`} className="mono">
                  {id.slice(-8)}
                </Link>
              ) : (
                <span key={id} className="mono">
                  {id.slice(-8)}
                </span>
              ),
            )}
            {row.runs.length > 3 && `+${row.runs.length - 3}`}
          </span>
        ) : (
          <span className="quiet">{t("msgs.noruns")}</span>
        ),
    },
    {
      title: t("waybill.reason"),
      ellipsis: true,
      render: (_, row) => row.reason && <span className="err">{withCode(row.code, row.reason)}</span>,
    },
    { title: t("msgs.size"), width: 90, align: "right", render: (_, row) => size(locale, row.size) },
    { title: t("msgs.when"), width: 140, render: (_, row) => <At at={row.received_at} seconds /> },
  ];
  return (
    <section className="card list">
      <Show of={pages.first} lines={8}>
        {() =>
          items.length ? (
            <Table
              size="small"
              rowKey="id"
              columns={columns}
              dataSource={items}
              pagination={false}
              tableLayout="fixed"
              rowClassName={(row) => (row.id === cursor ? "cursor" : "")}
              onRow={(row) => ({ onClick: () => choose(row.id) })}
            />
          ) : (
            <Empty title={t("msgs.empty")} hint={t("msgs.empty.hint")} />
          )
        }
      </Show>
      {pages.problem && <Failure problem={pages.problem} onRetry={() => void pages.more()} />}
      <More of={pages} />
    </section>
  );
}

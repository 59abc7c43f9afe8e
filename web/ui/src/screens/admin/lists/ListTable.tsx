import { HolderOutlined } from "@ant-design/icons";
import { Table, type TableColumnsType } from "antd";
import { useState } from "react";
import { useI18n } from "@/i18n";
import { Tag } from "@/parts/bits";
import type { Department, Kind, Names, Station } from "../../scan/types";
import { useNamed } from "../../scan/useLists";
import type { ListName, ListRow } from "./rows";

interface Props {
  name: ListName;
  rows: readonly ListRow[];
  departments: readonly Department[];
  used: Record<string, number>;
  cursor: string | number | null;
  onChoose: (code: string) => void;
  onMove: (from: number, to: number) => void;
}

const dash = <span className="quiet">–</span>;

/** The rows of a list in their order; a row is dragged by any part of it. */
export function ListTable(props: Props) {
  const { name, rows, cursor, onChoose, onMove } = props;
  const columns = useColumns(props);
  const [dragged, setDragged] = useState<number | null>(null);
  const [over, setOver] = useState<number | null>(null);
  const ordered = name !== "stations";
  const drop = (at: number) => {
    if (dragged !== null && dragged !== at) onMove(dragged, at);
    setDragged(null);
    setOver(null);
  };
  const mark = (at: number) => {
    if (dragged === null || over !== at || dragged === at) return "";
    return dragged < at ? " drop-below" : " drop-above";
  };
  return (
    <Table
      size="small"
      rowKey="code"
      columns={columns}
      dataSource={[...rows]}
      pagination={false}
      tableLayout="fixed"
      sticky
      rowClassName={(row, at) =>
        `${row.active ? "" : "retired"}${row.code === cursor ? " cursor" : ""}${mark(at)}`
      }
      onRow={(row, at = 0) => ({
        onClick: () => onChoose(row.code),
        "aria-selected": row.code === cursor,
        ...(ordered && {
          draggable: true,
          onDragStart: (event) => {
            event.dataTransfer.effectAllowed = "move";
            setDragged(at);
          },
          onDragOver: (event) => {
            event.preventDefault();
            setOver(at);
          },
          onDrop: (event) => {
            event.preventDefault();
            drop(at);
          },
          onDragEnd: () => {
            setDragged(null);
            setOver(null);
          },
        }),
      })}
    />
  );
}

function useColumns({ name, departments, used }: Props): TableColumnsType<ListRow> {
  const { t, locale } = useI18n();
  const named = useNamed();
  const number = new Intl.NumberFormat(locale);
  const what: TableColumnsType<ListRow> = [
    {
      title: t(name === "kinds" ? "lists.one.kinds" : "lists.one.departments"),
      render: (_, row) => <Called row={row as Kind} />,
    },
  ];
  const columns: Record<ListName, TableColumnsType<ListRow>> = {
    kinds: [
      ...what,
      {
        title: t("lists.family"),
        width: 96,
        ellipsis: true,
        render: (_, row) => (row as Kind).family || dash,
      },
      {
        title: "LOINC / KDL",
        width: 100,
        render: (_, row) => (
          <span className="two mono small">
            <span>{(row as Kind).loinc || dash}</span>
            <span>{(row as Kind).kdl || dash}</span>
          </span>
        ),
      },
      {
        title: t("scan.field.department"),
        width: 120,
        ellipsis: true,
        render: (_, row) => {
          const code = (row as Kind).department;
          const known = departments.find((one) => one.code === code);
          return code ? known ? named(known) : <span className="warn">{code} ?</span> : dash;
        },
      },
      {
        title: t("lists.threshold"),
        width: 92,
        align: "right",
        render: (_, row) => <Sure threshold={(row as Kind).threshold} />,
      },
    ],
    departments: what,
    stations: [
      {
        title: t("lists.one.stations"),
        render: (_, row) => (
          <span className="two">
            <b className="mono ellipsis">{row.code}</b>
            <span className="small quiet ellipsis">{(row as Station).title}</span>
          </span>
        ),
      },
      {
        title: t("lists.languages"),
        width: 150,
        render: (_, row) => <span className="mono">{(row as Station).languages}</span>,
      },
      {
        title: t("lists.options"),
        width: 200,
        ellipsis: true,
        render: (_, row) =>
          Object.entries((row as Station).options)
            .map(([option, value]) => `${option}: ${String(value)}`)
            .join(", ") || dash,
      },
    ],
  };
  const grip: TableColumnsType<ListRow> =
    name === "stations"
      ? []
      : [{ title: "", width: 32, render: () => <HolderOutlined className="grip" aria-hidden="true" /> }];
  return [
    ...grip,
    ...columns[name],
    {
      title: t("lists.used"),
      width: 74,
      align: "right",
      render: (_, row) => (used[row.code] ? number.format(used[row.code] ?? 0) : dash),
    },
    {
      title: t("scan.col.state"),
      width: 100,
      render: (_, row) =>
        row.active ? (
          <Tag tone="green">{t("lists.active")}</Tag>
        ) : (
          <Tag tone="slate">{t("lists.retired")}</Tag>
        ),
    },
  ];
}

/** The name as this person reads it, then its code and the names in the other languages. */
function Called({ row }: { row: { code: string; names: Names } }) {
  const named = useNamed();
  const { names } = row;
  const shown = named(row);
  const others = (["en", "es", "zh"] as const).filter(
    (language) => names[language] && names[language] !== shown,
  );
  return (
    <span className="two">
      <span className="row">
        <b className="ellipsis">{shown}</b>
        <span className="mono small quiet">{row.code}</span>
      </span>
      <span className="small quiet ellipsis">
        {others.map((language, at) => (
          <span key={language} lang={language}>
            {at > 0 && " · "}
            {names[language]}
          </span>
        ))}
      </span>
    </span>
  );
}

function Sure({ threshold }: { threshold: number | null }) {
  const { t } = useI18n();
  if (threshold === null) return <span className="quiet small">{t("lists.learnt")}</span>;
  return <>{Math.round(threshold * 1000) / 10} %</>;
}

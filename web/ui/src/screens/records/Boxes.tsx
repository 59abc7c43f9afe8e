import { Button, Input, InputNumber, Modal, Segmented, Table, type TableColumnsType } from "antd";
import { useState } from "react";
import { records } from "@/api/records";
import { problemFrom, useLoad } from "@/app/load";
import { useI18n } from "@/i18n";
import { day } from "@/i18n/time";
import { useKeys } from "@/keys/keys";
import { PageHead, Tag, type Tone } from "@/parts/bits";
import { More } from "@/parts/More";
import { Empty, Failure, Show } from "@/parts/States";
import { useCursor } from "@/parts/useCursor";
import { usePages } from "../messages/usePages";
import { RecordsNav } from "./RecordsNav";
import { dayFrom } from "./Tomorrow";
import type { Box, BoxFields, Project } from "./types";

const PAGE = 50;
const STATES = ["open", "full", "stored"] as const;
const TONES: Record<Box["state"], Tone> = { open: "blue", full: "amber", stored: "slate" };

/** BOXES /records/boxes: paper by the box, and how far each back-file project is. */
export default function Boxes() {
  const { t } = useI18n();
  const [project, setProject] = useState<string | null>(null);
  const [editing, setEditing] = useState<Box | "new" | null>(null);
  const projects = useLoad("projects", records.projects, ["records", "scan"]);
  const pages = usePages<Box>(
    `boxes ${project}`,
    (after, signal) => records.boxes({ project, after, limit: PAGE }, signal),
    ["records", "scan"],
  );
  const columns = useColumns();
  const known = projects.data?.items ?? [];
  const list = useCursor(
    pages.items.map((box) => box.id),
    (id) => setEditing(pages.items.find((box) => box.id === id) ?? null),
  );
  const step = (by: number) => {
    const all = [null, ...known.map((one) => one.project)];
    setProject(all[(all.indexOf(project) + by + all.length) % all.length] ?? null);
  };
  useKeys("nav.boxes", {
    ...list.keys,
    N: { help: "box.key.new", run: () => setEditing("new") },
    "[": { help: "box.key.project", run: () => step(-1) },
    "]": { help: "box.key.project", run: () => step(1) },
  });
  const done = () => {
    setEditing(null);
    pages.first.reload();
    projects.reload();
  };
  return (
    <div className="page fill">
      <PageHead title={t("nav.boxes")} sub={t("box.sub")}>
        <RecordsNav />
        <Button type="primary" onClick={() => setEditing("new")} data-testid="new-box">
          {t("box.new")} <kbd>N</kbd>
        </Button>
      </PageHead>
      <Show of={projects} lines={2}>
        {({ items }) =>
          items.length ? (
            <ul className="projects" aria-label={t("box.projects")} data-testid="projects">
              {items.map((one) => (
                <li key={one.project}>
                  <button
                    type="button"
                    className={project === one.project ? "card project on" : "card project"}
                    aria-pressed={project === one.project}
                    onClick={() => setProject(project === one.project ? null : one.project)}
                  >
                    <ProjectCard project={one} />
                  </button>
                </li>
              ))}
            </ul>
          ) : null
        }
      </Show>
      <section className="card list find-list" aria-label={t("nav.boxes")}>
        <div className="rec-scroll">
          <Show of={pages.first} lines={6}>
            {() =>
              pages.items.length ? (
                <Table
                  size="small"
                  rowKey="id"
                  columns={columns}
                  dataSource={pages.items}
                  pagination={false}
                  tableLayout="fixed"
                  sticky
                  rowClassName={(one) => (one.id === list.cursor ? "cursor" : "")}
                  onRow={(one) => ({
                    onClick: () => list.choose(one.id),
                    onDoubleClick: () => setEditing(one),
                  })}
                />
              ) : (
                <Empty title={t("box.empty")} hint={t("box.hint")} />
              )
            }
          </Show>
          {pages.problem && <Failure problem={pages.problem} onRetry={() => void pages.more()} />}
          <More of={pages} />
        </div>
      </section>
      {editing && (
        <BoxDialog
          box={editing === "new" ? null : editing}
          project={project ?? ""}
          onClose={() => setEditing(null)}
          onDone={done}
        />
      )}
    </div>
  );
}

const share = (part: number, of: number): number => (of > 0 ? Math.min(100, (part / of) * 100) : 0);

/** A project as a picture: sheets fed of those said, boxes by state, the pace, and about when it ends. */
function ProjectCard({ project }: { project: Project }) {
  const { t, word, locale } = useI18n();
  const number = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
  const done = share(project.fed, project.sheets);
  const boxes = STATES.map((state) => [state, project.boxes[state] ?? 0] as const);
  const all = boxes.reduce((sum, [, count]) => sum + count, 0);
  return (
    <>
      <span className="row">
        <b className="ellipsis grow">{project.project || t("box.noproject")}</b>
        {project.sheets > 0 && <b className="percent">{Math.floor(done)} %</b>}
      </span>
      <span
        className="progress"
        role="img"
        aria-label={t("box.picture", { fed: project.fed, sheets: project.sheets })}
      >
        <i style={{ width: `${done}%` }} />
      </span>
      <span className="row small">
        <span className="grow">
          {t("box.sheets", { fed: number.format(project.fed), sheets: number.format(project.sheets) })}
        </span>
        <span className="quiet">{t("box.documents", { n: number.format(project.documents) })}</span>
      </span>
      <span className="box-states" aria-hidden="true">
        {boxes.map(
          ([state, count]) =>
            count > 0 && <i key={state} className={`box-${state}`} style={{ flex: count }} />,
        )}
      </span>
      <span className="small quiet">
        {t("box.boxes", { n: all })}:{" "}
        {boxes
          .filter(([, count]) => count)
          .map(([state, count]) => `${count} ${word("box.state", state)}`)
          .join(", ")}
      </span>
      <span className="small">
        {project.a_day > 0 && t("box.pace", { n: number.format(project.a_day) })}
        {project.days !== null &&
          ` · ${t("box.days", { n: project.days, date: day(locale, dayFrom(project.days)) })}`}
        {project.days === null && (
          <span className="quiet">
            {project.unsaid ? t("box.unsaid", { n: project.unsaid }) : t("box.noestimate")}
          </span>
        )}
      </span>
    </>
  );
}

function useColumns(): TableColumnsType<Box> {
  const { t, word } = useI18n();
  return [
    {
      title: t("box.code"),
      render: (_, box) => (
        <span className="two">
          <b className="mono ellipsis">{box.code}</b>
          <span className="small quiet ellipsis">{box.title}</span>
        </span>
      ),
    },
    {
      title: t("box.project"),
      width: 220,
      ellipsis: true,
      render: (_, box) => box.project || <span className="quiet">–</span>,
    },
    { title: t("box.shelf"), width: 140, render: (_, box) => box.shelf || <span className="quiet">–</span> },
    {
      title: t("box.sheetsin"),
      width: 110,
      align: "right",
      render: (_, box) => box.sheets ?? <span className="warn small">{t("box.notsaid")}</span>,
    },
    {
      title: t("box.batches"),
      width: 200,
      render: (_, box) => {
        const parts = Object.entries(box.batches).filter(([, count]) => count);
        return parts.length ? (
          <span className="small">
            {parts.map(([state, count]) => `${count} ${word("scan.batch", state)}`).join(", ")}
          </span>
        ) : (
          <span className="quiet">–</span>
        );
      },
    },
    { title: t("box.images"), width: 90, align: "right", render: (_, box) => box.images },
    { title: t("box.filed"), width: 110, align: "right", render: (_, box) => box.documents },
    {
      title: t("scan.col.state"),
      width: 110,
      render: (_, box) => <Tag tone={TONES[box.state]}>{word("box.state", box.state)}</Tag>,
    },
  ];
}

interface DialogProps {
  box: Box | null;
  project: string;
  onClose: () => void;
  onDone: () => void;
}

function BoxDialog({ box, project, onClose, onDone }: DialogProps) {
  const { t } = useI18n();
  const [fields, setFields] = useState({
    code: box?.code ?? "",
    project: box?.project ?? project,
    shelf: box?.shelf ?? "",
    title: box?.title ?? "",
    sheets: box?.sheets ?? null,
    state: box?.state ?? ("open" as Box["state"]),
  });
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState("");
  useKeys("keys.dialog", { Escape: { help: "keys.close", run: onClose } }, { modal: true });
  const set = (part: Partial<typeof fields>) => setFields((old) => ({ ...old, ...part }));
  const save = async () => {
    if (!fields.code.trim() || busy) return;
    setBusy(true);
    try {
      const said: BoxFields = { ...fields, code: fields.code.trim() };
      await (box ? records.changeBox(box.id, said) : records.newBox(said));
      onDone();
    } catch (failure) {
      const problem = problemFrom(failure);
      setError(`${problem.detail || problem.message} ${problem.code}`);
      setBusy(false);
    }
  };
  return (
    <Modal
      open
      title={box ? t("box.change", { code: box.code }) : t("box.new")}
      okText={t("edit.save")}
      cancelText={t("act.back")}
      okButtonProps={{ disabled: !fields.code.trim(), loading: busy }}
      onOk={() => void save()}
      onCancel={onClose}
    >
      {/* biome-ignore lint/a11y/noStaticElementInteractions: Ctrl+Enter of any of its fields */}
      <div
        className="fields"
        onKeyDown={(event) => {
          if (event.key === "Enter" && event.ctrlKey && !event.nativeEvent.isComposing) void save();
        }}
      >
        {(["code", "project", "shelf", "title"] as const).map((name) => [
          <label key={`${name} label`} htmlFor={`box-${name}`}>
            {t(`box.${name}`)}
          </label>,
          <Input
            key={name}
            id={`box-${name}`}
            autoFocus={name === "code"}
            maxLength={name === "code" ? 60 : name === "title" ? 200 : 100}
            value={fields[name]}
            onChange={(event) => set({ [name]: event.target.value })}
            onPressEnter={(event) => !event.ctrlKey && void save()}
          />,
        ])}
        <label htmlFor="box-sheets">{t("box.sheetsin")}</label>
        <InputNumber
          id="box-sheets"
          min={0}
          max={1_000_000}
          precision={0}
          value={fields.sheets}
          onChange={(sheets) => set({ sheets })}
        />
        <span id="box-state">{t("scan.col.state")}</span>
        <Segmented
          aria-labelledby="box-state"
          value={fields.state}
          onChange={(state) => set({ state })}
          options={STATES.map((value) => ({ value, label: t(`box.state.${value}`) }))}
        />
      </div>
      {error && (
        <p role="alert" className="err" style={{ marginTop: 8 }}>
          {error}
        </p>
      )}
    </Modal>
  );
}

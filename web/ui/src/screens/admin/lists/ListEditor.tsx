import { Button } from "antd";
import { type RefObject, useEffect, useState } from "react";
import { records } from "@/api/records";
import { useLoad } from "@/app/load";
import { useI18n } from "@/i18n";
import { type Bindings, useKeys } from "@/keys/keys";
import { Show } from "@/parts/States";
import { Said, useSaid } from "../../records/say";
import type { RowFault } from "../../records/types";
import { useFormBeside } from "../useFormBeside";
import { ListTable } from "./ListTable";
import { RowForm } from "./RowForm";
import { blank, type ListName, type ListRow, moved, put } from "./rows";
import { type ListEdit, useListEdit } from "./useListEdit";

interface Props {
  name: ListName;
  /** Asked before the view changes: false while something typed is not saved. */
  guard: RefObject<(() => boolean) | null>;
}

/** One list as a table: every change is saved at once, nothing is ever deleted. */
export function ListEditor({ name, guard }: Props) {
  const edit = useListEdit();
  return <Show of={edit.loaded}>{() => <Editor key={name} name={name} guard={guard} edit={edit} />}</Show>;
}

const NONE: readonly RowFault[] = [];

function Editor({ name, guard, edit }: Props & { edit: ListEdit }) {
  const { t } = useI18n();
  const rows = edit.rows(name);
  const used = useLoad("lists used", records.listsUsed).data?.[name] ?? {};
  const [fresh, setFresh] = useState<ListRow | null>(null);
  const [faults, setFaults] = useState(NONE);
  const [busy, setBusy] = useState(false);
  const { said, say, fail } = useSaid();
  const { form, onDirty, toForm, toTable, cursor, choose, free, steps } = useFormBeside(
    rows.map((row) => row.code),
    () => say(t("lists.notsaved")),
  );
  const at = rows.findIndex((row) => row.code === cursor);
  const row = rows[at];

  useEffect(() => {
    guard.current = free;
    return () => {
      guard.current = null;
    };
  });
  const save = async (after: ListRow[], changed?: ListRow): Promise<boolean> => {
    setBusy(true);
    say("");
    try {
      const found = await edit.save(name, after);
      const place = changed ? after.findIndex((one) => one.code === changed.code) : -1;
      setFaults(changed ? found.filter((fault) => fault.row === place) : found);
      say(found.length ? "" : t("edit.saved"));
      return !found.length;
    } catch (error) {
      fail(error);
      return false;
    } finally {
      setBusy(false);
    }
  };
  const saved = async (changed: ListRow) => {
    const taken = fresh && rows.some((one) => one.code === changed.code);
    if (taken) {
      setFaults([{ row: 0, field: "code", code: "WB-8501", text: t("lists.taken"), advice: "" }]);
      return false;
    }
    // keys count again while it is on its way; back to the field when it was not taken
    const field = document.activeElement as HTMLElement | null;
    toTable();
    const done = await save(put(rows, changed), changed);
    if (done) {
      setFresh(null);
      choose(changed.code);
    } else field?.focus();
    return done;
  };
  const move = (from: number, to: number) => {
    if (name === "stations" || to < 0 || to >= rows.length || !free()) return;
    void save(moved(rows, from, to));
  };
  const toggle = () => row && free() && void save(put(rows, { ...row, active: !row.active }));
  const undo = async () => {
    try {
      say(t((await edit.undo(name)) ? "lists.undone" : "lists.noundo"));
    } catch (error) {
      fail(error);
    }
  };
  const add = () => {
    if (!free()) return;
    setFaults(NONE);
    setFresh(blank(name));
    toForm();
  };
  const back = () => {
    setFresh(null);
    setFaults(NONE);
    toTable();
  };
  const pick = (code: string | number) => {
    if (code === cursor && !fresh) return;
    if (!free()) return;
    back();
    choose(code);
  };
  const ordered: Bindings = {
    J: { help: "lists.key.down", run: () => move(at, at + 1) },
    "Ctrl+ArrowDown": { help: "lists.key.down", run: () => move(at, at + 1) },
    K: { help: "lists.key.up", run: () => move(at, at - 1) },
    "Ctrl+ArrowUp": { help: "lists.key.up", run: () => move(at, at - 1) },
  };
  useKeys(`lists.view.${name}`, {
    ...steps,
    Enter: { help: "lists.key.change", run: toForm },
    e: { help: "lists.key.change", run: toForm },
    N: { help: "lists.key.new", run: add },
    d: { help: "lists.key.offer", run: toggle },
    u: { help: "lists.key.undo", run: () => void undo() },
    ...(name === "stations" ? {} : ordered),
  });
  const shown = fresh ?? row;
  return (
    <div className="list-edit">
      <section className="card list find-list" aria-label={t(`lists.view.${name}`)}>
        <div className="list-bar">
          <Button size="small" onClick={add} data-testid="row-new">
            {t("lists.new")} <kbd>N</kbd>
          </Button>
          <span className="quiet small grow ellipsis">{t(`lists.${name}.hint`)}</span>
          <Said said={said} />
        </div>
        <div className="rec-scroll">
          <ListTable
            name={name}
            rows={rows}
            departments={edit.loaded.data?.departments ?? []}
            used={used}
            cursor={fresh ? null : cursor}
            onChoose={pick}
            onMove={move}
          />
        </div>
      </section>
      {shown && (
        <RowForm
          key={fresh ? "new" : shown.code}
          name={name}
          row={shown}
          fresh={fresh !== null}
          departments={edit.loaded.data?.departments ?? []}
          used={used[shown.code] ?? 0}
          faults={faults}
          busy={busy}
          form={form}
          onDirty={onDirty}
          onSave={saved}
          onBack={back}
        />
      )}
    </div>
  );
}

import { useCallback, useRef, useState } from "react";
import { records } from "@/api/records";
import { scan } from "@/api/scan";
import { type Loaded, problemFrom, useLoad } from "@/app/load";
import type { RowFault } from "../../records/types";
import type { Lists } from "../../scan/types";
import { type ListName, type ListRow, rowsOf, sent } from "./rows";

export interface ListEdit {
  loaded: Loaded<Lists>;
  /** The rows as this person has them: what is on its way is shown already. */
  rows: (name: ListName) => readonly ListRow[];
  /** Saved at once; the faults, when there are any. Quick changes go together. Throws what the server refuses. */
  save: (name: ListName, rows: ListRow[]) => Promise<readonly RowFault[]>;
  /** Takes the last change of a list back; false when somebody else changed the list since, or there is none. */
  undo: (name: ListName) => Promise<boolean>;
}

interface Done {
  name: ListName;
  before: readonly ListRow[];
  /** Of the list after the change. */
  version: string;
}

/** The lists, changed row by row: one request at a time, each with the version that the change was made upon. */
export function useListEdit(): ListEdit {
  const loaded = useLoad("lists edited", scan.lists, ["lists"]);
  const [shown, setShown] = useState<Partial<Record<ListName, ListRow[]>>>({});
  const wanted = useRef(new Map<ListName, ListRow[]>());
  const sending = useRef<Promise<readonly RowFault[]> | null>(null);
  const dones = useRef<Done[]>([]);
  const lists = useRef<Lists | null>(null);
  if (!sending.current) lists.current = loaded.data;

  const { set, reload } = loaded;
  const send = useCallback(async (): Promise<readonly RowFault[]> => {
    let faults: readonly RowFault[] = [];
    try {
      for (let next = first(wanted.current); next; next = first(wanted.current)) {
        const [name, rows] = next;
        wanted.current.delete(name);
        const before = lists.current;
        if (!before) break;
        const answer = await records.putList(name, before.versions[name], rows.map(sent));
        lists.current = answer.lists;
        faults = answer.faults;
        if (faults.length) break;
        dones.current.push({ name, before: rowsOf(before, name), version: answer.lists.versions[name] });
      }
      if (lists.current) set(lists.current);
    } catch (error) {
      // what is there now is shown, and what the person typed stays in the form
      if (problemFrom(error).status === 409) reload();
      throw error;
    } finally {
      wanted.current.clear();
      sending.current = null;
      setShown({});
    }
    return faults;
  }, [set, reload]);

  const save = useCallback(
    (name: ListName, rows: ListRow[]) => {
      setShown((old) => ({ ...old, [name]: rows }));
      wanted.current.set(name, rows);
      sending.current ??= send();
      return sending.current;
    },
    [send],
  );
  const undo = async (name: ListName) => {
    await sending.current?.catch(() => undefined);
    const at = dones.current.findLastIndex((done) => done.name === name);
    const last = dones.current[at];
    if (!last || lists.current?.versions[name] !== last.version) return false;
    dones.current.splice(at, 1);
    const faults = await save(name, [...last.before]);
    if (faults.length) return false;
    dones.current.splice(-1, 1);
    return true;
  };
  return {
    loaded,
    rows: (name) => shown[name] ?? (loaded.data ? rowsOf(loaded.data, name) : []),
    save,
    undo,
  };
}

const first = <K, V>(map: Map<K, V>): [K, V] | undefined => map.entries().next().value;

import { useCallback, useMemo, useRef, useState } from "react";
import type { Problem } from "@/api/client";
import { scan } from "@/api/scan";
import { type Loaded, problemFrom, useLoad } from "@/app/load";
import { useI18n } from "@/i18n";
import { useFailure } from "@/parts/why";
import type { ActAsked, Batch, Changed, Draft } from "../types";
import { foresee, merge, type ShownBatch } from "./local";

/** How saving stands: said aloud, and shown in the head. */
export interface Saving {
  state: "still" | "saving" | "saved" | "failed";
  text: string;
}

export interface Desk {
  id: string;
  loaded: Loaded<Batch>;
  /** With the acts that are on their way. */
  batch: ShownBatch | null;
  saving: Saving;
  /** Does an act: shown at once, taken back with a message when it is refused. True when it was done. */
  act: (ask: ActAsked, said: string) => Promise<boolean>;
  /** The same for any call that answers with what it changed, a draft or the whole batch; shown when it is done. */
  send: (call: () => Promise<unknown>, said: string) => Promise<Problem | null>;
  say: (text: string, state?: Saving["state"]) => void;
  patch: (change: (batch: Batch) => Batch) => void;
}

interface Waiting {
  key: number;
  ask: ActAsked;
}

const isBatch = (answer: unknown): answer is Batch =>
  typeof answer === "object" && answer !== null && "can" in answer;
const isChanged = (answer: unknown): answer is Changed =>
  typeof answer === "object" && answer !== null && "ledger" in answer && !("can" in answer);

const isDraft = (answer: unknown): answer is Draft =>
  typeof answer === "object" && answer !== null && "suggested" in answer;

/** One batch on the screen: loaded, kept fresh by the live stream, changed by acts one after the other. */
export function useDesk(id: string): Desk {
  const { t } = useI18n();
  const why = useFailure();
  const newest = useRef<Batch | null>(null);
  const [waiting, setWaiting] = useState<Waiting[]>([]);
  const [saving, setSaving] = useState<Saving>({ state: "still", text: "" });
  const tail = useRef<Promise<unknown>>(Promise.resolve());
  const count = useRef(0);

  const loaded = useLoad(
    `batch ${id}`,
    async (signal) => {
      const got = await scan.batch(id, signal);
      const known = newest.current;
      // an act's answer may have overtaken this one
      const kept = known && known.id === got.id && known.version > got.version ? known : got;
      newest.current = kept;
      return kept;
    },
    [`batch:${id}`],
  );
  const { set } = loaded;
  const put = useCallback(
    (batch: Batch) => {
      newest.current = batch;
      set(batch);
    },
    [set],
  );
  const patch = useCallback(
    (change: (batch: Batch) => Batch) => newest.current && put(change(newest.current)),
    [put],
  );
  const take = useCallback(
    (answer: unknown) => {
      const known = newest.current;
      if (isBatch(answer)) put(answer);
      else if (known && isChanged(answer)) put(merge(known, answer));
      else if (known && isDraft(answer))
        put({ ...known, drafts: known.drafts.map((draft) => (draft.id === answer.id ? answer : draft)) });
    },
    [put],
  );
  const say = useCallback((text: string, state: Saving["state"] = "saved") => setSaving({ state, text }), []);

  const send = useCallback(
    (call: () => Promise<unknown>, said: string): Promise<Problem | null> => {
      setSaving((old) => ({ state: "saving", text: old.text }));
      const done = tail.current.then(async () => {
        try {
          take(await call());
          setSaving({ state: "saved", text: said });
          return null;
        } catch (error) {
          const problem = problemFrom(error);
          setSaving({ state: "failed", text: t("scan.notsaved", { why: why(problem) }) });
          return problem;
        }
      });
      tail.current = done;
      return done;
    },
    [take, t, why],
  );

  const act = useCallback(
    async (ask: ActAsked, said: string) => {
      const key = count.current++;
      setWaiting((old) => [...old, { key, ask }]);
      const problem = await send(() => scan.act(id, ask), said);
      setWaiting((old) => old.filter((one) => one.key !== key));
      return problem === null;
    },
    [id, send],
  );

  const { data } = loaded;
  const batch = useMemo(
    () => data && waiting.reduce<ShownBatch>((shown, one) => foresee(shown, one.ask), data),
    [data, waiting],
  );
  return { id, loaded, batch, saving, act, send, say, patch };
}

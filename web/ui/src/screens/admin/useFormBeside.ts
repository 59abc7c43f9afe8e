import { useCallback, useEffect, useRef } from "react";
import type { Bindings } from "@/keys/keys";
import { useCursor } from "@/parts/useCursor";

/** A table with a form beside it. `notSaved` says that what was typed has to be saved or given up first. */
export function useFormBeside<T extends string | number>(ids: readonly T[], notSaved: () => void) {
  const form = useRef<HTMLElement>(null);
  const dirty = useRef(false);
  const onDirty = useCallback((now: boolean) => {
    dirty.current = now;
  }, []);
  const toForm = () =>
    setTimeout(() => form.current?.querySelector<HTMLElement>("input:not(:disabled)")?.focus());
  const toTable = () => (document.activeElement as HTMLElement | null)?.blur();
  const { cursor, choose, keys } = useCursor(ids, toForm);
  const first = ids[0];
  useEffect(() => {
    if (cursor === null && first !== undefined) choose(first);
  }, [cursor, first, choose]);
  /** Nobody loses what was typed by going elsewhere. */
  const free = () => {
    if (dirty.current) notSaved();
    return !dirty.current;
  };
  const { j, k } = keys;
  const steps: Bindings = {
    ...(j && { j: { ...j, run: () => free() && j.run() } }),
    ...(k && { k: { ...k, run: () => free() && k.run() } }),
  };
  return { form, onDirty, toForm, toTable, cursor, choose, free, steps };
}

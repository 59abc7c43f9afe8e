import { useCallback, useEffect, useRef, useState } from "react";
import { Problem } from "@/api/client";
import { useTopics } from "./live";

export interface Loaded<T> {
  data: T | null;
  problem: Problem | null;
  /** True only before the first answer: later reloads are quiet. */
  loading: boolean;
  reload: () => void;
  set: (data: T) => void;
}

/** Loads when `key` changes and again when a live topic says so; an answer that came too late is dropped. */
export function useLoad<T>(
  key: string,
  load: (signal: AbortSignal) => Promise<T>,
  topics: readonly string[] = [],
): Loaded<T> {
  const [state, setState] = useState<{ key: string; data: T | null; problem: Problem | null }>({
    key,
    data: null,
    problem: null,
  });
  const now = useRef(load);
  now.current = load;
  const running = useRef<AbortController | null>(null);

  const start = useCallback(() => {
    running.current?.abort();
    const control = new AbortController();
    running.current = control;
    now.current(control.signal).then(
      (data) => {
        if (!control.signal.aborted) setState({ key, data, problem: null });
      },
      (error: unknown) => {
        if (control.signal.aborted) return;
        setState((old) => ({ key, data: old.key === key ? old.data : null, problem: problemFrom(error) }));
      },
    );
  }, [key]);

  useEffect(() => {
    start();
    return () => running.current?.abort();
  }, [start]);
  useTopics(topics, start);

  const current = state.key === key ? state : { data: null, problem: null };
  const set = useCallback((data: T) => setState({ key, data, problem: null }), [key]);
  return {
    data: current.data,
    problem: current.problem,
    loading: current.data === null && current.problem === null,
    reload: start,
    set,
  };
}

export function problemFrom(error: unknown): Problem {
  return error instanceof Problem
    ? error
    : new Problem(0, "", error instanceof Error ? error.message : "unknown");
}

/** The present time, again every `every` milliseconds. */
export function useNow(every: number, enabled = true): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!enabled) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), every);
    return () => clearInterval(timer);
  }, [every, enabled]);
  return now;
}

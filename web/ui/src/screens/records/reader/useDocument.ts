import { useEffect, useMemo, useState } from "react";
import { records } from "@/api/records";
import { type Loaded, useLoad } from "@/app/load";
import type { Picture } from "../../scan/page/PageImage";
import type { Mark } from "../../scan/page/PageView";
import { PLAIN } from "../../scan/page/shape";
import type { PageHits, ReaderDocument } from "../types";

interface Place {
  n: number;
  box: number;
}

export interface OpenDocument {
  loaded: Loaded<ReaderDocument>;
  pages: readonly Picture[];
  /** Which page is shown, from 0. */
  at: number;
  go: (at: number) => void;
  text: string;
  setText: (text: string) => void;
  /** Null: no answer for this text yet. */
  hits: readonly Place[] | null;
  hit: number;
  step: (by: 1 | -1) => void;
  marks: readonly Mark[];
}

/** One open document: its pages, where it stands, and where a text stands in it. */
export function useDocument(id: string, first: number, words: string): OpenDocument {
  const loaded = useLoad(`reader ${id}`, (signal) => records.reader(id, signal), [`document:${id}`]);
  const [at, setAt] = useState(Math.max(0, first - 1));
  const [text, setText] = useState(words);
  const [found, setFound] = useState<{ text: string; hits: readonly PageHits[] } | null>(null);
  const [hit, setHit] = useState(-1);
  const data = loaded.data;
  const pages = useMemo(() => (data?.pages ?? []).map((page) => pictureOf(id, page)), [data, id]);
  const wanted = text.trim();

  useEffect(() => {
    if (!wanted) {
      setFound(null);
      return;
    }
    const control = new AbortController();
    const timer = setTimeout(() => {
      records.find(id, wanted, control.signal).then(
        ({ hits }) => setFound({ text: wanted, hits }),
        () => undefined,
      );
    }, 150);
    return () => {
      clearTimeout(timer);
      control.abort();
    };
  }, [id, wanted]);

  const fits = found !== null && found.text === wanted;
  const hits = useMemo(
    () => (fits ? found.hits.flatMap(({ n, boxes }) => boxes.map((_, box): Place => ({ n, box }))) : null),
    [fits, found],
  );
  const last = Math.max(0, pages.length - 1);
  const shown = pages.length ? Math.min(at, last) : at;
  // biome-ignore lint/correctness/useExhaustiveDependencies: only a new answer chooses anew
  useEffect(() => {
    // the first hit on the page that is open, or the next one behind it
    if (!hits?.length) setHit(-1);
    else
      setHit(
        Math.max(
          0,
          hits.findIndex((one) => one.n >= shown + 1),
        ),
      );
  }, [hits]);
  const now = hits?.[hit];
  const marks = useMemo((): Mark[] => {
    const here = found?.hits.find((one) => one.n === shown + 1);
    return (fits ? (here?.boxes ?? []) : []).map((box, nth) => ({
      box,
      tone: now?.n === shown + 1 && now.box === nth ? "hit-on" : "hit",
    }));
  }, [found, fits, shown, now]);

  return {
    loaded,
    pages,
    at: shown,
    go: (to) => setAt(Math.max(0, Math.min(last, to))),
    text,
    setText,
    hits,
    hit,
    step: (by) => {
      if (!hits?.length) return;
      const next = (hit + by + hits.length) % hits.length;
      setHit(next);
      setAt((hits[next]?.n ?? 1) - 1);
    },
    marks,
  };
}

function pictureOf(id: string, page: NonNullable<ReaderDocument["pages"]>[number]): Picture {
  return {
    id: page.page,
    number: page.n,
    r: page.r,
    width: page.width,
    height: page.height,
    recipe: PLAIN,
    ready: true,
    address: (kind) => records.picture(id, page.n, page.r, kind),
  };
}

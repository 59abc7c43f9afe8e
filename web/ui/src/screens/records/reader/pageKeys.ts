import type { RefObject } from "react";
import type { Bindings } from "@/keys/keys";

export const ZOOM = 1.5;
const STEP = 1.25;
const MOST = 5;

interface Turned {
  frame: RefObject<HTMLElement | null>;
  at: number;
  count: number;
  go: (at: number) => void;
  setZoom: (change: (old: number) => number) => void;
}

/** The keys by which pages are read, one after the other. */
export function pageKeys({ frame, at, count, go, setZoom }: Turned): Bindings {
  /** Reads on: down the page, and at its end to the next. */
  const read = (by: 1 | -1) => {
    const box = frame.current?.querySelector(".view-frame");
    const room = box ? box.scrollHeight - box.clientHeight : 0;
    if (box && (by > 0 ? box.scrollTop < room - 4 : box.scrollTop > 4))
      box.scrollBy({ top: by * box.clientHeight * 0.85 });
    else go(at + by);
  };
  const flip = (by: number, help: "scan.key.next" | "scan.key.previous") => ({
    help,
    run: () => go(at + by),
  });
  return {
    ArrowRight: flip(1, "scan.key.next"),
    ArrowLeft: flip(-1, "scan.key.previous"),
    PageDown: flip(1, "scan.key.next"),
    PageUp: flip(-1, "scan.key.previous"),
    Home: { help: "scan.key.first", run: () => go(0) },
    End: { help: "scan.key.last", run: () => go(count - 1) },
    " ": { help: "reader.key.read", run: () => read(1) },
    Backspace: { help: "reader.key.readback", run: () => read(-1) },
    "+": { help: "scan.key.larger", run: () => setZoom((old) => Math.min(MOST, old * STEP)) },
    "-": { help: "scan.key.smaller", run: () => setZoom((old) => Math.max(1, old / STEP)) },
    "0": { help: "scan.key.whole", run: () => setZoom((old) => (old === 1 ? ZOOM : 1)) },
  };
}

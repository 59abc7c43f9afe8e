import { useState } from "react";
import type { Bindings } from "@/keys/keys";

const STEP = 1.25;
const MOST = 5;

/** `+`, `-` and `0` on a page; 1 shows it whole. */
export function useZoom(): { zoom: number; keys: Bindings } {
  const [zoom, setZoom] = useState(1);
  const larger = () => setZoom((old) => Math.min(MOST, old * STEP));
  const keys: Bindings = {
    "+": { help: "scan.key.larger", run: larger },
    "-": { help: "scan.key.smaller", run: () => setZoom((old) => Math.max(1, old / STEP)) },
    "0": { help: "scan.key.whole", run: () => setZoom(1) },
  };
  return { zoom, keys };
}

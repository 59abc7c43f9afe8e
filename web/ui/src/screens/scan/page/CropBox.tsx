import { useState } from "react";
import { useI18n } from "@/i18n";
import { useKeys } from "@/keys/keys";
import type { Box } from "../types";
import { placed } from "./PageView";

const STEP = 0.01;
const LEAST = 0.05;
const FIRST: Box = [0.03, 0.03, 0.94, 0.94];

interface Props {
  onDone: (box: Box) => void;
  onWhole: () => void;
  onClose: () => void;
}

const clamp = (value: number, low: number, high: number) => Math.min(high, Math.max(low, value));

/** Arrows move the upper left corner's side of the box, with Shift the lower right one's. */
export function CropBox({ onDone, onWhole, onClose }: Props) {
  const { t } = useI18n();
  const [box, setBox] = useState<Box>(FIRST);
  const corner = (dx: number, dy: number) => () =>
    setBox(([x, y, w, h]) => {
      const left = clamp(x + dx, 0, x + w - LEAST);
      const top = clamp(y + dy, 0, y + h - LEAST);
      return [left, top, w + x - left, h + y - top];
    });
  const size = (dx: number, dy: number) => () =>
    setBox(([x, y, w, h]) => [x, y, clamp(w + dx, LEAST, 1 - x), clamp(h + dy, LEAST, 1 - y)]);
  useKeys(
    "scan.crop",
    {
      ArrowLeft: { help: "scan.crop.move", run: corner(-STEP, 0) },
      ArrowRight: { help: "scan.crop.move", run: corner(STEP, 0) },
      ArrowUp: { help: "scan.crop.move", run: corner(0, -STEP) },
      ArrowDown: { help: "scan.crop.move", run: corner(0, STEP) },
      "Shift+ArrowLeft": { help: "scan.crop.size", run: size(-STEP, 0) },
      "Shift+ArrowRight": { help: "scan.crop.size", run: size(STEP, 0) },
      "Shift+ArrowUp": { help: "scan.crop.size", run: size(0, -STEP) },
      "Shift+ArrowDown": { help: "scan.crop.size", run: size(0, STEP) },
      Enter: { help: "scan.crop.do", run: () => onDone(box) },
      Backspace: { help: "scan.crop.whole", run: onWhole },
      Escape: { help: "keys.close", run: onClose },
    },
    { modal: true },
  );
  const parts = box.map((part) => Math.round(part * 100));
  return (
    <span
      className="crop-box"
      style={placed(box)}
      data-testid="crop-box"
      role="img"
      aria-label={t("scan.crop")}
    >
      <span className="hidden" aria-live="polite">
        {t("scan.crop.at", { x: parts[0] ?? 0, y: parts[1] ?? 0, w: parts[2] ?? 0, h: parts[3] ?? 0 })}
      </span>
    </span>
  );
}

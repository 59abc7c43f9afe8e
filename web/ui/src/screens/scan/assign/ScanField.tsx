import { ScanOutlined } from "@ant-design/icons";
import { Input, type InputRef } from "antd";
import type { KeyboardEvent, RefObject } from "react";
import { useI18n } from "@/i18n";

/** Keys that count although the field has the focus, as long as nothing stands in it. */
const THROUGH = [
  "ArrowUp",
  "ArrowDown",
  "ArrowLeft",
  "ArrowRight",
  "Home",
  "End",
  "PageUp",
  "PageDown",
  "F2",
  "F4",
  "F8",
  "F9",
  "?",
  "[",
  "]",
  "=",
  "+",
  "-",
];

interface Props {
  field: RefObject<InputRef | null>;
  text: string;
  prefix: string;
  disabled: boolean;
  onText: (text: string) => void;
  onEnter: () => void;
  onEscape: () => void;
  onUndo: () => void;
  /** Up and down in the list of those found. */
  onPick: (by: number) => void;
}

/** Where the hand scanner writes, and a person types; digits in it are text, never a choice by themselves. */
export function ScanField(props: Props) {
  const { field, text, prefix, disabled, onText, onEnter, onEscape, onUndo, onPick } = props;
  const { t } = useI18n();
  const press = (event: KeyboardEvent<HTMLInputElement>) => {
    if (event.nativeEvent.isComposing) return;
    const done = (run: () => void) => {
      event.preventDefault();
      run();
    };
    if (event.key === "Enter") done(onEnter);
    else if (event.key === "Escape") done(onEscape);
    else if (event.ctrlKey && event.key === "z" && text === "") done(onUndo);
    else if (text !== "" && event.key === "ArrowDown") done(() => onPick(1));
    else if (text !== "" && event.key === "ArrowUp") done(() => onPick(-1));
  };
  return (
    <Input
      ref={field}
      id="scan-field"
      size="large"
      autoFocus
      autoComplete="off"
      spellCheck={false}
      disabled={disabled}
      prefix={<ScanOutlined className="quiet" />}
      aria-label={t("scan.field")}
      placeholder={t("scan.field")}
      data-keys={THROUGH.filter((key) => !prefix.startsWith(key)).join(" ")}
      data-testid="scan-field"
      value={text}
      onChange={(event) => onText(event.target.value)}
      onKeyDown={press}
    />
  );
}

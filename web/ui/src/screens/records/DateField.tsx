import { Input, type InputProps } from "antd";
import { useEffect, useState } from "react";
import { useI18n } from "@/i18n";
import { isoDate } from "../scan/classify/suggested";

interface Props extends Omit<InputProps, "value" | "onChange"> {
  value: string;
  /** Called with a whole date, or with nothing; what is half typed stays here. */
  onDate: (date: string) => void;
}

/** A date as one text that means the same in every language: 2026-05-31, also typed as 20260531 or 2026/5/31. */
export function DateField({ value, onDate, ...rest }: Props) {
  const { t } = useI18n();
  const [text, setText] = useState(value);
  useEffect(() => setText((old) => (isoDate(old.trim()) === value ? old : value)), [value]);
  const wrong = isoDate(text.trim()) === null;
  return (
    <Input
      {...rest}
      className="date-field"
      inputMode="numeric"
      autoComplete="off"
      maxLength={10}
      placeholder={t("find.date")}
      status={wrong && text.trim().length > 7 ? "error" : undefined}
      aria-invalid={wrong || undefined}
      value={text}
      onChange={(event) => {
        setText(event.target.value);
        const date = isoDate(event.target.value.trim());
        if (date !== null) onDate(date);
      }}
      onBlur={() => setText(value)}
    />
  );
}

import { Button, Input, type InputRef, Select } from "antd";
import type { RefObject } from "react";
import type { Filters } from "@/api/types";
import { useI18n } from "@/i18n";
import { EMPTY, type Form } from "./filter";

const OUTCOMES = ["accepted", "invalid", "conflict", "rejected"];

interface Props {
  form: Form;
  words: Filters;
  kind: "runs" | "messages";
  field: RefObject<InputRef | null>;
  onChange: (form: Form) => void;
  onSearch: () => void;
}

/** The conditions of a search; Enter in a field searches. */
export function SearchForm({ form, words, kind, field, onChange, onSearch }: Props) {
  const { t, word } = useI18n();
  const set = (part: Partial<Form>) => onChange({ ...form, ...part });
  const many = (
    name: "state" | "route" | "step" | "connection" | "outcome",
    from: string[],
    title: string,
  ) => (
    <Select
      mode="multiple"
      allowClear
      maxTagCount={1}
      placeholder={title}
      aria-label={title}
      value={form[name]}
      data-testid={`filter-${name}`}
      onChange={(value: string[]) => set({ [name]: value })}
      options={from.map((value) => ({
        value,
        label: name === "state" || name === "outcome" ? word("state", value) : value,
      }))}
    />
  );
  return (
    <form
      className="card filters"
      onSubmit={(event) => {
        event.preventDefault();
        onSearch();
      }}
    >
      <Select
        allowClear
        placeholder={t("msgs.label")}
        aria-label={t("msgs.label")}
        value={form.label || undefined}
        onChange={(label?: string) => set({ label: label ?? "" })}
        options={words.labels.map((value) => ({ value, label: value }))}
      />
      <Input
        ref={field}
        allowClear
        suffix={<kbd>/</kbd>}
        placeholder={t("msgs.value")}
        aria-label={t("msgs.value")}
        value={form.value}
        onChange={(event) => set({ value: event.target.value, label: form.label || (words.labels[0] ?? "") })}
        onKeyDown={(event) => event.key === "Escape" && field.current?.blur()}
      />
      {many("state", words.states, t("msgs.states"))}
      {many("route", words.routes, t("msgs.routes"))}
      {many("step", words.steps, t("msgs.steps"))}
      {many("connection", words.connections, t("msgs.connections"))}
      {kind === "messages" && many("outcome", OUTCOMES, t("msgs.outcomes"))}
      <Input
        allowClear
        placeholder={t("msgs.text")}
        aria-label={t("msgs.text")}
        value={form.text}
        onChange={(event) => set({ text: event.target.value })}
      />
      <label className="row when">
        <span className="quiet small">{t("msgs.since")}</span>
        <input
          type="datetime-local"
          value={form.since}
          onChange={(event) => set({ since: event.target.value })}
        />
      </label>
      <label className="row when">
        <span className="quiet small">{t("msgs.until")}</span>
        <input
          type="datetime-local"
          value={form.until}
          onChange={(event) => set({ until: event.target.value })}
        />
      </label>
      <span className="row push">
        <Button onClick={() => onChange(EMPTY)}>{t("msgs.clear")}</Button>
        <Button type="primary" htmlType="submit" data-testid="search">
          {t("msgs.search")}
        </Button>
      </span>
    </form>
  );
}

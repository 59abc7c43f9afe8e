import { SearchOutlined } from "@ant-design/icons";
import { AutoComplete, Input } from "antd";
import { useEffect, useState } from "react";
import { useNavigate } from "react-router";
import { api } from "@/api/api";
import type { PatientRow } from "@/api/types";
import { useI18n } from "@/i18n";
import { day } from "@/i18n/time";
import { problemFrom } from "./load";

const PAUSE = 250;

/** Finds patients by name or number; the text goes in a POST, never into the address. */
export function PatientSearch() {
  const { t, word, locale } = useI18n();
  const go = useNavigate();
  const [text, setText] = useState("");
  const [found, setFound] = useState<PatientRow[] | null>(null);
  const [failed, setFailed] = useState("");

  useEffect(() => {
    setFound(null);
    setFailed("");
    if (text.trim().length < 2) return;
    const control = new AbortController();
    const timer = setTimeout(() => {
      api.findPatients(text.trim(), control.signal).then(
        (page) => setFound(page.items),
        (error: unknown) =>
          !control.signal.aborted && setFailed(problemFrom(error).code || t("ui.unreachable")),
      );
    }, PAUSE);
    return () => {
      clearTimeout(timer);
      control.abort();
    };
  }, [text, t]);

  const open = (id: string) => {
    setText("");
    (document.activeElement as HTMLElement | null)?.blur();
    void go(`/patients/${id}`);
  };
  return (
    <AutoComplete
      value={text}
      style={{ width: "100%" }}
      options={(found ?? []).map((patient) => ({
        value: patient.id,
        label: (
          <div className="found">
            <span>
              <bdi className="strong">{patient.name}</bdi>{" "}
              <span className="quiet">
                {word("sex", patient.sex)} {patient.birth_date ? day(locale, patient.birth_date) : ""}
              </span>
            </span>
            <span className="mono quiet">{patient.number}</span>
          </div>
        ),
      }))}
      notFoundContent={text.trim().length > 1 && (failed || found) ? failed || t("search.none") : null}
      onSearch={setText}
      onSelect={open}
      defaultActiveFirstOption
    >
      <Input
        id="search"
        allowClear
        prefix={<SearchOutlined className="quiet" />}
        suffix={<kbd>/</kbd>}
        placeholder={t("search.placeholder")}
        aria-label={t("search.placeholder")}
        onKeyDown={(event) => event.key === "Escape" && event.currentTarget.blur()}
      />
    </AutoComplete>
  );
}

import { PrinterOutlined } from "@ant-design/icons";
import { Button, Input, InputNumber, Segmented } from "antd";
import { useEffect, useState } from "react";
import { scan } from "@/api/scan";
import type { Language } from "@/api/types";
import { LANGUAGE_NAMES, LANGUAGES, useI18n } from "@/i18n";
import { useKeys } from "@/keys/keys";
import { PageHead } from "@/parts/bits";
import { LinkButton } from "@/parts/LinkButton";
import { useFailure } from "@/parts/why";
import { PatientLine } from "./assign/Echo";
import { useLookup } from "./assign/useLookup";
import { LAST_STATION, StationField } from "./NewBatch";
import { ScanNav } from "./ScanNav";
import type { Found, SheetsAsked } from "./types";
import { useLists } from "./useLists";

const KINDS = ["set", "header", "separators", "labels"] as const;
type SheetKind = (typeof KINDS)[number];

/** SHEETS /scan/sheets: what is printed and laid between the paper. */
export default function Sheets() {
  const { t, language } = useI18n();
  const lists = useLists();
  const [kind, setKind] = useState<SheetKind>("set");
  const [station, setStation] = useState(localStorage.getItem(LAST_STATION) ?? "");
  const [title, setTitle] = useState("");
  const [documents, setDocuments] = useState<number | null>(10);
  const [sheets, setSheets] = useState<number | null>(null);
  const [count, setCount] = useState<number | null>(10);
  const [wanted, setWanted] = useState<Language>(language);
  const [patient, setPatient] = useState<Found | null>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState("");
  const why = useFailure();
  const [made, setMade] = useState<{ url: string; batch: string } | null>(null);
  useEffect(() => () => URL.revokeObjectURL(made?.url ?? ""), [made]);

  const forBatch = kind === "set" || kind === "header";
  const ready =
    kind === "labels" ? patient !== null : kind === "separators" ? Boolean(count) : station.trim() !== "";
  const print = async () => {
    if (!ready || busy) return;
    // what comes next is a key, not a text
    (document.activeElement as HTMLElement | null)?.blur();
    setBusy(true);
    setError("");
    const ask: SheetsAsked = { kind, language: wanted };
    if (forBatch) {
      localStorage.setItem(LAST_STATION, station.trim());
      Object.assign(ask, { station: station.trim(), title: title.trim() });
      if (documents !== null) ask.documents = documents;
      if (sheets !== null) ask.sheets = sheets;
    } else ask.count = count ?? 1;
    if (kind === "labels" && patient) ask.patient = patient.id;
    try {
      const { blob, batch } = await scan.sheets(ask);
      const url = URL.createObjectURL(blob);
      setMade({ url, batch });
      window.open(url, "_blank", "noopener");
    } catch (failure) {
      setError(why(failure));
    }
    setBusy(false);
  };
  useKeys("nav.sheets", { "Ctrl+Enter": { help: "scan.key.print", run: () => void print() } });
  return (
    <div className="page">
      <PageHead title={t("nav.sheets")} sub={t("scan.sheets.sub")}>
        <ScanNav />
      </PageHead>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: Ctrl+Enter of any of its fields */}
      <div
        className="sheets"
        onKeyDown={(event) => {
          if (event.nativeEvent.isComposing) return;
          if (event.key === "Enter" && event.ctrlKey) void print();
          if (event.key === "Escape") (event.target as HTMLElement).blur();
        }}
      >
        <section className="card card-body sheets-form">
          <Segmented
            block
            aria-label={t("scan.sheets.kind")}
            value={kind}
            onChange={setKind}
            options={KINDS.map((value) => ({ value, label: t(`scan.sheets.${value}`) }))}
          />
          <p className="quiet">{t(`scan.sheets.${kind}.hint`)}</p>
          <div className="fields">
            {forBatch && (
              <>
                <label htmlFor="sheet-station">{t("scan.station")}</label>
                <StationField
                  id="sheet-station"
                  stations={lists.stations}
                  value={station}
                  onChange={setStation}
                />
                <label htmlFor="sheet-title">{t("scan.title")}</label>
                <Input
                  id="sheet-title"
                  maxLength={200}
                  value={title}
                  onChange={(event) => setTitle(event.target.value)}
                />
                <label htmlFor="sheet-documents">{t("scan.documents")}</label>
                <InputNumber
                  id="sheet-documents"
                  min={1}
                  max={500}
                  precision={0}
                  value={documents}
                  onChange={setDocuments}
                />
                <label htmlFor="sheet-sheets">{t("scan.sheets.paper")}</label>
                <InputNumber
                  id="sheet-sheets"
                  min={0}
                  max={100_000}
                  precision={0}
                  value={sheets}
                  onChange={setSheets}
                />
              </>
            )}
            {kind === "labels" && <PatientField patient={patient} onPatient={setPatient} />}
            {!forBatch && (
              <>
                <label htmlFor="sheet-count">{t("scan.count")}</label>
                <InputNumber
                  id="sheet-count"
                  min={1}
                  max={500}
                  precision={0}
                  value={count}
                  onChange={setCount}
                />
              </>
            )}
            <span id="sheet-language">{t("top.language")}</span>
            <Segmented
              aria-labelledby="sheet-language"
              value={wanted}
              onChange={setWanted}
              options={LANGUAGES.map((value) => ({ value, label: LANGUAGE_NAMES[value] }))}
            />
          </div>
          {error && (
            <p role="alert" className="err">
              {error}
            </p>
          )}
          <div className="row wrap">
            <Button
              type="primary"
              icon={<PrinterOutlined />}
              disabled={!ready}
              loading={busy}
              onClick={() => void print()}
              data-testid="print"
            >
              {t("scan.print")} <kbd>Ctrl</kbd>
              <kbd>Enter</kbd>
            </Button>
            <span aria-live="polite" className="row">
              {made && (
                <>
                  <a href={made.url} target="_blank" rel="noopener" data-testid="printed">
                    {t("scan.printed")}
                  </a>
                  {made.batch && (
                    <LinkButton size="small" to={`/scan/${made.batch}`}>
                      {t("scan.sheets.batch")}
                    </LinkButton>
                  )}
                </>
              )}
            </span>
          </div>
        </section>
        <aside className="card card-body">
          <h2>{t("scan.sheets.how")}</h2>
          <ol className="steps-list">
            <li>{t("scan.sheets.how1")}</li>
            <li>{t("scan.sheets.how2")}</li>
            <li>{t("scan.sheets.how3")}</li>
          </ol>
        </aside>
      </div>
    </div>
  );
}

/** Whose labels: found by number, name or birth date. */
function PatientField({
  patient,
  onPatient,
}: {
  patient: Found | null;
  onPatient: (found: Found | null) => void;
}) {
  const { t } = useI18n();
  const [text, setText] = useState("");
  const lookup = useLookup(text.trim(), true);
  return (
    <>
      <label htmlFor="sheet-patient">{t("scan.patient")}</label>
      <span className="two" style={{ gap: 6 }}>
        <Input
          id="sheet-patient"
          autoComplete="off"
          value={text}
          placeholder={t("scan.field")}
          onChange={(event) => {
            setText(event.target.value);
            onPatient(null);
          }}
          onPressEnter={(event) => {
            const first = lookup.found?.[0];
            if (first && !event.ctrlKey) onPatient(first);
          }}
        />
        {patient ? (
          <PatientLine patient={patient} />
        ) : (
          <ul className="found-list">
            {lookup.found?.map((one) => (
              <li key={one.id}>
                <button type="button" onClick={() => onPatient(one)}>
                  <PatientLine patient={one} />
                </button>
              </li>
            ))}
            {lookup.found?.length === 0 && <li className="err">{lookup.failed || t("scan.nobody")}</li>}
          </ul>
        )}
      </span>
    </>
  );
}

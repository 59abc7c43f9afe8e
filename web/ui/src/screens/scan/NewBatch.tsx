import { AutoComplete, Input, InputNumber, Modal, Segmented } from "antd";
import { useState } from "react";
import { useNavigate } from "react-router";
import { scan } from "@/api/scan";
import { useI18n } from "@/i18n";
import { useKeys } from "@/keys/keys";
import { useFailure } from "@/parts/why";
import type { Sides, Station } from "./types";

export const LAST_STATION = "waybill.station";
const SIDES: readonly Sides[] = ["one", "both", "twice"];

/** `N`: a batch before its first page; what is scanned at its station next goes into it. */
export function NewBatch({ stations, onClose }: { stations: readonly Station[]; onClose: () => void }) {
  const { t } = useI18n();
  const go = useNavigate();
  const [station, setStation] = useState(localStorage.getItem(LAST_STATION) ?? stations[0]?.code ?? "");
  const [title, setTitle] = useState("");
  const [sheets, setSheets] = useState<number | null>(null);
  const [documents, setDocuments] = useState<number | null>(null);
  const [sides, setSides] = useState<Sides>("one");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState("");
  const why = useFailure();
  useKeys("keys.dialog", { Escape: { help: "keys.close", run: onClose } }, { modal: true });
  const make = async () => {
    if (!station.trim() || busy) return;
    setBusy(true);
    try {
      localStorage.setItem(LAST_STATION, station.trim());
      const batch = await scan.create({
        station: station.trim(),
        title: title.trim(),
        sheets,
        documents,
        sides,
      });
      void go(`/scan/${batch.id}`);
    } catch (failure) {
      setError(why(failure));
      setBusy(false);
    }
  };
  return (
    <Modal
      open
      title={t("scan.new")}
      okText={t("scan.new.do")}
      cancelText={t("act.back")}
      okButtonProps={{ disabled: !station.trim(), loading: busy }}
      onOk={() => void make()}
      onCancel={onClose}
      destroyOnHidden
    >
      {/* biome-ignore lint/a11y/noStaticElementInteractions: Ctrl+Enter of any of its fields */}
      <div
        className="fields"
        onKeyDown={(event) => {
          if (event.key === "Enter" && event.ctrlKey && !event.nativeEvent.isComposing) void make();
        }}
      >
        <label htmlFor="new-station">{t("scan.station")}</label>
        <StationField id="new-station" stations={stations} value={station} onChange={setStation} autoFocus />
        <label htmlFor="new-title">{t("scan.title")}</label>
        <Input
          id="new-title"
          maxLength={200}
          value={title}
          onChange={(event) => setTitle(event.target.value)}
          onPressEnter={(event) => !event.ctrlKey && void make()}
        />
        <label htmlFor="new-sheets">{t("scan.sheets.fed")}</label>
        <InputNumber
          id="new-sheets"
          min={0}
          max={100_000}
          precision={0}
          value={sheets}
          onChange={setSheets}
        />
        <label htmlFor="new-documents">{t("scan.documents")}</label>
        <InputNumber
          id="new-documents"
          min={0}
          max={100_000}
          precision={0}
          value={documents}
          onChange={setDocuments}
        />
        <span id="new-sides">{t("scan.sides")}</span>
        <Segmented
          aria-labelledby="new-sides"
          value={sides}
          onChange={setSides}
          options={SIDES.map((value) => ({ value, label: t(`scan.sides.${value}`) }))}
        />
      </div>
      {error && (
        <p role="alert" className="err" style={{ marginTop: 8 }}>
          {error}
        </p>
      )}
    </Modal>
  );
}

interface StationProps {
  id: string;
  stations: readonly Station[];
  value: string;
  onChange: (code: string) => void;
  autoFocus?: boolean;
}

/** One of the site's stations, or the name of any folder that a scanner writes into. */
export function StationField({ id, stations, value, onChange, autoFocus }: StationProps) {
  const options = stations
    .filter((one) => one.active && one.code.includes(value.trim()))
    .map((one) => ({ value: one.code, label: one.title ? `${one.code} · ${one.title}` : one.code }));
  return (
    <AutoComplete
      id={id}
      autoFocus={autoFocus}
      defaultActiveFirstOption={false}
      maxLength={40}
      value={value}
      onChange={(code: string) => onChange(code)}
      options={options}
    />
  );
}

import { type InputRef, Segmented } from "antd";
import { useRef, useState } from "react";
import { useSearchParams } from "react-router";
import { api } from "@/api/api";
import { useLoad } from "@/app/load";
import { useI18n } from "@/i18n";
import { useKeys } from "@/keys/keys";
import { PageHead } from "@/parts/bits";
import { EngineNav } from "@/parts/EngineNav";
import { Show } from "@/parts/States";
import { SearchForm } from "./Form";
import { filterOf, formFrom } from "./filter";
import { MessageList } from "./MessageList";
import { RunList } from "./RunList";

type Kind = "runs" | "messages";

export default function MessagesScreen() {
  const { t } = useI18n();
  const [address] = useSearchParams();
  const [kind, setKind] = useState<Kind>("runs");
  const [form, setForm] = useState(() => formFrom(address));
  const [asked, setAsked] = useState(form);
  const field = useRef<InputRef>(null);
  const words = useLoad("filters", api.filters);
  useKeys("nav.messages", { "/": { help: "keys.filter", run: () => field.current?.focus() } });
  const filter = filterOf(asked, kind);
  return (
    <div className="page">
      <PageHead title={t("nav.messages")} sub={t("msgs.sub")}>
        <Segmented
          value={kind}
          onChange={(value) => setKind(value as Kind)}
          options={[
            { value: "runs", label: t("msgs.runs") },
            { value: "messages", label: t("msgs.messages") },
          ]}
        />
        <EngineNav />
      </PageHead>
      <Show of={words} lines={2}>
        {(data) => (
          <SearchForm
            form={form}
            words={data}
            kind={kind}
            field={field}
            onChange={setForm}
            onSearch={() => setAsked({ ...form })}
          />
        )}
      </Show>
      {kind === "runs" ? (
        <RunList key={JSON.stringify(filter)} filter={filter} />
      ) : (
        <MessageList key={JSON.stringify(filter)} filter={filter} />
      )}
    </div>
  );
}

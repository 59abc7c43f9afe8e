import { Input, Select } from "antd";
import { useSession } from "@/app/session";
import { useI18n } from "@/i18n";
import { useLists, useNamed } from "../../scan/useLists";
import { DateField } from "../DateField";
import type { RecordsAsked } from "../types";

export type Filter = Required<
  Pick<RecordsAsked, "kinds" | "departments" | "since" | "until" | "author" | "order" | "states">
>;
export const NO_FILTER: Filter = {
  kinds: [],
  departments: [],
  since: "",
  until: "",
  author: "",
  order: "newest",
  states: [],
};

export const isFiltered = (filter: Filter): boolean =>
  Boolean(filter.kinds.length || filter.departments.length || filter.since || filter.until || filter.author);

/** Kind, department, days, author, order; whoever edits may look among the withdrawn too. */
export function Filters({ filter, onChange }: { filter: Filter; onChange: (filter: Filter) => void }) {
  const { t } = useI18n();
  const { rights } = useSession();
  const lists = useLists();
  const named = useNamed();
  const set = (part: Partial<Filter>) => onChange({ ...filter, ...part });
  const options = (things: typeof lists.kinds | typeof lists.departments) =>
    things.map((one) => ({ value: one.code, label: named(one), search: `${named(one)} ${one.code}` }));
  return (
    <div className="find-filters">
      <Select
        mode="multiple"
        allowClear
        maxTagCount={1}
        placeholder={t("find.kind")}
        aria-label={t("find.kind")}
        showSearch={{ optionFilterProp: "search" }}
        value={filter.kinds}
        onChange={(kinds: string[]) => set({ kinds })}
        options={options(lists.kinds)}
        style={{ width: 210 }}
      />
      <Select
        mode="multiple"
        allowClear
        maxTagCount={1}
        placeholder={t("find.department")}
        aria-label={t("find.department")}
        showSearch={{ optionFilterProp: "search" }}
        value={filter.departments}
        onChange={(departments: string[]) => set({ departments })}
        options={options(lists.departments)}
        style={{ width: 190 }}
      />
      <label htmlFor="since" className="row quiet">
        {t("find.since")}
        <DateField id="since" value={filter.since} onDate={(since) => set({ since })} />
      </label>
      <label htmlFor="until" className="row quiet">
        {t("find.until")}
        <DateField id="until" value={filter.until} onDate={(until) => set({ until })} />
      </label>
      <Input
        allowClear
        maxLength={100}
        placeholder={t("find.author")}
        aria-label={t("find.author")}
        value={filter.author}
        onChange={(event) => set({ author: event.target.value })}
        style={{ width: 150 }}
      />
      <Select
        aria-label={t("find.order")}
        value={filter.order}
        onChange={(order) => set({ order })}
        options={(["newest", "oldest"] as const).map((value) => ({ value, label: t(`find.${value}`) }))}
        style={{ width: 130 }}
      />
      {rights.includes("edit") && (
        <Select
          aria-label={t("find.states")}
          value={filter.states[0] ?? "current"}
          onChange={(state) => set({ states: state === "current" ? [] : [state] })}
          options={(["current", "withdrawn"] as const).map((value) => ({
            value,
            label: t(`find.state.${value}`),
          }))}
          style={{ width: 120 }}
        />
      )}
    </div>
  );
}

import type { Search } from "@/api/types";

/** What the form holds; texts as they are typed. */
export interface Form {
  label: string;
  value: string;
  state: string[];
  route: string[];
  step: string[];
  connection: string[];
  outcome: string[];
  text: string;
  since: string;
  until: string;
}

export const EMPTY: Form = {
  label: "",
  value: "",
  state: [],
  route: [],
  step: [],
  connection: [],
  outcome: [],
  text: "",
  since: "",
  until: "",
};

/** From a link of ours: names of the site only; what a person types never stands in an address. */
export function formFrom(address: URLSearchParams): Form {
  const words = (name: string) => address.getAll(name).filter((word) => /^[\w.-]{1,100}$/.test(word));
  return {
    ...EMPTY,
    state: words("state"),
    route: words("route"),
    step: words("step"),
    connection: words("connection"),
  };
}

/** What is asked of the server: only what was filled in. A label's value is a beginning. */
export function filterOf(form: Form, kind: "runs" | "messages"): Partial<Search> {
  const filter: Partial<Search> = {};
  if (form.label && form.value.trim()) filter.labels = { [form.label]: `${form.value.trim()}*` };
  for (const name of ["state", "route", "step", "connection"] as const) {
    if (form[name].length) filter[name] = form[name];
  }
  if (kind === "messages" && form.outcome.length) filter.outcome = form.outcome;
  const code = /^WB-\d{4}$/i.test(form.text.trim());
  if (code) filter.code = form.text.trim().toUpperCase();
  else if (form.text.trim()) filter.text = form.text.trim();
  if (form.since) filter.since = new Date(form.since).toISOString();
  if (form.until) filter.until = new Date(form.until).toISOString();
  return filter;
}

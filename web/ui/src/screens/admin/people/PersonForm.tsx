import { Button, Checkbox, Input, Select } from "antd";
import { type KeyboardEvent, type RefObject, useEffect, useState } from "react";
import type { UserNew, UserRow } from "@/api/admin";
import { useI18n } from "@/i18n";
import { Ago, At, Facts } from "@/parts/bits";
import { useLists, useNamed } from "../../scan/useLists";

export const ROLES = ["OP", "PH", "CL", "SC", "AN", "AD", "AU"];
const TEXTS = ["name", "staff_number", "certificate_id"] as const;
const LONGEST = { name: 100, staff_number: 40, certificate_id: 120 };

interface Props {
  /** Null: a person who is not there yet. */
  user: UserRow | null;
  busy: boolean;
  form: RefObject<HTMLElement | null>;
  onDirty: (dirty: boolean) => void;
  /** True when it was saved. */
  onSave: (said: UserNew) => Promise<boolean>;
  onBack: () => void;
  children?: React.ReactNode;
}

const NEW: UserNew = { login: "", name: "", roles: [], department: "", staff_number: "", certificate_id: "" };
const saidOf = (user: UserRow | null): UserNew => {
  if (!user) return NEW;
  const { login, name, roles, department, staff_number, certificate_id } = user;
  return { login, name, roles, department, staff_number, certificate_id };
};

/** What is said of a person: Enter saves, Esc takes back what was typed. */
export function PersonForm({ user, busy, form, onDirty, onSave, onBack, children }: Props) {
  const { t, word } = useI18n();
  const named = useNamed();
  const { departments } = useLists();
  const [draft, setDraft] = useState(saidOf(user));
  const [before, setBefore] = useState(saidOf(user));
  const dirty = JSON.stringify(draft) !== JSON.stringify(before);
  const now = JSON.stringify(saidOf(user));
  // biome-ignore lint/correctness/useExhaustiveDependencies: what others change comes in while nothing is typed here
  useEffect(() => {
    if (busy || (dirty && user)) return;
    if (user) setDraft(saidOf(user));
    setBefore(saidOf(user));
  }, [now, busy]);
  useEffect(() => {
    onDirty(dirty);
    return () => onDirty(false);
  }, [dirty, onDirty]);
  const set = (part: Partial<UserNew>) => setDraft((old) => ({ ...old, ...part }));
  const whole = draft.login.trim() !== "" && draft.name.trim() !== "" && draft.roles.length > 0;
  const save = async () => {
    if (busy || !dirty || !whole) return;
    const said = { ...draft, login: draft.login.trim(), name: draft.name.trim() };
    if (await onSave(said)) {
      setDraft(said);
      setBefore(said);
    }
  };
  const press = (event: KeyboardEvent<HTMLElement>) => {
    const target = event.target;
    if (event.nativeEvent.isComposing || !(target instanceof HTMLInputElement)) return;
    const combo = target.getAttribute("role") === "combobox";
    if (event.key === "Enter" && (event.ctrlKey || !combo)) {
      event.preventDefault();
      void save();
    } else if (event.key === "Escape" && target.getAttribute("aria-expanded") !== "true") {
      setDraft(before);
      onBack();
    }
  };
  const known = departments.filter((one) => one.active || one.code === draft.department);
  const choices = known.map((one) => ({ value: one.code, label: named(one) }));
  if (draft.department && !known.some((one) => one.code === draft.department))
    choices.push({ value: draft.department, label: draft.department });
  return (
    <section
      ref={form}
      className="card list-form"
      aria-label={t(user ? "people.one" : "people.new")}
      onKeyDown={press}
    >
      <div className="rec-scroll card-body">
        <div className="fields">
          <label htmlFor="person-login">{t("people.login")}</label>
          <Input
            id="person-login"
            className="mono"
            disabled={user !== null}
            maxLength={60}
            value={draft.login}
            onChange={(event) => set({ login: event.target.value.toLowerCase() })}
          />
          {TEXTS.map((name) => [
            <label key={`${name} label`} htmlFor={`person-${name}`}>
              {t(`people.${name}`)}
            </label>,
            <Input
              key={name}
              id={`person-${name}`}
              className={name === "name" ? "" : "mono"}
              maxLength={LONGEST[name]}
              value={draft[name]}
              onChange={(event) => set({ [name]: event.target.value })}
            />,
          ])}
          <label htmlFor="person-department">{t("scan.field.department")}</label>
          <Select
            id="person-department"
            allowClear
            showSearch={{ optionFilterProp: "label" }}
            value={draft.department || undefined}
            onChange={(code: string | undefined) => set({ department: code ?? "" })}
            options={choices}
          />
          <span id="person-roles">{t("people.roles")}</span>
          <fieldset className="roles" aria-labelledby="person-roles">
            {ROLES.map((role) => (
              <Checkbox
                key={role}
                checked={draft.roles.includes(role)}
                onChange={({ target }) =>
                  set({
                    roles: target.checked
                      ? [...draft.roles, role]
                      : draft.roles.filter((one) => one !== role),
                  })
                }
              >
                {word("role", role)} <span className="mono small quiet">{role}</span>
              </Checkbox>
            ))}
          </fieldset>
        </div>
        {user ? (
          <Facts
            rows={[
              [t("people.seen"), user.seen_at ? <Ago key="seen" at={user.seen_at} /> : t("people.never")],
              [t("people.sessions"), String(user.sessions)],
              [t("people.added"), <At key="added" at={user.created_at} />],
              ...(user.disabled_at
                ? ([[t("people.since"), <At key="since" at={user.disabled_at} />]] as [
                    string,
                    React.ReactNode,
                  ][])
                : []),
            ]}
          />
        ) : (
          <p className="quiet small">{t("people.new.hint")}</p>
        )}
        {children}
      </div>
      <footer className="repair-do row">
        <Button
          type="primary"
          loading={busy}
          disabled={!dirty || !whole}
          onClick={() => void save()}
          data-testid="person-save"
        >
          {t(user ? "edit.save" : "people.add")} <kbd>Enter</kbd>
        </Button>
        {dirty && <span className="warn small">{t("lists.typed")}</span>}
      </footer>
    </section>
  );
}

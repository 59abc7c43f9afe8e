import { NavLink, useNavigate } from "react-router";
import { type Key, useI18n } from "@/i18n";
import { type Bindings, useKeys } from "@/keys/keys";

/** `right`: the word that opens it; `name` tells screens apart. `inner`: it has addresses below its own. */
export interface Screen {
  name: string;
  right: string;
  path: string;
  title: Key;
  inner?: boolean;
  /** `g` and this letter open it; `go` is the help for it. */
  letter?: string;
  go?: Key;
}

interface Props {
  screens: Screen[];
  /** The words that this user has. */
  rights: readonly string[];
  label: Key;
  counts?: Record<string, number | undefined>;
  /** A count of none is shown too. */
  zero?: boolean;
}

/** The second line of the navigation: those of a room's screens that this user may open. */
export function SubNav({ screens, rights, label, counts = {}, zero = false }: Props) {
  const { t } = useI18n();
  const go = useNavigate();
  const mine = screens.filter((screen) => rights.includes(screen.right));
  const keys: Bindings = {};
  for (const { letter, go: help, path } of mine)
    if (letter && help) keys[`g ${letter}`] = { help, run: () => void go(path) };
  useKeys(label, keys);
  return (
    <nav className="subnav" aria-label={t(label)}>
      {mine.map(({ name, path, title, inner }) => (
        <NavLink
          key={name}
          to={path}
          end={!inner}
          data-testid={`nav-${name}`}
          className={({ isActive }) => (isActive ? "on" : "")}
        >
          {t(title)}
          {counts[name] !== undefined && (zero || !!counts[name]) && (
            <span className="count">{counts[name]}</span>
          )}
        </NavLink>
      ))}
    </nav>
  );
}

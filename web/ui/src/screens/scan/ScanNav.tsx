import { NavLink } from "react-router";
import { useSession } from "@/app/session";
import { type Key, useI18n } from "@/i18n";

/** `right`: the word of `session.rights` that the screen needs. */
const SCREENS: { name: string; right: string; path: string; title: Key }[] = [
  { name: "batches", right: "scan", path: "/scan", title: "nav.batches" },
  { name: "sheets", right: "capture", path: "/scan/sheets", title: "nav.sheets" },
  { name: "problems", right: "problems", path: "/scan/problems", title: "nav.problems" },
];

/** The screens of the scan desk that this user may open. */
export function ScanNav({ counts = {} }: { counts?: Record<string, number | undefined> }) {
  const { t } = useI18n();
  const { rights } = useSession();
  return (
    <nav className="subnav" aria-label={t("nav.scan")}>
      {SCREENS.filter((screen) => rights.includes(screen.right)).map((screen) => (
        <NavLink
          key={screen.name}
          to={screen.path}
          end
          data-testid={`nav-${screen.name}`}
          className={({ isActive }) => (isActive ? "on" : "")}
        >
          {t(screen.title)}
          {!!counts[screen.name] && <span className="count">{counts[screen.name]}</span>}
        </NavLink>
      ))}
    </nav>
  );
}

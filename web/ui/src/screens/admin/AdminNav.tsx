import { useSession } from "@/app/session";
import { type Screen, SubNav } from "@/parts/SubNav";

const SCREENS: Screen[] = [
  {
    name: "lists",
    right: "lists",
    inner: true,
    path: "/admin/lists",
    letter: "l",
    title: "nav.lists",
    go: "keys.go.lists",
  },
  {
    name: "users",
    right: "users",
    inner: true,
    path: "/admin/users",
    letter: "p",
    title: "nav.people",
    go: "keys.go.people",
  },
];

/** The administrator's screens that this user may open. */
export function AdminNav() {
  const { rights } = useSession();
  return <SubNav screens={SCREENS} rights={rights} label="nav.admin" />;
}

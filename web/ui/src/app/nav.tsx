import {
  ApartmentOutlined,
  EditOutlined,
  FolderOpenOutlined,
  HomeOutlined,
  ScanOutlined,
  SettingOutlined,
  UnorderedListOutlined,
} from "@ant-design/icons";
import type { ReactNode } from "react";
import type { Key } from "@/i18n";

export interface Place {
  /** The word of `session.nav`. */
  name: string;
  path: string;
  letter: string;
  title: Key;
  go: Key;
  icon: ReactNode;
}

/** What exists of the navigation of SCREENS.md, in its order. */
export const PLACES: readonly Place[] = [
  {
    name: "today",
    path: "/today",
    letter: "t",
    title: "nav.today",
    go: "keys.go.today",
    icon: <HomeOutlined />,
  },
  {
    name: "worklist",
    path: "/worklist",
    letter: "w",
    title: "nav.worklist",
    go: "keys.go.worklist",
    icon: <UnorderedListOutlined />,
  },
  { name: "sign", path: "/sign", letter: "s", title: "nav.sign", go: "keys.go.sign", icon: <EditOutlined /> },
  { name: "scan", path: "/scan", letter: "b", title: "nav.scan", go: "keys.go.scan", icon: <ScanOutlined /> },
  {
    name: "records",
    path: "/records",
    letter: "r",
    title: "nav.records",
    go: "keys.go.records",
    icon: <FolderOpenOutlined />,
  },
  {
    name: "engine",
    path: "/engine",
    letter: "e",
    title: "nav.engine",
    go: "keys.go.engine",
    icon: <ApartmentOutlined />,
  },
  {
    name: "admin",
    path: "/admin/lists",
    letter: "i",
    title: "nav.admin",
    go: "keys.go.admin",
    icon: <SettingOutlined />,
  },
];

/** Places that stand for several screens: by the words of `session.nav`, with where each lies. */
const GROUPS: Record<string, readonly [screen: string, path: string][]> = {
  scan: [
    ["scan", "/scan"],
    ["problems", "/scan/problems"],
  ],
  records: [
    ["records", "/records"],
    ["tomorrow", "/records/tomorrow"],
    ["duplicates", "/records/duplicates"],
    ["repair", "/records/repair"],
  ],
  admin: [
    ["lists", "/admin/lists"],
    ["users", "/admin/users"],
  ],
  engine: [
    ["engine", "/engine"],
    ["messages", "/engine/messages"],
    ["attention", "/engine/attention"],
    ["alerts", "/engine/alerts"],
    ["unmatched", "/engine/unmatched"],
  ],
};

/** In which place an address lies. */
export function placeOf(pathname: string): string {
  const [, first = "", , third] = pathname.split("/");
  if (first === "documents" || (first === "patients" && third === "documents")) return "records";
  return first === "patients" ? "worklist" : first;
}

/** The places that this user may enter; a group leads to the first of its screens that he may open. */
export function allowed(nav: readonly string[]): readonly Place[] {
  return PLACES.flatMap((place) => {
    const screens = GROUPS[place.name] ?? [[place.name, place.path]];
    const first = screens.find(([screen]) => nav.includes(screen));
    return first ? [{ ...place, path: first[1] }] : [];
  });
}

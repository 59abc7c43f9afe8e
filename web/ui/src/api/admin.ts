import { call, get, post } from "./client";
import type { components } from "./schema";

type Schemas = components["schemas"];
/** `id`: the login, as lists want it. */
export type UserRow = Schemas["UserRow"] & { id: string };
export type UserFields = Schemas["UserPatch"];
export type UserNew = Schemas["UserNew"];
export type UserLink = Schemas["UserLink"];
export type UsersAsked = Partial<Schemas["UsersAsked"]>;
export type OpenSession = Schemas["OpenSession"];
export interface Users {
  items: UserRow[];
  next: string | null;
  counts: Schemas["UserCounts"];
}

const V1 = "/api/v1";
const of = (login: string) => `${V1}/users/${encodeURIComponent(login)}`;
const known = (row: Schemas["UserRow"]): UserRow => ({ ...row, id: row.login });

/** Every call that the screens PEOPLE and ME make. */
export const admin = {
  users: async (ask: UsersAsked, signal?: AbortSignal): Promise<Users> => {
    const found = await post<Schemas["Users"]>(`${V1}/users/search`, ask, signal);
    return { ...found, items: found.items.map(known) };
  },
  addUser: (said: UserNew) => post<Schemas["UserRow"]>(`${V1}/users`, said),
  changeUser: (login: string, said: UserFields) => call<Schemas["UserRow"]>("PATCH", of(login), said),
  userDeed: (login: string, deed: "disable" | "enable" | "sign-out") =>
    post<Schemas["UserRow"]>(`${of(login)}/${deed}`),
  link: (login: string) => post<UserLink>(`${of(login)}/link`),

  sessions: (signal?: AbortSignal) => get<Schemas["OpenSessions"]>(`${V1}/me/sessions`, signal),
  endSession: (id: string) => call<void>("DELETE", `${V1}/me/sessions/${id}`),
  endOthers: () => call<Schemas["Ended"]>("DELETE", `${V1}/me/sessions/others`),
  setKeys: (keys: Record<string, string>) => call<void>("PUT", `${V1}/me/keys`, { keys }),
};

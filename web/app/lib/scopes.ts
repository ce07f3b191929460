/** The scopes of API keys by area: nothing, reading, or writing, which includes reading. */
import type { Scope } from "@/api/types";

export type Area = Scope extends `${infer A}:${string}` ? A : never;
export type Access = "none" | "read" | "write";

/** What each area can be opened for. The type says when the server knows an area more or less. */
export const ACCESSES: Record<Area, readonly Access[]> = {
  users: ["none", "read", "write"],
  skills: ["none", "read", "write"],
  sources: ["none", "read", "write"],
  apps: ["none", "read", "write"],
  conversations: ["none", "read", "write"],
  consumers: ["none", "read", "write"],
  logs: ["none", "read", "write"],
  audit: ["none", "read"],
  settings: ["none", "read", "write"],
};
export const AREAS = Object.keys(ACCESSES) as Area[];

export function accessOf(scopes: readonly Scope[]): Record<Area, Access> {
  const of = (area: Area): Access => (scopes.some((s) => s === `${area}:write`) ? "write" : scopes.some((s) => s === `${area}:read`) ? "read" : "none");
  return Object.fromEntries(AREAS.map((area) => [area, of(area)])) as Record<Area, Access>;
}

export const scopesOf = (access: Record<Area, Access>): Scope[] => AREAS.flatMap((area) => (access[area] === "none" ? [] : [`${area}:${access[area]}` as Scope]));

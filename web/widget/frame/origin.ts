/** Whether a page may hold the frame, by the source's list. The browser enforces the same list before anything is drawn. */

export function isAllowed(list: readonly string[], origin: string): boolean {
  return list.some((known) => {
    const [scheme, host] = known.split("://");
    if (!host?.startsWith("*.")) return known === origin;
    const rest = origin.startsWith(`${scheme}://`) ? origin.slice(`${scheme}://`.length) : "";
    const below = host.slice(1);
    return rest.endsWith(below) && rest.length > below.length && !rest.startsWith(".");
  });
}

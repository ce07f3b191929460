/** The state of the line in words, whenever it is not simply live, and as a small mark always. */
import { t } from "@/i18n";
import { useDesk, useWorkspace } from "@/stores/context";
import { Icon } from "@/ui/Icon";
import { Spinner } from "@/ui/Spinner";
import { useEffect, useState } from "react";

function useSeconds(until: number | null): number | null {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (until === null) return;
    const timer = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(timer);
  }, [until]);
  return until === null ? null : Math.max(0, Math.ceil((until - now) / 1000));
}

export function ConnectionBar() {
  const { workspace } = useDesk();
  const connection = useWorkspace((s) => s.connection);
  const retryAt = useWorkspace((s) => s.retryAt);
  const seconds = useSeconds(connection === "offline" ? retryAt : null);
  if (connection === "live" || connection === "connecting") return null;
  const offline = connection === "offline";
  return (
    <section aria-label={t("line.title")} className={`flex min-h-9 flex-wrap items-center justify-center gap-x-3 gap-y-0.5 px-4 py-1 text-sm ${offline ? "bg-warn-soft text-warn" : "bg-accent-soft text-accent-text"}`}>
      {/* The countdown is not announced each second: only the change of state is. */}
      <span role="status" className="sr-only">
        {t(offline ? "line.offline" : "line.catching_up")}
      </span>
      {offline ? <Icon name="alert" size={15} /> : <Spinner size={15} />}
      <span className="font-medium" aria-hidden={offline ? undefined : true}>
        {!offline ? t("line.catching_up") : seconds === null ? t("line.offline") : t("line.retryIn", { n: seconds })}
      </span>
      {offline && (
        <>
          <span className="max-md:hidden">{t("line.kept")}</span>
          <button type="button" className="rounded-md px-1.5 py-0.5 font-semibold underline underline-offset-2" onClick={() => workspace.reconnect()}>
            {t("line.retryNow")}
          </button>
        </>
      )}
    </section>
  );
}

const DOT = { live: "bg-ok-dot", connecting: "bg-warn-dot", catching_up: "bg-warn-dot", offline: "bg-danger-dot" } as const;

export function ConnectionMark() {
  const connection = useWorkspace((s) => s.connection);
  const label = t(`line.${connection}`);
  return (
    <span className="inline-flex items-center gap-1.5 text-xs text-text-2" title={t("line.label", { state: label })} data-connection={connection}>
      <span aria-hidden="true" className={`size-2 rounded-full ${DOT[connection]} ${connection === "live" ? "" : "animate-pulse"}`} />
      <span className="sr-only">{t("line.label", { state: "" })}</span>
      {label}
    </span>
  );
}

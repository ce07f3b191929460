/** The agent's own state and how much of the capacity is taken. */
import { useState } from "react";
import type { Availability } from "@/api/types";
import { t } from "@/i18n";
import { problemOf } from "@/lib/problem";
import { useDesk, useWorkspace } from "@/stores/context";
import { isMe } from "@/stores/identity";
import { toast } from "@/stores/toasts";
import { Icon } from "@/ui/Icon";
import { Menu, MenuChoice } from "@/ui/Menu";
import { useShortcut } from "./useShortcuts";

export const STATES: readonly Availability[] = ["ONLINE", "OCCUPIED", "BACK_SOON", "AWAY", "OFFLINE"];
export const STATE_DOT: Record<Availability, string> = {
  ONLINE: "bg-ok-dot",
  OCCUPIED: "bg-danger-dot",
  BACK_SOON: "bg-warn-dot",
  AWAY: "bg-warn-dot",
  OFFLINE: "bg-line-strong",
};

export function StateSwitch() {
  const { session, me, workspace } = useDesk();
  const availability = useWorkspace((s) => s.inbox.availability);
  const assigned = useWorkspace((s) => {
    let n = 0;
    for (const id of s.inbox.lists.mine) {
      if (s.inbox.conversations[id]?.participants.some((p) => p.role === "ASSIGNED_AGENT" && p.state !== "SUGGESTED" && isMe(me, p.id))) n += 1;
    }
    return n;
  });
  const [open, setOpen] = useState(false);
  useShortcut("state", () => setOpen(true));
  const max = session.user.max_conversations;
  const shown = availability ?? "OFFLINE";
  const label = t(`state.${shown}`);
  const load = t("state.load", { open: assigned, max });
  const full = max > 0 ? Math.min(1, assigned / max) : 0;

  const choose = (next: Availability) => workspace.setAvailability(next).catch((e: unknown) => toast(t("action.failed", { reason: problemOf(e) }), "danger"));

  return (
    <Menu
      align="start"
      open={open}
      onOpenChange={setOpen}
      trigger={
        <button
          type="button"
          className="flex h-9 min-w-0 items-center gap-2 rounded-lg border border-line bg-surface px-2.5 text-sm font-medium transition-colors hover:bg-hover"
        >
          <span aria-hidden="true" className={`size-2.5 shrink-0 rounded-full ${STATE_DOT[shown]}`} />
          <span className="sr-only">{`${t("state.label", { state: label })}. ${load}`}</span>
          <span aria-hidden="true" className="truncate">
            {label}
          </span>
          <span aria-hidden="true" className="flex items-center gap-1.5 border-s border-line ps-2 text-xs text-text-2 tabular-nums" title={load}>
            <span className="relative h-1.5 w-8 overflow-hidden rounded-full bg-sunken">
              <span className={`absolute inset-y-0 start-0 rounded-full ${full >= 1 ? "bg-danger-dot" : "bg-accent"}`} style={{ width: `${full * 100}%` }} />
            </span>
            {assigned}/{max}
          </span>
          <Icon name="down" size={14} className="text-text-3" />
        </button>
      }
    >
      <MenuChoice
        label={t("state.label", { state: label })}
        value={shown}
        onChange={(next) => void choose(next)}
        options={STATES.map((s) => ({
          value: s,
          label: t(`state.${s}`),
          hint: t(`state.hint.${s}`),
          mark: <span aria-hidden="true" className={`size-2.5 shrink-0 rounded-full ${STATE_DOT[s]}`} />,
        }))}
      />
    </Menu>
  );
}

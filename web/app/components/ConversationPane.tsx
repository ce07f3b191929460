/** One conversation: who it is, what can be done, the transcript, and the composer or the reason why there is none. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import type { Conversation } from "@/api/wire";
import { CloseConversationDialog } from "@/forms/conversation-close";
import { TransferDialog } from "@/forms/conversation-transfer";
import { t, type MessageKey } from "@/i18n";
import { consumerName } from "@/lib/consumer";
import { problemOf } from "@/lib/problem";
import { dateAndTime } from "@/lib/time";
import type { ListSearch, ListTab } from "@/routes/search";
import { conversationCan, myRole, type Allowed } from "@/stores/actions";
import { useDesk, useWorkspace } from "@/stores/context";
import { useNames } from "@/stores/hooks";
import { toast } from "@/stores/toasts";
import { plainText, rowsOf } from "@/stores/transcript";
import { Avatar, ChannelBadge } from "@/ui/Avatar";
import { Button, IconButton } from "@/ui/Button";
import { EmptyState, ErrorNote, Pill, RowsSkeleton } from "@/ui/Feedback";
import type { IconName } from "@/ui/Icon";
import { Menu, MenuItem } from "@/ui/Menu";
import { Composer } from "./Composer";
import { Transcript } from "./Transcript";
import { useShortcut } from "./useShortcuts";

interface Props {
  id: string;
  tab: ListTab;
  details: boolean;
  onDetails: (on: boolean) => void;
}

export function ConversationPane({ id, tab, details, onDetails }: Props) {
  const { workspace } = useDesk();
  const conversation = useWorkspace((s) => s.inbox.conversations[id]);
  const loadError = useWorkspace((s) => s.loadErrors[s.inbox.conversations[id]?.mainDialogId ?? id]);
  const navigate = useNavigate();
  const back = () => void navigate({ to: "/conversations/$list", params: { list: tab }, search: (s: ListSearch) => ({ q: s.q, filter: s.filter }) });
  if (!conversation) {
    return loadError ? (
      <EmptyState icon="alert" title={loadError === "unreachable" ? t("conv.loadError") : t("conv.notFound")} hint={loadError === "unreachable" ? undefined : loadError}>
        <div className="flex gap-2">
          <Button onClick={back} className="md:hidden">{t("conv.back")}</Button>
          <Button onClick={() => void workspace.openConversation(id)}>{t("conv.retry")}</Button>
        </div>
      </EmptyState>
    ) : (
      <RowsSkeleton rows={4} label={t("app.loading")} />
    );
  }
  return <OpenPane conversation={conversation} tab={tab} details={details} onDetails={onDetails} onBack={back} />;
}

function OpenPane({ conversation: c, tab, details, onDetails, onBack }: Omit<Props, "id"> & { conversation: Conversation; onBack: () => void }) {
  const { session, workspace, queries } = useDesk();
  const names = useNames();
  const navigate = useNavigate();
  const [dialog, setDialog] = useState<"transfer" | "close" | null>(null);
  const log = useWorkspace((s) => s.inbox.dialogs[c.mainDialogId]);
  const changes = useQuery(queries.changes(c.id));
  const name = consumerName(c.consumer);

  const away = () => {
    if (tab === "mine") void navigate({ to: "/conversations/$list", params: { list: "mine" }, search: {} });
  };
  const run = useMutation({
    mutationFn: async ({ act }: { act: () => Promise<unknown>; done?: () => void }) => act(),
    onSuccess: (_data, { done }) => done?.(),
    onError: (e) => toast(t("action.failed", { reason: problemOf(e) }), "danger"),
  });

  const toQueue = () => run.mutate({ act: () => workspace.returnToQueue(c), done: () => { toast(t("action.queued")); away(); } });
  const role = myRole(c, session);
  const actions: { name: "transfer" | "queue" | "close" | "join" | "leave"; icon: IconName; label: MessageKey; can: Allowed; run: () => void }[] = [
    { name: "join", icon: "join", label: "action.join", can: conversationCan.join(c, session), run: () => run.mutate({ act: () => workspace.join(c) }) },
    { name: "leave", icon: "leave", label: "action.leave", can: conversationCan.leave(c, session), run: () => run.mutate({ act: () => workspace.leave(c, role ?? "MANAGER") }) },
    { name: "transfer", icon: "transfer", label: "action.transfer", can: conversationCan.transfer(c, session), run: () => setDialog("transfer") },
    { name: "queue", icon: "queue", label: "action.queue", can: conversationCan.returnToQueue(c, session), run: toQueue },
    { name: "close", icon: "closeDone", label: "action.close", can: conversationCan.close(c, session), run: () => setDialog("close") },
  ];
  const act = (which: string) => {
    const action = actions.find((a) => a.name === which);
    if (!action) return;
    if (action.can.ok) action.run();
    else toast(t(action.can.why), "danger");
  };
  useShortcut("transfer", () => act("transfer"));
  useShortcut("queue", () => act("queue"));
  useShortcut("close", () => act("close"));
  useShortcut("join", () => act("join"));
  useShortcut("leave", () => act("leave"));
  const copy = async () => {
    const rows = rowsOf({ messages: log?.messages ?? [], changes: [], pending: [], firstUnread: null });
    const who = (m: { role: string; originatorId: string }) => (m.role === "CONSUMER" ? name : names.agent(m.originatorId));
    try {
      await navigator.clipboard.writeText(plainText(rows, who, dateAndTime, t("list.file")));
      toast(t("action.copied"));
    } catch {
      toast(t("error.generic"), "danger");
    }
  };
  useShortcut("copy", () => void copy());

  // Joining and leaving are for those who do not simply serve it: shown when they apply.
  const shown = actions.filter((a) => (a.name === "join" ? role === null && a.can.ok : a.name === "leave" ? a.can.ok : role !== null || a.can.ok || c.open));
  return (
    <div className="flex h-full min-h-0 flex-col">
      <header className="@container flex h-15 shrink-0 items-center gap-2 border-b border-line px-3 md:px-4">
        <IconButton icon="back" flip label={t("conv.back")} onClick={onBack} className="-ms-1 md:hidden" />
        <Avatar id={c.consumer.id} name={name} size={36} badge={<ChannelBadge id={c.channel} name={names.channel(c.channel)} />} />
        <div className="min-w-0 flex-1 ps-1">
          <h1 className="flex items-center gap-2">
            <bdi className="truncate text-base font-semibold tracking-tight">{name}</bdi>
            {!c.open && <Pill icon="closeDone">{t("conv.closed")}</Pill>}
            {c.consumer.optedOut && <Pill tone="danger" icon="ban">{t("consumer.optedOut")}</Pill>}
          </h1>
          <p className="truncate text-xs text-text-2">
            {names.channel(c.channel)}
            {c.consumer.name && c.consumer.address && (
              <>
                {" · "}
                <bdi>{c.consumer.address}</bdi>
              </>
            )}
            {c.skillId && (
              <>
                {" · "}
                <bdi>{names.skill(c.skillId)}</bdi>
              </>
            )}
          </p>
        </div>
        <div className="hidden items-center gap-1 @2xl:flex" role="group" aria-label={t("conv.actions")}>
          {shown.map((a) => (
            <Button key={a.name} small className="h-8" look={a.name === "close" ? "plain" : "quiet"} icon={a.icon} reason={a.can.ok ? null : t(a.can.why)} onClick={a.run}>
              {t(a.label)}
            </Button>
          ))}
        </div>
        <Menu trigger={<IconButton icon="more" label={t("conv.moreActions")} />}>
          {shown.map((a) => (
            <MenuItem key={a.name} icon={a.icon} disabled={!a.can.ok} hint={a.can.ok ? undefined : t(a.can.why)} onSelect={a.run}>
              {t(a.label)}
            </MenuItem>
          ))}
          <MenuItem icon="copy" onSelect={() => void copy()}>
            {t("action.copyTranscript")}
          </MenuItem>
        </Menu>
        <IconButton icon="panel" flip label={t(details ? "conv.hideDetails" : "conv.showDetails")} aria-pressed={details} onClick={() => onDetails(!details)} />
      </header>
      <Transcript conversation={c} changes={changes.data ?? []} live />
      {changes.isError && (
        <div className="px-4 pb-2">
          <ErrorNote action={<Button small onClick={() => void changes.refetch()}>{t("conv.retry")}</Button>}>{problemOf(changes.error)}</ErrorNote>
        </div>
      )}
      <Composer key={c.id} conversation={c} name={name} />
      {dialog === "transfer" && (
        <TransferDialog
          conversation={c}
          onClose={() => setDialog(null)}
          onDone={(skill) => {
            setDialog(null);
            toast(t("action.transferred", { skill }));
            away();
          }}
        />
      )}
      {dialog === "close" && (
        <CloseConversationDialog
          conversation={c}
          name={name}
          onClose={() => setDialog(null)}
          onDone={() => {
            setDialog(null);
            toast(t("action.closed"));
            away();
          }}
        />
      )}
    </div>
  );
}

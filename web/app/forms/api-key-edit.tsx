/** Makes a key of the admin API and shows its secret once; changes what it opens; revokes it. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { ApiKey } from "@/api/types";
import { SecretOnce } from "@/components/SecretOnce";
import { t } from "@/i18n";
import { fieldProblem, problemOf, remedyOf } from "@/lib/problem";
import { dayField, endOfDay } from "@/lib/time";
import { ACCESSES, accessOf, AREAS, scopesOf, type Access } from "@/lib/scopes";
import { useDesk } from "@/stores/context";
import { may } from "@/stores/identity";
import { toast } from "@/stores/toasts";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { ErrorNote } from "@/ui/Feedback";
import { Select, TextArea, TextField } from "@/ui/Field";
import { EntityDialog, FormFoot } from "./EntityDialog";
import { useSave } from "./useSave";

const FIELDS = ["name", "user_id", "scopes", "networks", "expires_at"];

export function ApiKeyDialog({ id, onClose }: { id: string | null; onClose: () => void }) {
  const { queries } = useDesk();
  const key = useQuery({ ...queries.apiKey(id ?? ""), enabled: id !== null });
  const [secret, setSecret] = useState<string | null>(null);
  if (secret !== null) {
    return (
      <Dialog title={t("apiKeys.secretTitle")} closeLabel={t("admin.close")} onClose={onClose} wide>
        <SecretOnce lead={t("apiKeys.secretLead")} values={[{ label: t("apiKeys.secret"), value: secret }]} onClose={onClose} />
      </Dialog>
    );
  }
  return (
    <EntityDialog<ApiKey> isNew={id === null} query={key} title={(k) => k?.name ?? t("apiKeys.new")} onClose={onClose} wide>
      {({ data, etag }) => <ApiKeyForm key={etag} apiKey={data} etag={etag} onDone={onClose} onSecret={setSecret} />}
    </EntityDialog>
  );
}

function ApiKeyForm({ apiKey, etag, onDone, onSecret }: { apiKey: ApiKey | null; etag: string | null; onDone: () => void; onSecret: (secret: string) => void }) {
  const { api, queries, session } = useDesk();
  const users = useQuery({ ...queries.users, enabled: may(session, "manage_users") }).data?.items;
  const [name, setName] = useState(apiKey?.name ?? "");
  const [userId, setUserId] = useState(apiKey?.user_id ?? session.user.id);
  const [access, setAccess] = useState(() => accessOf(apiKey?.scopes ?? []));
  const [networks, setNetworks] = useState(apiKey?.networks.join("\n") ?? "");
  const [ends, setEnds] = useState(dayField(apiKey?.expires_at ?? null));
  const save = useSave({
    keys: ["api-keys"],
    created: apiKey === null,
    // A new key's secret is shown before the form goes.
    onDone: () => apiKey && onDone(),
    save: async () => {
      // A day that was not touched keeps the moment that it was read with.
      const expires_at = ends === dayField(apiKey?.expires_at ?? null) ? (apiKey?.expires_at ?? null) : endOfDay(ends);
      const shared = { name, scopes: scopesOf(access), networks: networks.split(/\s+/).filter(Boolean), expires_at };
      if (apiKey) return api.updateApiKey(apiKey.id, shared, etag);
      const made = await api.createApiKey({ ...shared, user_id: userId });
      if (made.secret !== null) onSecret(made.secret);
      return made;
    },
  });
  const { error } = save;
  const own = { value: session.user.id, label: t("apiKeys.you", { name: session.user.nickname }) };
  const others = (users ?? []).filter((u) => u.id !== session.user.id && u.enabled).map((u) => ({ value: u.id, label: u.nickname }));
  const scopesProblem = fieldProblem(error, "scopes");
  return (
    <form
      className="flex flex-col gap-5"
      onSubmit={(e) => {
        e.preventDefault();
        save.mutate();
      }}
    >
      <div className="grid gap-4 sm:grid-cols-2">
        <TextField label={t("admin.name")} required value={name} onChange={(e) => setName(e.target.value)} problem={fieldProblem(error, "name")} dir="auto" />
        {!apiKey && <Select label={t("apiKeys.user")} hint={t("apiKeys.userHint")} value={userId} onChange={(e) => setUserId(e.target.value)} problem={fieldProblem(error, "user_id")} options={[own, ...others]} />}
        <TextField label={t("apiKeys.ends")} hint={t("apiKeys.endsHint")} type="date" value={ends} onChange={(e) => setEnds(e.target.value)} problem={fieldProblem(error, "expires_at")} />
      </div>
      <fieldset className="flex flex-col gap-3 border-t border-line pt-4" aria-describedby="scopes-problem">
        <legend className="sr-only">{t("apiKeys.scopes")}</legend>
        <div>
          <p aria-hidden="true" className="text-sm font-semibold">{t("apiKeys.scopes")}</p>
          <p className="text-xs text-text-3">{t("apiKeys.scopesHint")}</p>
        </div>
        <div className="grid gap-4 sm:grid-cols-3">
          {AREAS.map((area) => (
            <Select
              key={area}
              label={t(`apiKeys.area.${area}`)}
              value={access[area]}
              onChange={(e) => setAccess({ ...access, [area]: e.target.value as Access })}
              options={ACCESSES[area].map((value) => ({ value, label: t(`apiKeys.access.${value}`) }))}
            />
          ))}
        </div>
        <p id="scopes-problem" className="text-xs font-medium text-danger empty:hidden">{scopesProblem}</p>
      </fieldset>
      <TextArea label={t("apiKeys.networks")} hint={t("apiKeys.networksHint")} value={networks} onChange={(e) => setNetworks(e.target.value)} problem={fieldProblem(error, "networks")} spellCheck={false} dir="ltr" />
      <FormFoot error={error} fields={FIELDS} isNew={apiKey === null} busy={save.isPending} onCancel={onDone} />
      {apiKey && <Revoke apiKey={apiKey} etag={etag} onDone={onDone} />}
    </form>
  );
}

/** Asks once more: nothing brings a revoked key back. */
function Revoke({ apiKey, etag, onDone }: { apiKey: ApiKey; etag: string | null; onDone: () => void }) {
  const { api } = useDesk();
  const client = useQueryClient();
  const [sure, setSure] = useState(false);
  const revoke = useMutation({
    mutationFn: () => api.revokeApiKey(apiKey.id, etag),
    onSuccess: () => {
      toast(t("apiKeys.revoked"));
      void client.invalidateQueries({ queryKey: ["api-keys"] });
      onDone();
    },
  });
  return (
    <fieldset className="flex flex-wrap items-center gap-3 border-t border-line pt-5">
      <legend className="sr-only">{t("apiKeys.revoke")}</legend>
      <p className="min-w-52 flex-1 text-sm text-text-2">{t(sure ? "apiKeys.revokeSure" : "apiKeys.revokeHint")}</p>
      {sure ? (
        <Button look="danger" icon="ban" busy={revoke.isPending} onClick={() => revoke.mutate()}>
          {t("apiKeys.revokeNow")}
        </Button>
      ) : (
        <Button icon="ban" onClick={() => setSure(true)}>
          {t("apiKeys.revoke")}
        </Button>
      )}
      {revoke.isError && <ErrorNote remedy={remedyOf(revoke.error)}>{problemOf(revoke.error)}</ErrorNote>}
    </fieldset>
  );
}

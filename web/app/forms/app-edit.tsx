/** Installs an outside program, or changes one: its skill, where its notifications go, and a new secret, shown once. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { InstalledApp } from "@/api/types";
import { endpointsOf, WEBHOOK_KINDS, WEBHOOK_TYPES, withEndpoints, type WebhookKind } from "@/api/webhookTypes";
import { SecretOnce } from "@/components/SecretOnce";
import { t } from "@/i18n";
import { fieldProblem, problemOf, remedyOf } from "@/lib/problem";
import { fullTime } from "@/lib/time";
import { useDesk } from "@/stores/context";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { ErrorNote } from "@/ui/Feedback";
import { Checkbox, Select, TextField } from "@/ui/Field";
import { EntityDialog, FormFoot } from "./EntityDialog";
import { useSave } from "./useSave";

/** What an app signs in with, as it is shown once. */
interface Secret {
  client_id: string;
  client_secret: string;
}

const SECRET_BYTES = 32;
const newSecret = (): string => [...crypto.getRandomValues(new Uint8Array(SECRET_BYTES))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

export function AppDialog({ id, onClose }: { id: string | null; onClose: () => void }) {
  const { queries } = useDesk();
  const app = useQuery({ ...queries.app(id ?? ""), enabled: id !== null });
  const [secret, setSecret] = useState<Secret | null>(null);
  if (secret) {
    const values = [{ label: t("apps.clientId"), value: secret.client_id }, { label: t("apps.clientSecret"), value: secret.client_secret }];
    return (
      <Dialog title={t("apps.secretTitle")} closeLabel={t("admin.close")} onClose={onClose} wide>
        <SecretOnce lead={t("apps.secretLead")} values={values} onClose={onClose} />
      </Dialog>
    );
  }
  return (
    <EntityDialog<InstalledApp> isNew={id === null} query={app} title={(a) => a?.name ?? t("apps.new")} onClose={onClose} wide>
      {({ data, etag }) => <AppForm key={etag} app={data} etag={etag} onDone={onClose} onSecret={setSecret} />}
    </EntityDialog>
  );
}

function AppForm({ app, etag, onDone, onSecret }: { app: InstalledApp | null; etag: string | null; onDone: () => void; onSecret: (secret: Secret) => void }) {
  const { api, queries } = useDesk();
  const client = useQueryClient();
  const skills = useQuery(queries.skills).data?.items ?? [];
  const [clientId, setClientId] = useState("");
  const [name, setName] = useState(app?.name ?? "");
  const [skillId, setSkillId] = useState(app?.skill_id ?? "");
  const [enabled, setEnabled] = useState(app?.enabled ?? true);
  const [endpoints, setEndpoints] = useState<Record<WebhookKind, string>>(() => endpointsOf(app?.settings ?? {}));

  const save = useSave({
    keys: ["apps", "sources"],
    created: app === null,
    // A new app's secret is shown before the form goes.
    onDone: () => app && onDone(),
    save: async () => {
      const shared = { name: name || clientId, skill_id: skillId || null, enabled, settings: withEndpoints(app?.settings ?? {}, endpoints) };
      if (app) return api.updateApp(app.id, shared, etag);
      const secret = { client_id: clientId, client_secret: newSecret() };
      const created = await api.createApp({ ...shared, ...secret });
      onSecret(secret);
      return created;
    },
  });
  const rotate = useMutation({
    mutationFn: () => api.rotateAppSecret(app?.id ?? ""),
    onSuccess: (secret) => {
      void client.invalidateQueries({ queryKey: ["apps"] });
      onSecret(secret);
    },
  });
  const { error } = save;
  const endpointField = (kind: WebhookKind) => `settings.webhooks.${WEBHOOK_TYPES[kind]}.endpoint`;
  return (
    <form
      className="flex flex-col gap-5"
      onSubmit={(e) => {
        e.preventDefault();
        save.mutate();
      }}
    >
      <div className="grid gap-4 sm:grid-cols-2">
        {!app && <TextField label={t("apps.clientId")} hint={t("apps.clientIdHint")} required value={clientId} onChange={(e) => setClientId(e.target.value)} problem={fieldProblem(error, "client_id")} autoComplete="off" spellCheck={false} dir="ltr" />}
        <TextField label={t("admin.name")} value={name} onChange={(e) => setName(e.target.value)} problem={fieldProblem(error, "name")} dir="auto" />
        <Select label={t("sources.skill")} value={skillId} onChange={(e) => setSkillId(e.target.value)} problem={fieldProblem(error, "skill_id")} options={[{ value: "", label: t("sources.skillDefault") }, ...skills.map((s) => ({ value: s.id, label: s.name }))]} />
      </div>
      <fieldset className="flex flex-col gap-3 border-t border-line pt-4">
        <legend className="sr-only">{t("apps.webhooks")}</legend>
        <div>
          <p aria-hidden="true" className="text-sm font-semibold">{t("apps.webhooks")}</p>
          <p className="text-xs text-text-3">{t("apps.webhooksHint")}</p>
        </div>
        <div className="grid gap-4 sm:grid-cols-2">
          {WEBHOOK_KINDS.map((kind) => (
            <TextField
              key={kind}
              label={t(`apps.kind.${kind}`)}
              type="url"
              placeholder="https://"
              value={endpoints[kind]}
              onChange={(e) => setEndpoints({ ...endpoints, [kind]: e.target.value })}
              problem={fieldProblem(error, endpointField(kind))}
              spellCheck={false}
              dir="ltr"
            />
          ))}
        </div>
      </fieldset>
      <Checkbox label={t("admin.enabled")} checked={enabled} onChange={(e) => setEnabled(e.target.checked)} />
      <FormFoot error={error} fields={["client_id", "name", "skill_id", ...WEBHOOK_KINDS.map(endpointField)]} isNew={app === null} busy={save.isPending} onCancel={onDone} />
      {app && (
        <fieldset className="flex flex-wrap items-center gap-3 border-t border-line pt-5">
          <legend className="sr-only">{t("apps.rotate")}</legend>
          <p className="min-w-52 flex-1 text-sm text-text-2">
            {t("apps.rotateHint")}
            {app.previous_secret_until !== null && <span className="block text-xs text-text-3">{t("apps.oldSecretUntil", { time: fullTime(app.previous_secret_until) })}</span>}
          </p>
          <Button icon="key" busy={rotate.isPending} onClick={() => rotate.mutate()}>
            {t("apps.rotate")}
          </Button>
          {rotate.isError && <ErrorNote remedy={remedyOf(rotate.error)}>{problemOf(rotate.error)}</ErrorNote>}
        </fieldset>
      )}
    </form>
  );
}

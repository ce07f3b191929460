/** Creates a user, or changes one: profile, skills, capacity, password, lock. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { User } from "@/api/types";
import { t } from "@/i18n";
import { fieldProblem, problemOf } from "@/lib/problem";
import { fullTime } from "@/lib/time";
import { useDesk } from "@/stores/context";
import { nameOfProfile } from "@/stores/identity";
import { toast } from "@/stores/toasts";
import { Button } from "@/ui/Button";
import { ErrorNote } from "@/ui/Feedback";
import { Checkbox, CheckboxGroup, Select, TextField } from "@/ui/Field";
import { EntityDialog, FormFoot } from "./EntityDialog";
import { useSave } from "./useSave";

const FIELDS = ["login", "password", "nickname", "full_name", "email", "profile", "max_conversations", "new_password"];

export function UserDialog({ id, onClose }: { id: string | null; onClose: () => void }) {
  const { queries } = useDesk();
  const user = useQuery({ ...queries.user(id ?? ""), enabled: id !== null });
  return (
    <EntityDialog<User> isNew={id === null} query={user} title={(u) => u?.nickname ?? t("users.new")} onClose={onClose} wide>
      {({ data, etag }) => <UserForm user={data} etag={etag} onDone={onClose} />}
    </EntityDialog>
  );
}

function UserForm({ user, etag, onDone }: { user: User | null; etag: string | null; onDone: () => void }) {
  const { api, queries, session } = useDesk();
  const client = useQueryClient();
  const profiles = useQuery(queries.profiles);
  const skills = useQuery(queries.skills);
  const [login, setLogin] = useState(user?.login ?? "");
  const [password, setPassword] = useState("");
  const [nickname, setNickname] = useState(user?.nickname ?? "");
  const [fullName, setFullName] = useState(user?.full_name ?? "");
  const [email, setEmail] = useState(user?.email ?? "");
  const [kind, setKind] = useState<string>(user?.kind ?? "human");
  const [profile, setProfile] = useState(user?.profile ?? "agent");
  const [skillIds, setSkillIds] = useState<string[]>(user?.skill_ids ?? (session.account.default_skill_id ? [session.account.default_skill_id] : []));
  const [max, setMax] = useState(String(user?.max_conversations ?? 10));
  const [enabled, setEnabled] = useState(user?.enabled ?? true);

  const save = useSave({
    keys: ["users", "colleagues"],
    created: user === null,
    onDone,
    save: () => {
      const shared = { nickname, full_name: fullName, email: email || null, profile, skill_ids: skillIds, max_conversations: Number(max) };
      return user ? api.updateUser(user.id, { ...shared, enabled }, etag) : api.createUser({ ...shared, login, password, kind });
    },
  });
  const setPasswordNow = useMutation({
    mutationFn: () => api.setUserPassword(user?.id ?? "", password),
    onSuccess: () => {
      setPassword("");
      toast(t("users.passwordSet"));
    },
  });
  const unlock = useMutation({
    mutationFn: () => api.unlockUser(user?.id ?? ""),
    onSuccess: () => {
      toast(t("users.unlocked"));
      void client.invalidateQueries({ queryKey: ["users"] });
    },
    onError: (e) => toast(problemOf(e), "danger"),
  });
  const { error } = save;
  const profileOptions = profiles.data?.items.map((p) => ({ value: p.id, label: nameOfProfile(p.name) })) ?? [{ value: profile, label: nameOfProfile(profile) }];
  return (
    <form
      className="flex flex-col gap-5"
      onSubmit={(e) => {
        e.preventDefault();
        save.mutate();
      }}
    >
      {user?.locked_until && (
        <ErrorNote action={<Button small busy={unlock.isPending} onClick={() => unlock.mutate()}>{t("users.unlock")}</Button>}>{t("users.lockedUntil", { time: fullTime(user.locked_until) })}</ErrorNote>
      )}
      <div className="grid gap-4 sm:grid-cols-2">
        {!user && (
          <>
            <TextField label={t("users.login")} required value={login} onChange={(e) => setLogin(e.target.value)} problem={fieldProblem(error, "login")} autoComplete="off" spellCheck={false} dir="ltr" />
            <TextField label={t("users.password")} type="password" required value={password} onChange={(e) => setPassword(e.target.value)} problem={fieldProblem(error, "password")} autoComplete="new-password" dir="ltr" />
          </>
        )}
        <TextField label={t("users.nickname")} hint={t("users.nicknameHint")} required value={nickname} onChange={(e) => setNickname(e.target.value)} problem={fieldProblem(error, "nickname")} dir="auto" />
        <TextField label={t("users.fullName")} value={fullName} onChange={(e) => setFullName(e.target.value)} problem={fieldProblem(error, "full_name")} dir="auto" />
        <TextField label={t("users.email")} type="email" value={email} onChange={(e) => setEmail(e.target.value)} problem={fieldProblem(error, "email")} dir="ltr" />
        <Select label={t("users.profile")} value={profile} onChange={(e) => setProfile(e.target.value)} options={profileOptions} problem={fieldProblem(error, "profile")} />
        {!user && <Select label={t("users.kind")} value={kind} onChange={(e) => setKind(e.target.value)} options={[{ value: "human", label: t("users.kind.human") }, { value: "bot", label: t("users.kind.bot") }]} />}
        <TextField label={t("users.max")} type="number" min={0} required value={max} onChange={(e) => setMax(e.target.value)} problem={fieldProblem(error, "max_conversations")} />
      </div>
      <CheckboxGroup legend={t("users.skills")} empty={t("users.noSkills")} chosen={skillIds} onChange={setSkillIds} options={skills.data?.items.map((s) => ({ value: s.id, label: s.name })) ?? []} />
      {user && <Checkbox label={t("admin.enabled")} checked={enabled} onChange={(e) => setEnabled(e.target.checked)} />}
      <FormFoot error={error} fields={FIELDS} isNew={user === null} busy={save.isPending} onCancel={onDone} />
      {user && (
        <fieldset className="flex flex-col gap-3 border-t border-line pt-5">
          <legend className="sr-only">{t("users.setPassword")}</legend>
          <div className="flex flex-wrap items-end gap-2">
            <div className="min-w-52 flex-1">
              <TextField label={t("users.setPassword")} type="password" value={password} onChange={(e) => setPassword(e.target.value)} autoComplete="new-password" problem={setPasswordNow.error ? problemOf(setPasswordNow.error) : null} dir="ltr" />
            </div>
            <Button busy={setPasswordNow.isPending} disabled={password === ""} onClick={() => setPasswordNow.mutate()}>
              {t("users.setPassword")}
            </Button>
          </div>
        </fieldset>
      )}
    </form>
  );
}

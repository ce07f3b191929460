/** The form that signs in: used on the first page, and over the workspace when a session has ended. */
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { signIn } from "@/api/endpoints";
import type { Session } from "@/api/types";
import { t } from "@/i18n";
import { problemOf, remedyOf } from "@/lib/problem";
import { Button } from "@/ui/Button";
import { ErrorNote } from "@/ui/Feedback";
import { TextField } from "@/ui/Field";

const LAST_ACCOUNT = "antiphon.account";

export function SessionCreateForm({ fixed, onDone }: { fixed?: { account: string; login: string }; onDone: (session: Session) => void }) {
  const [account, setAccount] = useState(() => fixed?.account ?? new URLSearchParams(window.location.search).get("account") ?? localStorage.getItem(LAST_ACCOUNT) ?? "");
  const [login, setLogin] = useState(fixed?.login ?? "");
  const [password, setPassword] = useState("");
  const mutation = useMutation({
    mutationFn: signIn,
    onSuccess: (session) => {
      localStorage.setItem(LAST_ACCOUNT, session.account.id);
      onDone(session);
    },
  });
  return (
    <form
      className="flex flex-col gap-4"
      onSubmit={(e) => {
        e.preventDefault();
        mutation.mutate({ account: account.trim(), login: login.trim(), password });
      }}
    >
      {!fixed && (
        <>
          <TextField label={t("signIn.account")} name="account" autoComplete="organization" value={account} onChange={(e) => setAccount(e.target.value)} required spellCheck={false} autoCapitalize="none" dir="ltr" />
          <TextField label={t("signIn.login")} name="username" autoComplete="username" value={login} onChange={(e) => setLogin(e.target.value)} required spellCheck={false} autoCapitalize="none" dir="ltr" />
        </>
      )}
      {fixed && <input type="hidden" name="username" autoComplete="username" value={login} />}
      <TextField label={t("signIn.password")} name="password" type="password" autoComplete="current-password" value={password} onChange={(e) => setPassword(e.target.value)} required dir="ltr" />
      {mutation.isError && <ErrorNote remedy={remedyOf(mutation.error)}>{problemOf(mutation.error)}</ErrorNote>}
      <Button type="submit" look="primary" busy={mutation.isPending} className="mt-1 h-10">
        {t("signIn.submit")}
      </Button>
    </form>
  );
}

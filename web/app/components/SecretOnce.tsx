/** A secret that is shown this once, with what belongs to it, each to be copied. */
import { t } from "@/i18n";
import { toast } from "@/stores/toasts";
import { Button } from "@/ui/Button";
import { TextField } from "@/ui/Field";

export function SecretOnce({ lead, values, onClose }: { lead: string; values: readonly { label: string; value: string }[]; onClose: () => void }) {
  const copy = (text: string) => void navigator.clipboard.writeText(text).then(() => toast(t("action.copied")), () => toast(t("error.generic"), "danger"));
  return (
    <div className="flex flex-col gap-4">
      <p className="text-text-2">{lead}</p>
      {values.map(({ label, value }) => (
        <div key={label} className="flex items-end gap-2">
          <div className="min-w-0 flex-1">
            <TextField label={label} readOnly value={value} dir="ltr" onFocus={(e) => e.target.select()} className="field font-mono" />
          </div>
          <Button icon="copy" onClick={() => copy(value)}>
            {t("action.copy")}
          </Button>
        </div>
      ))}
      <div className="flex justify-end">
        <Button look="primary" onClick={onClose}>
          {t("secret.kept")}
        </Button>
      </div>
    </div>
  );
}

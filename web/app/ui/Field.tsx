/** Form fields: a label, a hint, and the problem in words, tied to the control for screen readers. */
import { useId, type InputHTMLAttributes, type ReactNode, type SelectHTMLAttributes, type TextareaHTMLAttributes } from "react";

interface Shared {
  label: string;
  hint?: ReactNode;
  problem?: string | null;
}

function Frame({ id, label, hint, problem, required, children }: Shared & { id: string; required?: boolean; children: ReactNode }) {
  return (
    <div className="flex flex-col gap-1">
      <label htmlFor={id} className="text-sm font-medium text-text">
        {label}
        {required && <span aria-hidden="true" className="text-danger"> *</span>}
      </label>
      {children}
      {hint && (
        <p id={`${id}-hint`} className="text-xs text-text-3">
          {hint}
        </p>
      )}
      {problem && (
        <p id={`${id}-problem`} className="text-xs font-medium whitespace-pre-line text-danger">
          {problem}
        </p>
      )}
    </div>
  );
}

const describedBy = (id: string, { hint, problem }: Shared): string | undefined =>
  [hint ? `${id}-hint` : "", problem ? `${id}-problem` : ""].filter(Boolean).join(" ") || undefined;

export function TextField({ label, hint, problem, ...rest }: Shared & InputHTMLAttributes<HTMLInputElement>) {
  const id = useId();
  return (
    <Frame id={id} label={label} hint={hint} problem={problem} required={rest.required}>
      <input id={id} className="field" aria-invalid={problem ? true : undefined} aria-describedby={describedBy(id, { label, hint, problem })} {...rest} />
    </Frame>
  );
}

export function TextArea({ label, hint, problem, ...rest }: Shared & TextareaHTMLAttributes<HTMLTextAreaElement>) {
  const id = useId();
  return (
    <Frame id={id} label={label} hint={hint} problem={problem} required={rest.required}>
      <textarea id={id} className="field min-h-20" aria-invalid={problem ? true : undefined} aria-describedby={describedBy(id, { label, hint, problem })} {...rest} />
    </Frame>
  );
}

export function Select({ label, hint, problem, options, ...rest }: Shared &
  SelectHTMLAttributes<HTMLSelectElement> & { options: { value: string; label: string }[] }) {
  const id = useId();
  return (
    <Frame id={id} label={label} hint={hint} problem={problem} required={rest.required}>
      <select id={id} className="field pe-8" aria-invalid={problem ? true : undefined} aria-describedby={describedBy(id, { label, hint, problem })} {...rest}>
        {options.map((o) => (
          <option key={o.value} value={o.value}>
            {o.label}
          </option>
        ))}
      </select>
    </Frame>
  );
}

export function Checkbox({ label, hint, ...rest }: { label: string; hint?: string } & InputHTMLAttributes<HTMLInputElement>) {
  const id = useId();
  return (
    <div className="flex items-start gap-2.5">
      <input id={id} type="checkbox" className="mt-0.5 size-4 accent-accent" {...rest} />
      <label htmlFor={id} className="text-sm">
        {label}
        {hint && <span className="block text-xs text-text-3">{hint}</span>}
      </label>
    </div>
  );
}

export function CheckboxGroup({ legend, options, chosen, onChange, empty }: {
  legend: string;
  options: { value: string; label: string }[];
  chosen: readonly string[];
  onChange: (next: string[]) => void;
  empty: string;
}) {
  return (
    <fieldset className="flex flex-col gap-1.5">
      <legend className="mb-1 text-sm font-medium">{legend}</legend>
      {options.length === 0 && <p className="text-sm text-text-3">{empty}</p>}
      <div className="grid gap-1.5 sm:grid-cols-2">
        {options.map((o) => (
          <Checkbox
            key={o.value}
            label={o.label}
            checked={chosen.includes(o.value)}
            onChange={(e) => onChange(e.target.checked ? [...chosen, o.value] : chosen.filter((v) => v !== o.value))}
          />
        ))}
      </div>
    </fieldset>
  );
}

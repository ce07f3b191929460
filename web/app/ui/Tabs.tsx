/** A row of choices of which one holds. Plain buttons with a pressed state: each is a stop of the tab key. */
export function Tabs<T extends string>({ label, value, options, onChange }: {
  label: string;
  value: T;
  options: { value: T; label: string; count?: number | null }[];
  onChange: (value: T) => void;
}) {
  return (
    <div role="group" aria-label={label} className="flex gap-0.5 rounded-lg bg-sunken p-0.5">
      {options.map((o) => (
        <button
          key={o.value}
          type="button"
          aria-pressed={o.value === value}
          onClick={() => onChange(o.value)}
          className="flex h-7 flex-1 items-center justify-center gap-1.5 rounded-md px-2 text-xs font-medium whitespace-nowrap text-text-2 transition-colors hover:text-text aria-pressed:bg-raised aria-pressed:text-text aria-pressed:shadow-sm"
        >
          {o.label}
          {o.count !== undefined && o.count !== null && <span className="text-text-3 tabular-nums">{o.count}</span>}
        </button>
      ))}
    </div>
  );
}

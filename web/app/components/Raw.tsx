/** Recorded bytes shown as text and nothing else. */
export function Raw({ title, value, empty }: { title: string; value: unknown; empty: string }) {
  const text = value === null || value === undefined || value === "" ? empty : typeof value === "string" ? value : JSON.stringify(value, null, 2);
  return (
    <section className="min-w-0">
      <h3 aria-hidden="true" className="mb-1 text-xs font-semibold text-text-2">{title}</h3>
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keyboard. */}
      <pre dir="ltr" tabIndex={0} role="region" aria-label={title} className="max-h-72 overflow-auto rounded-lg bg-sunken p-3 font-mono text-xs break-all whitespace-pre-wrap">
        {text}
      </pre>
    </section>
  );
}

/** Plain tables that become a list of cards on a narrow screen. */
import type { ReactNode } from "react";

export interface Column<T> {
  key: string;
  title: string;
  cell: (row: T) => ReactNode;
  /** Left out on narrow screens. */
  minor?: boolean;
  end?: boolean;
}

export function Table<T>({ caption, columns, rows, rowKey, onOpen, openLabel }: {
  caption: string;
  columns: Column<T>[];
  rows: readonly T[];
  rowKey: (row: T) => string;
  onOpen?: (row: T) => void;
  openLabel?: (row: T) => string;
}) {
  return (
    <div className="overflow-x-auto rounded-xl border border-line bg-surface shadow-sm">
      <table className="w-full border-collapse text-sm">
        <caption className="sr-only">{caption}</caption>
        <thead>
          <tr className="border-b border-line">
            {columns.map((c) => (
              <th
                key={c.key}
                scope="col"
                className={`px-4 py-2.5 text-xs font-medium whitespace-nowrap text-text-3 ${c.end ? "text-end" : "text-start"} ${c.minor ? "max-md:hidden" : ""}`}
              >
                {c.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={rowKey(row)} className="group relative border-b border-line last:border-0 hover:bg-hover">
              {columns.map((c, i) => (
                <td key={c.key} className={`px-4 py-2.5 align-middle ${c.end ? "text-end tabular-nums" : ""} ${c.minor ? "max-md:hidden" : ""}`}>
                  {i === 0 && onOpen ? (
                    <button
                      type="button"
                      onClick={() => onOpen(row)}
                      title={openLabel?.(row)}
                      className="text-start font-medium text-text after:absolute after:inset-0 after:content-['']"
                    >
                      {c.cell(row)}
                    </button>
                  ) : (
                    c.cell(row)
                  )}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

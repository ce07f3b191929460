/** How far the visitor has read in the dialog that they read last: kept by the browser, because a dialog that is over takes no receipts. */

export class SeenStorage {
  constructor(
    private readonly storage: Storage | null,
    private readonly key: string,
  ) {}

  keep(dialog: string, sequence: number): void {
    const [known, last] = this.read();
    if (known === dialog && last >= sequence) return;
    try {
      this.storage?.setItem(this.key, `${dialog} ${sequence}`);
    } catch {
      // Then it counts as read next time.
    }
  }

  /** Whether it was read, as far as this browser knows; another dialog's counts as read. */
  has(dialog: string, sequence: number): boolean {
    const [known, last] = this.read();
    return known !== dialog || sequence <= last;
  }

  private read(): [string, number] {
    const [dialog = "", sequence = "-1"] = (this.storage?.getItem(this.key) ?? "").split(" ");
    return [dialog, Number(sequence)];
  }
}

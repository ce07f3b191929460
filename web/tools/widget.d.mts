/** The widget's files as built. */
export function buildWidget(options?: { write?: boolean; logLevel?: "warn" | "silent" }): Promise<{ name: string; bytes: Buffer }[]>;

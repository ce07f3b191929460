// Finds a vendor's simulator of a running demo: each listens on a loopback port of its own, which the demo prints.

import { until } from './until.mjs';

/** The origin of a channel's simulator. */
export function simulatorOf(server, channel) {
  return until(`the demo to name the simulator of ${channel}:\n${server.tail()}`, async () => {
    const text = server.output.join('\n') + server.log;
    for (const origin of new Set(text.match(/http:\/\/127\.0\.0\.1:\d+/g) ?? [])) {
      const answer = await fetch(`${origin}/_sim`).catch(() => undefined);
      const found = answer?.ok ? await answer.json().catch(() => undefined) : undefined;
      if (found?.channel === channel) return origin;
    }
    return undefined;
  }, { every: 200 });
}

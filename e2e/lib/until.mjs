// Waiting for a condition, with a deadline that only ends a hang.

/** Polls until `check` gives something truthy, and gives that back. */
export async function until(what, check, { deadline = 20_000, every = 25 } = {}) {
  const end = Date.now() + deadline;
  for (;;) {
    const found = await check();
    if (found) return found;
    if (Date.now() > end) throw new Error(`waited in vain for ${typeof what === 'function' ? what() : what}`);
    await new Promise((done) => setTimeout(done, every));
  }
}

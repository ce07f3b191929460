/** The mock on fixed ports, with an agent who answers everything: `node widget/mock/dev.mjs` after `npm run build`. */
import { startMock } from "./server.mjs";

const mock = await startMock({ port: 4180 });
let known = 0;
setInterval(() => {
  const { conversation } = mock.world;
  const events = conversation?.dialogs.at(-1).events ?? [];
  const fresh = events.slice(known).filter((event) => event.originatorMetadata.role === "CONSUMER" && event.event.type === "ContentEvent");
  known = events.length;
  for (const event of fresh) {
    mock.world.reads([event.sequence]);
    mock.world.types();
    setTimeout(() => mock.world.says(`You wrote: ${typeof event.event.message === "string" ? event.event.message : "a file"}`), 1_200);
  }
}, 300);
console.log(`page with the widget: ${mock.page}`);

// A page of a brand on an origin of its own, with the widget's one script tag: what stands around the widget in the world.

import { createServer } from 'node:http';
import { account } from './bootstrap.mjs';

export class BrandPage {
  /** Serves the page. `tag` is set once it is known where the widget comes from. */
  static async start() {
    const page = new BrandPage();
    page.tag = '';
    page.server = createServer((request, response) => {
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
      response.end(`<!doctype html><html lang="en"><head><title>Brand</title><meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">${page.tag}</head>
<body><main><h1>Kettles and tea</h1><p>A page like any other.</p></main></body></html>`);
    });
    await new Promise((done) => page.server.listen(0, '127.0.0.1', done));
    page.url = `http://127.0.0.1:${page.server.address().port}`;
    return page;
  }

  /** Carries the widget of a server's source. */
  carry(server, source) {
    this.tag = `<script src="${server.url}/widget.js" data-account="${account}" data-source="${source}" async></script>`;
  }

  stop() {
    this.server.closeAllConnections();
    this.server.close();
  }
}

/** The widget's frame, opened as visitors do: by the button, which lies in a closed shadow and so is found by its place. */
export async function openWidget(page) {
  await page.waitForFunction(() => globalThis.antiphonWidget?.open);
  const { width, height } = page.viewportSize();
  const found = () => page.frames().find((frame) => frame.url().includes('/widget/frame/'));
  for (let tries = 0; tries < 200 && !found(); tries += 1) {
    await page.mouse.click(width - 44, height - 44);
    await page.waitForTimeout(100);
  }
  const frame = found();
  if (!frame) throw new Error('the button opened no frame');
  await frame.getByRole('textbox').waitFor();
  return frame;
}

// A stand-in for the text-message vendor: takes what the server sends and remembers it.

import { createServer } from 'node:http';
import { until } from './until.mjs';

export class Vendor {
  static async start() {
    const vendor = new Vendor();
    vendor.sent = [];
    vendor.server = createServer(async (request, response) => {
      let body = '';
      for await (const part of request) body += part;
      response.setHeader('content-type', 'application/json');
      if (request.method !== 'POST' || !request.url.endsWith('/Messages.json')) {
        response.statusCode = request.method === 'GET' ? 200 : 404;
        response.end(JSON.stringify(request.method === 'GET' ? { status: 'active', messages: [], next_page_uri: null } : { code: 20404, message: 'not found', status: 404 }));
        return;
      }
      const form = Object.fromEntries(new URLSearchParams(body));
      const sid = `SM${vendor.sent.length.toString(16).padStart(32, '0')}`;
      vendor.sent.push({ ...form, sid, authorization: request.headers.authorization });
      response.statusCode = 201;
      response.end(JSON.stringify({
        sid, status: 'queued', num_segments: '1', num_media: '0', direction: 'outbound-api', from: form.From, to: form.To, body: form.Body,
        error_code: null, error_message: null, date_created: 'Thu, 01 Jan 2026 00:00:00 +0000', price: null,
      }));
    });
    await new Promise((done) => vendor.server.listen(0, '127.0.0.1', done));
    vendor.url = `http://127.0.0.1:${vendor.server.address().port}`;
    return vendor;
  }

  /** Texts that were sent to a number, in order. */
  textsTo(number) {
    return this.sent.filter((message) => message.To === number).map((message) => message.Body);
  }

  /** Waits until a text was sent to a number. */
  async sees(number, text) {
    await until(`“${text}” to be sent to ${number}; sent so far: ${JSON.stringify(this.textsTo(number))}`, () => this.textsTo(number).includes(text));
  }

  stop() {
    this.server.closeAllConnections();
    this.server.close();
  }
}

// A stand-in for the text-message vendor: takes what the server sends and remembers it, hosts photos, and reports deliveries.

import { createServer } from 'node:http';
import { accountSid, fields, post, sign, webhook } from './sms.mjs';
import { until } from './until.mjs';

/** A small grey picture, as PNG. */
export const photo = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAAAAADhZOFXAAAAI0lEQVR4nGNggAE5KGCwgQKGKChgqIAChmlQwLAFChguQQEATwYaQSNSAQ4AAAAASUVORK5CYII=', 'base64');

export class Vendor {
  static async start() {
    const vendor = new Vendor();
    vendor.sent = [];
    vendor.server = createServer((request, response) => vendor.#answer(request, response));
    await new Promise((done) => vendor.server.listen(0, '127.0.0.1', done));
    vendor.url = `http://127.0.0.1:${vendor.server.address().port}`;
    return vendor;
  }

  async #answer(request, response) {
    const json = (status, body) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    };
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    if (request.method === 'GET' && request.url.includes('/Media/')) {
      response.writeHead(200, { 'content-type': 'image/png' });
      response.end(photo);
    } else if (request.method === 'POST' && request.url.endsWith('/Messages.json')) {
      const form = new URLSearchParams(Buffer.concat(chunks).toString());
      const sid = `SM${this.sent.length.toString(16).padStart(32, '0')}`;
      this.sent.push({ ...Object.fromEntries(form), media: form.getAll('MediaUrl'), sid });
      json(201, {
        sid, status: 'queued', num_segments: '1', num_media: '0', direction: 'outbound-api', from: form.get('From'), to: form.get('To'),
        body: form.get('Body'), error_code: null, error_message: null, date_created: 'Thu, 01 Jan 2026 00:00:00 +0000', price: null,
      });
    } else if (request.method === 'GET') {
      json(200, { sid: accountSid, status: 'active', messages: [], next_page_uri: null });
    } else {
      json(404, { code: 20404, message: 'not found', more_info: '', status: 404 });
    }
  }

  /** Messages that were sent to a number, in order. */
  to(number) {
    return this.sent.filter((message) => message.To === number);
  }

  /** Their texts. */
  textsTo(number) {
    return this.to(number).map((message) => message.Body);
  }

  /** Waits until a text was sent to a number, and gives the message. */
  sees(number, text) {
    return until(
      () => `“${text}” to be sent to ${number}; sent so far: ${JSON.stringify(this.textsTo(number))}`,
      () => this.to(number).find((message) => message.Body === text),
    );
  }

  /** Reports what became of a message, as the vendor does. */
  async report(message, status) {
    const params = { MessageSid: message.sid, SmsSid: message.sid, MessageStatus: status, SmsStatus: status, To: message.To, From: message.From, AccountSid: accountSid, ApiVersion: '2010-04-01' };
    const answer = await post(message.StatusCallback, params, sign(message.StatusCallback, params));
    if (answer.status >= 300) throw new Error(`the status callback was answered with ${answer.status}`);
  }

  /** A consumer sends a photo with a text. */
  async sendPhoto(server, from, text) {
    const params = fields({ from, text });
    Object.assign(params, { NumMedia: '1', MediaContentType0: 'image/png', MediaUrl0: `${this.url}/2010-04-01/Accounts/${accountSid}/Messages/${params.MessageSid}/Media/ME1` });
    const url = webhook(server);
    const answer = await post(url, params, sign(url, params));
    if (answer.status !== 200) throw new Error(`the photo was answered with ${answer.status}`);
  }

  stop() {
    this.server.closeAllConnections();
    this.server.close();
  }
}

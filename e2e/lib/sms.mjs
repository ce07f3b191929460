// Text messages as the vendor posts them, signed by the vendor's own published package.

import { createRequire } from 'node:module';

const twilio = createRequire(import.meta.url)('twilio');

export const number = '+15005550006';
export const accountSid = 'AC00000000000000000000000000000e2e';
export const authToken = 'e2e_auth_token_00000000000000000';

let serial = 0;

/** The form fields of one inbound message. */
export function fields({ from, text, sid }) {
  serial += 1;
  const id = sid ?? `SM${Date.now().toString(16).padStart(16, '0')}${serial.toString(16).padStart(16, '0')}`;
  return {
    MessageSid: id, SmsSid: id, SmsMessageSid: id, AccountSid: accountSid, ApiVersion: '2010-04-01', From: from, To: number,
    Body: text, NumSegments: '1', NumMedia: '0', SmsStatus: 'received',
  };
}

/** The webhook's URL at a server. */
export const webhook = (server) => `${server.url}/webhooks/twilio_sms/${encodeURIComponent(number)}`;

/** The vendor's signature over a URL and fields. */
export const sign = (url, params, token = authToken) => twilio.getExpectedTwilioSignature(token, url, params);

/** The vendor's own check of a signature. */
export const validates = (token, signature, url, params) => twilio.validateRequest(token, signature, url, params);

/** The same for a JSON body, whose hash stands in the URL. */
export const validatesBody = (token, signature, url, body) => twilio.validateRequestWithBody(token, signature, url, body);

/** Posts fields to a URL with a signature. */
export function post(url, params, signature) {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  if (signature !== undefined) headers['x-twilio-signature'] = signature;
  return fetch(url, { method: 'POST', headers, body: new URLSearchParams(params) });
}

/** A consumer writes. */
export async function write(server, from, text, sid) {
  const url = webhook(server);
  const params = fields({ from, text, sid });
  const answer = await post(url, params, sign(url, params));
  if (answer.status !== 200) throw new Error(`the webhook was answered with ${answer.status}: ${await answer.text()}\n${server.tail()}`);
  return params.MessageSid;
}

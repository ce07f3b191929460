// The admin API with a bearer, as a script of the operator would use it.

import { account, password } from './bootstrap.mjs';

export class Admin {
  static async signIn(server, login = 'admin') {
    const admin = new Admin();
    admin.base = server.url;
    const answer = await fetch(`${server.url}/api/account/${account}/login?v=1.3`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify({ username: login, password }),
    });
    if (answer.status !== 200) throw new Error(`log-in of ${login}: ${answer.status} ${await answer.text()}`);
    admin.bearer = (await answer.json()).bearer;
    return admin;
  }

  /** GET below the account; gives the body. */
  async get(path) {
    const answer = await fetch(`${this.base}/api/v1/accounts/${account}${path}`, { headers: { authorization: `Bearer ${this.bearer}` } });
    if (answer.status !== 200) throw new Error(`GET ${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }

  /** POST below the account. */
  async post(path, body) {
    const headers = { authorization: `Bearer ${this.bearer}`, 'content-type': 'application/json' };
    const answer = await fetch(`${this.base}/api/v1/accounts/${account}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`POST ${path}: ${answer.status} ${await answer.text()}`);
  }

  /** The newest conversation of a consumer's number. */
  async conversationOf(number) {
    for (const state of ['open', 'closed']) {
      const { items } = await this.get(`/conversations?state=${state}`);
      const found = items.find((item) => item.consumer.address === number);
      if (found) return found;
    }
    return undefined;
  }

  /** The texts of a conversation, in order. */
  async texts(conversation) {
    const { items } = await this.get(`/conversations/${conversation}/messages?limit=200`);
    return items.map((item) => item.event.message).filter((text) => typeof text === 'string');
  }
}

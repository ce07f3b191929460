// The bootstrap file of the specs: one account with a manager, an administrator, two agents and one text-message source.

import { authToken, accountSid, number } from './sms.mjs';

export const account = '12345678';
export const password = 'correct-horse-9A-battery';

const user = (login, profile, extra = '') => `
[[account.user]]
login = "${login}"
password = "${password}"
nickname = "${login[0].toUpperCase()}${login.slice(1)}"
kind = "human"
profile = "${profile}"
skills = ["General"]
max_conversations = 10
${extra}`;

/**
 * The file's text. `vendor` is the address that stands in for the vendor's hosts; `skills` are further ones, `survey` is the app that asks after a
 * conversation, `more` is appended.
 */
export function bootstrap({ vendor = 'http://127.0.0.1:9', skills = [], survey = '', more = '' } = {}) {
  return `[[account]]
id = "${account}"
name = "Acme"
timezone = "Europe/Berlin"
default_skill = "General"

[account.settings]
survey_app = "${survey}"

[[account.skill]]
name = "General"
${skills.map((name) => `\n[[account.skill]]\nname = "${name}"\n`).join('')}${user('admin', 'administrator')}${user('manager', 'agent_manager')}${user('alice', 'agent')}${user('bob', 'agent')}
[[account.source]]
channel = "twilio_sms"
name = "Support line"
address = "${number}"
skill = "General"
api_base_url = "${vendor}"
[account.source.credentials]
account_sid = "${accountSid}"
auth_token = "${authToken}"
${more}`;
}

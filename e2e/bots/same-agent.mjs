// The flow that gives a returning consumer their former agent back: takes the conversation, looks the consumer's history and that agent's state
// up, and transfers to them.

import { connect, reports, say } from './common.mjs';

const agent = connect();
const taken = new Set();
const account = process.env.LP_ACCOUNT;

agent.on('connected', () => {
  agent.setAgentState({ availability: 'ONLINE' }, reports('setAgentState'));
  agent.subscribeExConversations({ agentIds: [agent.agentId], convState: ['OPEN'] }, reports('subscribeExConversations'));
  agent.subscribeRoutingTasks({}, reports('subscribeRoutingTasks'));
});

agent.on('routing.RoutingTaskNotification', (body) => {
  for (const change of body.changes) {
    for (const ring of change.type === 'UPSERT' ? change.result.ringsDetails : []) {
      if (ring.ringState === 'WAITING') agent.updateRingState({ ringId: ring.ringId, ringState: 'ACCEPTED' }, reports('updateRingState'));
    }
  }
});

agent.on('cqm.ExConversationChangeNotification', (body) => {
  for (const { type, result } of body.changes) {
    const { participants } = result.conversationDetails;
    if (type !== 'UPSERT' || taken.has(result.convId) || !participants.some((one) => one.id === agent.agentId && one.role === 'ASSIGNED_AGENT')) continue;
    taken.add(result.convId);
    giveBack(result.convId, participants.find((one) => one.role === 'CONSUMER').id).catch((error) => say('error', { message: String(error) }));
  }
});

async function ask(service, path, body) {
  const found = await fetch(`https://${process.env.LP_CSDS}/api/account/${account}/service/${service}/baseURI.json?version=1.0`);
  const { baseURI } = await found.json();
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${agent.token}` };
  const answer = await fetch(`https://${baseURI}/messaging_history/api/account/${account}/${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

async function giveBack(conversationId, consumer) {
  const past = await ask('msgHist', 'conversations/consumer/search?offset=0&limit=10', { consumer, contentToRetrieve: [] });
  const records = past.conversationHistoryRecords.map((record) => record.info).filter((info) => info.conversationId !== conversationId);
  const { latestAgentId, latestSkillId } = records[0];
  const { agentStatusRecords } = await ask('msgHist', 'agent-view/status', { agentIds: [latestAgentId] });
  say('former agent', { id: latestAgentId, skill: latestSkillId, status: agentStatusRecords[0].currentStatus });
  const userId = `${account}.${latestAgentId}`;
  const conversationField = [
    { field: 'ParticipantsChange', type: 'SUGGEST', role: 'ASSIGNED_AGENT', userId },
    { field: 'ParticipantsChange', type: 'REMOVE', role: 'ASSIGNED_AGENT' },
    { field: 'Skill', type: 'UPDATE', skill: String(latestSkillId) },
  ];
  agent.updateConversationField({ conversationId, conversationField }, reports('transfer'));
}

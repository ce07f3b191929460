// The greeting flow: away, watches the whole account, joins each new conversation as manager and greets.

import { connect, reports, say } from './common.mjs';

const agent = connect();
const greeted = new Set();

agent.on('connected', () => {
  agent.setAgentState({ availability: 'AWAY' }, reports('setAgentState'));
  agent.subscribeExConversations({ convState: ['OPEN'] }, reports('subscribeExConversations'));
});

agent.on('cqm.ExConversationChangeNotification', (body) => {
  for (const { type, result } of body.changes) {
    if (type === 'DELETE') {
      say('gone', { id: result.convId });
      continue;
    }
    if (greeted.has(result.convId)) continue;
    greeted.add(result.convId);
    const joining = { conversationId: result.convId, conversationField: [{ field: 'ParticipantsChange', type: 'ADD', role: 'MANAGER' }] };
    agent.updateConversationField(joining, (error, answer) => {
      reports('join')(error, answer);
      agent.publishEvent(
        { dialogId: result.convId, event: { type: 'ContentEvent', contentType: 'text/plain', message: 'welcome from bot' } },
        reports('greet'),
      );
    });
  }
});

// The close flow: watches the whole account and closes whatever is open, without taking part.

import { connect, reports, say } from './common.mjs';

const agent = connect();
const closing = new Set();

agent.on('connected', () => {
  agent.subscribeExConversations({ convState: ['OPEN'] }, reports('subscribeExConversations'));
});

agent.on('cqm.ExConversationChangeNotification', (body) => {
  for (const { type, result } of body.changes) {
    if (type === 'DELETE') say('gone', { id: result.convId, state: result.conversationDetails.state });
    if (type !== 'UPSERT' || closing.has(result.convId)) continue;
    closing.add(result.convId);
    agent.updateConversationField(
      { conversationId: result.convId, conversationField: [{ field: 'ConversationStateField', conversationState: 'CLOSE' }] },
      reports('close'),
    );
  }
});

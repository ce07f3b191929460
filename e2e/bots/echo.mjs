// The agent flow: online, accept rings, read, echo, and close when asked to.

import { connect, reports, say } from './common.mjs';

const agent = connect();
/** Conversations that this agent holds. */
const mine = new Map();

agent.on('connected', () => {
  agent.setAgentState({ availability: 'ONLINE' }, reports('setAgentState'));
  agent.subscribeExConversations({ agentIds: [agent.agentId], convState: ['OPEN'] }, reports('subscribeExConversations'));
  agent.subscribeRoutingTasks({}, reports('subscribeRoutingTasks'));
  agent.getClock({}, reports('getClock'));
});

agent.on('routing.RoutingTaskNotification', (body) => {
  for (const change of body.changes) {
    for (const ring of change.type === 'UPSERT' ? change.result.ringsDetails : []) {
      say('ring', { state: ring.ringState });
      if (ring.ringState === 'WAITING') agent.updateRingState({ ringId: ring.ringId, ringState: 'ACCEPTED' }, reports('updateRingState'));
    }
  }
});

agent.on('cqm.ExConversationChangeNotification', (body) => {
  for (const { type, result } of body.changes) {
    if (type === 'UPSERT' && !mine.has(result.convId)) {
      mine.set(result.convId, new Set());
      const consumer = result.conversationDetails.participants.find((one) => one.role === 'CONSUMER');
      const role = result.conversationDetails.participants.find((one) => one.id === agent.agentId)?.role;
      say('conversation', { id: result.convId, role });
      agent.getUserProfile(consumer.id, reports('getUserProfile'));
      agent.subscribeMessagingEvents({ dialogId: result.convId }, (error) => error && say('refused', { name: 'subscribeMessagingEvents', code: error.code }));
    } else if (type === 'DELETE') {
      mine.delete(result.convId);
      say('gone', { id: result.convId, stage: result.conversationDetails.stage, reason: result.conversationDetails.closeReason });
    }
  }
});

agent.on('ms.MessagingEventNotification', (body) => {
  for (const change of body.changes) {
    const seen = mine.get(body.dialogId);
    if (!seen) {
      say('event before its conversation', { dialogId: body.dialogId });
      continue;
    }
    if (change.sequence !== undefined && seen.has(change.sequence)) continue;
    if (change.sequence !== undefined) seen.add(change.sequence);
    say('event', { type: change.event.type, sequence: change.sequence, text: change.event.message, own: change.originatorId === agent.agentId, status: change.event.status });
    if (change.event.type !== 'ContentEvent' || change.originatorId === agent.agentId) continue;
    if (change.event.message === '#close') {
      const closing = { conversationId: body.dialogId, conversationField: [{ field: 'ConversationStateField', conversationState: 'CLOSE' }] };
      agent.updateConversationField(closing, reports('close'));
      continue;
    }
    agent.publishEvent({ dialogId: body.dialogId, event: { type: 'AcceptStatusEvent', status: 'READ', sequenceList: [change.sequence] } }, reports('read'));
    agent.publishEvent(
      { dialogId: body.dialogId, event: { type: 'ContentEvent', contentType: 'text/plain', message: `echo : ${change.event.message}` } },
      reports('echo'),
    );
  }
});

// The agent flow: online, accept rings, read, echo, hand over and close when asked to, and come back after a loss of the connection.
//
// What consumers say with a `#` is for the bot: `#close`, `#skill <id>`, `#agent <id> <skill id>`.

import { connect, reports, say } from './common.mjs';

const agent = connect({ again: true });
/** Conversations that this agent holds, with what was seen of each. */
const mine = new Map();
/** Those whose past was read on this connection. */
const read = new Set();

agent.on('connected', () => {
  read.clear();
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
    if (type === 'DELETE') {
      mine.delete(result.convId);
      read.delete(result.convId);
      say('gone', { id: result.convId, stage: result.conversationDetails.stage, reason: result.conversationDetails.closeReason });
      continue;
    }
    const { participants } = result.conversationDetails;
    const role = participants.find((one) => one.id === agent.agentId)?.role;
    // Older clients learn of offers here too.
    if (role !== 'ASSIGNED_AGENT' || read.has(result.convId)) continue;
    read.add(result.convId);
    if (!mine.has(result.convId)) {
      mine.set(result.convId, new Set());
      say('conversation', { id: result.convId, role });
      agent.getUserProfile(participants.find((one) => one.role === 'CONSUMER').id, reports('getUserProfile'));
    }
    agent.subscribeMessagingEvents({ dialogId: result.convId }, (error) => error && say('refused', { name: 'subscribeMessagingEvents', code: error.code }));
  }
});

agent.on('ms.MessagingEventNotification', (body) => {
  const seen = mine.get(body.dialogId);
  if (!seen) {
    say('event before its conversation', { dialogId: body.dialogId });
    return;
  }
  const isAnswer = (one) => one.event.type === 'ContentEvent' && one.originatorMetadata?.role !== 'CONSUMER';
  const answered = Math.max(-1, ...body.changes.filter(isAnswer).map((one) => one.sequence));
  for (const change of body.changes) {
    if (change.sequence !== undefined && seen.has(change.sequence)) continue;
    if (change.sequence !== undefined) seen.add(change.sequence);
    const own = change.originatorId === agent.agentId;
    say('event', { type: change.event.type, sequence: change.sequence, text: change.event.message, own, status: change.event.status });
    // What another agent had answered, or was told to do, is past.
    if (change.event.type !== 'ContentEvent' || own || isAnswer(change) || change.sequence < answered) continue;
    if (change.event.message.startsWith('#')) {
      if (body.changes.length === 1) obey(body.dialogId, change.event.message.split(' '));
      continue;
    }
    agent.publishEvent({ dialogId: body.dialogId, event: { type: 'AcceptStatusEvent', status: 'READ', sequenceList: [change.sequence] } }, reports('read'));
    agent.publishEvent(
      { dialogId: body.dialogId, event: { type: 'ContentEvent', contentType: 'text/plain', message: `echo : ${change.event.message}` } },
      reports('echo'),
    );
  }
});

function obey(conversationId, [command, ...words]) {
  const leave = { field: 'ParticipantsChange', type: 'REMOVE', role: 'ASSIGNED_AGENT' };
  const skill = (id) => ({ field: 'Skill', type: 'UPDATE', skill: id });
  const suggest = (userId) => ({ field: 'ParticipantsChange', type: 'SUGGEST', role: 'ASSIGNED_AGENT', userId });
  const fields = {
    '#close': () => [{ field: 'ConversationStateField', conversationState: 'CLOSE' }],
    '#skill': () => [leave, skill(words[0])],
    '#agent': () => [leave, suggest(words[0]), skill(words[1])],
  };
  agent.updateConversationField({ conversationId, conversationField: fields[command]() }, reports(command));
}

// The survey flow: waits for surveys of its app, joins, names the survey, asks one question, takes the answer and closes.

import { connect, reports, say } from './common.mjs';

const APP = 'survey-app';
const agent = connect();
/** Surveys by dialog: their conversation, and what was answered already. */
const surveys = new Map();

const publish = (dialogId, event, metadata, done) => agent.publishEvent({ dialogId, event }, null, metadata, done);
const text = (message, more = {}) => ({ type: 'ContentEvent', contentType: 'text/plain', message, ...more });
const answerOf = (id) => ({ type: 'Answer', id, surveyId: '123', questionId: '1', provider: 'External' });
const button = (title, id) => ({
  type: 'button', title, tooltip: title, click: { actions: [{ type: 'publishText', text: title }], metadata: [answerOf(id)] },
});

agent.on('connected', () => {
  agent.setAgentState({ availability: 'ONLINE' }, reports('setAgentState'));
  agent.subscribeExConversations({ stage: ['OPEN'] }, reports('subscribeExConversations'));
});

agent.on('cqm.ExConversationChangeNotification', (body) => {
  for (const { type, result } of body.changes) {
    const survey = result.conversationDetails.dialogs.find((dialog) => dialog.dialogType === 'POST_SURVEY' && dialog.metaData.appInstallId === APP);
    if (type === 'DELETE' && survey) say('ended', { stage: result.conversationDetails.stage, cause: survey.closedCause });
    if (type === 'UPSERT' && survey?.state === 'OPEN' && !surveys.has(survey.dialogId)) begin(result, survey.dialogId);
  }
});

function begin(result, dialogId) {
  surveys.set(dialogId, { convId: result.convId });
  const consumer = result.conversationDetails.participants.find((one) => one.role === 'CONSUMER');
  say('survey', { dialogId, state: result.conversationDetails.state, stage: result.conversationDetails.stage });
  agent.getUserProfile(consumer.id, (error, profile) => {
    reports('getUserProfile')(error, profile);
    profile.filter(() => true);
    const join = { conversationId: result.convId, conversationField: [{ dialogId, field: 'ParticipantsChange', type: 'ADD', role: 'AGENT' }] };
    agent.updateConversationField(join, (refused, done) => {
      reports('join')(refused, done);
      const tag = { conversationId: result.convId, conversationField: [{ field: 'DialogChange', type: 'UPDATE', dialog: { dialogId } }] };
      agent.updateConversationField(tag, null, [{ type: 'Survey', id: '123', revision: '1.0', provider: 'External' }], reports('tag'));
      publish(dialogId, text('Please rate us'), null, reports('greet'));
      const quickReplies = { type: 'quickReplies', itemsPerRow: 8, replies: [button('1', 'A1'), button('5', 'A5')] };
      const question = [{ type: 'Question', id: '1', surveyId: '123', provider: 'External', replies: ['A1', 'A5'] }];
      publish(dialogId, text('How was it?', { quickReplies }), question, reports('ask'));
    });
  });
}

agent.on('ms.MessagingEventNotification', (body) => {
  for (const change of body.changes) {
    const survey = surveys.get(body.dialogId);
    if (!survey) {
      say('event of a dialog that nobody knows', { dialogId: body.dialogId });
      continue;
    }
    if (change.__isMe || change.originatorId === agent.agentId || change.event.type === 'ChatStateEvent') continue;
    const answer = change.metadata?.find((one) => one.type === 'Answer');
    say('event', { type: change.event.type, status: change.event.status, sequence: change.sequence, answer: answer?.id, conversationId: change.conversationId });
    if (change.event.type !== 'ContentEvent') continue;
    if (!answer) {
      const enrich = { type: 'AcceptStatusEvent', status: 'ENRICH', sequenceList: [change.sequence] };
      publish(body.dialogId, enrich, [{ type: 'InvalidAnswer', questionId: '1', surveyId: '123', provider: 'External' }], reports('enrich'));
      continue;
    }
    publish(body.dialogId, text('Thank you'), null, () => {
      const dialog = { dialogId: body.dialogId, state: 'CLOSE', closedBy: 'AGENT', closedCause: 'Completed' };
      agent.updateConversationField({ conversationId: change.conversationId, conversationField: [{ field: 'DialogChange', type: 'UPDATE', dialog }] }, reports('close'));
    });
  }
});

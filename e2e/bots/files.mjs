// The file flow: joins as manager, asks for a place to put a picture, puts it there, shows it, and reads it back.

import { connect, reports, say } from './common.mjs';

const agent = connect();
const shown = new Set();
/** One red pixel. */
const picture = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==', 'base64');
const host = process.env.LP_CSDS;
const address = ({ relativePath, queryParams: { temp_url_sig: sig, temp_url_expires: expires } }) =>
  `https://${host}${relativePath}?temp_url_sig=${sig}&temp_url_expires=${expires}`;

agent.on('connected', () => {
  agent.setAgentState({ availability: 'AWAY' }, reports('setAgentState'));
  agent.subscribeExConversations({ convState: ['OPEN'] }, reports('subscribeExConversations'));
});

agent.on('cqm.ExConversationChangeNotification', (body) => {
  for (const { type, result } of body.changes) {
    if (type !== 'UPSERT' || shown.has(result.convId)) continue;
    shown.add(result.convId);
    const joining = { conversationId: result.convId, conversationField: [{ field: 'ParticipantsChange', type: 'ADD', role: 'MANAGER' }] };
    agent.updateConversationField(joining, (error, done) => {
      reports('join')(error, done);
      show(result.convId);
    });
  }
});

function show(dialogId) {
  agent.generateURLForUploadFile({ fileSize: picture.length, fileType: 'PNG' }, async (error, place) => {
    reports('upload link')(error, place);
    const put = await fetch(address(place), { method: 'PUT', body: picture });
    say('put', { status: put.status });
    const message = { caption: 'a pixel', relativePath: place.relativePath, fileType: 'PNG' };
    agent.publishEvent({ dialogId, event: { type: 'ContentEvent', contentType: 'hosted/file', message } }, (refused, done) => {
      reports('show')(refused, done);
      agent.generateURLForDownloadFile({ relativePath: place.relativePath }, async (gone, link) => {
        reports('download link')(gone, link);
        const got = await fetch(address(link));
        say('got', { status: got.status, same: Buffer.from(await got.arrayBuffer()).equals(picture), type: got.headers.get('content-type') });
      });
    });
  });
}

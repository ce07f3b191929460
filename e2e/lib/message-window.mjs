// What the retired browser library for message windows does, request for request, as a script for a page of a shop.
//
// It finds its hosts by scripts with callbacks, signs up the same way, cannot set headers, asks for the clock under one and the same id, waits
// a second for a conversation that is open already, and tells its own lines from the others' by the subject of its token.

/** The page. `host` is discovery's address. */
export const page = (host, account) => `<!doctype html><meta charset="utf-8"><title>Shop</title><script>
const host = ${JSON.stringify(host)};
const account = ${JSON.stringify(account)};
const heard = [];
const lines = [];
let socket, jwt, conversation, subscription;

function script(url) {
  return new Promise((done, failed) => {
    const element = document.createElement('script');
    element.src = url;
    element.onerror = () => failed(new Error(url));
    element.onload = done;
    document.head.append(element);
  });
}

async function domain(service) {
  let found;
  window.domainCallback = (answer) => (found = answer.ResultSet.lpData[0].lpServer);
  await script('https://' + host + '/csdr/account/' + account + '/service/' + service + '/baseURI.lpCsds?version=1.0&cb=domainCallback');
  return found;
}

async function connect() {
  const idp = await domain('idp');
  const messaging = await domain('asyncMessagingEnt');
  jwt = sessionStorage.getItem('jwt');
  if (!jwt) {
    window.jsonp_callback_1 = (answer) => (jwt = answer.jwt);
    await script('https://' + idp + '/api/account/' + account + '/signup.jsonp?callback=jsonp_callback_1');
    sessionStorage.setItem('jwt', jwt);
  }
  const subject = JSON.parse(atob(jwt.split('.')[1])).sub;
  socket = new WebSocket('wss://' + messaging + '/ws_api/account/' + account + '/messaging/consumer?v=3');
  const send = (id, type, body, headers) => socket.send(JSON.stringify({ kind: 'req', id, type, body, headers }));
  socket.onopen = () => {
    send(0, 'InitConnection', undefined, [
      { type: '.ams.headers.ClientProperties', deviceFamily: 'DESKTOP', os: 'WINDOWS' },
      { type: '.ams.headers.ConsumerAuthentication', jwt },
    ]);
    send(2, 'cqm.SubscribeExConversations', { convState: ['OPEN'] });
    send(1, 'GetClock', {});
    send(1, 'GetClock', {});
    setTimeout(() => conversation ?? send(3, 'cm.ConsumerRequestConversation', {}), 1000);
  };
  socket.onmessage = ({ data }) => {
    const frame = JSON.parse(data);
    heard.push(frame);
    if (frame.kind === 'resp' && String(frame.reqId) === '2') subscription = frame.body.subscriptionId;
    if (frame.kind === 'resp' && String(frame.reqId) === '3') conversation = frame.body.conversationId;
    if (frame.type.includes('ExConversationChangeNotification') && frame.body.subscriptionId === subscription) {
      for (const { type, result } of frame.body.changes) {
        if (type !== 'UPSERT' || conversation === result.convId && window.listening) continue;
        conversation = result.convId;
        window.listening = true;
        send(4, 'ms.SubscribeMessagingEvents', { fromSeq: 0, dialogId: result.convId });
      }
    }
    if (frame.type.includes('MessagingEvent')) {
      for (const change of frame.body.changes) {
        if (change.event.type === 'ContentEvent') lines.push((change.originatorId === subject ? 'me: ' : 'them: ') + change.event.message);
      }
    }
  };
  socket.onclose = ({ code }) => (window.endedWith = code);
  window.say = (message) =>
    send('m' + lines.length, 'ms.PublishEvent', { dialogId: conversation, event: { type: 'ContentEvent', contentType: 'text/plain', message } });
}
window.lines = lines;
window.heard = heard;
connect().catch((error) => (window.failed = String(error)));
</script>`;

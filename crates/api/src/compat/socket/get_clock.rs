//! `GetClock`: the server's time, and the clients' way to stay connected.

use super::envelope::{Failure, Out, Request, respond};
use super::session::Session;

pub(super) fn answer(session: &Session, request: &Request<'_>, out: &mut Out) -> Result<(), Failure> {
    let body = serde_json::json!({ "currentTime": session.shared.app.clock().now().0 });
    out.push(respond(request, 200, ".GetClock$Response", body));
    Ok(())
}

//! `InitConnection`: a consumer's first request. An agent's connection is ready without; it is answered and changes nothing.

use super::envelope::{Failure, Out, Request, respond};

pub(super) fn answer(request: &Request<'_>, out: &mut Out) -> Result<(), Failure> {
    out.push(respond(request, 200, "InitConnectionResponse", serde_json::json!({})));
    Ok(())
}

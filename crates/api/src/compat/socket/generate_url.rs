//! `GenerateURLForUploadFile` and `GenerateURLForDownloadFile` on the agents' socket.

use super::envelope::{Failure, Out, Request, respond};
use super::session::Session;
use crate::compat::links::{self, LinkWire};
use antiphon_app::files::FileOwner;

/// Clients transform no answer of this name.
const TYPE: &str = ".ams.ms.GenerateURL$Response";

pub(super) async fn upload(session: &mut Session, request: &Request<'_>, out: &mut Out) -> Result<(), Failure> {
    let link = links::upload(&session.shared.app, &FileOwner::User(&session.caller), request).await?;
    out.push(respond(request, 200, TYPE, LinkWire::from(link)));
    Ok(())
}

pub(super) async fn download(session: &mut Session, request: &Request<'_>, out: &mut Out) -> Result<(), Failure> {
    let link = links::download(&session.shared.app, &FileOwner::User(&session.caller), request).await?;
    out.push(respond(request, 200, TYPE, LinkWire::from(link)));
    Ok(())
}

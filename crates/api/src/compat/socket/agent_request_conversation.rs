//! `AgentRequestConversation`: an agent writes first. Not offered yet; said clearly, so that a bot does not wait.

use super::envelope::Failure;

pub(super) fn answer() -> Result<(), Failure> {
    Err(Failure::not_offered("type: conversations are begun by consumers; this server does not let agents begin one"))
}

//! What a search asks for. Unknown members and unknown parts are passed over: published clients send more than we tell.

use super::Refused;
use antiphon_app::history::Wanted;
use serde::Deserialize;

/// A search by id.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ByConversation {
    pub conversation_id: Option<String>,
    pub conversation_ids: Option<Vec<String>>,
    #[serde(default)]
    pub content_to_retrieve: Content,
}

/// A search by consumer.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ByConsumer {
    pub consumer: Option<String>,
    #[serde(default)]
    status: Option<Vec<String>>,
    #[serde(default)]
    pub content_to_retrieve: Content,
}

impl ByConsumer {
    /// Only open, only closed, or both.
    pub fn open(&self) -> Result<Option<bool>, Refused> {
        let named = |name: &str| self.status.iter().flatten().any(|status| status.eq_ignore_ascii_case(name));
        let known = self.status.iter().flatten().all(|status| ["OPEN", "CLOSE"].iter().any(|name| status.eq_ignore_ascii_case(name)));
        match (known, named("OPEN"), named("CLOSE")) {
            (false, ..) => Err(Refused::bad("status: OPEN, CLOSE, or both")),
            (_, true, false) => Ok(Some(true)),
            (_, false, true) => Ok(Some(false)),
            _ => Ok(None),
        }
    }
}

/// The names of the wanted parts; an empty list, like none at all, means the usual ones.
#[derive(Default, Deserialize)]
#[serde(transparent)]
pub(super) struct Content(Option<Vec<String>>);

/// The parts of a record besides `info`, which is always told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Parts {
    pub campaign: bool,
    pub messages: bool,
    pub agents: bool,
    pub agents_left: bool,
    pub agents_active: bool,
    pub consumers: bool,
    pub transfers: bool,
    pub interactions: bool,
    pub scores: bool,
    pub statuses: bool,
    pub sdes: bool,
    pub unauthenticated_sdes: bool,
    pub dialogs: bool,
    pub skill_changes: bool,
    pub response_time: bool,
    pub surveys: bool,
    pub summary: bool,
}

impl Content {
    pub fn parts(&self) -> Parts {
        let named = self.0.as_deref().unwrap_or_default();
        let usual = named.is_empty();
        let extra = |name: &str| named.iter().any(|named| named == name);
        let part = |name: &str| usual || extra(name);
        Parts {
            campaign: part("campaign"),
            messages: part("messageRecords"),
            agents: part("agentParticipants"),
            agents_left: part("agentParticipantsLeave"),
            agents_active: part("agentParticipantsActive"),
            consumers: part("consumerParticipants"),
            transfers: part("transfers"),
            interactions: part("interactions"),
            scores: part("messageScores"),
            statuses: part("messageStatuses"),
            surveys: part("conversationSurveys"),
            summary: part("summary"),
            sdes: part("sdes"),
            unauthenticated_sdes: extra("unAuthSdes"),
            dialogs: extra("dialogs"),
            skill_changes: extra("skillChanges"),
            response_time: extra("responseTime"),
        }
    }
}

impl Parts {
    /// What has to be read for them.
    pub fn wanted(self) -> Wanted {
        Wanted {
            events: self.messages || self.statuses || self.interactions || self.surveys,
            changes: self.agents || self.agents_left || self.transfers || self.interactions || self.skill_changes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_list_and_an_empty_one_mean_the_usual_parts() {
        for text in ["{}", r#"{"contentToRetrieve":[]}"#, r#"{"contentToRetrieve":null}"#] {
            let asked: ByConversation = serde_json::from_str(text).expect(text);
            let parts = asked.content_to_retrieve.parts();
            assert!(parts.messages && parts.sdes && !parts.dialogs, "{text}");
        }
        let asked: ByConversation = serde_json::from_str(r#"{"contentToRetrieve":["dialogs","made up"]}"#).expect("a list");
        let parts = asked.content_to_retrieve.parts();
        assert!(parts.dialogs && !parts.messages);
        assert_eq!(parts.wanted(), Wanted { events: false, changes: false });
    }

    #[test]
    fn states_are_told_apart() {
        let check = |text: &str, expected: Option<Option<bool>>| {
            let asked: ByConsumer = serde_json::from_str(text).expect(text);
            assert_eq!(asked.open().ok(), expected, "{text}");
        };
        check("{}", Some(None));
        check(r#"{"status":["OPEN"]}"#, Some(Some(true)));
        check(r#"{"status":["close"]}"#, Some(Some(false)));
        check(r#"{"status":["OPEN","CLOSE"]}"#, Some(None));
        check(r#"{"status":["LOCKED"]}"#, None);
    }
}

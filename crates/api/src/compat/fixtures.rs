//! A small account and a conversation for the tests of this folder.

use antiphon_app::ports::store::{AccountRows, DirectoryRows};
use antiphon_app::{AccountView, Directory};
use antiphon_domain::conversation::{Opening, ResponseTimeKind};
use antiphon_domain::event::Party;
use antiphon_domain::{
    Account, AccountId, AccountSettings, ConsumerId, Conversation, ConversationId, Pid, SkillId, SourceId, Timestamp, User, UserId,
    UserKind,
};
use std::sync::Arc;

/// Account 12 with the users 77 and 88.
pub(crate) fn view() -> Arc<AccountView> {
    let id: AccountId = "12".parse().expect("an account id");
    let rows = AccountRows {
        account: Account {
            id: id.clone(),
            name: "Acme".into(),
            timezone: "Europe/Berlin".into(),
            default_skill: None,
            allow_private_endpoints: Vec::new(),
            settings: AccountSettings::default(),
            created_at: Timestamp(0),
        },
        skills: Vec::new(),
        profiles: Vec::new(),
        users: [77, 88].into_iter().map(user).collect(),
        sources: Vec::new(),
        channel_apps: Vec::new(),
        connector_apps: Vec::new(),
        identity_providers: Vec::new(),
        api_keys: Vec::new(),
        feature_grants: Vec::new(),
    };
    Arc::clone(Directory::new(DirectoryRows { accounts: vec![rows] }).account(&id).expect("the account is there"))
}

fn user(number: u8) -> User {
    User {
        id: UserId(number.into()),
        pid: Pid([number; 16]),
        login: format!("user{number}"),
        nickname: format!("User {number}"),
        full_name: format!("User Number {number}"),
        email: None,
        kind: UserKind::Bot,
        profile: "agent".into(),
        skills: Vec::new(),
        max_conversations: 10,
        enabled: true,
        created_at: Timestamp(0),
        updated_at: Timestamp(0),
    }
}

/// A conversation in the queue of skill 55, begun at 1,000.
pub(crate) fn conversation() -> Conversation {
    let opening = Opening {
        id: conversation_id(),
        account: "12".parse().expect("an account id"),
        consumer: ConsumerId([7; 32]),
        source: SourceId(1),
        skill: Some(SkillId(55)),
        response_time: (ResponseTimeKind::Normal, 3600),
        by: Party::Consumer(ConsumerId([7; 32])),
        origin: None,
        first: true,
    };
    Conversation::open(opening, Timestamp(1_000)).0
}

fn conversation_id() -> ConversationId {
    "019aff00-0102-7304-8506-0708090a0b0c".parse().expect("a conversation id")
}

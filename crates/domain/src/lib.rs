//! The rules of the contact centre: values in, values out.
//!
//! Nothing here performs I/O, reads a clock, draws a random number or serialises: time and ids are arguments.
//! Start at [`conversation`] for what a conversation may do, at [`routing`] for who gets it, and at
//! [`delivery`] for the life of an outbound message.

pub mod account;
pub mod api_key;
pub mod consent;
pub mod consumer;
pub mod conversation;
pub mod delivery;
pub mod event;
pub mod file;
pub mod id;
pub mod login;
pub mod profile;
pub mod routing;
pub mod source;
pub mod time;
pub mod user;

pub use account::{Account, AccountSettings, Skill};
pub use api_key::{ApiKey, Scope};
pub use consumer::Consumer;
pub use conversation::{Change, ChangeKind, Conversation, Dialog, DialogKind, Participant, Role};
pub use delivery::{Delivery, DeliveryStatus};
pub use event::{AcceptStatus, Audience, Content, Event, EventBody, Originator};
pub use file::{FileState, StoredFile};
pub use id::*;
pub use profile::{Privilege, Profile};
pub use source::{ChannelApp, Health, Source};
pub use time::Timestamp;
pub use user::{User, UserKind};

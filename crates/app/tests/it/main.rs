//! The use cases over a real SQLite store, a virtual clock and a canned net.

mod apps;
mod by_agent;
mod channel_log;
mod choices;
mod consent;
mod consumers;
mod equality;
mod files;
mod identity;
mod idle;
mod ingest;
mod notify;
mod outbox;
mod publish;
mod routing;
mod sessions;
mod surveys;
mod templates;
mod visitors;

//! The connectors: one folder per channel, each the only place that knows its vendor's wire.
//!
//! A connector sees the contract (`antiphon_app::channel`), the capabilities (`antiphon_content`) and [`kit`]; never the store,
//! the bus, the API or another connector. It holds no state, reads no clock and draws no random numbers. Which connectors
//! there are stands in [`list`]; what a new one takes, in `docs/adding-a-channel.md`.

pub mod cm_sms;
pub mod connector_api;
pub mod facebook_messenger;
#[cfg(test)]
mod golden;
mod google;
pub mod instagram;
mod kit;
pub mod line;
pub mod list;
mod meta;
pub mod rcs;
pub mod telegram;
pub mod twilio_sms;
pub mod viber;
pub mod web;
pub mod whatsapp;

pub use list::all;

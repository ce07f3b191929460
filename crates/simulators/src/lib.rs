//! Faithful local stand-ins for the messaging vendors, for tests, the bench and the demo.
//! They know the vendors' wire, never the product's connectors: this crate depends on no other crate of ours.
//!
//! [`start`] runs one simulator on a listener and gives a [`Simulator`]; [`TwilioSim`] and [`MessengerSim`] are its typed
//! handles (`TwilioSim::of(&sim)`, or `TwilioSim::start` at once). All handles are cheap clones and deref to [`Kit`]: virtual clock,
//! faults, journal, waiting. The same is offered over HTTP below `/_sim`; the README of this crate lists the calls.
//! [`phone_router`] serves `/simulators`, a phone for each channel; [`Shop`] a page of a brand that carries the web widget.
//!
//! Time is virtual and stands still until `advance_clock` or `run_clock(true)`. Ids derive from the seed. Reading order:
//! `simulator`, `kit`, then a vendor's `mod`.

pub mod cm_sms;
mod demo;
pub mod facebook_messenger;
pub mod instagram;
mod kit;
pub mod line;
mod list;
mod meta;
mod pages;
mod phone;
pub mod rcs;
mod shop;
mod simulator;
pub mod telegram;
pub mod twilio_sms;
pub mod viber;
pub mod whatsapp;

pub use cm_sms::CmSim;
pub use demo::{DemoApp, DemoSource};
pub use facebook_messenger::{MessengerSim, Referral};
pub use instagram::InstagramSim;
pub use kit::phone::{Attachment, Bubble, Button, Consumer, Features, Line, NewConsumer, Overview, Phone, Place, Thread, Upload, Written};
pub use kit::{Clock, Direction, Entry, Fault, Faults, Ids, Journal, Kit, Media, MediaStore, Pump, Side, SimError, Trouble};
pub use line::LineSim;
pub use list::channels;
pub use phone::phone_router;
pub use rcs::RcsSim;
pub use shop::Shop;
pub use simulator::{Simulator, SimulatorConfig, Vendor, WebhookTarget, start};
pub use telegram::TelegramSim;
pub use twilio_sms::TwilioSim;
pub use viber::ViberSim;
pub use whatsapp::WhatsappSim;

//! Faithful local stand-ins for the messaging vendors, for tests, the bench and the demo.
//! They know the vendors' wire, never the product's connectors.
pub mod facebook_messenger;
mod kit;
mod list;
mod simulator;
pub mod twilio_sms;

pub use facebook_messenger::{MessengerSim, Referral};
pub use kit::phone::{Attachment, Bubble, Button, Consumer, Features, Line, NewConsumer, Overview, Phone, Place, Thread, Upload, Written};
pub use kit::{Clock, Direction, Entry, Fault, Faults, Ids, Journal, Kit, Media, MediaStore, Pump, Side, SimError, Trouble};
pub use list::channels;
pub use simulator::{Simulator, SimulatorConfig, Vendor, WebhookTarget, start};
pub use twilio_sms::TwilioSim;

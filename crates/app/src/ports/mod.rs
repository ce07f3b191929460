//! What the use cases need from the world, in their own words.

pub mod blobs;
pub mod bus;
pub mod clock;
pub mod net;
pub mod notifications;
pub mod secrets;
pub mod store;

pub use blobs::Blobs;
pub use bus::Bus;
pub use clock::{Clock, Ids};
pub use net::Net;
pub use notifications::NotificationWire;
pub use secrets::Secrets;
pub use store::Store;

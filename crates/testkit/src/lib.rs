//! Doubles of the world for tests: a clock that a test moves, ids from a seed, a net with canned answers, and the whole
//! product over an SQLite file in a temporary folder. A dev-dependency only; nothing here is shipped.

pub mod app;
pub mod blobs;
pub mod bucket;
pub mod channel;
pub mod clock;
pub mod hosted;
pub mod ids;
pub mod net;
pub mod secrets;
pub mod wire;

pub use app::TestApp;
pub use channel::TestChannel;
pub use clock::VirtualClock;
pub use ids::SeededIds;
pub use net::CannedNet;

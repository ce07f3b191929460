//! The world as this process sees it: clock, randomness, keys, disk. The only adapters that may touch these.

pub mod clock;
pub mod disk;
pub mod files;
pub mod ids;
pub mod lock;
pub mod master_key;
pub mod passwords;
pub mod secrets;

pub use clock::SystemClock;
pub use ids::SystemIds;
pub use secrets::SealedSecrets;

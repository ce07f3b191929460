//! Where everything is kept: the store behind `antiphon_app::ports::Store`, and the folder behind `antiphon_app::ports::Blobs`.
//!
//! Start at [`SqliteStore`]. A second adapter goes beside `sqlite` and passes [`contract`]. Nothing here decides anything
//! about conversations: it keeps what it is given, whole or not at all.

pub mod blobs;
pub mod contract;
pub mod sqlite;

pub use blobs::FolderBlobs;
pub use sqlite::{OpenError, Options, SqliteStore};

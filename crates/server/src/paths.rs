//! Names inside the data folder. They are part of what backups hold, so they never change.

/// The database.
pub const DATABASE: &str = "antiphon.db";
/// The folder of stored files.
pub const FILES: &str = "files";
/// The folder of the private authority and its certificate.
pub const TLS: &str = "tls";

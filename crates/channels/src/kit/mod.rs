//! What connectors share: helpers that they call, never the reverse.
//!
//! Nothing here knows a vendor. Whoever needs a special case puts it into the connector that has it.

pub mod adapt;
pub mod errors;
pub mod field;
pub mod form;
pub mod hosted;
pub mod http;
pub mod item;
pub mod json;
pub mod mac;
pub mod media;
pub mod settings;
#[cfg(test)]
pub mod table;
#[cfg(test)]
mod tests;
pub mod time;

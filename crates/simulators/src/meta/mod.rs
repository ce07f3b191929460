//! What the simulated channels of one vendor, Meta, share on the wire: signatures, its way of writing JSON, and the shape of refusals.

pub(crate) mod errors;
pub mod sign;

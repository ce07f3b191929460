//! The use cases: one way for each change of state, and the ports through which they reach the world.

pub mod channel;
pub mod ports;

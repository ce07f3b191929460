//! What the use cases need from the world, in their own words.

pub mod net;

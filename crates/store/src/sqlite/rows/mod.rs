//! How each object lies in its row. One file per group of objects; each converts by hand, in both directions, and knows
//! nothing of SQL beyond the meaning of its columns.

pub mod codec;
pub mod configuration;
pub mod consumer;
pub mod conversation;
pub mod delivery;
pub mod event;
pub mod identity;
pub mod log;
pub mod notification;

//! The binary `antiphon`: commands, configuration, wiring. The outermost crate, and the only one that reads the clock, the
//! environment, files outside the store, and randomness. Nothing imports it.
//!
//! Start at [`cli`] for the commands, at [`serve`] for how the parts are put together, at `config/defaults.toml` for the settings.

pub mod adapters;
pub mod bootstrap;
pub mod cli;
mod commands;
pub mod config;
pub mod document;
mod log;
mod paths;
pub mod serve;
mod tls;

//! The commands of the real binary on temporary folders, as whoever runs it meets them.
//!
//! Nothing here sleeps: it waits for lines that the binary prints and for processes to end.

mod bootstrap;
mod commands;
mod data;
mod every_channel;
mod evil;
mod run;
mod setup;
mod tls;
mod vendors;
mod whatsapp;

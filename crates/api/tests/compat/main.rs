//! The compatible surface over real loopback sockets: what the published clients send, and what they must get.
//!
//! No test sleeps: time is the virtual clock's, and every wait is for a frame. A guard ends a test that would wait for ever.

mod agents_day;
mod app_users;
mod conformance;
mod files;
mod golden_path;
mod harness;
mod history;
mod http;
mod identity;
mod installations;
mod roles;
mod send;
mod signed;
mod sockets;
mod transfers;
mod visits;
mod webhooks;

//! The one way out: the adapter of `app::ports::Net` that every call to vendors, brands' endpoints and media hosts takes.
//!
//! Start at [`GuardedNet`], then `call.rs` for one call's life and `address.rs` for what is refused. Nothing here retries:
//! that is the outbox's decision, and it rests on [`NetError`](antiphon_app::ports::net::NetError) never claiming "not sent"
//! of a request that may have been.

mod address;
mod call;
mod guarded;
mod resolve;
#[cfg(test)]
mod tests;

pub use guarded::{GuardedNet, NetOptions, NetSetupError};
pub use resolve::{Resolver, Resolving, SystemResolver};

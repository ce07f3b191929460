//! How committed changes reach those who wait for them: the adapters of `app::ports::Bus`.
//!
//! Nothing here is the truth: an announcement may be lost, and who hears of a loss reads the store. Start at
//! [`InProcess`], the default; [`Faulty`] makes any bus as bad as the contract allows, for tests.

#[cfg(test)]
mod contract;
mod faulty;
mod in_process;

pub use faulty::{Faulty, Odds};
pub use in_process::{InProcess, QUEUE_LENGTH};

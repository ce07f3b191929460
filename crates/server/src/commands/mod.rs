//! What each command does. They print their results on standard output and fail with a sentence.

mod backup;
mod check;
mod demo;
mod doctor;
mod serve;
mod users;

pub use backup::{backup, restore};
pub use check::check;
pub use demo::demo;
pub use doctor::doctor;
pub use serve::serve;
pub use users::{NewAccount, NewUser, WhichUser, WhichUserAndPassword, create_account, create_user, set_password, unlock};

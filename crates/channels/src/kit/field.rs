//! Fields of settings forms, in one line each.

use antiphon_app::channel::Field;

/// A field that may be left out.
pub const fn optional(name: &'static str, label: &'static str, default: Option<&'static str>, help: &'static str) -> Field {
    Field { name, label, secret: false, required: false, default, choices: &[], help }
}

/// A field without which a source can't be activated, and which may be seen.
pub const fn required(name: &'static str, label: &'static str, help: &'static str) -> Field {
    Field { name, label, secret: false, required: true, default: None, choices: &[], help }
}

/// A field that is never shown again once it is set.
pub const fn secret(name: &'static str, label: &'static str, required: bool, help: &'static str) -> Field {
    Field { name, label, secret: true, required, default: None, choices: &[], help }
}

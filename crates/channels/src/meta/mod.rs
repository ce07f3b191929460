//! What the channels of one vendor, Meta, have in common: signature, handshake, calls to the Graph API and its refusals.
//!
//! A family of channels shares here what is the same on their wire, and nothing else: no connector imports another one, and `kit` knows
//! no vendor. What differs between the channels (fields, codes, kinds of update) stays in their folders.

pub mod deletion;
pub mod graph;
pub mod handshake;
pub mod messaging;
pub mod refusal;
pub mod signature;
pub mod usage;

use crate::kit::field::{optional, secret};
use antiphon_app::channel::Field;

/// The id of the brand's app, for a source that names no app.
pub const OWN_APP_ID: Field = optional("app_id", "App id", None, "Only if the source names no app.");
/// The secret of the brand's app, for a source that names no app.
pub const OWN_APP_SECRET: Field =
    secret("app_secret", "App secret", false, "Only if the source names no app. Signs webhooks; in the app's basic settings.");
/// The same while it is being reset.
pub const APP_SECRET_PREVIOUS: Field = secret(
    "app_secret_previous",
    "Previous app secret",
    false,
    "While the secret is being reset: webhooks signed with it are accepted too.",
);
/// The handshake's token, for a source that names no app.
pub const OWN_VERIFY_TOKEN: Field = secret(
    "verify_token",
    "Verify token",
    false,
    "Only if the source names no app. Any text; entered at Meta together with the webhook's address.",
);
/// The app's id.
pub const APP_ID: Field = optional("app_id", "App id", None, "On the app's first page.");
/// The app's secret.
pub const APP_SECRET: Field = secret("app_secret", "App secret", true, "Signs webhooks; in the app's basic settings.");
/// The handshake's token.
pub const VERIFY_TOKEN: Field =
    secret("verify_token", "Verify token", false, "Any text; entered at Meta together with the webhook's address.");
/// Which version of the interface is called.
pub const VERSION: Field =
    optional("graph_version", "Graph API version", Some(graph::VERSION), "The version that is called, for example v25.0.");
/// Whether calls prove the app's secret.
pub const PROOF: Field =
    optional("require_appsecret_proof", "App secret proof", Some("false"), "As the app's advanced setting of the same name.");

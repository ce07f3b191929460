//! Meta's request to delete what an app keeps of a person who signed in to it, and the page where they see what became of it.
//!
//! Public reference: <https://developers.facebook.com/docs/development/create-an-app/app-dashboard/data-deletion-callback>.
//! Who signs in here are administrators who connect pages; of them nothing is kept but the token of the page, which Meta has
//! ended by then. So the answer can be given at once, and its code says no more than which request it was.

use crate::kit::{form, mac};
use antiphon_app::channel::{Answer, RawRequest, Refusal};
use serde_json::json;

/// The end of the callback's address.
pub const TAIL: &str = "data-deletion";
const CODE_DIGITS: usize = 20;

/// The answer that Meta wants: where the person can look, and a code to look with. The same request gets the same code.
pub fn receipt(request: &RawRequest) -> Answer {
    let code = &hex::encode(mac::sha256(&request.body))[..CODE_DIGITS];
    // The public address comes last: what stands before it may be a proxy's name for us.
    let address = request.urls.last().map_or("", String::as_str);
    let address = address.split_once('?').map_or(address, |(address, _)| address);
    let body = json!({ "url": format!("{address}?code={code}"), "confirmation_code": code }).to_string();
    Answer { status: 200, content_type: "application/json", body }
}

/// The page behind that address.
pub fn state(request: &RawRequest) -> Result<Answer, Refusal> {
    let query = form::pairs(request.query.as_bytes());
    let code = form::first(&query, "code").unwrap_or_default();
    if code.len() != CODE_DIGITS || !code.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(Refusal::BadToken);
    }
    let body = format!("Request {code} is done: this application keeps nothing about the person who signed in to it.\n");
    Ok(Answer { status: 200, content_type: "text/plain", body })
}

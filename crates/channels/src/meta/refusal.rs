//! Refusals of the Graph API, `{"error":{"code":190,"error_subcode":460,"is_transient":false,"fbtrace_id":"A…"}}`, by a channel's table.
//!
//! The HTTP status is nearly always 400 whatever the cause, so code and subcode decide and the status is the last resort.

use super::usage;
use crate::kit::errors::{self, Row};
use crate::kit::{http, json};
use antiphon_app::channel::SendError;
use antiphon_app::ports::net::NetAnswer;
use antiphon_domain::Timestamp;
use serde_json::Value;

/// How long the answer asks to wait, in milliseconds.
pub fn asked(answer: &NetAnswer, product: &str, now: Timestamp) -> Option<i64> {
    http::retry_after(answer, now).or_else(|| usage::regain_ms(answer, product))
}

/// What a refusal means.
pub fn of(table: &'static [Row], answer: &NetAnswer, body: &Value, after_ms: Option<i64>) -> SendError {
    let refused = &body["error"];
    let Some(code) = json::integer(&refused["code"]) else { return errors::from_status(answer.status, after_ms) };
    let sub = json::integer(&refused["error_subcode"]).filter(|sub| *sub != 0);
    let vendor_code = sub.map_or_else(|| code.to_string(), |sub| format!("{code}/{sub}"));
    if let Some(trace) = refused["fbtrace_id"].as_str() {
        tracing::info!(code, sub, trace, "the vendor refused a call");
    }
    if let Some(row) = errors::find(table, code, sub) {
        return row.error(&vendor_code, after_ms);
    }
    // Permission errors without a row of their own (200 to 299) are of the page, not of the message.
    let transient = refused["is_transient"] == true;
    let mut error = errors::from_status(if transient { 503 } else { answer.status }, after_ms);
    error.reason.vendor_code = Some(vendor_code.into());
    error
}

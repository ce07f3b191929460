//! The Graph error envelope. The status is 400 for nearly everything, as at the vendor: classify by code and subcode.

use axum::body::Body;
use http::Response;
use serde_json::json;

use crate::kit::respond;

/// A refusal of the Graph API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GraphError {
    pub code: u32,
    pub subcode: Option<u32>,
    pub message: String,
}

/// A refusal with a code alone.
pub(crate) fn graph(code: u32, message: impl Into<String>) -> GraphError {
    GraphError { code, subcode: None, message: message.into() }
}

/// A refusal with code and subcode.
pub(crate) fn graph_sub(code: u32, subcode: u32, message: impl Into<String>) -> GraphError {
    GraphError { subcode: Some(subcode), ..graph(code, message) }
}

/// An unknown or unreadable object.
pub(crate) fn unknown_object(id: &str) -> GraphError {
    graph_sub(
        100,
        33,
        format!(
            "Unsupported request. Object with ID '{id}' does not exist, cannot be loaded due to missing permissions, or does not support this operation"
        ),
    )
}

impl GraphError {
    pub(crate) fn into_response(self, trace: &str) -> Response<Body> {
        let kind = match (self.code, self.subcode) {
            (100, Some(33)) => "GraphMethodException",
            _ => "OAuthException",
        };
        let status = match self.code {
            1 | 2 => 500,
            _ => 400,
        };
        let mut error = json!({
            "message": self.message,
            "type": kind,
            "code": self.code,
            "fbtrace_id": trace,
        });
        if let Some(subcode) = self.subcode {
            error["error_subcode"] = subcode.into();
        }
        if [1, 2, 4, 17, 32, 613, 1200, 80_006].contains(&self.code) {
            error["is_transient"] = true.into();
        }
        respond::json(status, &json!({ "error": error }))
    }
}

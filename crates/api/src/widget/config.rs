//! `GET /widget/config/{account}/{source}`: looks, words and rules of a source's widget, for the pages that may show it.
//!
//! A page of another origin that is not listed learns only that it is not. Nothing in it is secret or about a visitor.

use crate::built::{is_known, tag_of};
use crate::options::Connection;
use crate::state::Api;
use antiphon_app::channel::Keys;
use antiphon_app::identity::WEB_CHANNEL;
use antiphon_app::widget::Widget;
use antiphon_domain::Source;
use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Serialize;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// For how long a browser believes it: a changed setting is seen after a minute at the latest.
const KEPT: &str = "public, max-age=60";

#[derive(Serialize)]
struct Config<'a> {
    account: &'a str,
    source: &'a str,
    allowed_origins: Vec<String>,
    title: &'a str,
    welcome: Option<&'a str>,
    launcher_text: Option<&'a str>,
    /// Language → name of the text → text.
    texts: &'a Map<String, Value>,
    color: &'a str,
    theme: &'a str,
    position: &'a str,
    language: &'a str,
    logo_url: Option<&'a str>,
    sign_in: &'static str,
    /// Null when visitors send none.
    attachments: Option<Attachments>,
}

#[derive(Serialize)]
struct Attachments {
    max_bytes: u64,
    /// Media type → the wire's name of it.
    types: Map<String, Value>,
}

pub(super) async fn show(
    State(api): State<Api>,
    Path((account, name)): Path<(String, String)>,
    Extension(connection): Extension<Connection>,
    headers: HeaderMap,
) -> Response {
    let directory = api.app.directory();
    let Some((view, source)) = super::source_named(&directory, &account, &name) else {
        return refuse(
            StatusCode::NOT_FOUND,
            "no_such_source",
            "the account has no active web source of that name",
            "check data-account and data-source, and whether the source is switched on",
        );
    };
    let widget = Widget::of(source);
    let origin = headers.get(header::ORIGIN).map(|origin| origin.to_str().unwrap_or_default());
    // Without an origin asks the frame, which is a page of ours, or whoever is no page at all.
    if let Some(origin) = origin.filter(|origin| !is_ours(&api, connection, &headers, origin) && !widget.allows(origin)) {
        let shown: String = origin.chars().take(200).collect();
        return refuse(
            StatusCode::FORBIDDEN,
            "origin_not_allowed",
            &format!("the source `{}` does not allow pages of {shown} to show its widget", source.address),
            "an administrator can add the origin to the source's setting allowed_origins",
        );
    }
    answer(&config(&api, view.account.id.as_str(), source, &widget), origin, &headers)
}

fn is_ours(api: &Api, connection: Connection, headers: &HeaderMap, origin: &str) -> bool {
    let own = api.origin(connection, headers, None);
    let scheme = if own.https { "https" } else { "http" };
    !own.host.is_empty() && origin.eq_ignore_ascii_case(&format!("{scheme}://{}", own.host))
}

fn config(api: &Api, account: &str, source: &Arc<Source>, widget: &Widget) -> Vec<u8> {
    let keys = Keys { source: Some(Arc::clone(source)), app: None };
    let carried = api.app.channel(WEB_CHANNEL).map_or(u64::MAX, |channel| channel.capabilities(&keys).media.max_bytes);
    let id = account.parse().ok();
    let files = id.and_then(|id| api.app.files_of_visitors(&id, source)).map(|files| Attachments {
        max_bytes: files.max_bytes.min(carried),
        // Of two names of one media type the first is the usual one.
        types: files.types.into_iter().rev().map(|(name, media_type)| (media_type.to_owned(), name.into())).collect(),
    });
    let config = Config {
        account,
        source: &source.address,
        allowed_origins: widget.origins.iter().map(ToString::to_string).collect(),
        title: &widget.title,
        welcome: widget.welcome.as_deref(),
        launcher_text: widget.launcher_text.as_deref(),
        texts: &widget.texts,
        color: &widget.color,
        theme: &widget.theme,
        position: &widget.position,
        language: &widget.language,
        logo_url: widget.logo_url.as_deref(),
        sign_in: if widget.sign_in_required { "required" } else { "optional" },
        attachments: files,
    };
    // Our own struct with string keys always serialises.
    serde_json::to_vec(&config).unwrap_or_default()
}

fn answer(body: &[u8], origin: Option<&str>, headers: &HeaderMap) -> Response {
    let tag = tag_of(&Sha256::digest(body));
    let known = is_known(headers, &tag);
    let mut response =
        json_response(if known { StatusCode::NOT_MODIFIED } else { StatusCode::OK }, if known { Vec::new() } else { body.to_vec() });
    let out = response.headers_mut();
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static(KEPT));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        out.insert(header::ETAG, tag);
    }
    if let Some(origin) = origin.and_then(|origin| HeaderValue::from_str(origin).ok()) {
        out.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    }
    response
}

/// A refusal that every page's script may read, to tell whoever builds the page.
fn refuse(status: StatusCode, code: &str, message: &str, remedy: &str) -> Response {
    let body = json!({"code": code, "message": message, "remedy": remedy}).to_string();
    let mut response = json_response(status, body.into_bytes());
    let out = response.headers_mut();
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    out.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}

fn json_response(status: StatusCode, body: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let out = response.headers_mut();
    out.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    out.insert(header::VARY, HeaderValue::from_static("Origin"));
    out.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    out.insert("cross-origin-resource-policy", HeaderValue::from_static("cross-origin"));
    response
}

//! `GET /widget/frame/{account}/{source}`: the page inside the frame. Only listed pages may show it, and it loads nothing but
//! its own files, pictures over https, and its own socket.

use crate::built::{self, REVALIDATED, plain};
use crate::options::Connection;
use crate::state::Api;
use antiphon_app::widget::Widget;
use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Response;
use http::{HeaderMap, HeaderName, Method, StatusCode, header};

const PAGE: &str = "widget/frame.html";

pub(super) async fn show(
    State(api): State<Api>,
    Path((account, name)): Path<(String, String)>,
    Extension(connection): Extension<Connection>,
    method: Method,
    headers: HeaderMap,
) -> Response {
    let directory = api.app.directory();
    let Some((_, source)) = super::source_named(&directory, &account, &name) else {
        return plain(StatusCode::NOT_FOUND, "The account has no active web source of that name.\n");
    };
    let own = api.origin(connection, &headers, None);
    let policy = policy(&Widget::of(source), own.https, &own.host);
    let more = [
        (header::CACHE_CONTROL, REVALIDATED),
        (header::CONTENT_SECURITY_POLICY, policy.as_str()),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("permissions-policy"), "camera=(), microphone=(), geolocation=()"),
        // For pages that let in only what agrees to it.
        (HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"),
    ];
    let page = built::file(PAGE, &headers, method == Method::HEAD, &more);
    page.unwrap_or_else(|| plain(StatusCode::NOT_FOUND, "This server was built without the web widget. Run `make build`.\n"))
}

fn policy(widget: &Widget, https: bool, host: &str) -> String {
    let origins: Vec<String> = widget.origins.iter().map(ToString::to_string).collect();
    let ancestors = if origins.is_empty() { "'none'".to_owned() } else { origins.join(" ") };
    // Not every browser takes sockets of one's own host for one's own.
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '[' | ']');
    let scheme = if https { "wss" } else { "ws" };
    let socket = if !host.is_empty() && host.chars().all(plain) { format!(" {scheme}://{host}") } else { String::new() };
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob: https:; media-src 'self' blob:; \
         connect-src 'self'{socket}; base-uri 'none'; form-action 'none'; frame-ancestors {ancestors}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_can_not_add_to_the_policy() {
        let widget = Widget {
            origins: Vec::new(),
            title: String::new(),
            welcome: None,
            launcher_text: None,
            color: String::new(),
            theme: String::new(),
            position: String::new(),
            language: String::new(),
            texts: Default::default(),
            logo_url: None,
            attachments: true,
            sign_in_required: false,
        };
        assert!(policy(&widget, true, "chat.example:8443").contains("connect-src 'self' wss://chat.example:8443;"));
        for host in ["", "a; script-src *", "a b", "a'b"] {
            assert!(policy(&widget, false, host).contains("connect-src 'self'; base-uri"), "{host}");
        }
        assert!(policy(&widget, false, "a").ends_with("frame-ancestors 'none'"));
    }
}

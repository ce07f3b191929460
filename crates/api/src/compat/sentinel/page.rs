//! The page where a user signs in to an app, and the one that says why they can't. No script, nothing loaded, shown in no frame.
//!
//! Whatever comes from outside is escaped here, and nowhere else.

use antiphon_app::identity::SignInPlan;
use axum::response::{Html, IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use sha2::{Digest, Sha256};

const STYLE: &str = include_str!("page.css");

/// What is shown.
pub(super) enum Page<'a> {
    /// The form.
    Form {
        /// The sign-in.
        plan: &'a SignInPlan,
        /// What the cookie carries, too.
        ticket: &'a str,
        /// The log-in name as it was given.
        login: &'a str,
        /// What was wrong with the last try.
        problem: Option<&'a str>,
    },
    /// There is nothing to be done here.
    Dead {
        /// Why, in a sentence.
        reason: &'a str,
    },
}

/// The page; its form may end at `target`, besides here.
pub(super) fn show(status: StatusCode, page: &Page<'_>, target: Option<&str>) -> Response {
    let mut response = (status, Html(render(page))).into_response();
    guard(response.headers_mut());
    let hash = STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
    let target = target.and_then(origin).unwrap_or_default();
    // Browsers hold the answer to a form against this list, too: the app's address has to stand in it.
    let policy =
        format!("default-src 'none'; style-src 'sha256-{hash}'; form-action 'self' {target}; frame-ancestors 'none'; base-uri 'none'");
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// Headers of everything that a user's browser gets while they sign in.
pub(super) fn guard(headers: &mut HeaderMap) {
    let guards: [(HeaderName, &'static str); 4] = [
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
    ];
    for (name, value) in guards {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// The source expression of an address: its origin, or its scheme where it has none.
fn origin(address: &str) -> Option<String> {
    let url = url::Url::parse(address).ok()?;
    Some(if url.origin().is_tuple() { url.origin().ascii_serialization() } else { format!("{}:", url.scheme()) })
}

/// Where a user goes back to, for people: the host, or an app's own scheme.
fn place(address: &str) -> String {
    let host = |url: url::Url| url.host_str().map_or_else(|| url.scheme().to_owned(), str::to_owned);
    url::Url::parse(address).map(host).unwrap_or_default()
}

fn render(page: &Page<'_>) -> String {
    let (title, main) = match page {
        Page::Form { plan, ticket, login, problem } => {
            let (app, account) = (escaped(&plan.app_name), escaped(&plan.account_name));
            let place = escaped(&place(&plan.redirect_uri));
            let (alert, wrong) = match problem {
                Some(problem) => (
                    format!("<p class=\"wrong\" id=\"problem\" role=\"alert\">{}</p>\n", escaped(problem)),
                    " aria-describedby=\"problem\"",
                ),
                None => (String::new(), ""),
            };
            // A name that was given before is right more often than the password.
            let (first, second) = if login.is_empty() { (" autofocus", "") } else { ("", " autofocus") };
            let title = if problem.is_some() { format!("Not signed in yet – {app}") } else { format!("Sign in – {app}") };
            let main = format!(
                "<h1>Sign in to {app}</h1>\n\
                 <p>{app} asks to act for you in {account}. You go back to {place} afterwards.</p>\n{alert}\
                 <form method=\"post\">\n<input type=\"hidden\" name=\"ticket\" value=\"{}\">\n\
                 <label for=\"username\">Log-in name</label>\n\
                 <input id=\"username\" name=\"username\" value=\"{}\" autocomplete=\"username\" autocapitalize=\"none\" spellcheck=\"false\" required{wrong}{first}>\n\
                 <label for=\"password\">Password</label>\n\
                 <input id=\"password\" name=\"password\" type=\"password\" autocomplete=\"current-password\" required{wrong}{second}>\n\
                 <button type=\"submit\">Sign in and continue</button>\n</form>",
                escaped(ticket),
                escaped(login)
            );
            (title, main)
        }
        Page::Dead { reason } => {
            let reason = escaped(reason);
            let advice = "Tell whoever sent you here; nothing is wrong with your log-in.";
            ("Sign-in is not possible".to_owned(), format!("<h1>You can’t sign in here</h1>\n<p>{reason}.</p>\n<p>{advice}</p>"))
        }
    };
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"robots\" content=\"noindex\">\n<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n{main}\n</main>\n</body>\n</html>\n"
    )
}

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_from_outside_is_text() {
        assert_eq!(escaped(r#"<b onclick="x">'&"#), "&lt;b onclick=&quot;x&quot;&gt;&#39;&amp;");
        let page = render(&Page::Dead { reason: "<script>" });
        assert!(page.contains("&lt;script&gt;.") && !page.contains("<script"), "{page}");
    }

    #[test]
    fn a_form_may_end_at_the_app() {
        let check = |address: &str, expected: (&str, &str)| {
            assert_eq!((origin(address).as_deref(), place(address).as_str()), (Some(expected.0), expected.1), "{address}");
        };
        check("https://app.example/back?x=1", ("https://app.example", "app.example"));
        check("http://127.0.0.1:3000/", ("http://127.0.0.1:3000", "127.0.0.1"));
        check("com.example.app:/back", ("com.example.app:", "com.example.app"));
    }
}

//! The first account of a new installation: a page behind a link that is printed once and works once.
//!
//! The link's secret is held in memory only, as a hash; a restart makes a new one as long as there is no account.

use antiphon_app::App;
use antiphon_app::administration::{Act, AdminError, NewAccount, NewSkill, NewUser, SettingsPatch};
use antiphon_app::session::weakness_sentence;
use antiphon_domain::login::LoginPolicy;
use antiphon_domain::{AccountId, UserKind};
use axum::Router;
use axum::extract::{DefaultBodyLimit, Form, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use subtle::ConstantTimeEq;
use tokio::sync::Mutex;

struct Setup {
    app: Arc<App>,
    /// SHA-256 of the secret; `None` when it was used.
    secret: Mutex<Option<[u8; 32]>>,
}

/// The page, and the link to it.
pub fn router(app: &Arc<App>, public_url: &str) -> (Router, String) {
    let secret = hex::encode(app.ids().token());
    let hash = Sha256::digest(secret.as_bytes()).into();
    let setup = Arc::new(Setup { app: Arc::clone(app), secret: Mutex::new(Some(hash)) });
    let router = Router::new().route("/setup", get(form).post(submit)).layer(DefaultBodyLimit::max(16 << 10)).with_state(setup);
    (router, format!("{public_url}/setup?secret={secret}"))
}

#[derive(Deserialize)]
struct Link {
    #[serde(default)]
    secret: String,
}

#[derive(Deserialize)]
struct Filled {
    secret: String,
    account: String,
    name: String,
    timezone: String,
    login: String,
    password: String,
}

fn opens(held: Option<&[u8; 32]>, secret: &str) -> bool {
    let hash: [u8; 32] = Sha256::digest(secret.as_bytes()).into();
    held.is_some_and(|held| bool::from(held.ct_eq(&hash)))
}

async fn form(State(setup): State<Arc<Setup>>, Query(link): Query<Link>) -> Response {
    if !opens(setup.secret.lock().await.as_ref(), &link.secret) {
        return page(StatusCode::FORBIDDEN, USED);
    }
    page(StatusCode::OK, &filled_form(&link.secret, ""))
}

async fn submit(State(setup): State<Arc<Setup>>, Form(filled): Form<Filled>) -> Response {
    // Held until the end: the link works once, also for two who use it at the same moment.
    let mut held = setup.secret.lock().await;
    if !opens(held.as_ref(), &filled.secret) {
        return page(StatusCode::FORBIDDEN, USED);
    }
    match create(&setup.app, &filled).await {
        Ok(()) => {
            *held = None;
            page(StatusCode::OK, "<p>The account is ready. <a href=\"/\">Sign in</a></p>")
        }
        Err(problem) => page(StatusCode::UNPROCESSABLE_ENTITY, &filled_form(&filled.secret, &problem)),
    }
}

async fn create(app: &Arc<App>, filled: &Filled) -> Result<(), String> {
    let id: AccountId = filled.account.trim().parse().map_err(|error| format!("Account: {error}."))?;
    let policy = LoginPolicy::default();
    let weak: Vec<String> =
        policy.weaknesses(&filled.password, &filled.login).into_iter().map(|weakness| weakness_sentence(weakness, &policy)).collect();
    if !weak.is_empty() {
        return Err(format!("Password: {}", weak.join(" ")));
    }
    let said = |error: AdminError| match &error.field {
        Some(field) => format!("{field}: {error}"),
        None => error.to_string(),
    };
    let act = Act::installation(&id);
    // An earlier try may have come half way.
    if app.directory().account(&id).is_none() {
        let new = NewAccount { name: filled.name.clone(), timezone: filled.timezone.clone(), allow_private_endpoints: Vec::new() };
        app.create_account(&act, new).await.map_err(said)?;
    }
    let skills = app.directory().account(&id).map(|view| view.skills.keys().copied().collect::<Vec<_>>()).unwrap_or_default();
    let skill = match skills.first() {
        Some(skill) => *skill,
        None => {
            app.create_skill(&act, NewSkill { name: "General".to_owned(), description: String::new(), enabled: true, survey_app: None })
                .await
                .map_err(said)?
                .id
        }
    };
    app.update_settings(&act, SettingsPatch { default_skill: Some(Some(skill)), ..SettingsPatch::default() }, None).await.map_err(said)?;
    let user = NewUser {
        login: filled.login.clone(),
        nickname: filled.login.clone(),
        full_name: String::new(),
        email: None,
        kind: UserKind::Human,
        profile: "administrator".to_owned(),
        skills: vec![skill],
        max_conversations: 10,
        enabled: true,
        password: Some(filled.password.clone()),
        api_keys: Vec::new(),
    };
    app.create_user(&act, user).await.map_err(said)?;
    Ok(())
}

const USED: &str = "<p>This link was used, or is not complete. With no account yet, a restart prints a new one.</p>";

fn filled_form(secret: &str, problem: &str) -> String {
    let problem = if problem.is_empty() { String::new() } else { format!("<p role=\"alert\">{}</p>", escaped(problem)) };
    let field = |label: &str, name: &str, kind: &str, value: &str, complete: &str| {
        format!(
            "<p><label>{label}<br><input name=\"{name}\" type=\"{kind}\" value=\"{value}\" autocomplete=\"{complete}\" required></label></p>"
        )
    };
    let fields = [
        field("Account id (letters, digits, underscores)", "account", "text", "", "off"),
        field("Name of the brand", "name", "text", "", "organization"),
        field("Time zone", "timezone", "text", "UTC", "off"),
        field("Administrator's log-in name", "login", "text", "admin", "username"),
        field("Password (12 characters or more)", "password", "password", "", "new-password"),
    ];
    format!(
        "{problem}<form method=\"post\" action=\"/setup\"><input type=\"hidden\" name=\"secret\" value=\"{}\">{}<p><button>Set up</button></p></form>",
        escaped(secret),
        fields.concat()
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

fn page(status: StatusCode, body: &str) -> Response {
    let html = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>Set up Antiphon</title><main><h1>Set up Antiphon</h1>{body}</main></html>"
    );
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (status, headers, html).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_secret_opens() {
        let hash: [u8; 32] = Sha256::digest(b"right").into();
        assert!(opens(Some(&hash), "right"));
        assert!(!opens(Some(&hash), "wrong"));
        assert!(!opens(Some(&hash), ""));
        assert!(!opens(None, "right"));
    }

    #[test]
    fn what_is_shown_again_is_escaped() {
        let form = filled_form("\"><script>", "<b>&'");
        assert!(!form.contains("<script>") && !form.contains("<b>") && form.contains("&lt;b&gt;&amp;&#39;"), "{form}");
    }
}

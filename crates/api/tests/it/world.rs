//! The harness: the product behind its router, and the principals who ask.

use antiphon_api::{ApiLimits, ApiOptions, Connection};
use antiphon_app::ports::store::{Login, UnitOfWork, Write};
use antiphon_app::ports::{Clock, Secrets, Store};
use antiphon_domain::account::Network;
use antiphon_domain::{Account, AccountId, AccountSettings, Pid, Profile, SkillId, User, UserId, UserKind};
use antiphon_testkit::TestApp;
use antiphon_testkit::app::{ACCOUNT, PASSWORD};
use antiphon_testkit::secrets::TestSecrets;
use axum::Router;
use axum::body::Body;
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use std::num::NonZeroU32;
use std::sync::Arc;
use tokio::sync::watch;
use tower::ServiceExt;

/// The other account, with an administrator of the same log-in name.
pub const OTHER: &str = "99";

/// The product behind its router.
pub struct World {
    pub test: TestApp,
    pub router: Router,
    _shutdown: watch::Sender<bool>,
}

/// Someone who asks.
#[derive(Clone)]
pub struct Principal {
    router: Router,
    bearer: Option<String>,
}

/// An answer, read whole.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
}

impl Answer {
    /// The body as JSON; null when it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or(Value::Null)
    }

    /// A header's text.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The body, after checking the status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", String::from_utf8_lossy(&self.bytes));
        self.json()
    }

    /// Checks status, code and field of an error.
    #[track_caller]
    pub fn expect_error(self, status: u16, code: &str, field: Option<&str>) -> Value {
        let body = self.expect(status);
        assert_eq!((body["code"].as_str(), body["field"].as_str()), (Some(code), field), "{body}");
        assert!(body["request_id"].as_str().is_some_and(|id| id.starts_with("req_")), "{body}");
        body
    }
}

/// Limits that no test reaches by accident.
pub fn wide() -> ApiLimits {
    let many = NonZeroU32::new(1_000_000).expect("a million is not zero");
    ApiLimits { requests_per_s: many, requests_burst: many, sign_ins_per_min: many, sign_ins_burst: many, ..ApiLimits::default() }
}

impl World {
    /// Starts the product with both accounts and a user without any privilege.
    pub async fn start() -> Self {
        Self::start_with(wide()).await
    }

    /// The same with limits.
    pub async fn start_with(limits: ApiLimits) -> Self {
        Self::start_as(limits, Vec::new()).await
    }

    /// The same behind a proxy that is trusted.
    pub async fn start_behind(proxy: Network) -> Self {
        Self::start_as(wide(), vec![proxy]).await
    }

    async fn start_as(limits: ApiLimits, trusted_proxies: Vec<Network>) -> Self {
        let test = TestApp::start().await;
        furnish(&test).await;
        let (shutdown, stopping) = watch::channel(false);
        let options = ApiOptions {
            public_host: "antiphon.test".to_owned(),
            demo: false,
            shutdown: stopping,
            metrics: Arc::new(|| "antiphon_up 1\n".to_owned()),
            readiness: Arc::new(|| Box::pin(std::future::ready(Ok(())))),
            secure_cookies: false,
            trusted_proxies,
            extra: None,
            limits,
            compat: Default::default(),
        };
        let router = antiphon_api::router(Arc::clone(&test.app), options);
        Self { test, router, _shutdown: shutdown }
    }

    /// Nobody in particular.
    pub fn anonymous(&self) -> Principal {
        Principal { router: self.router.clone(), bearer: None }
    }

    /// Whoever holds a token.
    pub fn holder(&self, bearer: &str) -> Principal {
        Principal { router: self.router.clone(), bearer: Some(bearer.to_owned()) }
    }

    /// Someone of the first account, signed in.
    pub async fn signed_in(&self, login: &str) -> Principal {
        self.signed_in_to(ACCOUNT, login).await
    }

    /// Someone of an account, signed in.
    pub async fn signed_in_to(&self, account: &str, login: &str) -> Principal {
        let body = json!({"account": account, "login": login, "password": PASSWORD, "bearer": true});
        let session = self.anonymous().post("/api/v1/session", body).await.expect(200);
        Principal { router: self.router.clone(), bearer: session["bearer"].as_str().map(str::to_owned) }
    }

    pub async fn administrator(&self) -> Principal {
        self.signed_in("admin1").await
    }
}

impl Principal {
    /// Sends a request as it is.
    pub async fn send(&self, mut request: Request<Body>) -> Answer {
        request.extensions_mut().insert(Connection::default());
        let response = self.router.clone().oneshot(request).await.expect("the router never fails");
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.expect("a body in memory").to_bytes().to_vec();
        Answer { status: parts.status, headers: parts.headers, bytes }
    }

    /// A request with a JSON body and further headers.
    pub async fn call(&self, method: Method, path: &str, body: Option<Value>, headers: &[(&str, &str)]) -> Answer {
        let mut headers = headers.to_vec();
        let body = match body {
            Some(body) => {
                headers.push(("content-type", "application/json"));
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        self.call_with(method, path, body, &headers).await
    }

    /// A request with any body.
    pub async fn call_with(&self, method: Method, path: &str, body: Body, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::builder().method(method).uri(path).header(header::HOST, "antiphon.test");
        if let Some(bearer) = &self.bearer {
            request = request.header(header::AUTHORIZATION, format!("Bearer {bearer}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(body).expect("a request")).await
    }

    /// A path below the first account.
    pub fn path(path: &str) -> String {
        if path.starts_with("/api/") { path.to_owned() } else { format!("/api/v1/accounts/{ACCOUNT}/{path}") }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, &Self::path(path), None, &[]).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.call(Method::POST, &Self::path(path), Some(body), &[]).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.call(Method::PATCH, &Self::path(path), Some(body), &[]).await
    }
}

async fn furnish(test: &TestApp) {
    let now = test.clock.now();
    let mut unit = UnitOfWork::new(test.account());
    unit.write(Write::PutProfile(Profile { name: "nothing".into(), privileges: Vec::new() }));
    unit.write(Write::PutUser(user(5, "nobody1", "nothing", test)));
    unit.write(Write::PutLogin(login(5).await));
    test.store.commit(unit).await.expect("the furniture is stored");
    let other: AccountId = OTHER.parse().expect("an account id");
    let mut unit = UnitOfWork::new(other.clone());
    unit.write(Write::PutAccount(Account {
        id: other,
        name: "Other".into(),
        timezone: "UTC".into(),
        default_skill: None,
        allow_private_endpoints: Vec::new(),
        settings: AccountSettings::default(),
        created_at: now,
    }));
    unit.write(Write::PutUser(User { pid: Pid([9; 16]), skills: Vec::new(), ..user(1, "admin1", "administrator", test) }));
    unit.write(Write::PutLogin(login(1).await));
    test.store.commit(unit).await.expect("the other account is stored");
    test.app.reload_directory().await.expect("the directory loads");
}

fn user(id: i64, login: &str, profile: &str, test: &TestApp) -> User {
    let now = test.clock.now();
    let mut pid = [5; 16];
    pid[15] = u8::try_from(id).expect("a small number");
    User {
        id: UserId(id),
        pid: Pid(pid),
        login: login.into(),
        nickname: login.into(),
        full_name: String::new(),
        email: None,
        kind: UserKind::Human,
        profile: profile.into(),
        skills: vec![SkillId(1)],
        max_conversations: 3,
        enabled: true,
        created_at: now,
        updated_at: now,
    }
}

async fn login(user: i64) -> Login {
    Login {
        user: UserId(user),
        password_hash: Some(TestSecrets.hash_password(PASSWORD).await),
        history: Vec::new(),
        failures: 0,
        locked_until: None,
        last_login_at: None,
        api_keys: Vec::new(),
    }
}

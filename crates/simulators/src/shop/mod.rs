//! The demo's shop at `/simulators/shop`: a page of a brand that carries the web widget by its one script tag, tells agents what
//! the visitor looks at, and vouches for customers who sign in. It knows nothing of the product but that tag and the token's form.
//!
//! Its customers have no passwords: like the phones it is for the demo on loopback only.

mod sign_in;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Query};
use axum::routing::get;
use http::Response;
use rust_embed::RustEmbed;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::kit::respond;
use crate::pages::page_file;
use sign_in::SignIn;

#[derive(RustEmbed)]
#[folder = "src/shop/static"]
struct Files;

/// The page loads its own files and what the widget is: a script, its configuration and its frame, all of this server.
const POLICY: &str = "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

/// Who can sign in at the shop. All of them are made up.
const CUSTOMERS: [Shopper; 2] = [
    Shopper { id: "4711", given: "Chiara", family: "Rossi", email: "chiara@customers.example", kind: "gold", since: "2021" },
    Shopper { id: "4712", given: "Yusuf", family: "Kaya", email: "yusuf@customers.example", kind: "new", since: "2025" },
];

struct Shopper {
    id: &'static str,
    given: &'static str,
    family: &'static str,
    email: &'static str,
    kind: &'static str,
    since: &'static str,
}

/// A shop that is open: the brand's log-in with its key, and where its widget leads.
pub struct Shop {
    account: String,
    source: String,
    sign_in: SignIn,
    now_s: fn() -> i64,
}

#[derive(Deserialize)]
struct Asked {
    customer: String,
}

impl Shop {
    /// The issuer of its customers' tokens.
    pub const ISSUER: &'static str = "https://sign-in.shop.example";

    /// A shop whose widget leads to a source of an account. The key of its log-in is a new one each time; `now_s` are the seconds
    /// since the Unix epoch that its tokens are dated by.
    ///
    /// # Errors
    /// Where the system has no randomness for a key.
    pub fn new(account: &str, source: &str, now_s: fn() -> i64) -> std::io::Result<Self> {
        Ok(Self { account: account.to_owned(), source: source.to_owned(), sign_in: SignIn::new()?, now_s })
    }

    /// The public key that its customers' tokens are verified with, in PEM.
    #[must_use]
    pub fn public_key_pem(&self) -> &str {
        self.sign_in.public_key_pem()
    }

    /// Serves the page at `/simulators/shop` and what belongs to it below.
    pub(crate) fn router(self) -> Router {
        let page = Files::get("shop.html").map(|file| String::from_utf8_lossy(&file.data).into_owned()).unwrap_or_default();
        // Both are ids that the demo itself chose, without any character that means something in HTML.
        let page: Arc<str> = page.replace("{account}", &self.account).replace("{source}", &self.source).into();
        let shop = Arc::new(self);
        Router::new()
            .route("/simulators/shop", get(move || async move { page_file("shop.html", page.to_string().into(), POLICY) }))
            .route(
                "/simulators/shop/static/{name}",
                get(|Path(name): Path<String>| async move {
                    match Files::get(&name).filter(|_| name != "shop.html") {
                        Some(found) => page_file(&name, found.data.into_owned().into(), POLICY),
                        None => respond::bytes(404, "text/plain; charset=utf-8", "no such file".into()),
                    }
                }),
            )
            .route("/simulators/shop/customers", get(|| async { respond::json(200, &customers()) }))
            .route("/simulators/shop/token", get(move |Query(asked): Query<Asked>| async move { shop.token(&asked.customer) }))
    }

    /// A token that the widget presents: the customer whom the brand's log-in knows.
    fn token(&self, customer: &str) -> Response<Body> {
        let now_s = (self.now_s)();
        let Some(customer) = CUSTOMERS.iter().find(|known| known.id == customer) else {
            return respond::json(404, &json!({ "error": "the shop has no such customer" }));
        };
        let claims = json!({
            "iss": Self::ISSUER,
            "aud": self.account,
            "sub": format!("customer-{}", customer.id),
            "iat": now_s,
            "exp": now_s + 600,
            "given_name": customer.given,
            "family_name": customer.family,
            "email": customer.email,
            "lp_sdes": [{ "type": "ctmrinfo", "info": { "customerId": customer.id, "ctype": customer.kind, "loginStatus": "logged in" } }],
        });
        match self.sign_in.sign(&claims) {
            Some(token) => respond::json(200, &json!({ "token": token })),
            None => respond::json(500, &json!({ "error": "the token could not be signed" })),
        }
    }
}

fn customers() -> Value {
    let one = |customer: &Shopper| json!({ "id": customer.id, "name": format!("{} {}", customer.given, customer.family), "kind": customer.kind, "since": customer.since });
    json!({ "customers": CUSTOMERS.iter().map(one).collect::<Vec<_>>() })
}

//! Which scope of an API key opens an operation: by the noun of its path, and whether it changes something. What is not in the
//! table no key opens: a session's own matters, and the keys themselves.

use antiphon_domain::Scope;
use antiphon_domain::api_key::Area;

/// The nouns of the paths, with their areas.
const NOUNS: [(&str, Area); 19] = [
    ("agents", Area::Users),
    ("apps", Area::Apps),
    ("audit", Area::Audit),
    ("channel-apps", Area::Sources),
    ("channel-log", Area::Logs),
    ("channels", Area::Sources),
    ("colleagues", Area::Users),
    ("consumers", Area::Consumers),
    ("conversations", Area::Conversations),
    ("dead-letters", Area::Logs),
    ("deliveries", Area::Conversations),
    ("identity-providers", Area::Apps),
    ("previews", Area::Conversations),
    ("profiles", Area::Users),
    ("settings", Area::Settings),
    ("skills", Area::Skills),
    ("sources", Area::Sources),
    ("stats", Area::Conversations),
    ("users", Area::Users),
];

/// The scope that an operation needs; `None`: no key opens it. The path may be a request's or a description's.
pub(crate) fn scope_of(method: &str, path: &str) -> Option<Scope> {
    let below = path.strip_prefix("/api/v1/")?;
    let noun = match below.strip_prefix("accounts/") {
        Some(in_account) => in_account.split('/').nth(1)?,
        None => below.split('/').next()?,
    };
    let (_, area) = *NOUNS.iter().find(|(known, _)| *known == noun)?;
    let reads = method.eq_ignore_ascii_case("get") || method.eq_ignore_ascii_case("head");
    let scope = Scope { area, writes: !reads };
    Scope::all().any(|known| known == scope).then_some(scope)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operations_scope_is_its_noun_and_its_direction() {
        #[track_caller]
        fn check(method: &str, path: &str, expected: Option<&str>) {
            assert_eq!(scope_of(method, path).map(|scope| scope.to_string()).as_deref(), expected, "{method} {path}");
        }
        check("GET", "/api/v1/accounts/12/users", Some("users:read"));
        check("patch", "/api/v1/accounts/{account}/users/{id}", Some("users:write"));
        check("POST", "/api/v1/accounts/12/consumers/users/consents", Some("consumers:write"));
        check("GET", "/api/v1/channels", Some("sources:read"));
        check("GET", "/api/v1/accounts/12/stats", Some("conversations:read"));
        check("POST", "/api/v1/accounts/12/audit", None);
        check("GET", "/api/v1/session", None);
        check("POST", "/api/v1/accounts/12/api-keys", None);
        check("GET", "/api/v1/accounts/users", None);
        check("GET", "/api/v1/accounts/12/new-things", None);
        check("GET", "/elsewhere/accounts/12/users", None);
    }
}

//! `docs/reference/admin-api.md` is made from the description, so that it never says anything else.

use serde_json::Value;
use std::fmt::Write as _;
use std::path::Path;

const HEAD: &str = "# Admin API\n
<!-- Made from docs/openapi.json by `UPDATE=1 cargo test -p antiphon-api`. Do not edit below the first table by hand. -->\n
Everything that an administrator sets and reads, as JSON with snake_case members. Times are UTC milliseconds, ids are text.
The machine-readable description is [`docs/openapi.json`](../openapi.json), and on every server `GET /api/v1/openapi.json`.\n
| Subject | Rule |
|---|---|
| Signing in | `POST /api/v1/session` with account, log-in name and password sets the cookie `antiphon_session`. With `\"bearer\": true` the answer carries a token for `Authorization: Bearer …` instead. |
| API keys | `Authorization: Bearer antk_…` with a key of the account. It opens the operations of its scopes (the last table) and nothing else: no session, no other key, none of the compatible interfaces. It acts in the name of a user, never exceeds that user or its maker, and is refused while the user is disabled, after `expires_at`, outside its `networks`, and once revoked. |
| Guard token | Signed in by cookie, every request but GET needs the session's `csrf` in the header `X-CSRF-Token`. It is the same for all tabs of a session. |
| Errors | The HTTP status and `{code, message, field?, remedy?, request_id}`. Programs decide by `code`; `field` is dotted for nested members; the server's log has the `request_id`. |
| Unknown members | 400, in bodies and in the query strings of lists. |
| Lists | `?limit=` (1 to 200, 50 when not given) and `?after=`; the answer is `{items, next}`. `next` goes into `after` as it is, null is the end. Messages page by `after_sequence`. |
| Changes | Objects carry an `ETag`. `PATCH` with `If-Match` is refused with 412 when somebody else was faster. Members that are not given stay. |
| Repeats | `POST` that makes an object takes an `Idempotency-Key`: the same key with the same request makes one object, for 24 hours. |
| Secrets | Come in and never go out: a secret credential is shown as `{\"set\": true}`, and sending that back leaves it alone. Null removes a value. |
| Privileges | Nobody gives a profile, or sets a password, above their own privileges. Another account's paths answer 403 whether it exists or not. |
| Limits | 50 requests per second of a user or API key (300 at once), 60 log-ins per minute and address (120 at once), 1 MiB per body, 30 s per request. Beyond: 429 or 503 with `Retry-After`, or 413. |
";

fn page() -> String {
    let document: Value = antiphon_api::openapi_document().parse().expect("JSON");
    let mut tags: Vec<(String, Vec<String>)> = Vec::new();
    for (path, operations) in document["paths"].as_object().expect("paths") {
        for (method, operation) in operations.as_object().expect("operations") {
            let tag = operation["tags"][0].as_str().expect("a tag").to_owned();
            let short = path.replace("/api/v1/accounts/{account}", "…");
            let what = [&operation["summary"], &operation["description"]].iter().filter_map(|text| text.as_str()).collect::<Vec<_>>();
            let members: Vec<String> = operation["parameters"]
                .as_array()
                .into_iter()
                .flatten()
                .filter(|parameter| parameter["in"] == "query")
                .filter_map(|parameter| Some(format!("`{}`", parameter["name"].as_str()?)))
                .collect();
            let body = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].as_str();
            let takes = match body.and_then(|body| body.rsplit('/').next()) {
                Some(schema) => fields(&document["components"]["schemas"][schema]),
                None => members.join(", "),
            };
            let row = format!("| `{} {short}` | {} | {takes} |\n", method.to_uppercase(), what.join(" ").replace('\n', " "));
            match tags.iter_mut().find(|(known, _)| *known == tag) {
                Some((_, rows)) => rows.push(row),
                None => tags.push((tag, vec![row])),
            }
        }
    }
    tags.sort();
    let mut page = HEAD.to_owned();
    page.push_str("\n`…` stands for `/api/v1/accounts/{account}`.\n");
    for (tag, rows) in tags {
        let mut name = tag.chars();
        let title: String = name.next().into_iter().flat_map(char::to_uppercase).chain(name).collect();
        let _ = write!(page, "\n## {title}\n\n| Operation | What | Takes |\n|---|---|---|\n{}", rows.concat());
    }
    page.push_str(&scopes(&document));
    page
}

/// What each scope opens, as the operations themselves say it.
fn scopes(document: &Value) -> String {
    let mut table =
        "\n## Scopes of API keys\n\nWhoever may write in an area may read there, too.\n\n| Scope | Opens |\n|---|---|\n".to_owned();
    for scope in antiphon_domain::Scope::all().map(|scope| scope.to_string()) {
        let mut opened = Vec::new();
        for (path, operations) in document["paths"].as_object().expect("paths") {
            for (method, operation) in operations.as_object().expect("operations") {
                if operation["security"].as_array().into_iter().flatten().any(|way| way["api_key"][0] == *scope) {
                    opened.push(format!("`{} {}`", method.to_uppercase(), path.replace("/api/v1/accounts/{account}", "…")));
                }
            }
        }
        let _ = writeln!(table, "| `{scope}` | {} |", opened.join(", "));
    }
    table
}

fn fields(schema: &Value) -> String {
    let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let names = schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name.as_str());
    let shown = names.map(|name| if required.contains(&name) { format!("**`{name}`**") } else { format!("`{name}`") });
    shown.collect::<Vec<_>>().join(", ")
}

#[test]
#[expect(clippy::disallowed_methods, reason = "whoever runs the test asks for a rewrite through the environment")]
fn the_reference_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/admin-api.md");
    let page = page();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &page).expect("the reference is written");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == page, "docs/reference/admin-api.md is stale: run `UPDATE=1 cargo test -p antiphon-api` and commit it");
}

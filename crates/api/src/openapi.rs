//! The description of the admin API, made from the handlers' own annotations.
//!
//! What all operations share (path members, error answers, how one signs in) is put in here once instead of at each handler.

use crate::error::ErrorBody;
use crate::scopes::scope_of;
use crate::{
    agents, api_keys, app_notifications, apps, audit, channel_apps, channel_log, channels, consents, consumers, conversations,
    dead_letters, deliveries, identity_providers, previews, profiles, session, settings, skills, sources, state::Api, stats, users,
};
use antiphon_domain::Scope;
use axum::response::{IntoResponse, Response};
use http::header;
use serde_json::{Value, json};
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Antiphon admin API",
        version = "1",
        description = "Administration and reading. Conversations themselves happen over the agents' socket.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    components(schemas(ErrorBody))
)]
struct Description;

/// Every route of the admin API, with its description.
pub(crate) fn described() -> OpenApiRouter<Api> {
    OpenApiRouter::with_openapi(Description::openapi())
        .merge(session::routes())
        .merge(users::routes())
        .merge(agents::routes())
        .merge(profiles::routes())
        .merge(skills::routes())
        .merge(sources::routes())
        .merge(channel_apps::routes())
        .merge(apps::routes())
        .merge(app_notifications::routes())
        .merge(identity_providers::routes())
        .merge(api_keys::routes())
        .merge(conversations::routes())
        .merge(deliveries::routes())
        .merge(consumers::routes())
        .merge(consents::routes())
        .merge(dead_letters::routes())
        .merge(channel_log::routes())
        .merge(audit::routes())
        .merge(settings::routes())
        .merge(stats::routes())
        .merge(channels::routes())
        .merge(previews::routes())
}

/// The document as text: the same bytes at each call, so that a change of the API is a change of the file.
pub fn document() -> String {
    let described = described().split_for_parts().1;
    let mut document = serde_json::to_value(&described).unwrap_or_default();
    if let Some(paths) = document["paths"].as_object_mut() {
        for (path, operations) in paths {
            for (method, operation) in operations.as_object_mut().into_iter().flatten() {
                complete(path, method, operation);
            }
        }
    }
    if let Some(schemas) = document["components"]["schemas"].as_object_mut() {
        refer_to_items(schemas);
        name_scopes(schemas);
    }
    let schema = json!({"application/json": {"schema": {"$ref": "#/components/schemas/ErrorBody"}}});
    for (_, name, what) in ERRORS {
        document["components"]["responses"][name] = json!({"description": what, "content": schema});
    }
    document["components"]["securitySchemes"] = json!({
        "bearer": {"type": "http", "scheme": "bearer"},
        "api_key": {"type": "http", "scheme": "bearer", "bearerFormat": "antk_ and 64 hex digits",
            "description": "A key of the account; each operation names the scope that it needs."},
        "cookie": {"type": "apiKey", "in": "cookie", "name": crate::ask::SESSION_COOKIE,
            "description": "Changing requests need the header X-CSRF-Token besides."},
    });
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

/// What can go wrong: status, name, description.
const ERRORS: [(&str, &str, &str); 9] = [
    ("400", "Invalid", "A value makes no sense, or a member is unknown; `field` names it."),
    ("401", "Unauthenticated", "Not signed in, or the session or key has ended."),
    (
        "403",
        "Forbidden",
        "The profile or key lacks the privilege or scope, the session is of another account, or the guard token is missing.",
    ),
    ("404", "NotFound", "There is no such object."),
    ("409", "Conflict", "A unique value is in use, or the object is in no state for that."),
    ("412", "Stale", "The object changed since it was read."),
    ("413", "TooLarge", "The body is too large."),
    ("429", "TooMany", "Too often; `Retry-After` says when to come back."),
    ("503", "Unavailable", "Not right now; nothing was changed. `Retry-After` says when to come back."),
];

/// Pages name the schema of their items instead of repeating it.
fn refer_to_items(schemas: &mut serde_json::Map<String, Value>) {
    let names: Vec<String> = schemas.keys().cloned().collect();
    for name in &names {
        if let Some(item) = name.strip_prefix("Page_").filter(|item| names.iter().any(|name| name == item)) {
            schemas[name]["properties"]["items"]["items"] = json!({"$ref": format!("#/components/schemas/{item}")});
        }
    }
}

/// Scopes are texts to the handlers, who name the wrong one; to clients they are a known list.
fn name_scopes(schemas: &mut serde_json::Map<String, Value>) {
    let names: Vec<String> = Scope::all().map(|scope| scope.to_string()).collect();
    schemas.insert(
        "ApiKeyScope".to_owned(),
        json!({"type": "string", "enum": names, "description": "A part of this API, to read or to write."}),
    );
    for name in ["ApiKey", "NewApiKey", "ApiKeyChanges"] {
        schemas[name]["properties"]["scopes"]["items"] = json!({"$ref": "#/components/schemas/ApiKeyScope"});
    }
}

fn complete(path: &str, method: &str, operation: &mut Value) {
    let public = path == "/api/v1/session" && method == "post";
    let mut parameters: Vec<Value> = Vec::new();
    for name in path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
        parameters.push(json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}}));
    }
    parameters.extend(operation["parameters"].as_array().cloned().unwrap_or_default());
    if matches!(method, "patch" | "delete") && path.contains("{id}") || method == "patch" {
        parameters.push(json!({"name": "If-Match", "in": "header", "schema": {"type": "string"},
            "description": "The ETag of the object that the change was made for; another one is refused with 412."}));
    }
    if method == "post" && path.starts_with("/api/v1/accounts/") && operation["responses"].get("201").is_some() {
        parameters.push(json!({"name": "Idempotency-Key", "in": "header", "schema": {"type": "string", "maxLength": 200},
            "description": "The same key with the same request is done once, for 24 hours; with another request it is refused with 409."}));
    }
    operation["parameters"] = Value::Array(parameters);
    let changes = matches!(method, "post" | "patch");
    for (status, name, _) in ERRORS {
        let fits = match status {
            "403" => !public,
            "404" => path.contains("{id}"),
            "409" => changes && !public,
            "412" => method == "patch" || method == "delete" && path.contains("{id}"),
            "413" => changes,
            _ => true,
        };
        if fits {
            operation["responses"][status] = json!({"$ref": format!("#/components/responses/{name}")});
        }
    }
    if !public {
        let mut ways = vec![json!({"bearer": []}), json!({"cookie": []})];
        ways.extend(scope_of(method, path).map(|scope| json!({"api_key": [scope.to_string()]})));
        operation["security"] = Value::Array(ways);
    }
}

/// `GET /api/v1/openapi.json`: for everybody, it names no secrets.
pub(crate) async fn show() -> Response {
    static TEXT: std::sync::LazyLock<String> = std::sync::LazyLock::new(document);
    ([(header::CONTENT_TYPE, "application/json")], TEXT.as_str()).into_response()
}

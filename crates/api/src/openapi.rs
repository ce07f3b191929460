//! The description of the admin API, made from the handlers' own annotations.
//!
//! What all operations share (path members, error answers, how one signs in) is put in here once instead of at each handler.

use crate::error::ErrorBody;
use crate::{
    agents, apps, audit, channel_apps, channel_log, channels, consents, consumers, conversations, dead_letters, deliveries, profiles,
    session, settings, skills, sources, state::Api, stats, users,
};
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
    document["components"]["securitySchemes"] = json!({
        "bearer": {"type": "http", "scheme": "bearer"},
        "cookie": {"type": "apiKey", "in": "cookie", "name": crate::ask::SESSION_COOKIE,
            "description": "Changing requests need the header X-CSRF-Token besides."},
    });
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

fn complete(path: &str, method: &str, operation: &mut Value) {
    let public = path == "/api/v1/session" && method == "post";
    let mut parameters: Vec<Value> = Vec::new();
    for name in path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
        parameters.push(json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}}));
    }
    parameters.extend(operation["parameters"].as_array().cloned().unwrap_or_default());
    if method == "patch" {
        parameters.push(json!({"name": "If-Match", "in": "header", "schema": {"type": "string"},
            "description": "The ETag of the object that the change was made for; another one is refused with 412."}));
    }
    if method == "post" && path.starts_with("/api/v1/accounts/") && operation["responses"].get("201").is_some() {
        parameters.push(json!({"name": "Idempotency-Key", "in": "header", "schema": {"type": "string", "maxLength": 200},
            "description": "The same key with the same request is done once, for 24 hours; with another request it is refused with 409."}));
    }
    operation["parameters"] = Value::Array(parameters);
    let error =
        |what: &str| json!({"description": what, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorBody"}}}});
    let mut errors = vec![
        ("400", "A value makes no sense, or a member is unknown"),
        ("401", "Not signed in"),
        ("429", "Too often"),
        ("503", "Not right now"),
    ];
    if !public {
        errors.push(("403", "Not allowed"));
    }
    if path.contains("{id}") {
        errors.push(("404", "There is none"));
    }
    if matches!(method, "post" | "patch") && !public {
        errors.push(("409", "In use, or in no state for that"));
    }
    if method == "patch" {
        errors.push(("412", "Changed since it was read"));
    }
    for (status, what) in errors {
        operation["responses"][status] = error(what);
    }
    if !public {
        operation["security"] = json!([{"bearer": []}, {"cookie": []}]);
    }
}

/// `GET /api/v1/openapi.json`: for everybody, it names no secrets.
pub(crate) async fn show() -> Response {
    static TEXT: std::sync::LazyLock<String> = std::sync::LazyLock::new(document);
    ([(header::CONTENT_TYPE, "application/json")], TEXT.as_str()).into_response()
}

//! The committed description is the one that the code gives. `UPDATE=1 cargo test -p antiphon-api openapi` writes it anew.

use crate::world::World;
use serde_json::Value;
use std::path::Path;

#[test]
#[expect(clippy::disallowed_methods, reason = "whoever runs the test asks for a rewrite through the environment")]
fn the_committed_description_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    let document = antiphon_api::openapi_document();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &document).expect("the description is written");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == document, "docs/openapi.json is stale: run `UPDATE=1 cargo test -p antiphon-api openapi` and commit it");
}

#[tokio::test]
async fn everybody_may_read_the_description() {
    let world = World::start().await;
    let document = world.anonymous().get("/api/v1/openapi.json").await.expect(200);
    assert_eq!(document.to_string().parse::<Value>().ok(), antiphon_api::openapi_document().parse().ok());
    for path in document["paths"].as_object().expect("paths").keys() {
        assert!(path.starts_with("/api/v1/"), "{path}");
    }
}

#[test]
fn each_operation_says_what_it_answers() {
    let document: Value = antiphon_api::openapi_document().parse().expect("JSON");
    for (path, operations) in document["paths"].as_object().expect("paths") {
        for (method, operation) in operations.as_object().expect("operations") {
            let name = format!("{method} {path}");
            assert!(operation["operationId"].is_string(), "{name}");
            assert!(operation["description"].is_string() || operation["summary"].is_string(), "{name}");
            let success = operation["responses"].as_object().expect("responses").keys().any(|status| status.starts_with('2'));
            assert!(success, "{name}");
            if matches!(method.as_str(), "patch") {
                assert!(operation["requestBody"].is_object(), "{name}");
            }
        }
    }
}

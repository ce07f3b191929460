//! What a consumer's program says of itself, and its token: in headers, in the query, or in its first request. Pure.
//!
//! Nothing here fails a request: published programs send all kinds of things. What can't be read is not there.

use super::super::super::send::client;
use antiphon_app::consumers::Client;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// The members that a query may name.
const MEMBERS: [&str; 14] = [
    "appId",
    "appVersion",
    "deviceFamily",
    "os",
    "osVersion",
    "osName",
    "integration",
    "integrationVersion",
    "browser",
    "browserVersion",
    "timeZone",
    "deviceManufacture",
    "deviceModel",
    "features",
];
/// Longest value of one of them.
const LONGEST: usize = 256;

/// What the header or the query says.
pub(super) fn read(header: Option<&str>, parameters: &BTreeMap<String, String>, address: IpAddr) -> Client {
    let from_header = client(header);
    if from_header.properties.is_some() {
        return located(from_header, address);
    }
    let mut said = Map::new();
    for name in MEMBERS {
        let Some(value) = parameters.get(name).filter(|value| !value.is_empty() && value.len() <= LONGEST) else { continue };
        let value = match name {
            "features" => Value::Array(value.split(',').map(|feature| feature.trim().into()).collect()),
            _ => Value::String(value.clone()),
        };
        said.insert(name.to_owned(), value);
    }
    if said.is_empty() {
        return Client::default();
    }
    said.insert("type".to_owned(), json!(".ClientProperties"));
    located(client(Some(&Value::Object(said).to_string())), address)
}

/// With the address that the connection comes from, unless the program names one.
fn located(said: Client, address: IpAddr) -> Client {
    let read = said.properties.as_deref().and_then(|json| serde_json::from_str::<Map<String, Value>>(json).ok());
    let Some(mut properties) = read else { return said };
    // The name in which it is echoed, whichever way it came.
    properties.insert("type".to_owned(), json!(".ClientProperties"));
    properties.entry("ipAddress").or_insert_with(|| json!(address.to_string()));
    Client { properties: Some(Value::Object(properties).to_string().into()), ..said }
}

/// What the headers of a first request hold.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Introduction {
    /// What the program is, if it says so.
    pub client: Option<Client>,
    /// Its token, if it names one.
    pub token: Option<String>,
}

#[derive(Deserialize)]
struct Header<'a> {
    #[serde(rename = "type")]
    kind: Option<String>,
    #[serde(borrow)]
    jwt: Option<&'a RawValue>,
}

/// Reads the envelope's headers: a list of typed objects, or one of them alone, in any order.
pub(super) fn introduction(headers: Option<&RawValue>, address: IpAddr) -> Introduction {
    let mut found = Introduction::default();
    let text = headers.map_or("null", RawValue::get);
    let list: Vec<&RawValue> = match text.as_bytes().first() {
        Some(b'[') => serde_json::from_str(text).unwrap_or_default(),
        Some(b'{') => headers.into_iter().collect(),
        _ => Vec::new(),
    };
    for raw in list {
        let Ok(header) = serde_json::from_str::<Header<'_>>(raw.get()) else { continue };
        match header.kind.as_deref().and_then(|kind| kind.rsplit('.').next()) {
            Some("ClientProperties") => found.client = Some(located(client(Some(raw.get())), address)),
            Some("ConsumerAuthentication") => found.token = header.jwt.and_then(|jwt| serde_json::from_str(jwt.get()).ok()),
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn properties(client: &Client) -> Value {
        client.properties.as_deref().map_or(Value::Null, |json| serde_json::from_str(json).expect("JSON"))
    }

    #[test]
    fn a_first_request_introduces_its_program_and_consumer() {
        let read = |headers: &str| {
            let raw = RawValue::from_string(headers.to_owned()).expect("JSON");
            introduction(Some(&raw), HERE)
        };
        let both = read(
            r#"[{"type":".ams.headers.ConsumerAuthentication","jwt":"t"},{"type":".ams.headers.ClientProperties","os":"IOS","features":"A"}]"#,
        );
        assert_eq!(both.token.as_deref(), Some("t"));
        let client = both.client.expect("a client");
        assert_eq!(client.features, ["A".into()]);
        assert_eq!(properties(&client), json!({"type": ".ClientProperties", "os": "IOS", "features": "A", "ipAddress": "127.0.0.1"}));
        assert_eq!(read(r#"{"type":"ConsumerAuthentication","jwt":"t"}"#).token.as_deref(), Some("t"));
        for odd in ["true", "null", "{}", "[]", "[7]", r#"["x"]"#, r#"[{"type":"x"}]"#, r#"[{"type":"ConsumerAuthentication","jwt":7}]"#] {
            assert_eq!(read(odd), Introduction::default(), "{odd}");
        }
        assert_eq!(introduction(None, HERE), Introduction::default());
    }

    #[test]
    fn a_program_may_say_what_it_is_in_header_or_query() {
        let query: BTreeMap<String, String> =
            [("v", "3"), ("os", "IOS"), ("features", "A, B")].map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let client = read(None, &query, HERE);
        assert_eq!(client.features, ["A".into(), "B".into()]);
        assert_eq!(properties(&client)["os"], "IOS");
        let client = read(Some(r#"{"type":".ClientProperties","ipAddress":"10.1.1.1"}"#), &query, HERE);
        assert_eq!(properties(&client), json!({"type": ".ClientProperties", "ipAddress": "10.1.1.1"}));
        assert_eq!(read(Some("[object Object]"), &BTreeMap::new(), HERE), Client::default());
    }
}

//! What an installed app is set to beyond its name and secret: where its notifications go, how often they are tried, how
//! they are signed. The one reader of [`ConnectorApp::settings`](crate::ports::store::ConnectorApp), for all its faces.
//!
//! Two spellings of the same are read: the bootstrap file's (`webhooks`, `retention_time_s`) and the published
//! manifest's (`capabilities.webhooks` with its `retry`). Members that mean nothing here belong to others and are left alone.

use crate::ports::store::NotificationKind;
use antiphon_domain::account::{Network, SignatureForm};
use serde_json::{Map, Value};
use std::sync::Arc;

/// Longest address of an endpoint, in bytes.
const MOST_ADDRESS: usize = 2_000;
/// Most further headers of an endpoint.
const MOST_HEADERS: usize = 20;
/// Longest value of a header, in bytes.
const MOST_HEADER: usize = 4_000;
/// How often a notification may be tried again when the number counts.
const MOST_RETRIES: u64 = 5;
/// For how many seconds notifications may be kept when the time counts.
const RETENTION_S: std::ops::RangeInclusive<i64> = 2..=259_200;
/// Headers that the connection and the protocol set themselves, and beginnings of such.
const RESERVED: [&str; 9] =
    ["host", "content-length", "content-type", "content-encoding", "transfer-encoding", "connection", "upgrade", "te", "trailer"];

/// An app's settings as far as they concern notifications.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConnectorAppSettings {
    endpoints: [Option<Arc<Endpoint>>; NotificationKind::ALL.len()],
    /// How long a notification that can't be handed over is kept and tried, in seconds. Without it the number of tries counts.
    pub retention_s: Option<i64>,
    /// How the app's notifications are signed; as the account says when `None`.
    pub signature: Option<SignatureForm>,
}

/// Where notifications of one kind go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The absolute address.
    pub url: String,
    /// Sent besides the protocol's own. Their values may be secrets.
    pub headers: Vec<(http::HeaderName, http::HeaderValue)>,
    /// How often a notification is tried again. With a retention time, 0 exempts the kind from it and other numbers mean nothing.
    pub max_retries: Option<u8>,
}

impl Endpoint {
    /// Whether the address is plain HTTP, which may only lead into networks that the account allows.
    pub fn is_plain(&self) -> bool {
        self.url.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("http:"))
    }
}

/// A setting that makes no sense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsProblem {
    /// The member, dotted, as it is spelled in the settings.
    pub field: String,
    /// What is wrong with it.
    pub message: String,
}

impl ConnectorAppSettings {
    /// Reads stored settings; what makes no sense is left out.
    pub fn read(json: &str) -> Self {
        let settings: Map<String, Value> = serde_json::from_str(json).unwrap_or_default();
        Reader { allow: None, problems: Vec::new() }.read(&settings).0
    }

    /// Reads settings that somebody wants to store. Plain HTTP leads only into the networks that the account allows.
    ///
    /// # Errors
    /// Every member that makes no sense.
    pub fn check(settings: &Map<String, Value>, allow: &[Network]) -> Result<Self, Vec<SettingsProblem>> {
        let (read, problems) = Reader { allow: Some(allow), problems: Vec::new() }.read(settings);
        if problems.is_empty() { Ok(read) } else { Err(problems) }
    }

    /// Where notifications of a kind go; `None` when the app does not want them.
    pub fn endpoint(&self, kind: NotificationKind) -> Option<&Arc<Endpoint>> {
        self.endpoints[kind as usize].as_ref()
    }

    /// Whether the app wants any notification at all.
    pub fn wants_any(&self) -> bool {
        self.endpoints.iter().any(Option::is_some)
    }
}

struct Reader<'a> {
    /// `None`: what is stored is not judged again.
    allow: Option<&'a [Network]>,
    problems: Vec<SettingsProblem>,
}

impl Reader<'_> {
    fn problem(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.problems.push(SettingsProblem { field: field.into(), message: message.into() });
    }

    fn read(mut self, settings: &Map<String, Value>) -> (ConnectorAppSettings, Vec<SettingsProblem>) {
        let mut read = ConnectorAppSettings::default();
        if let Some(seconds) = settings.get("retention_time_s") {
            read.retention_s = self.retention("retention_time_s", seconds);
        }
        match settings.get("signature") {
            None | Some(Value::Null) => {}
            Some(Value::String(name)) if SignatureForm::from_name(name).is_some() => read.signature = SignatureForm::from_name(name),
            Some(_) => self.problem("signature", format!("must be one of {}", SignatureForm::ALL.map(SignatureForm::name).join(", "))),
        }
        self.webhooks("webhooks", settings.get("webhooks"), &mut read);
        let capabilities = settings.get("capabilities").and_then(Value::as_object);
        self.webhooks("capabilities.webhooks", capabilities.and_then(|capabilities| capabilities.get("webhooks")), &mut read);
        (read, self.problems)
    }

    fn webhooks(&mut self, place: &str, given: Option<&Value>, read: &mut ConnectorAppSettings) {
        let members = match given {
            None | Some(Value::Null) => return,
            Some(Value::Object(members)) => members,
            Some(_) => return self.problem(place, "must be an object: event type to endpoint"),
        };
        for (name, value) in members {
            let field = format!("{place}.{name}");
            if name == "retry" {
                if let Some(seconds) = value.get("retention_time") {
                    read.retention_s = self.retention(&format!("{field}.retention_time"), seconds).or(read.retention_s);
                }
                continue;
            }
            let Some(kind) = NotificationKind::named(name) else {
                let known = NotificationKind::ALL.map(NotificationKind::name).join(", ");
                self.problem(field, format!("is no event type; there are {known}"));
                continue;
            };
            if let Some(endpoint) = self.endpoint(&field, value) {
                read.endpoints[kind as usize] = Some(Arc::new(endpoint));
            }
        }
    }

    /// Zero is none, as is null.
    fn retention(&mut self, field: &str, seconds: &Value) -> Option<i64> {
        match seconds.as_i64() {
            Some(0) => None,
            Some(seconds) if RETENTION_S.contains(&seconds) => Some(seconds),
            _ if seconds.is_null() => None,
            _ => {
                self.problem(field, format!("must be a number of seconds from {} to {}", RETENTION_S.start(), RETENTION_S.end()));
                None
            }
        }
    }

    /// An empty address is none.
    fn endpoint(&mut self, field: &str, value: &Value) -> Option<Endpoint> {
        let members = match value {
            Value::Null => return None,
            Value::Object(members) => members,
            _ => {
                self.problem(field, "must be an object with the member endpoint");
                return None;
            }
        };
        let before = self.problems.len();
        let url = match members.get("endpoint") {
            Some(Value::String(url)) if url.is_empty() => return None,
            Some(Value::String(url)) => self.address(&format!("{field}.endpoint"), url),
            _ => {
                self.problem(format!("{field}.endpoint"), "must be an address such as https://example.com/hook");
                None
            }
        };
        let max_retries = match members.get("max_retries") {
            None | Some(Value::Null) => None,
            Some(number) => match number.as_u64().filter(|number| *number <= MOST_RETRIES) {
                Some(number) => u8::try_from(number).ok(),
                None => {
                    self.problem(format!("{field}.max_retries"), format!("must be a whole number from 0 to {MOST_RETRIES}"));
                    None
                }
            },
        };
        let headers = self.headers(&format!("{field}.headers"), members.get("headers"));
        let known = ["endpoint", "max_retries", "headers"];
        for name in members.keys().filter(|name| !known.contains(&name.as_str())) {
            self.problem(format!("{field}.{name}"), format!("is not known; there are {}", known.join(", ")));
        }
        // What is stored is used as far as it goes; what is to be stored is refused anyway.
        (self.problems.len() == before || self.allow.is_none()).then_some(())?;
        Some(Endpoint { url: url?, headers, max_retries })
    }

    fn address(&mut self, field: &str, text: &str) -> Option<String> {
        let text = text.trim();
        let bare = |url: &url::Url| url.has_host() && url.username().is_empty() && url.password().is_none();
        let parsed = url::Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && bare(url));
        let Some(parsed) = parsed.filter(|_| text.len() <= MOST_ADDRESS) else {
            self.problem(
                field,
                format!("must be an address such as https://example.com/hook, without a user name, of at most {MOST_ADDRESS} bytes"),
            );
            return None;
        };
        if let Some(allow) = self.allow.filter(|_| parsed.scheme() == "http") {
            let inside = match parsed.host() {
                Some(url::Host::Ipv4(address)) => allow.iter().any(|network| network.contains(address.into())),
                Some(url::Host::Ipv6(address)) => allow.iter().any(|network| network.contains(address.into())),
                // Which address a name has is looked at with each call.
                _ => !allow.is_empty(),
            };
            if !inside {
                self.problem(
                    field,
                    "must begin with https://; plain http is for networks that the account's allow_private_endpoints names",
                );
                return None;
            }
        }
        Some(text.to_owned())
    }

    fn headers(&mut self, field: &str, given: Option<&Value>) -> Vec<(http::HeaderName, http::HeaderValue)> {
        let items = match given {
            None | Some(Value::Null) => return Vec::new(),
            Some(Value::Array(items)) if items.len() <= MOST_HEADERS => items,
            Some(_) => {
                self.problem(field, format!("must be a list of at most {MOST_HEADERS} objects with header_name and header_value"));
                return Vec::new();
            }
        };
        let mut headers = Vec::with_capacity(items.len());
        for (at, item) in items.iter().enumerate() {
            let text = |name: &str| item.get(name).and_then(Value::as_str).unwrap_or_default();
            let name = text("header_name").trim().parse::<http::HeaderName>().ok();
            match name.filter(|name| !RESERVED.contains(&name.as_str())) {
                None => self
                    .problem(format!("{field}.{at}.header_name"), format!("must be a header's name, and none of {}", RESERVED.join(", "))),
                Some(name) => match text("header_value").parse::<http::HeaderValue>() {
                    Ok(value) if value.len() <= MOST_HEADER => headers.push((name, value)),
                    _ => self.problem(
                        format!("{field}.{at}.header_value"),
                        format!("must be text without line breaks, of at most {MOST_HEADER} bytes"),
                    ),
                },
            }
        }
        headers
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const CONTENT: &str = "ms.MessagingEventNotification.ContentEvent";

    fn checked(settings: Value, allow: &[&str]) -> Result<ConnectorAppSettings, Vec<SettingsProblem>> {
        let allow: Vec<Network> = allow.iter().map(|network| Network::parse(network).expect(network)).collect();
        ConnectorAppSettings::check(settings.as_object().expect("an object"), &allow)
    }

    #[test]
    fn both_spellings_mean_the_same() {
        let hooks = json!({
            CONTENT: {"endpoint": "https://h/p?q=1", "max_retries": 3, "headers": [{"header_name": "X-Env", "header_value": "dev"}]},
            "cqm.ExConversationChangeNotification": {"endpoint": "https://h/c", "headers": []},
        });
        let ours = checked(json!({"scope": "msg.consumer", "retention_time_s": 3600, "webhooks": hooks}), &[]).expect("good");
        let mut manifest = hooks;
        manifest["retry"] = json!({"retention_time": 3600});
        let theirs = json!({"client_name": "x", "capabilities": {"webhooks": manifest, "engagement": {"goal": ["url"]}}});
        assert_eq!(checked(theirs.clone(), &[]).expect("good"), ours);
        assert_eq!(ConnectorAppSettings::read(&theirs.to_string()), ours);
        let content = ours.endpoint(NotificationKind::Content).expect("there is one");
        assert_eq!((content.url.as_str(), content.max_retries), ("https://h/p?q=1", Some(3)));
        assert_eq!(content.headers[0].0, "x-env");
        assert_eq!((ours.retention_s, ours.signature, ours.wants_any()), (Some(3600), None, true));
        assert!(ours.endpoint(NotificationKind::Rich).is_none());
        let alias = json!({"webhooks": {"ms.MessagingEventNotification.ExConversationChangeNotification": {"endpoint": "https://h/"}}});
        assert!(checked(alias, &[]).expect("good").endpoint(NotificationKind::Conversation).is_some());
    }

    #[test]
    fn what_is_empty_is_not_there() {
        let settings = checked(json!({"webhooks": {CONTENT: {"endpoint": ""}, "retry": {"retention_time": 0}}}), &[]).expect("good");
        assert_eq!(settings, ConnectorAppSettings::default());
        assert!(!settings.wants_any());
        assert_eq!(ConnectorAppSettings::read("no json"), ConnectorAppSettings::default());
    }

    #[test]
    fn plain_http_stays_inside() {
        #[track_caller]
        fn check(url: &str, allow: &[&str], good: bool) {
            let settings = json!({"webhooks": {CONTENT: {"endpoint": url}}});
            assert_eq!(checked(settings.clone(), allow).is_ok(), good, "{url}");
            // What is stored is judged when it is called.
            assert!(ConnectorAppSettings::read(&settings.to_string()).wants_any(), "{url}");
        }
        check("https://example.com/hook", &[], true);
        check("HTTPS://example.com/hook", &[], true);
        check("http://example.com/hook", &[], false);
        check("http://127.0.0.1:9000/hook", &[], false);
        check("http://127.0.0.1:9000/hook", &["127.0.0.0/8"], true);
        check("http://10.0.0.1/hook", &["127.0.0.0/8"], false);
        check("http://[fd00::1]/hook", &["fd00::/8"], true);
        check("http://connector:3000/hook", &["172.16.0.0/12"], true);
    }

    #[test]
    fn each_problem_names_its_member() {
        #[track_caller]
        fn check(settings: Value, field: &str) {
            let problems = checked(settings, &[]).expect_err("it is wrong");
            assert_eq!(problems.iter().map(|problem| problem.field.as_str()).collect::<Vec<_>>(), [field], "{problems:?}");
        }
        let hook = |endpoint: Value| json!({"webhooks": {CONTENT: endpoint}});
        check(json!({"webhooks": []}), "webhooks");
        check(json!({"webhooks": {"ms.Nothing": {}}}), "webhooks.ms.Nothing");
        check(json!({"capabilities": {"webhooks": 1}}), "capabilities.webhooks");
        check(json!({"retention_time_s": 1}), "retention_time_s");
        check(json!({"webhooks": {"retry": {"retention_time": 300_000}}}), "webhooks.retry.retention_time");
        check(json!({"signature": "md5"}), "signature");
        check(hook(json!("https://h/")), &format!("webhooks.{CONTENT}"));
        check(hook(json!({})), &format!("webhooks.{CONTENT}.endpoint"));
        check(hook(json!({"endpoint": "ftp://h/"})), &format!("webhooks.{CONTENT}.endpoint"));
        check(hook(json!({"endpoint": "https://user@h/"})), &format!("webhooks.{CONTENT}.endpoint"));
        check(hook(json!({"endpoint": "https://h/", "max_retries": 6})), &format!("webhooks.{CONTENT}.max_retries"));
        check(hook(json!({"endpoint": "https://h/", "headers": {}})), &format!("webhooks.{CONTENT}.headers"));
        check(hook(json!({"endpoint": "https://h/", "retries": 1})), &format!("webhooks.{CONTENT}.retries"));
        let header =
            |name: &str, value: &str| hook(json!({"endpoint": "https://h/", "headers": [{"header_name": name, "header_value": value}]}));
        check(header("Host", "elsewhere"), &format!("webhooks.{CONTENT}.headers.0.header_name"));
        check(header("X A", "1"), &format!("webhooks.{CONTENT}.headers.0.header_name"));
        check(header("X-A", "1\r\nX-B: 2"), &format!("webhooks.{CONTENT}.headers.0.header_value"));
    }
}

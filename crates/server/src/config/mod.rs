//! The configuration: embedded defaults, a file over them, then the environment, then flags.
//!
//! One file per section. A section must never have a default of its own: `defaults.toml` is the one place.

mod files;
mod http;
mod keys;
mod limits;
mod log;
mod outbound;
mod server;
mod storage;
mod tls;

pub use files::{FilePlace, Files};
pub use http::Http;
pub use keys::Keys;
pub use log::{Format, Log};
pub use outbound::Outbound;
pub use server::Server;
pub use storage::Storage;
pub use tls::Tls;

use crate::document::{Item, Place, Problems, Section, Value, parse};
use antiphon_app::Limits;
use std::path::Path;

/// The lowest layer, and the manual.
pub const DEFAULTS: &str = include_str!("defaults.toml");
/// What variables of the environment begin with.
pub const PREFIX: &str = "ANTIPHON__";

/// All settings.
#[derive(Clone, Debug)]
pub struct Config {
    /// Addresses and folders.
    pub server: Server,
    /// Certificates given by whoever runs it.
    pub tls: Tls,
    /// The master key.
    pub keys: Keys,
    /// How often and how much one may ask.
    pub http: Http,
    /// Outbound calls.
    pub outbound: Outbound,
    /// The disk.
    pub storage: Storage,
    /// Where the bytes of files lie.
    pub files: Files,
    /// Logs.
    pub log: Log,
    /// The bounds of the use cases.
    pub limits: Limits,
}

/// A flag that overrides a key: section, key, value, and the flag's name.
pub type Flag = (&'static str, &'static str, String, &'static str);

impl Config {
    /// Lays the layers over each other and reads the result.
    ///
    /// # Errors
    /// All problems, each with its place.
    pub fn load(file: Option<&Path>, environment: impl IntoIterator<Item = (String, String)>, flags: Vec<Flag>) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        let mut layers = parse("defaults.toml", DEFAULTS, &mut problems);
        if let Some(path) = file {
            let name = path.display().to_string();
            match std::fs::read_to_string(path) {
                Ok(text) => {
                    let layer = parse(&name, &text, &mut problems);
                    overlay_file(&mut layers, layer, &mut problems);
                }
                Err(error) => problems.add(&Place(name.as_str().into()), "", format!("can't be read: {error}")),
            }
        }
        let mut variables: Vec<(String, String)> = environment.into_iter().filter(|(name, _)| name.starts_with(PREFIX)).collect();
        variables.sort();
        for (name, value) in variables {
            let place = Place(format!("environment variable {name}").into());
            let keys = name[PREFIX.len()..].to_lowercase();
            let (section, key) = keys.split_once("__").unwrap_or((&keys, ""));
            overlay_text(&mut layers, section, key, value, place, &mut problems);
        }
        for (section, key, value, flag) in flags {
            overlay_text(&mut layers, section, key, value, Place(flag.into()), &mut problems);
        }
        let config = read(layers, &mut problems);
        config.filter(|_| problems.0.is_empty()).ok_or(problems)
    }
}

fn read(mut all: Section, problems: &mut Problems) -> Option<Config> {
    let mut section = |name| all.section(name, problems);
    let (server, tls, keys, http) = (section("server")?, section("tls")?, section("keys")?, section("http")?);
    let (outbound, storage, files) = (section("outbound")?, section("storage")?, section("files")?);
    let (log, limits) = (section("log")?, section("limits")?);
    // Each is read before any is missed, so that all problems are found.
    let (server, tls, keys) = (Server::read(server, problems), Tls::read(tls, problems), Keys::read(keys, problems));
    let (http, outbound, storage) = (Http::read(http, problems), Outbound::read(outbound, problems), Storage::read(storage, problems));
    let (files, log, limits) = (Files::read(files, problems), Log::read(log, problems), limits::read(limits, problems));
    let files = files?;
    Some(Config {
        server: server?,
        tls: tls?,
        keys: keys?,
        http: http?,
        outbound: outbound?,
        storage: storage?,
        log: log?,
        limits: Limits { orphan_hours: files.orphan_hours, ..limits? },
        files,
    })
}

/// Lays a file over the defaults: only keys that the defaults have may come.
fn overlay_file(base: &mut Section, layer: Section, problems: &mut Problems) {
    for (name, item) in layer.entries {
        let known: Vec<String> = base.entries.iter().map(|(name, _)| name.clone()).collect();
        let Some((_, target)) = base.entries.iter_mut().find(|(known, _)| *known == name) else {
            problems.add(&item.place, join(&base.path, &name), format!("there is no such key; known here: {}", known.join(", ")));
            continue;
        };
        match (&mut target.value, item.value) {
            (Value::Table(base), Value::Table(layer)) => overlay_file(base, layer, problems),
            (Value::Table(_), _) => problems.add(&item.place, join(&base.path, &name), format!("must be a table: [{name}]")),
            (_, value) => *target = Item { place: item.place, value },
        }
    }
}

/// Lays a text over a key; what it is read as follows from the default's kind.
fn overlay_text(base: &mut Section, section: &str, key: &str, text: String, place: Place, problems: &mut Problems) {
    let found = base.entries.iter_mut().find(|(name, _)| name == section).and_then(|(_, item)| match &mut item.value {
        Value::Table(section) => section.entries.iter_mut().find(|(name, _)| name == key),
        _ => None,
    });
    let Some((_, item)) = found else {
        problems.add(&place, format!("{section}.{key}"), format!("there is no such setting; variables are named {PREFIX}SECTION__KEY"));
        return;
    };
    let value = match &item.value {
        Value::Number(_) => text.trim().parse().map_or(Value::Text(text), Value::Number),
        Value::Flag(_) => text.trim().parse().map_or(Value::Text(text), Value::Flag),
        Value::List(_) => {
            let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
            Value::List(parts.map(|part| Item { place: place.clone(), value: Value::Text(part.to_owned()) }).collect())
        }
        _ => Value::Text(text),
    };
    *item = Item { place, value };
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// A text that stands for "not set" when it is empty.
pub(crate) fn optional(found: Option<(String, Place)>) -> Option<(String, Place)> {
    found.map(|(text, place)| (text.trim().to_owned(), place)).filter(|(text, _)| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use antiphon_api::compat::CompatLimits;

    fn load(file: &str, environment: &[(&str, &str)], flags: Vec<Flag>) -> Result<Config, String> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("antiphon.toml");
        std::fs::write(&path, file).expect("it can be written");
        let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Config::load(Some(&path), environment, flags).map_err(|problems| problems.to_string().replace(&path.display().to_string(), "FILE"))
    }

    #[test]
    fn the_defaults_are_good() {
        let config = Config::load(None, [], Vec::new()).expect("they are our own");
        assert_eq!(config.server.listen.to_string(), "127.0.0.1:8080");
        assert_eq!(format!("{:?}", config.limits), format!("{:?}", Limits::default()), "the manual and the code say the same");
        assert_eq!(format!("{:?}", config.http.compat), format!("{:?}", CompatLimits::default()), "and here, too");
        assert_eq!((config.http.api.webhook_bytes, config.http.api.sign_ins_per_min.get()), (4 << 20, 120));
    }

    #[test]
    fn each_layer_lies_over_the_one_before() {
        let file = "[server]\nlisten = \"127.0.0.1:1\"\ntls_listen = \"127.0.0.1:2\"\npublic_host = \"a.example:443\"\n";
        let environment = [("ANTIPHON__SERVER__LISTEN", "127.0.0.1:3"), ("ANTIPHON__SERVER__TLS_LISTEN", "127.0.0.1:4"), ("OTHER", "x")];
        let flags = vec![("server", "listen", "127.0.0.1:5".to_owned(), "--listen")];
        let config = load(file, &environment, flags).expect("all are good");
        assert_eq!(config.server.listen.port(), 5);
        assert_eq!(config.server.tls_listen.map(|address| address.port()), Some(4));
        assert_eq!(config.server.public_host.as_deref(), Some("a.example:443"));
        let listed = load("", &[("ANTIPHON__SERVER__TRUSTED_PROXIES", "10.0.0.0/8, 192.168.0.1")], Vec::new()).expect("a list");
        assert_eq!(listed.server.trusted_proxies.len(), 2);
    }

    #[test]
    fn files_lie_in_a_folder_or_in_a_bucket_and_secrets_are_not_shown() {
        let data = Path::new("/data");
        let folder = |file: &str| load(file, &[], Vec::new()).expect("good").files.folder(data).map(|folder| folder.display().to_string());
        assert_eq!(folder("").as_deref(), Some("/data/files"));
        assert_eq!(folder("[files]\nfolder = \"/mnt/files\"\n").as_deref(), Some("/mnt/files"));
        let bucket = "[files]\nstore = \"s3\"\ns3_bucket = \"b\"\ns3_prefix = \"/a/b/\"\ns3_access_key_id = \"AKID\"\norphan_hours = 0\n";
        let secret = ("ANTIPHON__FILES__S3_SECRET_ACCESS_KEY", "very-secret");
        let config = load(bucket, &[secret], Vec::new()).expect("good");
        let FilePlace::Bucket(settings) = &config.files.place else { panic!("a bucket") };
        assert_eq!((settings.name().as_str(), settings.path_style), ("s3://b/a/b", true));
        assert_eq!(settings.key.as_ref().map(|key| key.secret.as_str()), Some("very-secret"));
        assert_eq!((config.files.folder(data), config.limits.orphan_hours), (None, 0));
        assert!(!format!("{config:?}").contains("very-secret"));
        for (file, expected) in [
            ("[files]\nstore = \"tape\"\n", "FILE:2: files.store: must be folder or s3"),
            ("[files]\nstore = \"s3\"\n", "files.s3_bucket: files.store is s3: name the bucket"),
            ("[files]\ns3_access_key_id = \"AKID\"\n", "FILE:2: files.s3_access_key_id: has no secret"),
            ("[files]\ns3_secret_access_key = \"very-secret\"\n", "FILE:2: files.s3_secret_access_key: belongs to no key"),
            (
                "[files]\ns3_secret_access_key_file = \"/nowhere/at/all\"\n",
                "files.s3_secret_access_key_file: /nowhere/at/all can't be read",
            ),
            ("[files]\ns3_endpoint = \"objects.example.com\"\n", "FILE:2: files.s3_endpoint: must begin with https://"),
            ("[files]\ns3_endpoint = \"http://10.0.0.1\"\n", "FILE:2: files.s3_endpoint: is plain http"),
        ] {
            let found = load(file, &[], Vec::new()).expect_err(file);
            assert!(found.contains(expected), "{expected} is not in\n{found}");
            assert!(!found.contains("very-secret"), "{found}");
        }
    }

    #[test]
    fn every_problem_is_named_with_its_place() {
        let file = "[server]\nlisten = \"nowhere\"\nno_such_key = 1\n[nonsense]\n[log]\nformat = \"xml\"\n[limits]\nfile_mib = 0\n";
        let environment = [("ANTIPHON__SERVER__COLOUR", "red"), ("ANTIPHON__LIMITS__SESSION_S", "long")];
        let found = load(file, &environment, Vec::new()).expect_err("everything is wrong");
        for expected in [
            "FILE:2: server.listen:",
            "FILE:3: server.no_such_key: there is no such key",
            "FILE:4: nonsense: there is no such key",
            "FILE:6: log.format:",
            "FILE:8: limits.file_mib: must be between",
            "environment variable ANTIPHON__SERVER__COLOUR: server.colour:",
            "environment variable ANTIPHON__LIMITS__SESSION_S: limits.session_s: must be a whole number",
        ] {
            assert!(found.contains(expected), "{expected} is not in\n{found}");
        }
    }
}

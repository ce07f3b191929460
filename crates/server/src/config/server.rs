//! `[server]`: addresses, folders and who is believed.

use super::optional;
use crate::document::{Place, Problems, Section};
use antiphon_domain::account::Network;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Addresses and folders.
#[derive(Clone, Debug)]
pub struct Server {
    /// The data folder.
    pub data: PathBuf,
    /// Where plain HTTP listens.
    pub listen: SocketAddr,
    /// Where HTTPS listens.
    pub tls_listen: Option<SocketAddr>,
    /// What discovery returns, as `host:port`.
    pub public_host: Option<String>,
    /// The address for webhooks, files and signatures, without a trailing slash.
    pub public_url: Option<String>,
    /// The bootstrap file.
    pub bootstrap: Option<PathBuf>,
    /// Whose `X-Forwarded-*` is believed.
    pub trusted_proxies: Vec<Network>,
    /// Connections open at once.
    pub max_connections: usize,
    /// How long a request's headers may take, in seconds.
    pub header_timeout_s: u64,
}

impl Server {
    pub(super) fn read(mut section: Section, problems: &mut Problems) -> Option<Self> {
        let data = section.required("data", problems);
        let listen = section.required("listen", problems).and_then(|found| address(&section, "listen", found, problems));
        let tls = optional(section.text("tls_listen", problems)).map(|found| address(&section, "tls_listen", found, problems));
        let public_host = optional(section.text("public_host", problems));
        if let Some((host, place)) = &public_host {
            let plain = url::Url::parse(&format!("http://{host}/")).is_ok_and(|url| url.path() == "/" && url.username().is_empty());
            if !plain || host.contains('/') {
                problems.add(place, section.key("public_host"), "must be a host, or host:port, without scheme and path");
            }
        }
        let public_url = optional(section.text("public_url", problems));
        if let Some((text, place)) = &public_url {
            let good =
                url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host() && url.query().is_none());
            if !good {
                problems.add(place, section.key("public_url"), "must be an http or https address, for example https://chat.example.com");
            }
        }
        let bootstrap = optional(section.text("bootstrap", problems)).map(|(path, _)| PathBuf::from(path));
        let mut trusted_proxies = Vec::new();
        for (text, place) in section.texts("trusted_proxies", problems).unwrap_or_default() {
            match Network::parse(&text) {
                Some(network) => trusted_proxies.push(network),
                None => {
                    problems.add(&place, section.key("trusted_proxies"), format!("`{text}` is no address or network such as 10.0.0.0/8"))
                }
            }
        }
        let max_connections = section.number("max_connections", 10, 10_000_000, problems);
        let header_timeout_s = section.number("header_timeout_s", 1, 600, problems);
        section.finish(problems);
        Some(Self {
            data: data?.0.into(),
            listen: listen?,
            tls_listen: match tls {
                Some(address) => Some(address?),
                None => None,
            },
            public_host: public_host.map(|(host, _)| host),
            public_url: public_url.map(|(url, _)| url.trim_end_matches('/').to_owned()),
            bootstrap,
            trusted_proxies,
            max_connections: usize::try_from(max_connections?).ok()?,
            header_timeout_s: u64::try_from(header_timeout_s?).ok()?,
        })
    }
}

/// `127.0.0.1:8080`, `[::1]:0` or `localhost:8080`.
fn address(section: &Section, key: &str, (text, place): (String, Place), problems: &mut Problems) -> Option<SocketAddr> {
    let local = text.strip_prefix("localhost:").map(|port| format!("127.0.0.1:{port}"));
    match local.as_deref().unwrap_or(&text).parse() {
        Ok(address) => Some(address),
        Err(_) => {
            problems.add(&place, section.key(key), format!("`{text}` is no address with port, such as 127.0.0.1:8080 or [::]:443"));
            None
        }
    }
}

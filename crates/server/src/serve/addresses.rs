//! What the server says about where it is.

use crate::config::Config;
use std::net::SocketAddr;

/// Addresses as others know them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addresses {
    /// Where plain HTTP listens.
    pub http: SocketAddr,
    /// Where HTTPS listens.
    pub https: Option<SocketAddr>,
    /// What discovery returns, as `host:port`.
    pub public_host: String,
    /// For webhooks, files and signatures; without a trailing slash.
    pub public_url: String,
}

impl Addresses {
    /// From the configuration and the ports that were bound.
    pub fn new(config: &Config, http: SocketAddr, https: Option<SocketAddr>) -> Self {
        let public_host = config.server.public_host.clone().unwrap_or_else(|| reachable(https.unwrap_or(http)));
        let scheme = if https.is_some() { "https" } else { "http" };
        let public_url = config.server.public_url.clone().unwrap_or_else(|| format!("{scheme}://{public_host}"));
        Self { http, https, public_host, public_url }
    }

    /// The names and addresses that our own certificate must stand for.
    pub fn certified_hosts(&self, config: &Config) -> Vec<String> {
        let mut hosts = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
        let public = url::Url::parse(&format!("https://{}", self.public_host)).ok();
        let named = url::Url::parse(&self.public_url).ok();
        for url in public.iter().chain(&named) {
            hosts.extend(url.host_str().map(|host| host.trim_matches(['[', ']']).to_owned()));
        }
        if let Some(address) = config.server.tls_listen.filter(|address| !address.ip().is_unspecified()) {
            hosts.push(address.ip().to_string());
        }
        hosts.sort();
        hosts.dedup();
        hosts
    }
}

/// An address that a client on this machine can use: "all addresses" is none.
fn reachable(address: SocketAddr) -> String {
    if address.ip().is_unspecified() { format!("localhost:{}", address.port()) } else { address.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Flag;

    #[track_caller]
    fn check(flags: &[(&'static str, &str)], https: Option<&str>, host: &str, url: &str) {
        let flags: Vec<Flag> = flags.iter().map(|(key, value)| ("server", *key, (*value).to_owned(), "--flag")).collect();
        let config = Config::load(None, [], flags).expect("good flags");
        let parse = |text: &str| text.parse().expect(text);
        let found = Addresses::new(&config, parse("127.0.0.1:8080"), https.map(parse));
        assert_eq!((found.public_host.as_str(), found.public_url.as_str()), (host, url));
    }

    #[test]
    fn the_public_address_follows_from_the_listeners() {
        check(&[], None, "127.0.0.1:8080", "http://127.0.0.1:8080");
        check(&[], Some("127.0.0.1:8443"), "127.0.0.1:8443", "https://127.0.0.1:8443");
        check(&[], Some("0.0.0.0:443"), "localhost:443", "https://localhost:443");
        check(&[("public_host", "chat.example")], Some("[::]:443"), "chat.example", "https://chat.example");
        check(&[("public_url", "https://hooks.example/")], None, "127.0.0.1:8080", "https://hooks.example");
    }

    #[test]
    fn our_certificate_stands_for_every_name() {
        let flags = vec![("server", "tls_listen", "192.168.1.5:443".to_owned(), "--tls-listen")];
        let config = Config::load(None, [], flags).expect("good flags");
        let found = Addresses {
            http: "127.0.0.1:80".parse().expect("an address"),
            https: None,
            public_host: "[fd00::1]:443".to_owned(),
            public_url: "https://hooks.example".to_owned(),
        };
        assert_eq!(found.certified_hosts(&config), ["127.0.0.1", "192.168.1.5", "::1", "fd00::1", "hooks.example", "localhost"]);
    }
}

//! Names to addresses, once per connection, judged before anything connects.
//!
//! The connection goes to an address that was judged here: a name that changes its mind afterwards changes nothing.

use crate::address;
use antiphon_domain::account::Network;
use futures_util::future::BoxFuture;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// A resolution in progress; the error is a sentence.
pub type Resolving<'a> = BoxFuture<'a, Result<Vec<IpAddr>, String>>;

/// Finds a name's addresses. The system's by default; tests bring their own.
pub trait Resolver: Send + Sync {
    /// All addresses of a name, in order of preference.
    fn resolve<'a>(&'a self, name: &'a str) -> Resolving<'a>;
}

/// The operating system's resolver.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemResolver;

impl Resolver for SystemResolver {
    fn resolve<'a>(&'a self, name: &'a str) -> Resolving<'a> {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name, 0)).await.map_err(|error| error.to_string())?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

/// A name, or an address, that may not be called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refused(pub String);

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refused {}

/// Resolves for one client: drops what the client may not reach.
pub(crate) struct Judging {
    pub resolver: Arc<dyn Resolver>,
    pub reach: Reach,
}

/// Where a client may go.
#[derive(Clone)]
pub(crate) enum Reach {
    /// Everywhere, because the origin is trusted by name.
    Everywhere,
    /// To public addresses, and into these networks.
    PublicAnd(Arc<[Network]>),
    /// Into these networks only.
    Only(Arc<[Network]>),
}

impl Reach {
    /// Why an address may not be called; `None` when it may.
    pub fn refusal(&self, address: IpAddr) -> Option<&'static str> {
        match self {
            Reach::Everywhere => None,
            Reach::PublicAnd(networks) => address::refusal_beyond(address, networks),
            Reach::Only(networks) => address::refusal_within(address, networks),
        }
    }
}

impl reqwest::dns::Resolve for Judging {
    fn resolve(&self, name: reqwest::dns::Name) -> reqwest::dns::Resolving {
        let (resolver, reach) = (Arc::clone(&self.resolver), self.reach.clone());
        Box::pin(async move {
            let name = name.as_str();
            let found = resolver.resolve(name).await?;
            let fit = fitting(name, &found, &reach)?;
            // Port 0 stands for the address's own port.
            let places: Vec<SocketAddr> = fit.into_iter().map(|address| SocketAddr::new(address, 0)).collect();
            Ok(Box::new(places.into_iter()) as reqwest::dns::Addrs)
        })
    }
}

/// The addresses that may be reached. A name with none of them is refused, and the reason names the first one's.
fn fitting(name: &str, found: &[IpAddr], reach: &Reach) -> Result<Vec<IpAddr>, Refused> {
    let fit: Vec<IpAddr> = found.iter().copied().filter(|address| reach.refusal(*address).is_none()).collect();
    match found.first().and_then(|first| reach.refusal(*first).map(|what| (first, what))) {
        Some((first, what)) if fit.is_empty() => Err(Refused(refusal_text(name, *first, what))),
        _ => Ok(fit),
    }
}

/// The sentence for an address that may not be called.
pub(crate) fn refusal_text(host: &str, address: IpAddr, what: &str) -> String {
    format!("{host} is {address}, which is {what}; an administrator can allow its network in the account's allow_private_endpoints")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_fitting_addresses_of_a_name_are_tried() {
        let ip = |text: &str| text.parse::<IpAddr>().expect(text);
        let mixed = [ip("127.0.0.1"), ip("93.184.216.34")];
        let public = Reach::PublicAnd(Arc::from([]));
        assert_eq!(fitting("mixed.example", &mixed, &public), Ok(vec![ip("93.184.216.34")]));
        assert_eq!(fitting("mixed.example", &mixed, &Reach::Everywhere), Ok(mixed.to_vec()));
        let loopback = Reach::Only(Arc::from([Network::parse("127.0.0.0/8").expect("a network")]));
        assert_eq!(fitting("mixed.example", &mixed, &loopback), Ok(vec![ip("127.0.0.1")]));
        assert_eq!(fitting("none.example", &[], &public), Ok(vec![]));
        let refused = fitting("inside.example", &[ip("10.0.0.1"), ip("::1")], &public).expect_err("both are private");
        assert!(refused.0.contains("inside.example is 10.0.0.1, which is private"), "{refused}");
    }
}

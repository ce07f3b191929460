//! Which addresses are the public internet's. Everything else is refused unless an account allows it.
//!
//! The blocks are those of the IANA special-purpose registries for version 4 and 6. For version 6 the rule is turned round:
//! only the global unicast space is public, less the blocks in it that lead elsewhere.

use antiphon_domain::account::Network;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Blocks of version 4 that are not public: first address, length of the prefix, and what they are.
const V4: [([u8; 4], u8, &str); 15] = [
    ([0, 0, 0, 0], 8, "this network"),
    ([10, 0, 0, 0], 8, "private"),
    ([100, 64, 0, 0], 10, "shared by carriers"),
    ([127, 0, 0, 0], 8, "loopback"),
    ([169, 254, 0, 0], 16, "link-local"),
    ([172, 16, 0, 0], 12, "private"),
    ([192, 0, 0, 0], 24, "for protocols"),
    ([192, 0, 2, 0], 24, "for documentation"),
    ([192, 88, 99, 0], 24, "a relay to version 6"),
    ([192, 168, 0, 0], 16, "private"),
    ([198, 18, 0, 0], 15, "for benchmarks"),
    ([198, 51, 100, 0], 24, "for documentation"),
    ([203, 0, 113, 0], 24, "for documentation"),
    ([224, 0, 0, 0], 4, "multicast"),
    ([240, 0, 0, 0], 4, "reserved"),
];

/// Blocks of version 6 that are not public, most telling first; the last ones bound the global unicast space.
const V6: [([u16; 8], u8, &str); 20] = [
    ([0, 0, 0, 0, 0, 0, 0, 0], 128, "unspecified"),
    ([0, 0, 0, 0, 0, 0, 0, 1], 128, "loopback"),
    ([0, 0, 0, 0, 0, 0xffff, 0, 0], 96, "version 4 in disguise"),
    ([0, 0, 0, 0, 0, 0, 0, 0], 96, "version 4 in disguise"),
    ([0x64, 0xff9b, 0, 0, 0, 0, 0, 0], 96, "translated to version 4"),
    ([0x64, 0xff9b, 1, 0, 0, 0, 0, 0], 48, "translated to version 4"),
    ([0x100, 0, 0, 0, 0, 0, 0, 0], 64, "for discarding"),
    ([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7, "private"),
    ([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10, "link-local"),
    ([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10, "site-local"),
    ([0xff00, 0, 0, 0, 0, 0, 0, 0], 8, "multicast"),
    ([0x2001, 0, 0, 0, 0, 0, 0, 0], 23, "for protocols"),
    ([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32, "for documentation"),
    ([0x2002, 0, 0, 0, 0, 0, 0, 0], 16, "tunnelled over version 4"),
    ([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20, "for documentation"),
    ([0x3ffe, 0, 0, 0, 0, 0, 0, 0], 16, "returned to the registry"),
    ([0, 0, 0, 0, 0, 0, 0, 0], 3, "reserved"),
    ([0x4000, 0, 0, 0, 0, 0, 0, 0], 2, "reserved"),
    ([0x8000, 0, 0, 0, 0, 0, 0, 0], 1, "reserved"),
    ([0x5f00, 0, 0, 0, 0, 0, 0, 0], 16, "for segment routing"),
];

/// Why an address may not be called; `None` when it is public.
pub(crate) fn refusal(address: IpAddr) -> Option<&'static str> {
    let inside = |block: IpAddr, prefix: u8| Network { address: block, prefix }.contains(address);
    match address {
        IpAddr::V4(_) => V4.iter().find(|(block, prefix, _)| inside(Ipv4Addr::from(*block).into(), *prefix)).map(|(.., what)| *what),
        IpAddr::V6(_) => V6.iter().find(|(block, prefix, _)| inside(Ipv6Addr::from(*block).into(), *prefix)).map(|(.., what)| *what),
    }
}

/// Why an address may not be called by an account that allows these networks besides the public ones.
///
/// An address of version 4 written as version 6 is allowed by a network of version 4 that holds it.
pub(crate) fn refusal_beyond(address: IpAddr, allow: &[Network]) -> Option<&'static str> {
    let allowed = |network: &Network| network.contains(address) || network.contains(address.to_canonical());
    refusal(address).filter(|_| !allow.iter().any(allowed))
}

/// Why an address may not be called by somebody who may call these networks only.
pub(crate) fn refusal_within(address: IpAddr, networks: &[Network]) -> Option<&'static str> {
    let inside = networks.iter().any(|network| network.contains(address) || network.contains(address.to_canonical()));
    (!inside).then(|| refusal(address).unwrap_or("public"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One per line: an address, a tab, `public` or `refused`.
    const VECTORS: &str = include_str!("address_vectors.tsv");

    #[test]
    fn every_vector_is_judged_as_the_registries_say() {
        let lines: Vec<&str> = VECTORS.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).collect();
        assert!(lines.len() >= 200, "only {} vectors", lines.len());
        for line in lines {
            let (address, verdict) = line.split_once('\t').expect(line);
            let parsed: IpAddr = address.parse().expect(line);
            assert_eq!(refusal(parsed).map_or("public", |_| "refused"), verdict, "{address}");
        }
    }

    #[test]
    fn an_account_may_allow_what_is_refused_and_nothing_beyond() {
        #[track_caller]
        fn check(address: &str, allow: &[&str], refused: Option<&str>) {
            let allow: Vec<Network> = allow.iter().map(|network| Network::parse(network).expect(network)).collect();
            assert_eq!(refusal_beyond(address.parse().expect(address), &allow), refused, "{address}");
        }
        check("127.0.0.1", &[], Some("loopback"));
        check("127.0.0.1", &["127.0.0.0/8"], None);
        check("::ffff:127.0.0.1", &["127.0.0.0/8"], None);
        check("::1", &["127.0.0.0/8"], Some("loopback"));
        check("10.1.2.3", &["127.0.0.0/8", "10.1.2.0/24"], None);
        check("10.1.3.3", &["127.0.0.0/8", "10.1.2.0/24"], Some("private"));
        check("169.254.169.254", &["10.0.0.0/8"], Some("link-local"));
        check("8.8.8.8", &[], None);
        check("fd00::1", &["fd00::/8"], None);
    }

    #[test]
    fn who_may_call_some_networks_only_calls_nothing_else() {
        #[track_caller]
        fn check(address: &str, networks: &[&str], refused: Option<&str>) {
            let networks: Vec<Network> = networks.iter().map(|network| Network::parse(network).expect(network)).collect();
            assert_eq!(refusal_within(address.parse().expect(address), &networks), refused, "{address}");
        }
        check("127.0.0.1", &["127.0.0.0/8"], None);
        check("::ffff:127.0.0.1", &["127.0.0.0/8"], None);
        check("10.0.0.1", &["127.0.0.0/8"], Some("private"));
        check("8.8.8.8", &["127.0.0.0/8"], Some("public"));
        check("8.8.8.8", &[], Some("public"));
        check("8.8.8.8", &["8.8.8.0/24"], None);
    }
}

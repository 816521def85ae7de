//! Networks in CIDR notation, and `private`.

use super::host::{self, Address, Host};

/// A network: an address and how many of its leading bits count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: Address,
    prefix: u32,
}

/// A CIDR: an address, `/` and a prefix length; "a CIDR has no host bits set".
pub fn parse(text: &str) -> Option<Network> {
    let (address, prefix) = text.split_once('/')?;
    let is_decimal = !prefix.is_empty()
        && prefix.len() <= 3
        && prefix.chars().all(|c| c.is_ascii_digit())
        && (prefix == "0" || !prefix.starts_with('0'));
    if !is_decimal {
        return None;
    }
    let prefix: u32 = prefix.parse().ok()?;
    let network = if address.contains(':') {
        if prefix > 128 {
            return None;
        }
        let bits = host::v6_bits(address)?;
        if host_bits(bits, prefix, 128) != 0 {
            return None;
        }
        // "IPv4-mapped IPv6 counts as IPv4": the part of a network that lies in ::ffff:0:0/96.
        if prefix >= 96 && bits >> 32 == 0xffff {
            Network { address: Address::V4(bits as u32), prefix: prefix - 96 }
        } else {
            Network { address: Address::V6(bits), prefix }
        }
    } else {
        if prefix > 32 {
            return None;
        }
        let bits = host::parse_v4(address)?;
        if host_bits(u128::from(bits), prefix, 32) != 0 {
            return None;
        }
        Network { address: Address::V4(bits), prefix }
    };
    Some(network)
}

fn host_bits(bits: u128, prefix: u32, width: u32) -> u128 {
    (0..width - prefix).filter(|bit| bits >> bit & 1 == 1).count() as u128
}

impl Network {
    /// "The address is inside one": an address of the other family is not.
    pub fn holds(self, address: Address) -> bool {
        let (network, address, width) = match (self.address, address) {
            (Address::V4(a), Address::V4(b)) => (u128::from(a), u128::from(b), 32),
            (Address::V6(a), Address::V6(b)) => (a, b, 128),
            _ => return false,
        };
        // Bits are numbered from the left.
        (0..self.prefix).all(|bit| {
            let shift = width - 1 - bit;
            network >> shift & 1 == address >> shift & 1
        })
    }
}

/// "`private` stands for every range that IANA's special-purpose registries call not globally
/// reachable, and multicast"; it "also holds 6to4 (192.88.99.0/24 too), Teredo and 64:ff9b::/96,
/// which carry IPv4 addresses".
pub const PRIVATE: &[&str] = &[
    "0.0.0.0/8",       // this network
    "10.0.0.0/8",      // private use
    "100.64.0.0/10",   // shared address space
    "127.0.0.0/8",     // loopback
    "169.254.0.0/16",  // link local
    "172.16.0.0/12",   // private use
    "192.0.0.0/24",    // IETF protocol assignments
    "192.0.2.0/24",    // documentation
    "192.88.99.0/24",  // 6to4 relay anycast
    "192.168.0.0/16",  // private use
    "198.18.0.0/15",   // benchmarking
    "198.51.100.0/24", // documentation
    "203.0.113.0/24",  // documentation
    "224.0.0.0/4",     // multicast
    "240.0.0.0/4",     // reserved, and limited broadcast
    "::/128",          // unspecified
    "::1/128",         // loopback
    "64:ff9b::/96",    // IPv4-IPv6 translation
    "64:ff9b:1::/48",  // IPv4-IPv6 translation, local use
    "100::/64",        // discard only
    "100:0:0:1::/64",  // dummy prefix
    "2001::/23",       // IETF protocol assignments, with Teredo, benchmarking and ORCHID
    "2001:db8::/32",   // documentation
    "2002::/16",       // 6to4
    "3fff::/20",       // documentation
    "5f00::/16",       // segment routing identifiers
    "fc00::/7",        // unique local
    "fe80::/10",       // link local
    "ff00::/8",        // multicast
];

/// Ranges inside those of [`PRIVATE`] that the registries call globally reachable all the same
/// (`docs/networks.md`).
pub const NOT_PRIVATE: &[&str] = &[
    "192.0.0.9/32",    // port control protocol anycast
    "192.0.0.10/32",   // TURN anycast
    "2001:1::1/128",   // port control protocol anycast
    "2001:1::2/128",   // TURN anycast
    "2001:1::3/128",   // service registration anycast
    "2001:3::/32",     // automatic multicast tunneling
    "2001:4:112::/48", // AS112
    "2001:20::/28",    // ORCHIDv2
    "2001:30::/28",    // drone remote identifiers
];

/// Whether a host is inside a network literal, `private` included; `None`: malformed literal.
/// "A name is in no network."
pub fn is_in_network(host: &Host, network: &str) -> Option<bool> {
    let is_inside = |address: Address, networks: &[&str]| {
        let networks: Option<Vec<Network>> = networks.iter().map(|text| parse(text)).collect();
        networks.map(|networks| networks.iter().any(|network| network.holds(address)))
    };
    match host {
        Host::Name(_) if network == "private" || parse(network).is_some() => Some(false),
        Host::Name(_) => None,
        Host::Address(address) if network == "private" => {
            Some(is_inside(*address, PRIVATE)? && !is_inside(*address, NOT_PRIVATE)?)
        }
        Host::Address(address) => is_inside(*address, &[network]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inside(host: &str, network: &str) -> bool {
        is_in_network(&host::parse(host).unwrap(), network).unwrap()
    }

    #[test]
    fn networks() {
        assert!(inside("10.1.2.3", "10.0.0.0/8"));
        assert!(!inside("11.1.2.3", "10.0.0.0/8"));
        assert!(inside("1.2.3.4", "0.0.0.0/0"));
        assert!(inside("1.2.3.4", "1.2.3.4/32"));
        assert!(inside("::ffff:10.0.0.1", "10.0.0.0/8"));
        assert!(inside("10.0.0.1", "::ffff:10.0.0.0/104"));
        assert!(!inside("10.0.0.1", "::/0"));
        assert!(!inside("::1", "0.0.0.0/0"));
        assert!(inside("2001:db8::1", "2001:db8::/32"));
        assert!(!inside("a.com", "0.0.0.0/0"));
        assert!(inside("http://[fe80::1]:80/", "private"));
        assert!(inside("169.254.169.254", "private"));
        assert!(!inside("8.8.8.8", "private"));
        assert!(inside("192.0.0.8", "private"));
        assert!(!inside("192.0.0.9", "private"));
        assert!(!inside("2600::1", "private"));
    }

    #[test]
    fn malformed_networks() {
        for text in [
            "10.0.0.1/8",
            "10.0.0.0",
            "10.0.0.0/33",
            "10.0.0.0/08",
            "10.0.0.0/",
            "10.0.0/8",
            "::1/0",
            "::/129",
            "[::]/0",
            "/8",
            "10.0.0.0/+8",
            "Private",
            "fe80::%1/64",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert!(PRIVATE.iter().chain(NOT_PRIVATE).all(|text| parse(text).is_some()));
    }
}

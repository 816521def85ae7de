//! Networks: CIDR prefixes, and the ranges that `private` stands for.

use super::Malformed;
use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// How many leading bits make an IPv6 address an IPv4-mapped one.
const MAPPED_BITS: u8 = 96;

/// An IPv4 or IPv6 network: an address without host bits, and how many of its bits count.
///
/// A network of IPv4-mapped addresses does not exist: mapped addresses count as IPv4, so it would
/// silently match nothing. [`parse_network`] reads it as the IPv4 network that is meant.
///
/// IPv4 sorts before IPv6, then by address, then the wider network first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

impl Network {
    /// A network, or `None` if the prefix is too long, a host bit is set, or the addresses are
    /// IPv4-mapped.
    pub fn new(address: IpAddr, prefix: u8) -> Option<Self> {
        let is_network = match address {
            IpAddr::V4(address) => is_network(u32::from(address).into(), 32, prefix),
            IpAddr::V6(address) => {
                is_network(address.into(), 128, prefix)
                    && !(prefix >= MAPPED_BITS && address.to_ipv4_mapped().is_some())
            }
        };
        is_network.then_some(Self { address, prefix })
    }

    /// The first address.
    pub fn address(self) -> IpAddr {
        self.address
    }

    /// How many leading bits of the address its members share.
    pub fn prefix(self) -> u8 {
        self.prefix
    }

    /// Whether an address is inside. An IPv4-mapped address counts as IPv4.
    pub fn contains(self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let differing = u32::from(network) ^ u32::from(address);
                // A shift by the full width, which is none to `checked_shr`, leaves no bits.
                differing.checked_shr(32 - u32::from(self.prefix)).unwrap_or(0) == 0
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let differing = u128::from(network) ^ u128::from(address);
                differing.checked_shr(128 - u32::from(self.prefix)).unwrap_or(0) == 0
            }
            _ => false,
        }
    }

    /// The network as plain numbers: 4 or 6, the address in network order (IPv4 in the first four
    /// bytes, zeros after them) and the prefix.
    pub fn to_parts(self) -> (u8, [u8; 16], u8) {
        match self.address {
            IpAddr::V4(address) => {
                let [a, b, c, d] = address.octets();
                (4, [a, b, c, d, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], self.prefix)
            }
            IpAddr::V6(address) => (6, address.octets(), self.prefix),
        }
    }

    /// The network of [`Network::to_parts`], or `None` if these are no such parts.
    pub fn from_parts(family: u8, address: [u8; 16], prefix: u8) -> Option<Self> {
        match (family, address) {
            (4, [a, b, c, d, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]) => {
                Self::new(IpAddr::V4(Ipv4Addr::new(a, b, c, d)), prefix)
            }
            (6, octets) => Self::new(IpAddr::V6(Ipv6Addr::from(octets)), prefix),
            _ => None,
        }
    }

    const fn v4(octets: [u8; 4], prefix: u8) -> Self {
        let [a, b, c, d] = octets;
        Self { address: IpAddr::V4(Ipv4Addr::new(a, b, c, d)), prefix }
    }

    const fn v6(address: u128, prefix: u8) -> Self {
        Self { address: IpAddr::V6(Ipv6Addr::from_bits(address)), prefix }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.address, self.prefix)
    }
}

/// Whether the prefix fits an address of so many bits and leaves no host bit set.
fn is_network(address: u128, width: u32, prefix: u8) -> bool {
    width
        .checked_sub(u32::from(prefix))
        .is_some_and(|host_bits| host_bits == 0 || address.trailing_zeros() >= host_bits)
}

/// Reads a CIDR: an address, `/` and the length of the prefix without leading zeros.
///
/// An IPv6 network of IPv4-mapped addresses is the IPv4 network inside: `::ffff:10.0.0.0/104` is
/// `10.0.0.0/8`.
///
/// ```
/// use actra_bytecode::format::network::parse_network;
///
/// let network = parse_network("10.0.0.0/8").unwrap();
/// assert!(network.contains("10.1.2.3".parse().unwrap()));
/// assert!(parse_network("10.0.0.1/8").is_err(), "a host bit is set");
/// ```
pub fn parse_network(text: &str) -> Result<Network, Malformed> {
    let (address, prefix) = text.split_once('/').ok_or(Malformed)?;
    let digits = prefix.bytes().all(|byte| byte.is_ascii_digit());
    if !digits || prefix.len() > 1 && prefix.starts_with('0') {
        return Err(Malformed);
    }
    let address: IpAddr = address.parse().map_err(|_| Malformed)?;
    let prefix: u8 = prefix.parse().map_err(|_| Malformed)?;
    match (address.to_canonical(), prefix.checked_sub(MAPPED_BITS)) {
        (IpAddr::V4(inside), Some(prefix)) if address.is_ipv6() => {
            Network::new(IpAddr::V4(inside), prefix)
        }
        // A wider prefix of a mapped address has host bits set and is refused for these.
        _ => Network::new(address, prefix),
    }
    .ok_or(Malformed)
}

/// The ranges that `private` stands for: those that IANA's special-purpose registries call not
/// globally reachable, multicast, and those that carry IPv4 addresses (6to4, Teredo, NAT64).
///
/// Not all of it: [`PRIVATE_EXCEPTIONS`] has what is not private inside these ranges, and
/// [`is_private`] heeds both. Sorted, and none inside another. `docs/networks.md` has the
/// reason for each.
pub const PRIVATE: &[Network] = &[
    Network::v4([0, 0, 0, 0], 8),                 // this network
    Network::v4([10, 0, 0, 0], 8),                // private use
    Network::v4([100, 64, 0, 0], 10),             // shared address space
    Network::v4([127, 0, 0, 0], 8),               // loopback
    Network::v4([169, 254, 0, 0], 16),            // link local
    Network::v4([172, 16, 0, 0], 12),             // private use
    Network::v4([192, 0, 0, 0], 24),              // IETF protocol assignments
    Network::v4([192, 0, 2, 0], 24),              // documentation
    Network::v4([192, 88, 99, 0], 24),            // 6to4 relay anycast
    Network::v4([192, 168, 0, 0], 16),            // private use
    Network::v4([198, 18, 0, 0], 15),             // benchmarking
    Network::v4([198, 51, 100, 0], 24),           // documentation
    Network::v4([203, 0, 113, 0], 24),            // documentation
    Network::v4([224, 0, 0, 0], 4),               // multicast
    Network::v4([240, 0, 0, 0], 4),               // reserved, and limited broadcast
    Network::v6(0, 128),                          // unspecified
    Network::v6(1, 128),                          // loopback
    Network::v6(0x0064_ff9b << 96, 96),           // NAT64
    Network::v6(0x0064_ff9b_0001 << 80, 48),      // local NAT64
    Network::v6(0x100 << 112, 64),                // discard only
    Network::v6(0x0100_0000_0000_0001 << 64, 64), // dummy prefix
    Network::v6(0x2001 << 112, 23),               // IETF protocol assignments, Teredo among them
    Network::v6(0x2001_0db8 << 96, 32),           // documentation
    Network::v6(0x2002 << 112, 16),               // 6to4
    Network::v6(0x3fff << 112, 20),               // documentation
    Network::v6(0x5f00 << 112, 16),               // SRv6 segment identifiers
    Network::v6(0xfc00 << 112, 7),                // unique local
    Network::v6(0xfe80 << 112, 10),               // link local
    Network::v6(0xff00 << 112, 8),                // multicast
];

/// What the registries call globally reachable inside the ranges of [`PRIVATE`].
pub const PRIVATE_EXCEPTIONS: &[Network] = &[
    Network::v4([192, 0, 0, 9], 32),  // port control protocol anycast
    Network::v4([192, 0, 0, 10], 32), // TURN anycast
    Network::v6(0x2001_0001_0000_0000_0000_0000_0000_0001, 128), // port control protocol anycast
    Network::v6(0x2001_0001_0000_0000_0000_0000_0000_0002, 128), // TURN anycast
    Network::v6(0x2001_0001_0000_0000_0000_0000_0000_0003, 128), // DNS-SD service registration anycast
    Network::v6(0x2001_0003 << 96, 32),                          // automatic multicast tunneling
    Network::v6(0x2001_0004_0112 << 80, 48),                     // AS112
    Network::v6(0x2001_0020 << 96, 28),                          // ORCHIDv2
    Network::v6(0x2001_0030 << 96, 28),                          // drone remote identifiers
];

/// Whether an address is one of those that `private` stands for.
pub fn is_private(address: IpAddr) -> bool {
    let address = address.to_canonical();
    is_in_table(PRIVATE, address) && !is_in_table(PRIVATE_EXCEPTIONS, address)
}

/// Whether an address is in one of the networks, which are sorted and apart from each other: only
/// the last one that starts at or below the address can hold it.
fn is_in_table(table: &[Network], address: IpAddr) -> bool {
    let after = table.partition_point(|network| network.address <= address);
    after.checked_sub(1).and_then(|last| table.get(last)).is_some_and(|last| last.contains(address))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::string::ToString;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn only_exact_cidrs_are_networks() {
        for text in ["0.0.0.0/0", "1.2.3.4/32", "128.0.0.0/1", "::/0", "2001:db8::/32", "::1/128"] {
            assert_eq!(parse_network(text).unwrap().to_string(), text);
        }
        for text in [
            "",
            "/",
            "/8",
            "10.0.0.0",
            "10.0.0.0/",
            "10.0.0.0/08",
            "10.0.0.0/+8",
            "10.0.0.0/33",
            "10.0.0.0/8 ",
            " 10.0.0.0/8",
            "10.0.0.1/8",
            "10/8",
            "10.0.0/8",
            "010.0.0.0/8",
            "10.0.0.0/255.0.0.0",
            "10.0.0.0/8/8",
            "::1/127",
            "::/129",
            "[::]/0",
            "fe80::%1/10",
            "10.0.0.0./8",
            "a.com/8",
            "10.0.0.0/256",
            "10.0.0.0/99999999999999999999",
            "private",
        ] {
            assert_eq!(parse_network(text), Err(Malformed), "{text}");
        }
    }

    #[test]
    fn mapped_networks_are_ipv4_or_refused() {
        assert_eq!(parse_network("::ffff:10.0.0.0/104"), parse_network("10.0.0.0/8"));
        assert_eq!(parse_network("::ffff:0:0/96"), parse_network("0.0.0.0/0"));
        assert_eq!(parse_network("::ffff:0:0/95"), Err(Malformed));
        assert_eq!(parse_network("::ffff:10.0.0.0/8"), Err(Malformed));
        assert_eq!(Network::new(address("::ffff:0:0"), 96), None);
        assert!(parse_network("10.0.0.0/8").unwrap().contains(address("::ffff:10.1.1.1")));
        assert!(!parse_network("::/0").unwrap().contains(address("::ffff:10.1.1.1")));
    }

    #[test]
    fn the_tables_are_sorted_networks_apart_from_each_other() {
        for table in [PRIVATE, PRIVATE_EXCEPTIONS] {
            for network in table {
                assert_eq!(Network::new(network.address, network.prefix), Some(*network));
            }
            for pair in table.windows(2) {
                assert!(pair[0] < pair[1] && !pair[0].contains(pair[1].address), "{pair:?}");
            }
        }
        for exception in PRIVATE_EXCEPTIONS {
            assert!(PRIVATE.iter().any(|range| range.contains(exception.address)), "{exception}");
        }
    }

    #[test]
    fn private_ends_where_its_ranges_and_exceptions_end() {
        for text in [
            "0.0.0.0",
            "0.255.255.255",
            "10.255.255.255",
            "100.64.0.0",
            "100.127.255.255",
            "127.0.0.1",
            "169.254.169.254",
            "172.16.0.0",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.0.11",
            "192.0.0.170",
            "192.0.2.1",
            "192.88.99.2",
            "192.168.0.1",
            "198.19.255.255",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:10.0.0.1",
            "64:ff9b::1.2.3.4",
            "64:ff9b:1::1",
            "100::1",
            "100:0:0:1::1",
            "2001::1",
            "2001:1::",
            "2001:1::4",
            "2001:2::1",
            "2001:10::1",
            "2001:1ff:ffff::",
            "2001:db8::1",
            "2002:102:304::",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fdff::1",
            "fe80::1",
            "febf::1",
            "ff02::1",
        ] {
            assert!(is_private(address(text)), "{text}");
        }
        for text in [
            "1.0.0.0",
            "9.255.255.255",
            "100.63.255.255",
            "100.128.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.0.9",
            "192.0.0.10",
            "192.0.1.0",
            "192.31.196.1",
            "192.52.193.1",
            "192.88.98.255",
            "192.175.48.1",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "::2",
            "::ffff:1.1.1.1",
            "64:ff9a::1",
            "64:ff9b:2::1",
            "100:0:0:2::1",
            "2001:1::1",
            "2001:1::2",
            "2001:1::3",
            "2001:3::1",
            "2001:4:112::1",
            "2001:20::1",
            "2001:2f:ffff::",
            "2001:30::1",
            "2001:200::1",
            "2606:4700::1111",
            "2620:4f:8000::1",
            "3fff:1000::",
            "4000::1",
            "5eff::1",
            "5f01::1",
            "fbff::1",
            "fe00::1",
            "fec0::1",
        ] {
            assert!(!is_private(address(text)), "{text}");
        }
    }

    proptest! {
        #[test]
        fn parts_and_text_read_back(v6: bool, bits: u128, prefix in 0..=128_u8) {
            let network = if v6 {
                let kept = u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0);
                Network::new(IpAddr::V6(Ipv6Addr::from(bits & kept)), prefix)
            } else {
                let prefix = prefix.min(32);
                let kept = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
                Network::new(IpAddr::V4(Ipv4Addr::from(bits as u32 & kept)), prefix)
            };
            let network = network.unwrap();
            let (family, octets, prefix) = network.to_parts();
            prop_assert_eq!(Network::from_parts(family, octets, prefix), Some(network));
            prop_assert_eq!(parse_network(&network.to_string()), Ok(network));
            prop_assert!(network.contains(network.address()));
        }

        #[test]
        fn any_parts_and_text_are_read_without_panic(
            family in 3..8_u8, octets: [u8; 16], prefix: u8, text in "[0-9a-f:./]{0,24}"
        ) {
            let _ = Network::from_parts(family, octets, prefix);
            let _ = parse_network(&text);
        }
    }
}

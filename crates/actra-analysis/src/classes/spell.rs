//! Hosts, addresses and paths, spelled: text that is read before it is compared.

use actra_bytecode::format::host::{is_in_domain, parse_domain};
use actra_bytecode::format::network::{PRIVATE, PRIVATE_EXCEPTIONS, parse_network};
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// So many spellings that are none of `known`.
fn spellings(
    per_kind: usize,
    known: &BTreeSet<&str>,
    spell: impl Fn(usize) -> String,
) -> Vec<String> {
    let all = (0..per_kind + known.len()).map(spell);
    all.filter(|text| !known.contains(text.as_str())).take(per_kind).collect()
}

/// A host of every kind that the domains and networks tell apart, besides the strings that are
/// known already.
pub(super) fn hosts(
    domains: &[String],
    networks: &[String],
    known: &BTreeSet<&str>,
    per_kind: usize,
) -> Vec<String> {
    let domains: Vec<&str> = domains.iter().filter_map(|text| parse_domain(text).ok()).collect();
    let mut names: BTreeSet<String> =
        domains.iter().map(|domain| domain.to_ascii_lowercase()).collect();
    // A name in none of the domains.
    let outside = (0..).map(|number| format!("h{number}.example"));
    let single = (0..=domains.len()).map(|number| format!("h{number}"));
    let is_outside = |name: &String| !domains.iter().any(|domain| is_in_domain(name, domain));
    names.extend(outside.take(domains.len() + 1).chain(single).find(is_outside));

    let mut found = Vec::new();
    for name in names {
        found.extend(spellings(per_kind, known, |number| match number {
            0 => name.clone(),
            1 => format!("https://{name}"),
            2 => format!("https://{name}/"),
            _ => format!("https://{name}/{number}"),
        }));
    }
    for address in addresses(networks) {
        let inside = match address {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => format!("[{address}]"),
        };
        found.extend(spellings(per_kind, known, |number| match number {
            0 => address.to_string(),
            1 => format!("https://{inside}"),
            2 => format!("https://{inside}/"),
            _ => format!("https://{inside}/{number}"),
        }));
    }
    // Malformed.
    found.extend(spellings(per_kind, known, |number| match number {
        0 => "not a host".to_owned(),
        _ => format!("not a host {number}"),
    }));
    found
}

/// The first address of each range that no network tells apart.
fn addresses(networks: &[String]) -> BTreeSet<IpAddr> {
    let mut four: BTreeSet<u32> = BTreeSet::from([0]);
    // Mapped addresses are IPv4: the ranges on both sides of them are apart.
    let mut six: BTreeSet<u128> = BTreeSet::from([0, 0x1_0000_0000_0000]);
    let private = networks.iter().any(|network| network == "private");
    let tables = [PRIVATE, PRIVATE_EXCEPTIONS].into_iter().filter(|_| private).flatten().copied();
    for network in networks.iter().filter_map(|text| parse_network(text).ok()).chain(tables) {
        let prefix = u32::from(network.prefix());
        match network.address() {
            IpAddr::V4(address) => {
                let start = u32::from(address);
                four.insert(start);
                let size = 1_u64 << (32 - prefix);
                four.extend(u32::try_from(u64::from(start) + size));
            }
            IpAddr::V6(address) => {
                let start = u128::from(address);
                six.insert(start);
                let size = 1_u128.checked_shl(128 - prefix);
                six.extend(size.and_then(|size| start.checked_add(size)));
            }
        }
    }
    let four = four.into_iter().map(|address| IpAddr::V4(Ipv4Addr::from(address)));
    let six = six.into_iter().map(|address| IpAddr::V6(Ipv6Addr::from(address)));
    four.chain(six).filter(|address| address.to_canonical() == *address).collect()
}

/// A path of every kind that the directories tell apart, besides the strings that are known
/// already.
pub(super) fn paths(
    directories: &[String],
    known: &BTreeSet<&str>,
    per_kind: usize,
) -> Vec<String> {
    // A name that stands in none of them.
    let fresh = (0..).map(|number| format!("f{number}"));
    let is_fresh =
        |name: &String| !directories.iter().any(|path| path.split('/').any(|part| part == name));
    let fresh = fresh.take(directories.len() * 64 + 65_536).find(is_fresh).unwrap_or_default();
    let mut found = Vec::new();
    for directory in directories.iter().map(String::as_str).chain([""]) {
        let directory = directory.trim_end_matches('/');
        found.extend(spellings(per_kind, known, |number| match number {
            0 if !directory.is_empty() => directory.to_owned(),
            0 => format!("/{fresh}"),
            _ => format!("{directory}/{fresh}/{number}"),
        }));
    }
    found.extend(spellings(per_kind, known, |number| match number {
        0 => "not/absolute".to_owned(),
        _ => format!("not/absolute/{number}"),
    }));
    found
}

//! Hosts: names and addresses, bare or inside URLs.

/// What a well-formed host is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    /// A name: lower case, without a final dot.
    Name(String),
    /// An address.
    Address(Address),
}

/// An IP address. IPv4-mapped IPv6 counts as IPv4 and stands here as such.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Address {
    /// IPv4.
    V4(u32),
    /// IPv6.
    V6(u128),
}

/// The left side of `in_domain` and `in_network`; `None`: malformed.
///
/// "a bare host, or `scheme://host[:port]` (ports 1 to 65535) with `/`, `?` or `#` and anything
/// after it."
pub fn parse(text: &str) -> Option<Host> {
    let Some((scheme, rest)) = text.split_once("://") else {
        return parse_bare(text);
    };
    let mut letters = scheme.chars();
    if !letters.next().is_some_and(|first| first.is_ascii_alphabetic())
        || !letters.all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
    {
        return None;
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    // "IPv6 stands bare or, in URLs, in `[ ]`."
    if let Some(bracketed) = authority.strip_prefix('[') {
        let (inside, after) = bracketed.split_once(']')?;
        if !after.is_empty() {
            port(after.strip_prefix(':')?)?;
        }
        return parse_v6(inside).map(Host::Address);
    }
    let host = match authority.split_once(':') {
        Some((host, text)) => {
            port(text)?;
            host
        }
        None => authority,
    };
    parse_name_or_v4(host)
}

/// A bare host: a name, an IPv4 or an IPv6 address.
fn parse_bare(text: &str) -> Option<Host> {
    if text.contains(':') {
        return parse_v6(text).map(Host::Address);
    }
    parse_name_or_v4(text)
}

fn port(text: &str) -> Option<()> {
    // A leading zero is refused: programs read it differently.
    if text.starts_with('0') || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: u128 = text.parse().ok()?;
    (1..=65_535).contains(&number).then_some(())
}

/// "A host is at most 253 (a final dot not counted) of ASCII letters, digits, `-`, `_` and `.`,
/// without empty labels; case is folded and one final dot dropped."
fn parse_name_or_v4(text: &str) -> Option<Host> {
    let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
    if name.len() > 253
        || !name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
    {
        return None;
    }
    let labels: Vec<&str> = name.split('.').collect();
    if labels.contains(&"") {
        return None;
    }
    // "A host whose last label is all digits, or `0x` and hex digits (`0x` alone too), is an
    // address: dotted decimal with four parts and no leading zeros, or malformed."
    let last = labels.last().copied().unwrap_or_default();
    let is_address = last.chars().all(|c| c.is_ascii_digit())
        || last.strip_prefix("0x").is_some_and(|hex| hex.chars().all(|c| c.is_ascii_hexdigit()));
    if is_address {
        return parse_v4(&name).map(|address| Host::Address(Address::V4(address)));
    }
    Some(Host::Name(name))
}

/// Dotted decimal with four parts and no leading zeros.
pub fn parse_v4(text: &str) -> Option<u32> {
    let parts: Vec<&str> = text.split('.').collect();
    if parts.len() != 4 {
        return None;
    }
    let mut address = 0;
    for part in parts {
        let is_decimal = !part.is_empty()
            && part.len() <= 3
            && part.chars().all(|c| c.is_ascii_digit())
            && (part == "0" || !part.starts_with('0'));
        if !is_decimal {
            return None;
        }
        let byte: u32 = part.parse().ok()?;
        if byte > 255 {
            return None;
        }
        address = address * 256 + byte;
    }
    Some(address)
}

/// IPv6 without a zone, and without brackets; "IPv4-mapped IPv6 counts as IPv4".
pub fn parse_v6(text: &str) -> Option<Address> {
    let bits = v6_bits(text)?;
    // ::ffff:0:0/96
    if bits >> 32 == 0xffff { Some(Address::V4(bits as u32)) } else { Some(Address::V6(bits)) }
}

/// The 128 bits that an IPv6 address is written for, mapped or not.
pub fn v6_bits(text: &str) -> Option<u128> {
    let groups = match text.split_once("::") {
        // Before and after the gap; the gap stands for at least one group.
        Some((before, after)) => {
            let before = v6_groups(before, false)?;
            let after = v6_groups(after, true)?;
            if before.len() + after.len() > 7 {
                return None;
            }
            let gap = vec![0; 8 - before.len() - after.len()];
            [before, gap, after].concat()
        }
        None => v6_groups(text, true)?,
    };
    if groups.len() != 8 {
        return None;
    }
    Some(groups.into_iter().fold(0, |bits, group| bits << 16 | u128::from(group)))
}

/// Groups between colons; the last two may be written as an IPv4 address.
fn v6_groups(text: &str, may_end_in_v4: bool) -> Option<Vec<u16>> {
    let mut groups = Vec::new();
    if text.is_empty() {
        return Some(groups);
    }
    let parts: Vec<&str> = text.split(':').collect();
    for (index, part) in parts.iter().enumerate() {
        if part.contains('.') {
            if !may_end_in_v4 || index + 1 != parts.len() {
                return None;
            }
            let v4 = parse_v4(part)?;
            groups.push((v4 >> 16) as u16);
            groups.push(v4 as u16);
        } else {
            let is_group =
                !part.is_empty() && part.len() <= 4 && part.chars().all(|c| c.is_ascii_hexdigit());
            if !is_group {
                return None;
            }
            groups.push(u16::from_str_radix(part, 16).ok()?);
        }
    }
    Some(groups)
}

/// A domain on the right side: "bare host names that are no addresses"; `None`: malformed.
pub fn parse_domain(text: &str) -> Option<String> {
    match parse_bare(text)? {
        Host::Name(name) => Some(name),
        Host::Address(_) => None,
    }
}

/// "The host is one of them or below one"; "an address is in no domain".
pub fn is_in_domain(host: &Host, domain: &str) -> bool {
    match host {
        Host::Name(name) => {
            name == domain || name.strip_suffix(domain).is_some_and(|before| before.ends_with('.'))
        }
        Host::Address(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv6Addr;

    fn name(text: &str) -> Host {
        Host::Name(text.to_owned())
    }

    #[test]
    fn names() {
        for text in [
            "a.com",
            "A.COM",
            "a.com.",
            "https://a.com",
            "https://A.com.:65535/x?y#z",
            "x+y-1.2://a.com?@b",
            "http://a.com#\\ %é",
            "http://a.com:1",
        ] {
            assert_eq!(parse(text), Some(name("a.com")), "{text}");
        }
        assert_eq!(parse("-_-"), Some(name("-_-")));
        assert_eq!(parse("1.0xg"), Some(name("1.0xg")));
        assert_eq!(parse("0x1.a"), Some(name("0x1.a")));
        assert_eq!(parse(&"a".repeat(253)), Some(name(&"a".repeat(253))));
        assert_eq!(parse(&("a".repeat(253) + ".")), Some(name(&"a".repeat(253))));
    }

    #[test]
    fn malformed() {
        for text in [
            "",
            ".",
            "a..b",
            ".a",
            "a.com..",
            "a b",
            " a.com",
            "a.com ",
            "a.com:443",
            "a.com/x",
            "a%41",
            "ä.de",
            "http://",
            "http:///x",
            "://a",
            "1a://b",
            "http://u@a.com",
            "http://a.com:",
            "http://a.com:0",
            "http://a.com:080/",
            "http://a.com:65536",
            "http://a.com:+1",
            "http://a.com\\b",
            "//a.com",
            "http:a.com",
            "[::1]",
            "http://::1/",
            "http://[::1",
            "http://[::1]x",
            "http://[1.2.3.4]",
            "fe80::1%eth0",
            "http://[fe80::1%25e]/",
            "1",
            "1.2.3",
            "1.2.3.4.5",
            "01.2.3.4",
            "1.2.3.256",
            "a.1",
            "a.0x",
            "0x7f000001",
            "a.0xFF",
            "1.2.3.4:80",
            "\n",
            "a\t.b",
            "a@b",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(parse(&"a".repeat(254)), None);
    }

    #[test]
    fn addresses() {
        let v4 = Some(Host::Address(Address::V4(0x7f00_0001)));
        for text in [
            "127.0.0.1",
            "127.0.0.1.",
            "http://127.0.0.1:1/",
            "::ffff:127.0.0.1",
            "http://[::FFFF:7f00:1]",
        ] {
            assert_eq!(parse(text), v4, "{text}");
        }
        assert_eq!(parse("::1"), Some(Host::Address(Address::V6(1))));
        assert_eq!(parse("http://[::1]:80/"), Some(Host::Address(Address::V6(1))));
    }

    #[test]
    fn version_6_reads_as_the_standard_library_reads_it() {
        for text in [
            "::",
            "::1",
            "1::",
            "1:2:3:4:5:6:7:8",
            "1:2:3:4:5:6:7::",
            "::2:3:4:5:6:7:8",
            "1::8",
            "1:2:3:4:5:6:1.2.3.4",
            "::1.2.3.4",
            "1::1.2.3.4",
            "",
            ":",
            ":::",
            "1:::2",
            "1::2::3",
            "1:2:3:4:5:6:7",
            "1:2:3:4:5:6:7:8:9",
            "1:2:3:4::5:6:7:8",
            "12345::",
            "g::",
            ":1",
            "1:",
            "::1:",
            ":1::",
            "1.2.3.4::",
            "::1.2.3.4:5",
            "1:2:3:4:5:6:7:1.2.3.4",
            "::01.2.3.4",
            "::1.2.3",
            "fe80::1%0",
            "::0000",
            "::00000",
        ] {
            let standard = text.parse::<Ipv6Addr>().ok().map(u128::from);
            assert_eq!(v6_bits(text), standard, "{text}");
        }
    }

    #[test]
    fn below_a_domain() {
        let host = |text| parse(text).unwrap();
        assert!(is_in_domain(&host("a.com"), "a.com"));
        assert!(is_in_domain(&host("x.y.a.com"), "a.com"));
        assert!(!is_in_domain(&host("xa.com"), "a.com"));
        assert!(!is_in_domain(&host("com"), "a.com"));
        assert!(!is_in_domain(&host("1.2.3.4"), "a.com"));
        assert_eq!(parse_domain("A.com."), Some("a.com".to_owned()));
        assert_eq!(parse_domain("https://a.com"), None);
        assert_eq!(parse_domain("1.2.3.4"), None);
        assert_eq!(parse_domain("::1"), None);
    }
}

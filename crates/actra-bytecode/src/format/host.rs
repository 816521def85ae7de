//! Host names, and the hosts of URLs, as `in_domain` and `in_network` read them.
//!
//! The grammar is narrower than what browsers and resolvers accept, on purpose: a host that two
//! programs may read differently is malformed, so no policy decides about one host while the
//! operation goes to another.

use super::Malformed;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The longest host in bytes, its final dot not counted.
pub const MAX_HOST_BYTES: usize = 253;

/// What a string on the left of `in_domain` or `in_network` names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Host<'a> {
    /// A name without its final dot, in the case in which it was written.
    Name(&'a str),
    /// An address. IPv4-mapped IPv6 is IPv4 here.
    Address(IpAddr),
}

/// Reads a bare host, or the host of a URL.
///
/// ```
/// use actra_bytecode::format::host::{Host, parse};
///
/// assert_eq!(parse("https://api.example.com:8443/v1"), Ok(Host::Name("api.example.com")));
/// assert_eq!(parse("[::1]").ok(), None, "brackets stand in URLs only");
/// ```
pub fn parse(text: &str) -> Result<Host<'_>, Malformed> {
    let run = Run::at_start(text);
    if run.rest.is_empty() {
        return run.host();
    }
    let (scheme, rest) = split_before(text, |byte| byte == b':');
    match rest.strip_prefix("://") {
        Some(authority) if is_scheme(scheme) => authority_host(authority),
        Some(_) => Err(Malformed),
        None => ipv6(text),
    }
}

/// Why [`parse`] calls a string malformed, in a few words for people; `None` where it does not.
///
/// ```
/// use actra_bytecode::format::host::why_malformed;
///
/// assert_eq!(why_malformed("https://a.com@evil.org/"), Some("it has user information before an `@`"));
/// assert_eq!(why_malformed("a.com"), None);
/// ```
pub fn why_malformed(text: &str) -> Option<&'static str> {
    parse(text).err()?;
    let (has_scheme, authority) = match text.split_once("://") {
        Some((scheme, rest)) if is_scheme(scheme) => {
            (true, split_before(rest, |byte| matches!(byte, b'/' | b'?' | b'#')).0)
        }
        _ => (false, text),
    };
    let has = |wanted: fn(char) -> bool| authority.contains(wanted);
    let run = Run::at_start(authority);
    Some(if authority.is_empty() {
        "it is empty"
    } else if has(|c| c == '@') {
        "it has user information before an `@`"
    } else if has(|c| c == '\\') {
        "it has a `\\`"
    } else if has(|c| c == '%') {
        "it has a `%`"
    } else if has(|c| c.is_whitespace() || c.is_control()) {
        "it has a space or a control character"
    } else if !authority.is_ascii() {
        "it is not ASCII: internationalised names come as A-labels (`xn--...`)"
    } else if authority.starts_with('[') && !has_scheme {
        "brackets stand in URLs only"
    } else if authority.starts_with('[') {
        "what stands in brackets is no IPv6 address without a zone, or what follows is no port"
    } else if !has_scheme && has(|c| matches!(c, '/' | '?' | '#')) {
        "it has a path and no scheme before it"
    } else if !has_scheme && has(|c| c == ':') {
        "it has a port and no scheme before it, or is no IPv6 address"
    } else if run.rest.starts_with(':') {
        "its port is none from 1 to 65535 without leading zeros"
    } else if !run.rest.is_empty() {
        "it has a character that hosts do not have"
    } else if run.name.len() > MAX_HOST_BYTES {
        "it is longer than 253 characters"
    } else if run.name.is_empty() || run.has_empty_label {
        "it has an empty label"
    } else {
        "its last label is a number, and it is no address in dotted decimal"
    })
}

/// Reads a bare host name that is no address, as stands on the right of `in_domain`; the final
/// dot is dropped.
pub fn parse_domain(text: &str) -> Result<&str, Malformed> {
    let run = Run::at_start(text);
    match run.host()? {
        Host::Name(name) if run.rest.is_empty() => Ok(name),
        Host::Name(_) | Host::Address(_) => Err(Malformed),
    }
}

/// Whether a name is a domain or lies below it. Both come without a final dot, as from [`parse`]
/// and [`parse_domain`]; ASCII case does not count.
///
/// ```
/// use actra_bytecode::format::host::is_in_domain;
///
/// assert!(is_in_domain("API.example.com", "example.com"));
/// assert!(!is_in_domain("notexample.com", "example.com"));
/// ```
pub fn is_in_domain(name: &str, domain: &str) -> bool {
    let Some(start) = name.len().checked_sub(domain.len()) else {
        return false;
    };
    let Some((above, end)) = name.as_bytes().split_at_checked(start) else {
        return false;
    };
    !domain.is_empty()
        && matches!(above.last(), None | Some(b'.'))
        && end.eq_ignore_ascii_case(domain.as_bytes())
}

/// RFC 3986: a letter, then letters, digits, `+`, `-` and `.`.
fn is_scheme(text: &str) -> bool {
    text.bytes().next().is_some_and(|first| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

/// The host of what stands after `scheme://`.
fn authority_host(authority: &str) -> Result<Host<'_>, Malformed> {
    if let Some(bracketed) = authority.strip_prefix('[') {
        let (inside, rest) = split_before(bracketed, |byte| byte == b']');
        check_rest(rest.strip_prefix(']').ok_or(Malformed)?)?;
        return ipv6(inside);
    }
    let run = Run::at_start(authority);
    check_rest(run.rest)?;
    run.host()
}

/// Splits before the first byte that is an end, which must be ASCII.
fn split_before(text: &str, is_end: impl Fn(u8) -> bool) -> (&str, &str) {
    let end = text.bytes().position(is_end).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

/// Checks what follows the host in a URL: nothing, or a port and then nothing or `/`, `?` or `#`
/// and anything.
fn check_rest(rest: &str) -> Result<(), Malformed> {
    let Some(after_colon) = rest.strip_prefix(':') else {
        return check_end(rest);
    };
    let (port, end) = split_before(after_colon, |byte| !byte.is_ascii_digit());
    // A leading zero is refused: programs differ in whether `:080` is 80, 64 or an error.
    let decimal = !port.starts_with('0') && port.parse::<u16>().is_ok();
    if decimal { check_end(end) } else { Err(Malformed) }
}

fn check_end(rest: &str) -> Result<(), Malformed> {
    match rest.bytes().next() {
        None | Some(b'/' | b'?' | b'#') => Ok(()),
        Some(_) => Err(Malformed),
    }
}

fn ipv6(text: &str) -> Result<Host<'_>, Malformed> {
    let address: Ipv6Addr = text.parse().map_err(|_| Malformed)?;
    Ok(Host::Address(IpAddr::V6(address).to_canonical()))
}

/// The bytes of a name at the start of a text, read in one pass.
struct Run<'a> {
    /// Without its final dot.
    name: &'a str,
    last_label: &'a str,
    has_empty_label: bool,
    rest: &'a str,
}

impl<'a> Run<'a> {
    fn at_start(text: &'a str) -> Self {
        let (mut label_start, mut label_before) = (0, 0);
        let mut has_empty_label = false;
        let mut end = text.len();
        for (index, byte) in text.bytes().enumerate() {
            match byte {
                b'.' => {
                    has_empty_label |= index == label_start;
                    (label_before, label_start) = (label_start, index + 1);
                }
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => {}
                _ => {
                    end = index;
                    break;
                }
            }
        }
        let (whole, rest) = text.split_at_checked(end).unwrap_or(("", text));
        let (name, last_start) = match whole.strip_suffix('.') {
            Some(name) => (name, label_before),
            None => (whole, label_start),
        };
        let last_label = name.get(last_start..).unwrap_or_default();
        Self { name, last_label, has_empty_label, rest }
    }

    /// The host that the name is: an IPv4 address if the last label says so.
    fn host(&self) -> Result<Host<'a>, Malformed> {
        if self.name.is_empty() || self.has_empty_label || self.name.len() > MAX_HOST_BYTES {
            return Err(Malformed);
        }
        if !is_numeric(self.last_label) {
            return Ok(Host::Name(self.name));
        }
        let address: Ipv4Addr = self.name.parse().map_err(|_| Malformed)?;
        Ok(Host::Address(IpAddr::V4(address)))
    }
}

/// Whether a last label makes its host an address: all digits, or `0x` and hex digits.
fn is_numeric(label: &str) -> bool {
    match label.as_bytes() {
        [b'0', b'x' | b'X', digits @ ..] => digits.iter().all(u8::is_ascii_hexdigit),
        digits => digits.iter().all(u8::is_ascii_digit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::string::ToString;

    fn name(text: &str) -> Option<&str> {
        match parse(text) {
            Ok(Host::Name(name)) => Some(name),
            _ => None,
        }
    }

    #[test]
    fn the_name_is_what_stands_between_scheme_and_port() {
        assert_eq!(name("a.b+c-1.2://Example.COM.:65535?x@y"), Some("Example.COM"));
        assert_eq!(name("h://-_-"), Some("-_-"));
    }

    #[test]
    fn mapped_addresses_are_ipv4() {
        let loopback = Ok(Host::Address(IpAddr::V4(Ipv4Addr::LOCALHOST)));
        assert_eq!(parse("::ffff:127.0.0.1"), loopback);
        assert_eq!(parse("h://[::FFFF:7f00:1]:1"), loopback);
        assert_eq!(parse("127.0.0.1."), loopback);
    }

    #[test]
    fn a_domain_takes_whole_labels() {
        assert!(is_in_domain("a.B", "A.b"));
        assert!(is_in_domain("x.a.b", "a.b"));
        assert!(!is_in_domain("xa.b", "a.b"));
        assert!(!is_in_domain("b", "a.b"));
        assert!(!is_in_domain("a.b", ""));
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic_and_names_read_back(text in "(\\PC|[:/.\\[\\]0-9ax]){0,24}") {
            if let Ok(Host::Name(name)) = parse(&text) {
                prop_assert_eq!(parse_domain(name), Ok(name));
                prop_assert_eq!(parse(name), Ok(Host::Name(name)));
            }
        }

        #[test]
        fn every_address_is_itself_bare_and_in_a_url(bits: u128) {
            let address = IpAddr::V6(Ipv6Addr::from(bits));
            let expected = Ok(Host::Address(address.to_canonical()));
            let (bare, url) = (address.to_string(), std::format!("https://[{address}]:443/"));
            prop_assert_eq!(parse(&bare), expected);
            prop_assert_eq!(parse(&url), expected);
        }
    }
}

//! Values that policies and inputs draw from: few, so that they meet, and most of them near an
//! edge that the language page draws.

use super::rng::Rng;
use crate::reference::timestamp;
use actra_compiler::model::{LanguageVersion, Literal, ScalarKind, ScalarType};

/// What the strings of a field are about; told by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flavour {
    Text,
    Host,
    Path,
}

pub(super) fn flavour(name: &str) -> Flavour {
    match name {
        "url" | "peer" | "hosts" => Flavour::Host,
        "path" | "dirs" => Flavour::Path,
        _ => Flavour::Text,
    }
}

pub(super) const TEXTS: &[&str] = &[
    "USD",
    "EUR",
    "usd",
    "vip",
    "waived",
    "lead",
    "a",
    "ab",
    "x y",
    "Straße",
    "日本",
    "e\u{301}",
    "true",
    "5",
    "null",
    "it's",
    "say \"hi\"",
    "#1",
    "a: b",
    "@lead",
    "-",
    "😀",
];

pub(super) const HOSTS: &[&str] = &[
    "a.com",
    "sub.a.com",
    "A.COM.",
    "xa.com",
    "com",
    "evil.org",
    "https://x.a.com:443/p?q#r",
    "http://a.com?x",
    "10.0.0.1",
    "10.255.1.2",
    "8.8.8.8",
    "::1",
    "::ffff:10.1.2.3",
    "http://[fe80::1]:80/",
    "2600::1",
    "192.0.0.9",
    "http://a.com:080/",
    "http://127.0.0.1/",
    "under_score.a.com",
];

pub(super) const BAD_HOSTS: &[&str] = &[
    "",
    "a..com",
    "a.com:443",
    "a.com/x",
    "http://u@a.com",
    "http://a.com:0",
    "1.2.3",
    "0x7f.1",
    "a.0x",
    "01.2.3.4",
    "[::1]",
    "fe80::1%eth0",
    "ä.de",
    "a b",
    "http://",
];

pub(super) const DOMAINS: &[&str] = &["a.com", "com", "sub.a.com", "evil.org", "B.org.", "x_y.net"];
pub(super) const BAD_DOMAINS: &[&str] = &["https://a.com", "1.2.3.4", "::1", "", "a..b"];

pub(super) const NETWORKS: &[&str] = &[
    "private",
    "10.0.0.0/8",
    "8.8.8.8/32",
    "0.0.0.0/0",
    "fe80::/10",
    "2600::/16",
    "::/0",
    "::1/128",
    "::ffff:10.0.0.0/104",
    "127.0.0.0/8",
];

pub(super) const PATHS: &[&str] = &[
    "/",
    "/srv",
    "/srv/data",
    "/srv//data/./x",
    "/srvx",
    "/etc/passwd",
    "/Srv",
    "/srv/.../x",
    "/srv/",
];
pub(super) const BAD_PATHS: &[&str] =
    &["", "srv", "./srv", "/srv/../etc", "/..", "/srv\0", "C:\\srv"];

pub(super) const PATTERNS: &[&str] = &[
    "[A-Z]{3}",
    "v.*",
    r"\d+",
    "(?i)usd|eur",
    "a|ab",
    ".*",
    r"\w+",
    "^lead$",
    r"https?://[^/]+/.*",
    "/srv(/.*)?",
    "😀|日.",
];

pub(super) const INTEGERS: &[i64] = &[
    0,
    1,
    -1,
    2,
    3,
    5,
    10,
    100,
    999,
    1000,
    1001,
    9_007_199_254_740_992,
    9_007_199_254_740_993,
    -9_007_199_254_740_993,
    i64::MAX,
    i64::MIN,
];
/// Edges are rare, so that small numbers meet.
const COMMON_INTEGERS: usize = 11;

pub(super) const FLOATS: &[f64] = &[
    0.5,
    1.5,
    5.5,
    -0.5,
    999.99,
    1000.5,
    1e300,
    -1e300,
    5e-324,
    0.1,
    9_007_199_254_740_994.0,
    9_223_372_036_854_775_808.0,
];

pub(super) const INSTANTS: &[&str] = &[
    "2024-01-01T00:00:00Z",
    "2024-01-31T00:00:00Z",
    "2024-02-29T12:00:00.000001Z",
    "1969-12-31T23:59:59.999999Z",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999Z",
    "2024-01-01T00:00:00.5Z",
];
pub(super) const BAD_INSTANTS: &[&str] = &[
    "2024-01-01",
    "2024-01-01T00:00:60Z",
    "2024-01-01t00:00:00z",
    "2023-02-29T00:00:00Z",
    "2024-01-01T00:00:00",
    "now",
    "0000-01-01T00:00:00Z",
];

pub(super) const MAP_KEYS: &[&str] = &["app/name", "env", "a key", "say \"k\"", "k's"];
pub(super) const ACTORS: &[&str] = &["ai_agent", "service", "human", "cli tool"];

pub(super) fn integer(rng: &mut Rng) -> i64 {
    if rng.percent(80) {
        INTEGERS.get(rng.below(COMMON_INTEGERS)).copied().unwrap_or_default()
    } else {
        *rng.pick(INTEGERS)
    }
}

pub(super) fn text(rng: &mut Rng, flavour: Flavour) -> String {
    match flavour {
        Flavour::Text => (*rng.pick(TEXTS)).to_owned(),
        Flavour::Host => (*rng.pick(HOSTS)).to_owned(),
        Flavour::Path => (*rng.pick(PATHS)).to_owned(),
    }
}

/// An integer as the version's literals hold it.
pub(super) fn integer_literal(version: LanguageVersion, value: i64) -> Literal {
    match version {
        // The largest of them rounds to 2^63, which is no integer of 64 bits.
        LanguageVersion::V1 if value == i64::MAX => Literal::Float((1_i64 << 62) as f64),
        LanguageVersion::V1 => Literal::Float(value as f64),
        LanguageVersion::V2 => Literal::Integer(value),
    }
}

/// A literal of a kind, without regard for constraints.
pub(super) fn plain_literal(
    rng: &mut Rng,
    version: LanguageVersion,
    kind: ScalarKind,
    flavour: Flavour,
) -> Literal {
    match kind {
        ScalarKind::String => Literal::String(text(rng, flavour)),
        ScalarKind::Boolean => Literal::Boolean(rng.percent(50)),
        ScalarKind::Integer => integer_literal(version, integer(rng)),
        ScalarKind::Number if rng.percent(65) => integer_literal(version, integer(rng)),
        ScalarKind::Number => Literal::number(version, *rng.pick(FLOATS)),
        ScalarKind::Timestamp => {
            Literal::Timestamp(timestamp::parse(rng.pick::<&str>(INSTANTS)).unwrap_or_default())
        }
    }
}

/// A literal that fits a type, its `enum` included.
pub(super) fn literal(
    rng: &mut Rng,
    version: LanguageVersion,
    ty: &ScalarType,
    flavour: Flavour,
) -> Literal {
    match &ty.allowed {
        Some(allowed) => rng.pick(allowed).clone(),
        None => plain_literal(rng, version, ty.kind, flavour),
    }
}

/// One to four literals that fit a type, each once.
pub(super) fn literals(
    rng: &mut Rng,
    version: LanguageVersion,
    ty: &ScalarType,
    flavour: Flavour,
) -> Vec<Literal> {
    let mut out = Vec::new();
    for _ in 0..=rng.below(4) {
        let literal = literal(rng, version, ty, flavour);
        if !out.contains(&literal) {
            out.push(literal);
        }
    }
    out
}

/// One to three strings of a pool, each once.
pub(super) fn strings(rng: &mut Rng, pool: &[&str]) -> Vec<Literal> {
    let mut out = Vec::new();
    for _ in 0..=rng.below(3) {
        let literal = Literal::String((*rng.pick(pool)).to_owned());
        if !out.contains(&literal) {
            out.push(literal);
        }
    }
    out
}

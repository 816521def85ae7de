//! Runs the data-only cases of `conformance/vectors` against the formats.

use actra_bytecode::format::host::{self, Host};
use actra_bytecode::format::{Malformed, network, path, timestamp};
use serde_json::Value;

/// As `in_domain` does it: every operand is read, and one that is malformed counts.
fn in_domain(left: &str, right: &[&str]) -> Result<bool, Malformed> {
    let left = host::parse(left);
    let domains: Result<Vec<&str>, _> = right.iter().copied().map(host::parse_domain).collect();
    let (left, domains) = (left?, domains?);
    Ok(match left {
        Host::Name(name) => domains.iter().any(|domain| host::is_in_domain(name, domain)),
        Host::Address(_) => false,
    })
}

/// As `in_network` does it.
fn in_network(left: &str, right: &[&str]) -> Result<bool, Malformed> {
    let left = host::parse(left);
    let private = right.contains(&"private");
    let networks = right.iter().filter(|entry| **entry != "private");
    let networks: Result<Vec<_>, _> = networks.map(|entry| network::parse_network(entry)).collect();
    let (left, networks) = (left?, networks?);
    Ok(match left {
        Host::Name(_) => false,
        Host::Address(address) => {
            private && network::is_private(address)
                || networks.iter().any(|network| network.contains(address))
        }
    })
}

/// As `within_path` does it.
fn within_path(left: &str, right: &[&str]) -> Result<bool, Malformed> {
    if !path::is_well_formed(left) || !right.iter().all(|entry| path::is_well_formed(entry)) {
        return Err(Malformed);
    }
    Ok(right.iter().any(|directory| path::is_within(left, directory)))
}

fn cases(name: &str, at_least: usize) -> Vec<Value> {
    let file = format!("{}/../../conformance/vectors/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{file}: {error}"));
    let cases: Vec<Value> = serde_json::from_str(&text).unwrap();
    assert!(cases.len() >= at_least, "{name} has {} cases, not {at_least}", cases.len());
    cases
}

fn run_operator(
    name: &str,
    at_least: usize,
    operator: impl Fn(&str, &[&str]) -> Result<bool, Malformed>,
) {
    let mut failures = Vec::new();
    for case in cases(name, at_least) {
        let left = case["left"].as_str().unwrap();
        let right: Vec<&str> =
            case["right"].as_array().unwrap().iter().map(|entry| entry.as_str().unwrap()).collect();
        let result = match operator(left, &right) {
            Ok(result) => Value::from(result),
            Err(Malformed) => Value::from("malformed"),
        };
        if result != case["result"] {
            failures.push(format!("{case} gave {result}"));
        }
    }
    assert!(failures.is_empty(), "{name}:\n{}", failures.join("\n"));
}

#[test]
fn in_domain_decides_every_case() {
    run_operator("in_domain", 140, in_domain);
}

#[test]
fn in_network_decides_every_case() {
    run_operator("in_network", 200, in_network);
}

#[test]
fn within_path_decides_every_case() {
    run_operator("within_path", 90, within_path);
}

#[test]
fn timestamps_are_the_instants_of_every_case() {
    for case in cases("timestamp", 100) {
        let text = case["text"].as_str().unwrap();
        let expected = (case["result"] != "malformed").then(|| {
            let part = |name: &str| case["result"][name].as_i64().unwrap();
            part("seconds") * 1_000_000 + part("micros")
        });
        assert_eq!(timestamp::parse(text), expected, "{case}");
    }
}

#[test]
fn whatever_is_malformed_has_a_reason_and_nothing_else_has() {
    let lefts = |name: &str| -> Vec<String> {
        cases(name, 90).iter().map(|case| case["left"].as_str().unwrap().to_owned()).collect()
    };
    let mut reasons = std::collections::BTreeSet::new();
    for host in lefts("in_domain").iter().chain(&lefts("in_network")) {
        let reason = host::why_malformed(host);
        assert_eq!(reason.is_some(), host::parse(host).is_err(), "{host}");
        reasons.extend(reason);
    }
    for path in lefts("within_path") {
        let reason = path::why_malformed(&path);
        assert_eq!(reason.is_none(), path::is_well_formed(&path), "{path}");
        reasons.extend(reason);
    }
    // The vectors come across every reason but one or two.
    assert!(reasons.len() >= 17, "{reasons:#?}");
}

#[test]
fn reasons_name_what_is_wrong() {
    for (host, reason) in [
        ("", "it is empty"),
        ("https:///a", "it is empty"),
        ("https://a.com@evil.org/", "it has user information before an `@`"),
        ("a.com\\@b.com", "it has user information before an `@`"),
        ("https://a.com\\b", "it has a `\\`"),
        ("a%2ecom", "it has a `%`"),
        ("a .com", "it has a space or a control character"),
        ("größe.de", "it is not ASCII: internationalised names come as A-labels (`xn--...`)"),
        ("[::1]", "brackets stand in URLs only"),
        ("a.com/x", "it has a path and no scheme before it"),
        ("a.com:443", "it has a port and no scheme before it, or is no IPv6 address"),
        ("http://a.com:0/", "its port is none from 1 to 65535 without leading zeros"),
        ("a,com", "it has a character that hosts do not have"),
        ("a..com", "it has an empty label"),
        ("1.2.3", "its last label is a number, and it is no address in dotted decimal"),
    ] {
        assert_eq!(host::why_malformed(host), Some(reason), "{host}");
    }
}

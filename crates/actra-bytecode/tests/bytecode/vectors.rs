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

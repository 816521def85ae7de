//! The vectors of `conformance/vectors`, read by the reference evaluator's own code.

use actra_testkit::reference::{host, network, path, timestamp};
use serde_json::Value as Json;

fn cases(name: &str) -> Vec<Json> {
    let path = format!("{}/../../conformance/vectors/{name}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap();
    let cases: Vec<Json> = serde_json::from_str(&text).unwrap();
    assert!(!cases.is_empty());
    cases
}

/// Runs the cases of an operator: `holds` says whether the left is in one entry on the right;
/// `None`: one of the two is malformed.
fn run(name: &str, well_formed: fn(&str) -> bool, holds: fn(&str, &str) -> Option<bool>) {
    let mut wrong = Vec::new();
    for case in cases(name) {
        let left = case["left"].as_str().unwrap();
        let rights = case["right"].as_array().unwrap();
        let mut result = Some(false);
        for right in rights {
            result = match (result, holds(left, right.as_str().unwrap())) {
                (Some(a), Some(b)) => Some(a || b),
                _ => None,
            };
        }
        if !well_formed(left) {
            result = None;
        }
        let result = result.map_or(Json::from("malformed"), Json::from);
        if result != case["result"] {
            wrong.push(format!("{case} gives {result}"));
        }
    }
    assert!(wrong.is_empty(), "{name}:\n{}", wrong.join("\n"));
}

#[test]
fn in_domain() {
    run(
        "in_domain.json",
        |left| host::parse(left).is_some(),
        |left, right| Some(host::is_in_domain(&host::parse(left)?, &host::parse_domain(right)?)),
    );
}

#[test]
fn in_network() {
    run(
        "in_network.json",
        |left| host::parse(left).is_some(),
        |left, right| network::is_in_network(&host::parse(left)?, right),
    );
}

#[test]
fn within_path() {
    run("within_path.json", |left| path::segments(left).is_some(), path::is_within);
}

#[test]
fn timestamps() {
    let mut wrong = Vec::new();
    for case in cases("timestamp.json") {
        let instant = timestamp::parse(case["text"].as_str().unwrap());
        let result = match instant {
            None => Json::from("malformed"),
            Some(instant) => serde_json::json!({
                "seconds": instant.div_euclid(1_000_000),
                "micros": instant.rem_euclid(1_000_000),
            }),
        };
        if result != case["result"] {
            wrong.push(format!("{case} gives {result}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

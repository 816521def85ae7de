//! Inputs: those of the test kit's generator, some of them bent further, and what the language page
//! says about the ones that the package raises an exception for.

use actra_compiler::model::{CheckedPolicy, Field};
use actra_testkit::Value;
use actra_testkit::generate::{Rng, version_1_package_input};

const DOMAINS: [&str; 3] = ["action", "actor", "snapshot"];

/// The largest integer that rounds to a double is 2^1024 - 2^970 - 1; this one is longer.
const TOO_LONG_FOR_A_DOUBLE: usize = 310;

/// Inputs for a policy, the same ones for one seed.
pub(super) fn inputs(seed: u64, policy: &CheckedPolicy, count: usize) -> Vec<Value> {
    let mut rng = Rng::new(seed ^ 0x1000_0001);
    (0..count)
        .map(|_| {
            let mut input = version_1_package_input(rng.next(), policy);
            while rng.percent(35) {
                bend(&mut rng, policy, &mut input);
            }
            input
        })
        .collect()
}

fn bend(rng: &mut Rng, policy: &CheckedPolicy, input: &mut Value) {
    let Value::Object(domains) = input else { return };
    if rng.percent(5) {
        let name = *rng.pick(&["action", "actor", "snapshot", "beside the domains"]);
        domains.retain(|(domain, _)| domain != name);
        domains.push((name.to_owned(), odd(rng)));
        return;
    }
    if domains.is_empty() {
        return;
    }
    let at = rng.below(domains.len());
    let Some((domain, Value::Object(entries))) = domains.get_mut(at) else { return };
    let mut names: Vec<String> = entries.iter().map(|(name, _)| name.clone()).collect();
    names.extend(declared(policy, domain).into_iter().map(|field| field.name.clone()));
    names.extend(["type".to_owned(), "undeclared".to_owned()]);
    let name = rng.pick(&names).clone();
    let value = if rng.percent(85) { scalar(rng) } else { odd(rng) };
    match entries.iter_mut().find(|(other, _)| *other == name) {
        Some((_, old)) => *old = value,
        None => entries.push((name, value)),
    }
}

fn scalar(rng: &mut Rng) -> Value {
    match rng.below(4) {
        0 => Value::Bool(rng.percent(50)),
        1 => {
            Value::string(*rng.pick(&["", "5", "true", "USD", "nan", "refund", "\u{1f600}", "\0"]))
        }
        2 => Value::Float(*rng.pick(&[f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0, 1e308])),
        _ => rng
            .pick(&[
                Value::Int(i64::MAX),
                Value::Int(i64::MIN),
                Value::Int((1 << 53) + 1),
                Value::BigInt((1_u128 << 63).to_string()),
                Value::BigInt(u64::MAX.to_string()),
                Value::BigInt(u128::MAX.to_string()),
                // Not the largest integer of a double's range, but of its length.
                Value::BigInt(format!("1{}", "0".repeat(308))),
                Value::BigInt(format!("-1{}", "7".repeat(308))),
            ])
            .clone(),
    }
}

/// What raises an exception in the package, wherever it stands.
fn odd(rng: &mut Rng) -> Value {
    match rng.below(6) {
        0 => Value::List(Vec::new()),
        1 => Value::List(vec![Value::Int(5), Value::string("x")]),
        2 => Value::Object(Vec::new()),
        3 => Value::object([("amount", Value::Int(5))]),
        4 => Value::BigInt("9".repeat(TOO_LONG_FOR_A_DOUBLE)),
        _ => Value::Null,
    }
}

/// Whether the language page calls the input an error in version 1: a domain that is no object, or
/// something that is no scalar, or no double, in a field that the schema declares.
pub(super) fn is_error(policy: &CheckedPolicy, input: &Value) -> bool {
    let Value::Object(domains) = input else { return true };
    domains.iter().filter(|(domain, _)| DOMAINS.contains(&domain.as_str())).any(
        |(domain, value)| {
            let Value::Object(entries) = value else { return true };
            let declared = declared(policy, domain);
            let is_declared = |name: &str| {
                (name == "type" && domain != "snapshot")
                    || declared.iter().any(|field| field.name == name)
            };
            entries.iter().any(|(name, value)| is_declared(name) && !is_version_1_value(value))
        },
    )
}

fn is_version_1_value(value: &Value) -> bool {
    match value {
        Value::Null | Value::List(_) | Value::Object(_) => false,
        Value::BigInt(digits) => digits.parse().is_ok_and(f64::is_finite),
        Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::String(_) => true,
    }
}

/// Fields of a domain, under whatever action.
fn declared<'p>(policy: &'p CheckedPolicy, domain: &str) -> Vec<&'p Field> {
    let schema = &policy.schema;
    match domain {
        "action" => schema.actions.iter().flat_map(|action| &action.fields).collect(),
        "actor" => schema.actor.iter().collect(),
        _ => schema.snapshot.iter().collect(),
    }
}

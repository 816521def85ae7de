//! Tests that casbin's expressions lack.

use crate::rules::{PIPED, PUSHED};
use casbin::function_map::{OperatorFunction, dynamic_to_str};
use casbin::rhai::Dynamic;
use casbin::{CoreApi, Enforcer};

pub(super) fn add(enforcer: &mut Enforcer) {
    let functions: [(&str, OperatorFunction); 7] = [
        (
            "startsWith",
            OperatorFunction::Arg2(|text, start| {
                dynamic_to_str(&text).starts_with(&*dynamic_to_str(&start)).into()
            }),
        ),
        (
            "endsWith",
            OperatorFunction::Arg2(|text, end| {
                dynamic_to_str(&text).ends_with(&*dynamic_to_str(&end)).into()
            }),
        ),
        (
            "hasText",
            OperatorFunction::Arg2(|text, part| {
                dynamic_to_str(&text).contains(&*dynamic_to_str(&part)).into()
            }),
        ),
        ("isPiped", OperatorFunction::Arg1(|text| PIPED.is_match(&dynamic_to_str(&text)).into())),
        ("isPushed", OperatorFunction::Arg1(|text| PUSHED.is_match(&dynamic_to_str(&text)).into())),
        (
            "exceeds",
            OperatorFunction::Arg2(|amount, over| {
                compared(&amount, &over, |amount, over| amount > over).into()
            }),
        ),
        (
            "isWithin",
            OperatorFunction::Arg3(|risk, from, below| {
                let from = compared(&risk, &from, |risk, from| risk >= from);
                (from && compared(&risk, &below, |risk, below| risk < below)).into()
            }),
        ),
    ];
    for (name, function) in functions {
        enforcer.add_function(name, function);
    }
}

/// How a number compares with one that a line of policy has as text.
fn compared(number: &Dynamic, text: &Dynamic, compare: fn(i32, i32) -> bool) -> bool {
    let text = dynamic_to_str(text).parse();
    text.is_ok_and(|text| number.as_int().is_ok_and(|number| compare(number, text)))
}

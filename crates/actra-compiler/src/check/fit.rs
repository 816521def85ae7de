//! Literals fitted to what an operator takes: kinds and enums, patterns, domains, networks,
//! directories and lengths. What would be unknown at run time is an error here.

use super::context::{Context, did_you_mean, excerpt, listing};
use super::literal::{Allowed, Misfit, Purpose, RawLiteral, RawValue, as_integer};
use super::operand::FitTo;
use super::pattern::{self, Patterns};
use crate::diagnostic::Code;
use crate::model::{Literal, ScalarKind};
use actra_bytecode::format::{host, network, path};

/// Fits one literal. `Ok(None)`: nothing can be said, since the left side is in doubt.
pub(super) fn fit_one(
    cx: &Context<'_>,
    literal: &RawLiteral<'_>,
    fit: &FitTo<'_>,
    enums: &[Allowed<'_>],
    patterns: &mut Patterns,
) -> Result<Option<Literal>, Misfit> {
    match fit {
        FitTo::Doubt => Ok(None),
        FitTo::Kind { kind, purpose, enums: values } => {
            let value = literal.fit(cx, *kind, *purpose)?;
            match enums.iter().position(|allowed| !allowed.contains(&value)) {
                Some(index) => {
                    Err(not_in_enum(cx, literal, values.get(index).copied().unwrap_or_default()))
                }
                None => Ok(Some(value)),
            }
        }
        FitTo::Length => length(literal).map(Some),
        FitTo::Pattern => {
            let RawValue::Text(text) = literal.value else {
                return Err(literal
                    .fit(cx, ScalarKind::String, Purpose::Same)
                    .err()
                    .unwrap_or_else(|| {
                        literal.misfit(Code::BadPattern, "a pattern is text".to_owned(), None)
                    }));
            };
            pattern::check(patterns, literal, text)?;
            Ok(Some(Literal::String(text.to_owned())))
        }
        FitTo::Domain | FitTo::Network | FitTo::Directory => {
            let value = literal.fit(cx, ScalarKind::String, Purpose::Same)?;
            well_formed(literal, fit)?;
            Ok(Some(value))
        }
    }
}

fn not_in_enum(cx: &Context<'_>, literal: &RawLiteral<'_>, allowed: &[Literal]) -> Misfit {
    let spelling = excerpt(literal.spelling());
    let words = || {
        allowed.iter().filter_map(|value| match value {
            Literal::String(text) => Some(text.as_str()),
            _ => None,
        })
    };
    let help = || {
        did_you_mean(literal.spelling(), words()).or_else(|| {
            words().next().is_some().then(|| format!("the enum has {}", listing(words())))
        })
    };
    let help = if cx.has_said_much() { None } else { help() };
    let message = format!("`{spelling}` is not in the field's `enum`");
    literal.misfit(Code::LiteralNotInEnum, message, help)
}

fn length(literal: &RawLiteral<'_>) -> Result<Literal, Misfit> {
    let value = match literal.value {
        RawValue::Integer(value, _) => i64::try_from(value).ok(),
        RawValue::Float(value, _) => as_integer(&Literal::Float(value)),
        _ => None,
    };
    value.map(Literal::Integer).ok_or_else(|| {
        let message = format!("a length is an integer, not {}", literal.describe());
        literal.misfit(Code::BadLiteral, message, None)
    })
}

/// Domains, networks and directories: a malformed literal is an error here, not an unknown later.
fn well_formed(literal: &RawLiteral<'_>, fit: &FitTo<'_>) -> Result<(), Misfit> {
    let text = literal.spelling();
    let shown = excerpt(text);
    match fit {
        FitTo::Domain if host::parse_domain(text).is_err() => {
            let bare = text.split_once("://").map_or(text, |(_, rest)| rest);
            let bare = bare.trim_start_matches("*.").trim_start_matches('.');
            let bare = bare.split(['/', ':', '?', '#']).next().unwrap_or_default();
            let help = if bare != text && host::parse_domain(bare).is_ok() {
                format!("write `{bare}`: it stands for itself and everything below it")
            } else {
                "write a bare host name: `example.com`".to_owned()
            };
            let message = format!("`{shown}` is no domain");
            Err(literal.misfit(Code::BadDomain, message, Some(help)))
        }
        FitTo::Network if text != "private" && network::parse_network(text).is_err() => {
            let message = format!("`{shown}` is no network");
            Err(literal.misfit(Code::BadNetwork, message, Some(network_help(text))))
        }
        FitTo::Directory if !path::is_well_formed(text) => {
            let message = format!("`{shown}` is no directory to compare with");
            let help = "write an absolute path without `..`: `/srv/data`".to_owned();
            Err(literal.misfit(Code::BadPath, message, Some(help)))
        }
        _ => Ok(()),
    }
}

fn network_help(text: &str) -> String {
    if let Ok(address) = text.parse::<std::net::IpAddr>() {
        let bits = if address.is_ipv4() { 32 } else { 128 };
        return format!("one address is the network `{text}/{bits}`");
    }
    if let Some((address, prefix)) = text.split_once('/')
        && let (Ok(address), Ok(prefix)) = (address.parse::<std::net::IpAddr>(), prefix.parse())
        && let Some(whole) = masked(address, prefix)
        && network::parse_network(&whole).is_ok()
    {
        return format!("there are bits set past the prefix: did you mean `{whole}`?");
    }
    "write it in CIDR form, `10.0.0.0/8`, or the word `private`".to_owned()
}

fn masked(address: std::net::IpAddr, prefix: u32) -> Option<String> {
    match address {
        std::net::IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(32_u32.checked_sub(prefix)?).unwrap_or(0);
            let network = std::net::Ipv4Addr::from(u32::from(address) & mask);
            Some(format!("{network}/{prefix}"))
        }
        std::net::IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(128_u32.checked_sub(prefix)?).unwrap_or(0);
            let network = std::net::Ipv6Addr::from(u128::from(address) & mask);
            Some(format!("{network}/{prefix}"))
        }
    }
}

//! Rules of W1 and W5 for engines that have expressions rather than policies: a line for each, with
//! the actions it is for (`*`: all), what it comes to and its condition.

use crate::peer::Fallible;
use regex::Regex;
use std::sync::LazyLock;

/// The actions of W1.
pub const ACTIONS: [&str; 5] = ["delete", "export", "payout", "refund", "transfer"];

/// Patterns of W5 for engines that would compile them in each decision, by the crate that they take
/// for that.
pub static PIPED: LazyLock<Regex> = LazyLock::new(|| pattern(r"(curl|wget) .*\| *(ba|z)?sh( .*)?"));
pub static PUSHED: LazyLock<Regex> = LazyLock::new(|| pattern(r"git( -[a-z]+)* push( .*)?"));

fn pattern(text: &str) -> Regex {
    Regex::new(&format!("^(?:{text})$")).expect("the pattern is known to be one")
}

/// A rule of an action: what it comes to, and when.
pub struct Rule<'t> {
    pub outcome: &'t str,
    pub condition: &'t str,
}

/// The rules of an action, in order.
pub fn of_action<'t>(text: &'t str, action: &str) -> Fallible<Vec<Rule<'t>>> {
    let mut rules = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let mut parts = line.splitn(3, ';').map(str::trim);
        let (Some(actions), Some(outcome), Some(condition)) =
            (parts.next(), parts.next(), parts.next())
        else {
            return Err(format!("`{line}` is no rule").into());
        };
        if actions == "*" || actions.split(' ').any(|known| known == action) {
            rules.push(Rule { outcome, condition });
        }
    }
    Ok(rules)
}

/// The rules of an action as one expression, which ends with the first that matches.
pub fn chain(text: &str, action: &str) -> Fallible<String> {
    let chained = of_action(text, action)?
        .iter()
        .map(|Rule { outcome, condition }| format!("({condition}) ? \"{outcome}\" : "))
        .collect::<String>();
    Ok(chained + "\"block\"")
}

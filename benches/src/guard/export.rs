//! The guard's inputs for drivers in C, as a header.

use super::{Context, SEED, contexts, policy, texts};
use std::error::Error;
use std::fmt::Write;

/// How many inputs there are in the header.
pub const EXPORTED: usize = 256;

/// The header's text: inputs typed as C would type them, as JSON, and what they are decided as.
pub fn header() -> Result<String, Box<dyn Error>> {
    let policy = policy()?;
    let texts = texts(EXPORTED, SEED);
    let mut header = format!("{HEAD}#define GUARD_INPUTS {EXPORTED}\n\n{TYPE}");
    for (input, text) in contexts(&texts)?.iter().zip(&texts) {
        let decision = policy.evaluate_json(text.as_bytes())?;
        row(&mut header, input, text, decision.effect.as_str(), decision.matched_rule.as_deref())?;
    }
    header.push_str("};\n\n#endif\n");
    Ok(header)
}

fn row(
    header: &mut String,
    input: &Context<'_>,
    json: &str,
    effect: &str,
    rule: Option<&str>,
) -> Result<(), Box<dyn Error>> {
    let Context { action, actor, snapshot } = input;
    let amount = action.amount.ok_or("every input has an amount")?;
    let level = actor.level.ok_or("every input has a level")?;
    let total = snapshot.daily_total.ok_or("every input has a total")?;
    writeln!(
        header,
        "    {{{}, {amount}, {}, {}, {}, {}, {}, {level}, {}, {}, {total:?}, {},\n     {}, {}, {}}},",
        text(action.kind),
        text(action.currency),
        text(action.target),
        flag(action.express),
        text(actor.kind),
        text(actor.role),
        flag(actor.on_call),
        flag(snapshot.fraud_flag),
        text(snapshot.region),
        text(Some(json)),
        text(Some(effect)),
        text(rule),
    )?;
    Ok(())
}

/// A string and its length, as C spells them. The generator's texts are ASCII without control
/// characters.
fn text(text: Option<&str>) -> String {
    text.map_or_else(
        || "NULL, 0".to_owned(),
        |text| {
            let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
            format!("\"{escaped}\", {}", text.len())
        },
    )
}

fn flag(flag: Option<bool>) -> i8 {
    flag.map_or(-1, i8::from)
}

const HEAD: &str = "\
/* Inputs of the guard (benches/src/guard), and what they are decided as.
 *
 * Generated: cargo run -p actra-benches --bin export > bindings/c/bench/guard_inputs.h */

#ifndef GUARD_INPUTS_H
#define GUARD_INPUTS_H

#include <stddef.h>
#include <stdint.h>

";

const TYPE: &str = "\
/* NULL, and -1 of a flag, stand for a field that is missing. */
struct guard_input {
    const char *action_type;
    uint32_t action_type_len;
    int64_t amount;
    const char *currency;
    uint32_t currency_len;
    const char *target;
    uint32_t target_len;
    int express;
    const char *actor_type;
    uint32_t actor_type_len;
    const char *role;
    uint32_t role_len;
    int64_t level;
    int on_call;
    int fraud_flag;
    double daily_total;
    const char *region;
    uint32_t region_len;
    const char *json;
    size_t json_len;
    const char *effect;
    size_t effect_len;
    const char *rule;
    size_t rule_len;
};

static const struct guard_input guard_inputs[GUARD_INPUTS] = {
";

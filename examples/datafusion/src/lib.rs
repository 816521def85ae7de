//! `actra_decide(input)`, a scalar function for DataFusion that decides each row by a policy.
//!
//! `input` is a struct with the members `action`, `actor` and `snapshot`, which are structs of the
//! schema's fields. What it gives is a struct:
//!
//! | member | |
//! |---|---|
//! | `effect` | `allow`, `require_approval` or `block`; null where the row cannot be decided, which is never a permission |
//! | `matched_rule` | the rule that decided; null where the default did |
//! | `error` | the code of the input error, where there is one |
//!
//! Batches go through [`actra::Policy::decide_columns`]: the program runs over columns, and nothing is
//! made of a row.

mod columns;

use actra::Policy;
use columns::Columns;
use datafusion::arrow::array::{Array, ArrayRef, StringArray, StructArray};
use datafusion::arrow::datatypes::{DataType, Field, Fields};
use datafusion::common::{Result, ScalarValue, exec_err, plan_err};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// The function, by a policy, to be registered with `SessionContext::register_udf`.
pub fn actra_decide(policy: Policy) -> ScalarUDF {
    ScalarUDF::new_from_impl(Decide { policy, signature: Signature::any(1, Volatility::Immutable) })
}

#[derive(Debug)]
struct Decide {
    policy: Policy,
    signature: Signature,
}

// The same program is the same function, to the planner, too.
impl PartialEq for Decide {
    fn eq(&self, other: &Self) -> bool {
        self.policy.program_digest() == other.policy.program_digest()
    }
}

impl Eq for Decide {}

impl Hash for Decide {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.policy.program_digest().hash(state);
    }
}

fn members() -> Fields {
    ["effect", "matched_rule", "error"]
        .map(|name| Field::new(name, DataType::Utf8, true))
        .to_vec()
        .into()
}

impl ScalarUDFImpl for Decide {
    fn name(&self) -> &str {
        "actra_decide"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        match arguments {
            [DataType::Struct(_)] => Ok(DataType::Struct(members())),
            _ => plan_err!("actra_decide takes one struct, with `action`, `actor` and `snapshot`"),
        }
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [input] = &arguments.args[..] else {
            return exec_err!("actra_decide takes one struct");
        };
        let rows = match input {
            ColumnarValue::Array(array) => array.len(),
            // One row stands for all of them.
            ColumnarValue::Scalar(_) => 1,
        };
        let decided = decide(&self.policy, &input.clone().into_array(rows)?)?;
        Ok(match input {
            ColumnarValue::Array(_) => ColumnarValue::Array(decided),
            ColumnarValue::Scalar(_) => {
                ColumnarValue::Scalar(ScalarValue::try_from_array(&decided, 0)?)
            }
        })
    }
}

fn decide(policy: &Policy, input: &ArrayRef) -> Result<ArrayRef> {
    let columns = Columns::of(policy, input)?;
    let borrowed = columns.borrow()?;
    let outcomes = policy
        .decide_columns(input.len(), &borrowed)
        .map_err(|error| datafusion::common::exec_datafusion_err!("{error}"))?;
    let program = policy.program();
    let rule = |row: usize| {
        let rule = program.rule(outcomes.rule(row)?)?;
        Some(program.text(rule.id))
    };
    let rows = 0..input.len();
    let effects: StringArray =
        rows.clone().map(|row| outcomes.effect(row).map(|effect| effect.as_str())).collect();
    let rules: StringArray = rows.clone().map(rule).collect();
    let errors: StringArray =
        rows.map(|row| outcomes.error(row).map(|error| error.code.as_str())).collect();
    let members_of: Vec<ArrayRef> = vec![Arc::new(effects), Arc::new(rules), Arc::new(errors)];
    Ok(Arc::new(StructArray::try_new(members(), members_of, None)?))
}

//! Rows are decided in SQL as their JSON is decided by the policy.

use actra::Policy;
use actra_datafusion::actra_decide;
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, DictionaryArray, Float64Array, Int32Array, RecordBatch,
    StringArray,
};
use datafusion::arrow::datatypes::Int8Type;
use datafusion::prelude::SessionContext;
use serde_json::{Map, Value, json};
use std::path::Path;
use std::sync::Arc;

const ROWS: usize = 5000;

fn policy() -> Policy {
    let refund = Path::new(env!("CARGO_MANIFEST_DIR")).join("../refund");
    Policy::from_directory(&refund).expect("it compiles")
}

/// A row's fields; `None`: it is not there.
struct Row {
    kind: Option<&'static str>,
    amount: Option<f64>,
    currency: Option<&'static str>,
    tenant: Option<&'static str>,
    actor: Option<&'static str>,
    role: Option<&'static str>,
    fraud_flag: Option<bool>,
    refunded_today: Option<i32>,
}

fn rows() -> Vec<Row> {
    let mut state = 1_u64;
    let mut next = move |below: u64| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    (0..ROWS)
        .map(|_| Row {
            kind: [Some("refund"), Some("payout"), Some("refnd"), None]
                [[0, 0, 0, 1, 1, 2, 3][next(7) as usize]],
            amount: (next(30) > 0).then(|| next(3000) as f64 / 2.0 - 10.0),
            currency: [Some("EUR"), Some("USD"), Some("JPY"), None]
                [[0, 0, 0, 0, 1, 1, 2, 3][next(8) as usize]],
            tenant: (next(30) > 0).then_some("acme"),
            actor: [Some("human"), Some("ai_agent"), None][next(3) as usize],
            role: [Some("support"), Some("lead"), Some("finance"), None]
                [[0, 0, 1, 1, 2, 2, 3][next(7) as usize]],
            fraud_flag: (next(8) > 0).then(|| next(8) == 0),
            refunded_today: (next(8) > 0).then(|| next(30_000) as i32),
        })
        .collect()
}

fn json_of(row: &Row) -> String {
    let domain = |members: Vec<(&str, Option<Value>)>| -> Value {
        let there = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        Value::Object(there.collect::<Map<_, _>>())
    };
    let action = vec![
        ("type", row.kind.map(Value::from)),
        ("amount", row.amount.map(Value::from)),
        ("currency", row.currency.map(Value::from)),
        ("tenant", row.tenant.map(Value::from)),
    ];
    let actor = vec![("type", row.actor.map(Value::from)), ("role", row.role.map(Value::from))];
    let snapshot = vec![
        ("fraud_flag", row.fraud_flag.map(Value::from)),
        ("refunded_today", row.refunded_today.map(Value::from)),
    ];
    json!({"action": domain(action), "actor": domain(actor), "snapshot": domain(snapshot)})
        .to_string()
}

fn table(rows: &[Row]) -> RecordBatch {
    let kinds: DictionaryArray<Int8Type> = rows.iter().map(|row| row.kind).collect();
    let columns: [(&str, ArrayRef); 8] = [
        ("kind", Arc::new(kinds)),
        ("amount", Arc::new(rows.iter().map(|row| row.amount).collect::<Float64Array>())),
        ("currency", Arc::new(rows.iter().map(|row| row.currency).collect::<StringArray>())),
        ("tenant", Arc::new(rows.iter().map(|row| row.tenant).collect::<StringArray>())),
        ("actor", Arc::new(rows.iter().map(|row| row.actor).collect::<StringArray>())),
        ("role", Arc::new(rows.iter().map(|row| row.role).collect::<StringArray>())),
        ("fraud_flag", Arc::new(rows.iter().map(|row| row.fraud_flag).collect::<BooleanArray>())),
        (
            "refunded_today",
            Arc::new(rows.iter().map(|row| row.refunded_today).collect::<Int32Array>()),
        ),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.map(|(name, array)| (name, array, true)))
        .expect("a table")
}

const QUERY: &str = "
    SELECT actra_decide(named_struct(
        'action', named_struct('type', kind, 'amount', amount, 'currency', currency, 'tenant', tenant),
        'actor', named_struct('type', actor, 'role', role),
        'snapshot', named_struct('fraud_flag', fraud_flag, 'refunded_today', refunded_today),
        'elsewhere', 1
    )) AS decided
    FROM history
";

#[tokio::test]
async fn rows_are_decided_as_their_json_is() {
    let (policy, rows) = (policy(), rows());
    let context = SessionContext::new();
    context.register_udf(actra_decide(policy.clone()));
    context.register_batch("history", table(&rows)).expect("a table");
    let batches = context.sql(QUERY).await.expect("a plan").collect().await.expect("an answer");
    let mut at = 0;
    let mut seen = [0; 4];
    for batch in batches {
        let decided = batch.column(0).as_struct();
        let [effects, rules, errors] =
            [0, 1, 2].map(|member| decided.column(member).as_string::<i32>().clone());
        let told =
            |array: &StringArray, row| array.is_valid(row).then(|| array.value(row).to_owned());
        for row in 0..batch.num_rows() {
            let input = json_of(&rows[at]);
            let expected = match policy.evaluate_json(input.as_bytes()) {
                Ok(decision) => {
                    (Some(decision.effect.as_str().to_owned()), decision.matched_rule.clone(), None)
                }
                Err(error) => (None, None, Some(error.code.as_str().to_owned())),
            };
            let found = (told(&effects, row), told(&rules, row), told(&errors, row));
            assert_eq!(found, expected, "{input}");
            let kind = ["allow", "require_approval", "block"]
                .iter()
                .position(|name| found.0.as_deref() == Some(name));
            seen[kind.unwrap_or(3)] += 1;
            at += 1;
        }
    }
    assert_eq!(at, ROWS);
    assert!(seen.iter().all(|count| *count > 50), "{seen:?}");
}

#[tokio::test]
async fn what_is_no_input_is_an_error_of_the_query() {
    let context = SessionContext::new();
    context.register_udf(actra_decide(policy()));
    for (query, told) in [
        ("SELECT actra_decide(1)", "takes one struct"),
        (
            "SELECT actra_decide(named_struct('action', named_struct('amount', DATE '2026-01-01')))",
            "action.amount",
        ),
        (
            "SELECT actra_decide(named_struct('action', named_struct('amount', CAST(18446744073709551615 AS BIGINT UNSIGNED))))",
            "18446744073709551615",
        ),
    ] {
        let answer = match context.sql(query).await {
            Ok(plan) => plan.collect().await.map(drop),
            Err(error) => Err(error),
        };
        let error = answer.expect_err(query).to_string();
        assert!(error.contains(told), "{query}: {error}");
    }
}

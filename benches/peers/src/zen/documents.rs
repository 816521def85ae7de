//! Decisions as zen's documents.

use crate::workload::id;
use actra_benches::{roles, tenants, thresholds};
use serde_json::{Map, Value, json};

/// One expression that tells the outcome.
pub(super) fn expression(expression: &str) -> Value {
    json!({
        "nodes": [
            {"id": "input", "name": "input", "type": "inputNode", "content": {}},
            {"id": "guard", "name": "guard", "type": "expressionNode", "content": {
                "expressions": [{"id": "outcome", "key": "outcome", "value": expression}],
            }},
        ],
        "edges": [{"id": "in", "sourceId": "input", "targetId": "guard"}],
    })
}

pub(super) fn roles(rules: &[roles::Rule]) -> Value {
    let row = |(number, roles::Rule { role, over }): (usize, &roles::Rule)| {
        (id(number), vec![format!("\"{role}\""), format!("> {over}"), "\"spend\"".to_owned()])
    };
    table(&["role", "amount", "type"], rules.iter().enumerate().map(row))
}

/// The rules of W3 for one action, with their places among all.
pub(super) fn tenants(rules: &[(usize, &tenants::Rule)]) -> Value {
    let row = |(number, rule): &(usize, &tenants::Rule)| {
        let tenants::Rule { tenant, over, .. } = rule;
        (tenants::id(*number), vec![format!("\"{tenant}\""), format!("> {over}")])
    };
    table(&["tenant", "amount"], rules.iter().map(row))
}

pub(super) fn thresholds(rules: &[thresholds::Rule]) -> Value {
    let row = |(number, rule): (usize, &thresholds::Rule)| {
        let thresholds::Rule { from, below } = rule;
        (thresholds::id(number), vec![format!("[{from}..{below})")])
    };
    table(&["risk"], rules.iter().enumerate().map(row))
}

/// A table of which the first row that matches decides: for each rule its id, and a cell for each
/// column.
fn table(columns: &[&str], rules: impl Iterator<Item = (String, Vec<String>)>) -> Value {
    let row = |(number, (rule, cells)): (usize, (String, Vec<String>))| {
        let cells = columns.iter().zip(cells).map(|(name, cell)| ((*name).to_owned(), cell.into()));
        let mut row: Map<String, Value> = cells.collect();
        row.insert("_id".to_owned(), number.to_string().into());
        row.insert("outcome".to_owned(), format!("\"block {rule}\"").into());
        Value::Object(row)
    };
    let mut rows: Vec<Value> = rules.enumerate().map(row).collect();
    rows.push(json!({"_id": "otherwise", "outcome": "\"allow\""}));
    let column = |name: &&str| json!({"id": name, "name": name, "field": name});
    json!({
        "nodes": [
            {"id": "input", "name": "input", "type": "inputNode", "content": {}},
            {"id": "table", "name": "rules", "type": "decisionTableNode", "content": {
                "hitPolicy": "first",
                "inputs": columns.iter().map(column).collect::<Vec<_>>(),
                "outputs": [{"id": "outcome", "name": "outcome", "field": "outcome"}],
                "rules": rows,
            }},
        ],
        "edges": [{"id": "in", "sourceId": "input", "targetId": "table"}],
    })
}

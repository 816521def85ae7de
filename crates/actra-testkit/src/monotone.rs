//! For the monotone promise: an input, with one field taken out at a time.

use crate::Value;

/// Every context that has one leaf less: a scalar, list, or empty object that stands under a key.
/// Objects themselves stay, as do domains. Each comes with the place of what was taken out.
pub fn without_one_field(context: &Value) -> Vec<(String, Value)> {
    let Value::Object(domains) = context else { return Vec::new() };
    let mut out = Vec::new();
    for (index, (domain, value)) in domains.iter().enumerate() {
        for (field, smaller) in without_one_leaf(value) {
            let mut domains = domains.clone();
            if let Some(slot) = domains.get_mut(index) {
                slot.1 = smaller;
            }
            out.push((format!("{domain}.{field}"), Value::Object(domains)));
        }
    }
    out
}

fn without_one_leaf(value: &Value) -> Vec<(String, Value)> {
    let Value::Object(entries) = value else { return Vec::new() };
    let mut out = Vec::new();
    for (index, (key, value)) in entries.iter().enumerate() {
        match value {
            Value::Object(inner) if !inner.is_empty() => {
                for (field, smaller) in without_one_leaf(value) {
                    let mut entries = entries.clone();
                    if let Some(slot) = entries.get_mut(index) {
                        slot.1 = smaller;
                    }
                    out.push((format!("{key}.{field}"), Value::Object(entries)));
                }
            }
            _ => {
                let mut entries = entries.clone();
                entries.remove(index);
                out.push((key.clone(), Value::Object(entries)));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_out_each_leaf_once() {
        let context =
            crate::json::parse(r#"{"action":{"type":"a","o":{"x":1,"y":[2]},"e":{}},"actor":{}}"#)
                .unwrap();
        let smaller: Vec<(String, String)> = without_one_field(&context)
            .into_iter()
            .map(|(field, value)| (field, value.to_json_text().unwrap().replace(' ', "")))
            .collect();
        let expected = [
            ("action.type", r#"{"action":{"o":{"x":1,"y":[2]},"e":{}},"actor":{}}"#),
            ("action.o.x", r#"{"action":{"type":"a","o":{"y":[2]},"e":{}},"actor":{}}"#),
            ("action.o.y", r#"{"action":{"type":"a","o":{"x":1},"e":{}},"actor":{}}"#),
            ("action.e", r#"{"action":{"type":"a","o":{"x":1,"y":[2]}},"actor":{}}"#),
        ];
        let expected: Vec<(String, String)> =
            expected.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        assert_eq!(smaller, expected);
    }
}

//! `needed` on policies with a rule too many.

use super::xtask;
use std::fs;
use std::path::{Path, PathBuf};

const SCHEMA: &str = "
version: 1
actions: {pay: {fields: {amount: {type: integer, required: true}}}}
";

const POLICY: &str = "
version: 2
rules:
  - {id: large, scope: {action: pay}, when: action.amount > 100, effect: block}
  - {id: huge, scope: {action: pay}, when: action.amount > 1000, effect: block}
  - {id: rest, scope: {action: pay}, effect: allow}
";

const GOVERNANCE: &str = "
version: 2
governance:
  rules:
    - id: a_limit
      select: {where: {effect: block}}
      must: {min_count: 2}
      error: there are limits
    - id: idle
      select: {where: {id: nobody, scope: {actor: nobody}}}
      must: {forbid: true}
      error: nobody is called so
";

const TESTS: &str = "
name: payments
tests:
  - name: small ones pass
    input: {action: {type: pay, amount: 1}}
    expect: {effect: allow, matched_rule: rest}
  - name: large ones do not
    input: {action: {type: pay, amount: 101}}
    expect: {effect: block, matched_rule: large}
  - name: huge ones do not
    input: {action: {type: pay, amount: 1001}}
    expect: block
";

struct Example(PathBuf);

impl Example {
    fn new(name: &str, tests: &str) -> std::io::Result<Self> {
        let path = std::env::temp_dir().join(format!("xtask-{}-{name}", std::process::id()));
        fs::create_dir_all(&path)?;
        fs::write(path.join("schema.yaml"), SCHEMA)?;
        fs::write(path.join("policy.yaml"), POLICY)?;
        fs::write(path.join("governance.yaml"), GOVERNANCE)?;
        fs::write(path.join("pay_test.yaml"), tests)?;
        Ok(Self(path))
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn complaint(example: &Example) -> std::io::Result<String> {
    let output = xtask(&["needed", &example.path().to_string_lossy()])?;
    assert!(!output.status.success());
    Ok(String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn a_rule_that_changes_no_decision_is_found() -> std::io::Result<()> {
    let complaint = complaint(&Example::new("idle", TESTS)?)?;
    let names = |id: &str| complaint.contains(&format!("`{id}`"));
    // Without it, `large` blocks the same.
    assert!(names("huge"), "{complaint}");
    assert!(!names("large") && !names("rest"), "{complaint}");
    Ok(())
}

#[test]
fn a_governance_rule_that_no_change_breaks_is_found() -> std::io::Result<()> {
    let complaint = complaint(&Example::new("governance", TESTS)?)?;
    assert!(complaint.contains("governance `idle`"), "{complaint}");
    assert!(!complaint.contains("`a_limit`"), "{complaint}");
    Ok(())
}

#[test]
fn tests_that_fail_or_are_skipped_show_nothing() -> std::io::Result<()> {
    for (name, tests) in [
        ("fails", TESTS.replace("expect: block", "expect: allow")),
        ("skipped", TESTS.replace("expect: block", "expect: block\n    skip: later")),
        ("typo", TESTS.replace("amount: 1}", "amount: 1, amuont: 1}")),
    ] {
        let complaint = complaint(&Example::new(name, &tests)?)?;
        assert!(complaint.contains("as they are"), "{name}: {complaint}");
    }
    Ok(())
}

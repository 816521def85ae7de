//! Takes each rule of a policy out of force, and looks which tests see it.

use super::Finding;
use super::documents::{Copy, Documents, id_of, list, with_key, with_list};
use actra::UnknownFields;
use actra::testing::{Options, Report, Verdict};
use serde_yaml::Value;

/// True of no input and unknown of none: a rule with this condition never fires.
///
/// It stands in for deleting the rule, which decides the same but takes the name away: a test that
/// names a rule that is not there is refused for the name, and would show nothing.
const NEVER: &str = "all: [action.type exists, action.type missing]";

/// What counts as a difference. A test that sees only another rule's name in a decision that is the
/// same does not show that a rule is needed.
const DECIDES: [&str; 5] = ["effect", "matched_rules", "required_actions", "shadow", "error"];

pub(super) fn findings(documents: &Documents) -> Result<Vec<Finding>, String> {
    let never: Value = serde_yaml::from_str(NEVER).map_err(|error| error.to_string())?;
    let copy = documents.copy()?;
    copy.set_policy(&documents.policy)?;
    let report = run(&copy)?;
    if !report.is_success() || report.counts().skipped > 0 {
        return Err(format!("the tests do not all pass as they are:\n{report}"));
    }
    let rules = list(&documents.policy, &["rules"])?;
    let mut findings = Vec::new();
    for (index, rule) in rules.iter().enumerate() {
        let mut changed = rules.clone();
        if let Some(rule) = changed.get_mut(index) {
            *rule = with_key(rule, "when", never.clone());
        }
        copy.set_policy(&with_list(&documents.policy, &["rules"], changed))?;
        findings.push(Finding { id: id_of(rule)?, shown_by: shown_by(&run(&copy)?)? });
    }
    Ok(findings)
}

fn run(copy: &Copy) -> Result<Report, String> {
    let mut options = Options::new([copy.path()]);
    // A field that nothing reads would be a test of something else than it says.
    options.unknown_fields = UnknownFields::Refuse;
    let report = actra::testing::run(&options).map_err(|error| error.to_string())?;
    match report.counts().errors {
        0 => Ok(report),
        _ => Err(format!("the tests cannot be run:\n{report}")),
    }
}

/// How many tests decide otherwise, and one of them.
fn shown_by(report: &Report) -> Result<Option<String>, String> {
    let mut seen = Vec::new();
    for run in report.files.iter().flat_map(|file| &file.runs) {
        match &run.verdict {
            Verdict::Failed(failure)
                if failure.differences.iter().any(|d| DECIDES.contains(&d.field)) =>
            {
                seen.push(run.name.as_str());
            }
            Verdict::Failed(_) | Verdict::Passed => {}
            Verdict::Skipped(_) | Verdict::NoPolicy => {
                return Err(format!("`{}` did not run", run.name));
            }
        }
    }
    Ok(seen.first().map(|first| format!("{:>3} tests, as: {first}", seen.len())))
}

//! `actra diff`.

use super::progress::Questions;
use super::{decided_by, no_answer, reason};
use crate::args::{Diff, FailOn, Format};
use crate::failure::Failure;
use crate::output::{self, Paint, clean, count};
use actra::analysis::{Difference, Direction, diff_with};
use anstream::ColorChoice;
use std::fmt::Write as _;

/// Exit status where decisions change in the way that `--fail-on` names.
const CHANGED: u8 = 5;

pub(super) fn run(args: &Diff, color: ColorChoice) -> Result<u8, Failure> {
    let format = Format::from(args.format);
    let old = args.trust.load_of_any_revision(&args.old)?;
    let new = args.trust.load(&args.new)?;
    let mut bar = Questions::new("actions");
    let found = diff_with(&old, &new, args.budget.steps, &mut |done, total| bar.show(done, total));
    bar.clear();
    let found = found.map_err(|error| {
        // Whose documents are missing is said of the one.
        let path = if old.compile_documents().is_err() { &args.old } else { &args.new };
        no_answer(path, error, format, color)
    })?;
    let text = match format {
        Format::Text => text(&found),
        Format::Json => output::pretty_json(&found),
    };
    output::print(&text, format, color)?;
    let is_changed = match args.fail_on {
        FailOn::None => false,
        FailOn::Weaker => found.weaker || found.has_more || !found.undecided.is_empty(),
        FailOn::Any => found.same != Some(true),
    };
    Ok(if is_changed { CHANGED } else { 0 })
}

fn text(found: &Difference) -> String {
    let mut text = String::new();
    for change in &found.changes {
        let direction = match change.direction {
            Direction::Weaker => Paint::Block.of("weaker"),
            Direction::Stricter => Paint::Allow.of("stricter"),
            Direction::Level => Paint::Label.of("level"),
        };
        let all = |actions: &[String]| {
            actions.iter().map(|action| clean(action)).collect::<Vec<_>>().join(", ")
        };
        let mut actions = String::new();
        for (own, word) in [
            (&change.removed_required_actions, "without"),
            (&change.added_required_actions, "with"),
        ] {
            if !own.is_empty() {
                let _ = write!(actions, " {word} {}", all(own));
            }
        }
        let _ = writeln!(
            text,
            "{direction}: `{}`: {} becomes {}{actions} for\n{}\n",
            change.action.as_deref().map_or_else(|| "(any other)".to_owned(), clean),
            decided_by(&change.old),
            decided_by(&change.new),
            clean(change.input()),
        );
    }
    for (names, what) in [(&found.added_actions, "new"), (&found.removed_actions, "old")] {
        for name in names {
            let _ = writeln!(text, "action `{}` is in the {what} schema only", clean(name));
        }
    }
    for name in &found.added_maps {
        let name = clean(name);
        let _ = writeln!(
            text,
            "map `{name}` is in the new schema only: entries of other types are errors now"
        );
    }
    for about in &found.undecided {
        let action = about.action.as_deref().map_or_else(|| "(any other)".to_owned(), clean);
        let _ = writeln!(text, "{}: `{action}`", Paint::Approval.of("undecided"));
        text.push_str(&reason(&about.reason));
    }
    let of = |wanted| found.changes.iter().filter(|change| change.direction == wanted).count();
    if found.same == Some(true) {
        text.push_str("no difference: every input that both admit gets the same effect, and approvals require the same\n");
    } else if found.changes.is_empty() && found.undecided.is_empty() {
        text.push_str("no change: every input that both admit gets the same effect, and approvals require the same\n");
    } else if found.changes.is_empty() {
        text.push_str("no change found; whether there is one is undecided\n");
    } else {
        let _ = writeln!(
            text,
            "{}{}{}: {} weaker, {} stricter",
            count(found.changes.len(), "change"),
            if found.has_more { ", and more" } else { "" },
            if found.undecided.is_empty() { "" } else { ", others undecided" },
            of(Direction::Weaker),
            of(Direction::Stricter),
        );
    }
    text
}

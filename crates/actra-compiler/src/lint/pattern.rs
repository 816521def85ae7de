//! Patterns of `matches` that match more, or less, than it seems.

use super::{Linter, Polarity, RuleAt, about_rule, each_atom};
use crate::check::excerpt;
use crate::diagnostic::{Code, Span};
use crate::model::{Atom, Effect, Literal, Operand, Operator};
use regex_syntax::ast::{
    AssertionKind, Ast, ClassPerl, ClassPerlKind, ClassSetItem, Flag, Visitor, visit,
};

pub(super) fn look(linter: &mut Linter<'_>) {
    for at in linter.rules() {
        let Some(condition) = &at.rule.condition else { continue };
        let mut atoms = Vec::new();
        each_atom(condition, &mut |atom, polarity| {
            if let (Operator::Matches, Operand::Literal(Literal::String(text))) =
                (atom.operator, &atom.operand)
            {
                atoms.push((atom, polarity, text.as_str()));
            }
        });
        for (atom, polarity, text) in atoms {
            let Ok(ast) = regex_syntax::ast::parse::Parser::new().parse(text) else { continue };
            unicode_class(linter, atom, &ast);
            if !plain(linter, at, (atom, polarity), &ast) {
                anchors(linter, atom, &ast);
                dots(linter, at, atom, polarity, &ast);
            }
        }
    }
}

/// Where bytes of the pattern stand.
fn part(linter: &Linter<'_>, atom: &Atom, span: &regex_syntax::ast::Span) -> Option<Span> {
    let note = linter.atom_note(atom).and_then(|note| note.literals.first());
    note.map(|literal| literal.part(span.start.offset, span.end.offset))
        .or_else(|| linter.operand_of(atom))
}

/// The whole pattern, quotes included.
fn whole(linter: &Linter<'_>, atom: &Atom) -> Option<Span> {
    linter.operand_of(atom)
}

/// `\d` and the like where they are Unicode's: the first of each kind.
fn unicode_class(linter: &mut Linter<'_>, atom: &Atom, ast: &Ast) {
    let Ok(found) = visit(ast, Classes::default());
    let mut said: Vec<ClassPerlKind> = Vec::new();
    for (class, is_in_brackets) in found {
        if said.contains(&class.kind) {
            continue;
        }
        said.push(class.kind.clone());
        let (letter, more, ascii) = match class.kind {
            ClassPerlKind::Digit => ("d", "digits of every script, `٣` too", "0-9"),
            ClassPerlKind::Word => {
                ("w", "letters and digits of every script, `é` and `а` too", "0-9A-Za-z_")
            }
            ClassPerlKind::Space => {
                ("s", "white space of every kind, U+00A0 and U+3000 too", r"\t\n\v\f\r ")
            }
        };
        let (shown, message) = if class.negated {
            let letter = letter.to_uppercase();
            (letter.clone(), format!("`\\{letter}` is all but {more}"))
        } else {
            (letter.to_owned(), format!("`\\{letter}` is {more}"))
        };
        let help = match (is_in_brackets, class.negated) {
            (true, false) => format!("write `{ascii}` in its place for ASCII only"),
            (true, true) => "name what is meant in its place".to_owned(),
            (false, false) => format!("write `[{ascii}]`, or `(?-u:\\{shown})`, for ASCII only"),
            (false, true) => format!("write `[^{ascii}]` for all but ASCII's"),
        };
        if let Some(span) = part(linter, atom, &class.span) {
            linter.warn(Code::UnicodeClass, span, message, &help);
        }
    }
}

/// Perl classes that stand where Unicode is on.
#[derive(Default)]
struct Classes {
    found: Vec<(ClassPerl, bool)>,
    /// Unicode off: one for each open group, and what flags alone have set in it.
    ascii: Vec<bool>,
}

impl Classes {
    fn is_ascii(&self) -> bool {
        self.ascii.last().copied().unwrap_or(false)
    }
}

impl Visitor for Classes {
    type Output = Vec<(ClassPerl, bool)>;
    type Err = std::convert::Infallible;

    fn finish(self) -> Result<Self::Output, Self::Err> {
        Ok(self.found)
    }

    fn visit_pre(&mut self, ast: &Ast) -> Result<(), Self::Err> {
        match ast {
            Ast::Group(group) => {
                let flag = group.flags().and_then(|flags| flags.flag_state(Flag::Unicode));
                let ascii = flag.map_or(self.is_ascii(), |is_on| !is_on);
                self.ascii.push(ascii);
            }
            Ast::Flags(set) => {
                if let Some(is_on) = set.flags.flag_state(Flag::Unicode) {
                    match self.ascii.last_mut() {
                        Some(ascii) => *ascii = !is_on,
                        None => self.ascii.push(!is_on),
                    }
                }
            }
            Ast::ClassPerl(class) if !self.is_ascii() => {
                self.found.push(((**class).clone(), false));
            }
            _ => {}
        }
        Ok(())
    }

    fn visit_post(&mut self, ast: &Ast) -> Result<(), Self::Err> {
        if let Ast::Group(_) = ast {
            self.ascii.pop();
        }
        Ok(())
    }

    fn visit_class_set_item_pre(&mut self, item: &ClassSetItem) -> Result<(), Self::Err> {
        if let ClassSetItem::Perl(class) = item
            && !self.is_ascii()
        {
            self.found.push((class.clone(), true));
        }
        Ok(())
    }
}

/// The parts of a pattern that stand one after the other.
fn sequence(ast: &Ast) -> &[Ast] {
    match ast {
        Ast::Concat(concat) => &concat.asts,
        other => std::slice::from_ref(other),
    }
}

fn is_start(ast: &Ast) -> bool {
    matches!(ast, Ast::Assertion(found)
        if matches!(found.kind, AssertionKind::StartLine | AssertionKind::StartText))
}

fn is_end(ast: &Ast) -> bool {
    matches!(ast, Ast::Assertion(found)
        if matches!(found.kind, AssertionKind::EndLine | AssertionKind::EndText))
}

/// `.*`, or `.+`.
fn is_anything(ast: &Ast) -> bool {
    matches!(ast, Ast::Repetition(repeated)
        if matches!(*repeated.ast, Ast::Dot(_)) && matches!(repeated.op.kind,
            regex_syntax::ast::RepetitionKind::ZeroOrMore))
}

/// The text of literals that stand one after the other.
fn text_of(parts: &[Ast]) -> Option<String> {
    let chars = parts.iter().map(|part| match part {
        Ast::Literal(literal) => Some(literal.c),
        _ => None,
    });
    chars.collect()
}

/// A pattern that a plain operator can say. `true`: it has been said.
fn plain(
    linter: &mut Linter<'_>,
    at: RuleAt<'_>,
    (atom, polarity): (&Atom, Polarity),
    ast: &Ast,
) -> bool {
    let mut parts = sequence(ast);
    let strip_start = |parts: &mut &[Ast], is: fn(&Ast) -> bool| match *parts {
        [first, rest @ ..] if is(first) => {
            *parts = rest;
            true
        }
        _ => false,
    };
    strip_start(&mut parts, is_start);
    if let [rest @ .., last] = parts
        && is_end(last)
    {
        parts = rest;
    }
    let before = strip_start(&mut parts, is_anything);
    let mut after = false;
    if let [rest @ .., last] = parts
        && is_anything(last)
    {
        (parts, after) = (rest, true);
    }
    let Some(text) = text_of(parts).filter(|text| !text.is_empty()) else { return false };
    let operator = match (before, after) {
        (false, false) => "==",
        (false, true) => "starts_with",
        (true, false) => "ends_with",
        (true, true) => "contains",
    };
    let message = if before || after {
        format!("the pattern says `{operator}`, but matches no text with a line break")
    } else {
        "the pattern is plain text".to_owned()
    };
    // Strings of the short form are raw between quotes of either kind.
    let quote = if text.contains('\'') { '"' } else { '\'' };
    let field = excerpt(&atom.subject.to_string());
    let help = format!("write `{field} {operator} {quote}{}{quote}`", excerpt(&text));
    let Some(span) = whole(linter, atom) else { return true };
    if (before || after) && stops(at, polarity) {
        let warning = about_rule(Code::DotStopsAtLineBreak, at, Some(span), line_break_gets_by(at))
            .with_help(help);
        linter.push(warning);
    } else {
        linter.warn(Code::PlainPattern, span, message, &help);
    }
    true
}

/// `^` and `$` at the ends.
fn anchors(linter: &mut Linter<'_>, atom: &Atom, ast: &Ast) {
    let branches = match ast {
        Ast::Alternation(found) => found.asts.as_slice(),
        other => std::slice::from_ref(other),
    };
    for branch in branches {
        let parts = sequence(branch);
        let (start, end) =
            (parts.first().filter(|part| is_start(part)), parts.last().filter(|part| is_end(part)));
        let (found, help) = match (start, end) {
            (Some(start), None) => (
                start,
                "leave it out; end the pattern with `(?s:.*)` if only its beginning matters",
            ),
            (None, Some(end)) => {
                (end, "leave it out; begin the pattern with `(?s:.*)` if only its end matters")
            }
            (Some(start), Some(_)) => (start, "leave both anchors out"),
            (None, None) => continue,
        };
        if let Some(span) = part(linter, atom, found.span()) {
            let message = "the whole string has to match, with or without an anchor".to_owned();
            linter.warn(Code::RedundantAnchor, span, message, help);
        }
        return;
    }
}

/// Whether the pattern not matching is what lets something pass.
fn stops(at: RuleAt<'_>, polarity: Polarity) -> bool {
    match at.rule.effect {
        Effect::Allow => polarity == Polarity::Negated,
        Effect::Block | Effect::RequireApproval => polarity == Polarity::Straight,
    }
}

fn line_break_gets_by(at: RuleAt<'_>) -> String {
    match at.rule.effect {
        Effect::Allow => {
            "`.` matches no line break, so this rule allows any text that has one".to_owned()
        }
        effect => {
            format!("`.` matches no line break, so text with one gets by this `{effect}` rule")
        }
    }
}

/// `.*` at an end of a pattern that stops something: a line break gets by.
fn dots(linter: &mut Linter<'_>, at: RuleAt<'_>, atom: &Atom, polarity: Polarity, ast: &Ast) {
    if !stops(at, polarity) {
        return;
    }
    let mut stops_at_line_breaks = true;
    let mut parts = Vec::new();
    for part in sequence(ast) {
        match part {
            Ast::Flags(set) => {
                let all = set.flags.flag_state(Flag::DotMatchesNewLine);
                stops_at_line_breaks = all.map_or(stops_at_line_breaks, |all| !all);
            }
            part => parts.push((part, stops_at_line_breaks)),
        }
    }
    let ends = parts.first().into_iter().chain(parts.last());
    let found = ends.into_iter().find(|(part, stops)| *stops && is_anything(part));
    let Some((found, _)) = found else { return };
    let Some(span) = part(linter, atom, found.span()) else { return };
    let warning = about_rule(Code::DotStopsAtLineBreak, at, Some(span), line_break_gets_by(at))
        .with_help("write `(?s)` at the beginning of the pattern, and `.` matches everything");
    linter.push(warning);
}

//! Tests of rendering: what people see.

use super::*;

const POLICY: &str = "\
version: 2
rules:
  - id: large
    scope: {action: refund}
    when:
      all:
        - action.amout > 1000
\t- \u{1b}[31maction.漢字 == \"ü\"
    effect: block
  - id: large
";

fn sources() -> (Sources, SourceId) {
    let mut sources = Sources::default();
    let id = sources.add("policy.yaml", POLICY);
    (sources, id)
}

fn at(source: SourceId, text: &str) -> Span {
    let start = POLICY.find(text).unwrap() as u32;
    Span { source, start, end: start + text.len() as u32 }
}

fn plain(make: impl Fn(SourceId) -> Diagnostic) -> String {
    let (sources, id) = sources();
    render(&make(id), &sources, Style::Plain)
}

#[test]
fn an_error_shows_its_line_its_mark_and_help() {
    let text = plain(|id| {
        let message = "action `refund` has no field `amout`";
        Diagnostic::error(Code::UndeclaredField, at(id, "amout"), message)
            .with_suggestion("amout", ["amount", "currency"])
    });
    insta::assert_snapshot!(text, @r"
    error[undeclared_field]: action `refund` has no field `amout`
     --> policy.yaml:7:18
      |
    7 |         - action.amout > 1000
      |                  ^^^^^
      = help: did you mean `amount`?
    ");
}

#[test]
fn related_places_follow_and_line_numbers_align() {
    let text = plain(|id| {
        let second = Span { start: POLICY.rfind("large").unwrap() as u32, ..at(id, "large") };
        let second = Span { end: second.start + 5, ..second };
        Diagnostic::error(Code::RepeatedRuleId, second, "two rules have the id `large`")
            .with_related(at(id, "large"), "it stands here first")
            .with_help("give each rule an id of its own\nor remove one")
    });
    insta::assert_snapshot!(text, @r"
    error[repeated_rule_id]: two rules have the id `large`
      --> policy.yaml:10:9
       |
    10 |   - id: large
       |         ^^^^^
       = help: give each rule an id of its own
               or remove one
    note: it stands here first
      --> policy.yaml:3:9
       |
     3 |   - id: large
       |         -----
    ");
}

#[test]
fn places_on_one_line_are_marked_in_one_line() {
    let text = plain(|id| {
        Diagnostic::error(Code::BadConstraint, at(id, "1000"), "something about two places")
            .with_related(at(id, "amout"), "this one")
            .with_related(at(id, "- action"), "and this one")
    });
    insta::assert_snapshot!(text, @r"
    error[bad_constraint]: something about two places
     --> policy.yaml:7:26
      |
    7 |         - action.amout > 1000
      |         -------- -----   ^^^^
      |                  this one
      |         and this one
    ");
}

#[test]
fn lines_that_end_with_a_carriage_return_are_shown_without_it() {
    let mut sources = Sources::default();
    let source = sources.add("policy.yaml", "a: b\r\nc: d\r\n");
    let span = Span { source, start: 3, end: 10 };
    let text = render(&Diagnostic::error(Code::BadAtom, span, "both"), &sources, Style::Plain);
    assert_eq!(
        text,
        "error[bad_atom]: both\n --> policy.yaml:1:4\n  |\n1 | a: b\n  |    ^\n2 | c: d\n  | ^^^^\n"
    );
}

#[test]
fn marks_align_under_tabs_wide_and_hidden_characters() {
    let text =
        plain(|id| Diagnostic::warning(Code::NoRules, at(id, "漢字"), "look at `\u{1b}[0m`"));
    insta::assert_snapshot!(text, @r#"
    warning[no_rules]: look at `\u{1b}[0m`
     --> policy.yaml:8:16
      |
    8 |     - \u{1b}[31maction.漢字 == "ü"
      |                        ^^^^
    "#);
}

#[test]
fn spans_of_several_lines_are_marked_line_by_line() {
    let text = plain(|id| {
        let end = at(id, "1000").end;
        let span = Span { end, ..at(id, "when") };
        Diagnostic::error(Code::EmptyCondition, span, "something about a condition")
    });
    insta::assert_snapshot!(text, @r"
    error[empty_condition]: something about a condition
     --> policy.yaml:5:5
      |
    5 |     when:
      |     ^^^^^
    6 |       all:
      |       ^^^^
    7 |         - action.amout > 1000
      |         ^^^^^^^^^^^^^^^^^^^^^
    ");
}

#[test]
fn long_spans_are_cut_in_the_middle() {
    let text = plain(|id| {
        let span = Span { source: id, start: 0, end: POLICY.len() as u32 };
        Diagnostic::error(Code::WrongShape, span, "all of it")
    });
    assert!(text.contains("\n 5 |     when:\n   |     ^^^^^\n...\n10 |   - id: large\n"), "{text}");
}

#[test]
fn the_end_of_a_document_can_be_marked() {
    let text = plain(|id| {
        let end = POLICY.len() as u32;
        Diagnostic::error(Code::YamlSyntax, Span { source: id, start: end, end }, "it ends")
    });
    insta::assert_snapshot!(text, @r"
    error[yaml_syntax]: it ends
      --> policy.yaml:11:1
       |
    11 |
       | ^
    ");
}

#[test]
fn a_diagnostic_without_a_place_has_no_snippet() {
    let text = plain(|_| {
        Diagnostic::unplaced(Code::MissingFile, Severity::Error, "there is no `schema.yaml`")
            .with_help("write one")
    });
    insta::assert_snapshot!(text, @r"
    error[missing_file]: there is no `schema.yaml`
      = help: write one
    ");
}

#[test]
fn colours_only_add_escapes() {
    let (sources, id) = sources();
    let diagnostic = Diagnostic::error(Code::RepeatedKey, at(id, "when"), "twice")
        .with_related(at(id, "all"), "here")
        .with_help("remove one");
    let coloured = render(&diagnostic, &sources, Style::Coloured);
    assert!(coloured.starts_with("\u{1b}[1;31merror\u{1b}[0m"));
    let mut bare = String::new();
    for (index, part) in coloured.split('\u{1b}').enumerate() {
        bare.push_str(if index == 0 { part } else { part.split_once('m').unwrap().1 });
    }
    assert_eq!(bare, render(&diagnostic, &sources, Style::Plain));
}

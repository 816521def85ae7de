//! Documents and what the checker says about them, as data.
//!
//! A case in `tests/check/*.txt` begins with `# its name`; sections follow: `--- schema`,
//! `--- policy`, `--- more` (each a document of `policies/`), `--- governance`, and `--- expect`
//! with every diagnostic: code, place, the marked text, the message, related places and help.
//! Without a schema of its own a case uses `tests/check/schema.yaml`. The cases of files whose name
//! begins with `lint` are looked at by the lints, too. `UPDATE=1 cargo test` writes
//! what is said into the files, for a person to read.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail loudly"
)]

use actra_compiler::canonical::{canonical_form, policy_hash};
use actra_compiler::check::{Checked, PolicyDocuments, check};
use actra_compiler::diagnostic::{Code, Diagnostic, Report, Severity, Sources, Span};
use actra_compiler::lint::{FAIL_OPEN, OF_ANALYSIS, lint};
use actra_compiler::model::{Condition, Effect, FieldType, Literal, Operand, Operator};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

#[derive(Default)]
struct Documents<'t> {
    schema: Option<&'t str>,
    policy: &'t str,
    more: Vec<&'t str>,
    governance: Option<&'t str>,
}

fn common_schema() -> String {
    std::fs::read_to_string(folder().join("schema.yaml")).unwrap()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/check")
}

fn run(documents: &Documents<'_>) -> (Option<Checked>, Vec<Diagnostic>, Sources) {
    run_and(documents, |_, _| ())
}

/// Checks, and looks for lints where there are no errors.
fn run_with_lints(documents: &Documents<'_>) -> (Vec<Diagnostic>, Sources) {
    let (_, diagnostics, sources) = run_and(documents, |checked, report| {
        lint(checked, report);
    });
    (diagnostics, sources)
}

fn run_and(
    documents: &Documents<'_>,
    then: impl FnOnce(&Checked, &mut Report),
) -> (Option<Checked>, Vec<Diagnostic>, Sources) {
    let mut sources = Sources::default();
    let common = common_schema();
    let schema = sources.add("schema.yaml", documents.schema.unwrap_or(&common));
    let policy = sources.add("policy.yaml", documents.policy);
    let more_policies = documents.more.iter().enumerate();
    let more_policies = more_policies
        .map(|(index, text)| sources.add(format!("policies/{index}.yaml"), *text))
        .collect();
    let governance = documents.governance.map(|text| sources.add("governance.yaml", text));
    let mut report = Report::default();
    let ids = PolicyDocuments { schema, policy, more_policies, governance };
    let checked = check(&sources, &ids, &mut report);
    assert_eq!(checked.is_none(), report.has_errors());
    if let Some(checked) = &checked {
        then(checked, &mut report);
    }
    (checked, report.into_sorted(), sources)
}

fn place(sources: &Sources, span: Span) -> String {
    let source = sources.source(span.source).unwrap();
    let place = sources.place(span);
    let marked = source.text.get(span.start as usize..span.end as usize).unwrap();
    let marked = marked.trim_end().replace('\n', "⏎");
    let marked: String = marked.chars().take(80).collect();
    format!("{}:{}:{} `{marked}`", source.name, place.line, place.column)
}

fn said(diagnostics: &[Diagnostic], sources: &Sources) -> String {
    let mut text = String::new();
    for diagnostic in diagnostics {
        let severity = if diagnostic.severity == Severity::Error { "error" } else { "warning" };
        writeln!(text, "{severity} {}: {}", diagnostic.code, diagnostic.message).unwrap();
        if let Some(span) = diagnostic.span {
            writeln!(text, "  at {}", place(sources, span)).unwrap();
        }
        for (span, what) in &diagnostic.related {
            writeln!(text, "  see {}: {what}", place(sources, *span)).unwrap();
        }
        if let Some(help) = &diagnostic.help {
            writeln!(text, "  help: {help}").unwrap();
        }
    }
    text
}

fn parse_case(case: &str) -> (Documents<'_>, &str) {
    let mut documents = Documents::default();
    let mut expected = "";
    let body = case.split_once('\n').map_or("", |(_, body)| body);
    for section in format_sections(body) {
        let (name, text) = section;
        match name {
            "schema" => documents.schema = Some(text),
            "policy" => documents.policy = text,
            "more" => documents.more.push(text),
            "governance" => documents.governance = Some(text),
            "expect" => expected = text,
            other => panic!("no section is called `{other}`"),
        }
    }
    (documents, expected)
}

fn format_sections(body: &str) -> Vec<(&str, &str)> {
    let mut sections = Vec::new();
    let mut rest = body;
    while let Some(at) = rest.find("--- ") {
        rest = &rest[at + 4..];
        let (name, text) = rest.split_once('\n').unwrap_or((rest, ""));
        let end = text.find("\n--- ").map_or(text.len(), |at| at + 1);
        sections.push((name.trim(), &text[..end]));
        rest = &text[end..];
    }
    sections
}

#[test]
fn documents_are_answered_as_the_cases_say() {
    let update = std::env::var_os("UPDATE").is_some();
    let mut codes = BTreeSet::new();
    let mut failures = String::new();
    let mut files: Vec<_> =
        std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for file in files.iter().filter(|file| file.extension().is_some_and(|e| e == "txt")) {
        let text = std::fs::read_to_string(file).unwrap();
        let with_lints = file.file_stem().unwrap().to_string_lossy().starts_with("lint");
        let mut updated = String::new();
        for case in format!("\n{text}").split("\n# ").skip(1) {
            let name = case.lines().next().unwrap();
            // A comment at the beginning of a line is written `#so`: `# ` begins a case.
            assert!(case.contains("\n--- policy"), "{}: {name} has no policy", file.display());
            let (documents, expected) = parse_case(case);
            let (diagnostics, sources) = if with_lints {
                run_with_lints(&documents)
            } else {
                let (_, diagnostics, sources) = run(&documents);
                (diagnostics, sources)
            };
            codes.extend(diagnostics.iter().map(|diagnostic| diagnostic.code.as_str()));
            let said = said(&diagnostics, &sources);
            if said.trim() != expected.trim() {
                writeln!(
                    failures,
                    "{}: {name}\n--- expected\n{expected}\n--- said\n{said}",
                    file.display()
                )
                .unwrap();
            }
            let head = case.split("--- expect").next().unwrap();
            writeln!(updated, "# {}\n--- expect\n{said}", head.trim_end()).unwrap();
        }
        if update {
            std::fs::write(file, updated).unwrap();
        }
    }
    assert!(update || failures.is_empty(), "{failures}");
    // Codes that other parts of the compiler give.
    let elsewhere = [
        Code::MissingFile,
        Code::UnreadableFile,
        Code::DocumentTooLarge,
        Code::PolicyTooLarge,
        Code::YamlSyntax,
        Code::EmptyDocument,
        Code::SeveralDocuments,
        Code::DocumentsDisagree,
        Code::ComplexKey,
        Code::ForeignTag,
        Code::MergeKey,
        Code::BadAlias,
        Code::TooManyAliases,
        Code::NestingTooDeep,
        Code::BadCharacter,
        Code::GovernanceUndecided,
        // Of test documents, which the facade reads.
        Code::RepeatedTest,
        Code::UnknownFixture,
        Code::UnknownRule,
        Code::BadExpectation,
        Code::BadInputPath,
        Code::TooManyTests,
        Code::IgnoredField,
        // In the tests on limits, below.
        Code::TooManyFields,
        Code::TooManyRules,
        Code::ConditionTooDeep,
        Code::ConditionTooLarge,
        Code::LiteralTooLong,
        Code::TooManyLiterals,
        Code::GovernanceTooLarge,
    ];
    // What an analysis finds is no business of the checker.
    let here = |code: &&Code| !elsewhere.contains(code) && !OF_ANALYSIS.contains(code);
    for code in Code::ALL.iter().filter(here) {
        assert!(update || codes.contains(code.as_str()), "no case has `{code}`");
    }
}

#[test]
fn the_page_on_lints_names_every_warning_and_marks_those_that_fail_open() {
    let page =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/lints.md"))
            .unwrap();
    let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("| [`")).collect();
    let code_of = |row: &str| Code::parse(row[4..].split('`').next().unwrap()).unwrap();
    let named: BTreeSet<Code> = rows.iter().map(|row| code_of(row)).collect();
    assert_eq!(named.len(), rows.len(), "a code stands twice");
    let warnings = Code::ALL.iter().filter(|code| code.severity() == Severity::Warning);
    assert_eq!(named, warnings.copied().collect());
    let open = rows.iter().filter(|row| row.contains("| **open** |")).map(|row| code_of(row));
    assert_eq!(open.collect::<BTreeSet<_>>(), FAIL_OPEN.iter().copied().collect());
}

#[test]
fn what_lints_say_to_write_compiles_without_warnings() {
    let schema = "version: 1\nactions: {go: {fields: {url: string, host: string, path: string, ip: string, \
                  text: string}}}\n";
    // What is wrong, and what its help says with nothing filled in by hand.
    let pairs = [
        ("action.host ends_with 'example.com'", "action.host in_domain ['example.com']"),
        ("action.url contains 'example.com'", "action.url in_domain ['example.com']"),
        ("action.path starts_with '/srv'", "action.path within_path ['/srv']"),
        ("action.path starts_with '/srv/data/'", "action.path within_path ['/srv/data']"),
        ("action.ip starts_with '10.'", "action.ip in_network ['10.0.0.0/8']"),
        ("action.ip starts_with '172.16.'", "action.ip in_network ['172.16.0.0/16']"),
        ("action.text matches 'it.s'", "action.text matches 'it.s'"),
        ("action.text matches 'its'", "action.text == 'its'"),
        ("action.text matches '.*its.*'", "action.text contains 'its'"),
        ("action.text matches '^its.*'", "action.text starts_with 'its'"),
        (r"action.text matches 'a\d'", "[0-9]"),
        (r"action.text matches 'a\d'", r"(?-u:\d)"),
        (r"action.text matches 'a\w'", "[0-9A-Za-z_]"),
        (r"action.text matches 'a\w'", r"(?-u:\w)"),
        (r"action.text matches 'a\s'", r"[\t\n\v\f\r ]"),
        (r"action.text matches 'a\s'", r"(?-u:\s)"),
        (r"action.text matches 'a\D'", "[^0-9]"),
        (r"action.text matches 'a\W'", "[^0-9A-Za-z_]"),
        (r"action.text matches 'a\S'", r"[^\t\n\v\f\r ]"),
        ("action.text matches '^a+'", "(?s:.*)"),
        ("action.text matches '.*a+'", "(?s)"),
    ];
    let look = |when: &str| {
        let policy = format!(
            "version: 2\nrules:\n  - {{id: a, scope: {{action: go}}, effect: block, when: \"{}\"}}\n",
            when.replace('\\', "\\\\")
        );
        let documents = Documents { schema: Some(schema), policy: &policy, ..Documents::default() };
        let (mut diagnostics, _) = run_with_lints(&documents);
        // Each atom reads one of them.
        diagnostics.retain(|found| found.code != Code::UnusedField);
        diagnostics
    };
    for (wrong, advice) in pairs {
        let found = look(wrong);
        let helps: Vec<&str> = found.iter().filter_map(|found| found.help.as_deref()).collect();
        let advised = helps.iter().any(|help| help.contains(advice));
        assert!(advised || wrong == advice, "`{advice}` is not in {helps:?}");
        let right = if advice.starts_with("action.") {
            advice.to_owned()
        } else {
            format!("action.text matches 'x[a-c]{advice}[d-f]'")
        };
        assert_eq!(look(&right), [], "{right}");
    }
}

#[test]
fn silences_stand_where_they_do_whatever_lines_end_with_and_letters_take() {
    let schema = "version: 1\nactions: {pay: {fields: {to: string}}}\n";
    let policy = "version: 2\nrules:\n  # größer 漢\n  # actra: allow single_part -- später 😀\n  \
                  - id: ä\n    scope: {action: pay}\n    when: {all: [action.to == 'ü']} \t# \
                  actra: allow sngle_part -- ü\n    effect: allow\n";
    for (ending, opening) in [("\n", ""), ("\r\n", ""), ("\r\n", "\u{feff}"), ("\n", "\u{feff}")] {
        let policy = format!("{opening}{}", policy.replace('\n', ending));
        let documents = Documents { schema: Some(schema), policy: &policy, ..Documents::default() };
        let (diagnostics, sources) = run_with_lints(&documents);
        assert_eq!(
            said(&diagnostics, &sources),
            "warning silenced_unknown_code: there is no warning `sngle_part` to silence\n  at \
             policy.yaml:7:53 `sngle_part`\n  help: did you mean `single_part`?\n",
            "{policy:?}"
        );
    }
    // The first line of a file, right behind a byte order mark.
    for opening in ["", "\u{feff}"] {
        let policy = format!(
            "{opening}# actra: allow no_rules -- they stand elsewhere\nversion: 2\nrules: []\n"
        );
        let documents = Documents { schema: Some(schema), policy: &policy, ..Documents::default() };
        let (diagnostics, sources) = run_with_lints(&documents);
        assert_eq!(said(&diagnostics, &sources), "");
    }
}

fn sound(policy: &str) -> Checked {
    let (checked, diagnostics, sources) = run(&Documents { policy, ..Documents::default() });
    checked.unwrap_or_else(|| panic!("{}", said(&diagnostics, &sources)))
}

/// The only condition of a policy with one rule.
fn condition(scope: &str, when: &str) -> Condition {
    let policy = format!(
        "version: 2\ndefine: {{lists: {{leads: [lead, supervisor]}}}}\nrules:\n  \
         - {{id: a, scope: {scope}, effect: block, when: {when}}}"
    );
    let mut checked = sound(&policy);
    checked.policy.rules.remove(0).condition.unwrap()
}

#[test]
fn short_and_long_forms_are_the_same_atoms() {
    let long = |subject: &str, operator: &str, value: &str| {
        format!("{{subject: {{{subject}}}, operator: {operator}, value: {{{value}}}}}")
    };
    let field = |name: &str| {
        let (domain, field) = name.split_once('.').unwrap();
        format!("domain: {domain}, field: {field}")
    };
    let pairs = [
        ("action.amount > 1000", long(&field("action.amount"), "greater_than", "literal: 1000")),
        (
            "action.amount>=1e3",
            long(&field("action.amount"), "greater_than_or_equal", "literal: 1000.0"),
        ),
        ("action.amount < -0.5", long(&field("action.amount"), "less_than", "literal: -0.5")),
        (
            "action.amount <= snapshot.limit",
            long(
                &field("action.amount"),
                "less_than_or_equal",
                &format!("subject: {{{}}}", field("snapshot.limit")),
            ),
        ),
        ("action.currency == USD", long(&field("action.currency"), "equals", "literal: USD")),
        ("action.currency != USD", long(&field("action.currency"), "not_equals", "literal: USD")),
        ("actor.role == \"true\"", long(&field("actor.role"), "equals", "literal: 'true'")),
        ("actor.on_call == true", long(&field("actor.on_call"), "equals", "literal: True")),
        ("actor.role in [a, 'b c']", long(&field("actor.role"), "in", "literal: [a, b c]")),
        ("actor.role not in @leads", long(&field("actor.role"), "not_in", "list: leads")),
        (
            "actor.role not_in @leads",
            long(&field("actor.role"), "not_in", "literal: [lead, supervisor]"),
        ),
        (
            "actor.role in snapshot.roots",
            long(&field("actor.role"), "in", &format!("subject: {{{}}}", field("snapshot.roots"))),
        ),
        (
            "action.customer.tier == gold",
            long("domain: action, field: customer.tier", "equals", "literal: gold"),
        ),
        (
            "action.labels[\"app/name\"] == x",
            long("domain: action, field: labels, key: app/name", "equals", "literal: x"),
        ),
        (
            "every action.codes > 5",
            long("domain: action, field: codes, items: every", "greater_than", "literal: 5"),
        ),
        (
            "some action.tags in [vip]",
            long("domain: action, field: tags, items: some", "in", "literal: [vip]"),
        ),
        (
            "actor.since < snapshot.now - 30d",
            long(
                &field("actor.since"),
                "less_than",
                &format!("subject: {{{}}}, minus: 30d", field("snapshot.now")),
            ),
        ),
        (
            "actor.level < snapshot.limit_cents + 5",
            long(
                &field("actor.level"),
                "less_than",
                &format!("subject: {{{}}}, plus: 5", field("snapshot.limit_cents")),
            ),
        ),
        (
            "actor.level < snapshot.limit_cents - actor.level",
            long(
                &field("actor.level"),
                "less_than",
                &format!(
                    "subject: {{{}}}, minus: {{subject: {{{}}}}}",
                    field("snapshot.limit_cents"),
                    field("actor.level")
                ),
            ),
        ),
        (
            "action.tags length_less_than 3",
            long(&field("action.tags"), "length_less_than", "literal: 3"),
        ),
        (
            "action.due == '2030-01-01T01:00:00+01:00'",
            long(&field("action.due"), "equals", "literal: 2030-01-01T00:00:00Z"),
        ),
        (
            "actor.role exists",
            "{subject: {domain: actor, field: role}, operator: exists}".to_owned(),
        ),
        (
            "actor.role missing",
            "{subject: {domain: actor, field: role}, operator: not_exists}".to_owned(),
        ),
        (
            "actor.role not_exists",
            "{subject: {domain: actor, field: role}, operator: not_exists}".to_owned(),
        ),
    ];
    for (short, long) in pairs {
        let quoted = format!("'{}'", short.replace('\'', "''"));
        let scope = "{action: refund}";
        assert_eq!(condition(scope, &quoted), condition(scope, &long), "{short}");
    }
}

#[test]
fn literals_are_held_as_their_version_says() {
    let literal = |version: u8, when: &str| {
        let policy = format!(
            "version: {version}\nrules:\n  - {{id: a, scope: {{action: refund}}, effect: block, \
             when: {when}}}"
        );
        let Some(Condition::Atom(atom)) = sound(&policy).policy.rules.remove(0).condition else {
            panic!("one atom")
        };
        match atom.operand {
            Operand::Literal(literal) => literal,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(literal(2, "action.amount == 1000.0"), Literal::Integer(1000));
    assert_eq!(literal(2, "action.amount == 1e19"), Literal::Float(1e19));
    assert_eq!(literal(2, "action.amount == 0.5"), Literal::Float(0.5));
    assert_eq!(literal(2, "action.amount == -0.0"), Literal::Integer(0));
    assert_eq!(literal(1, "action.amount == 1000"), Literal::Float(1000.0));
    assert_eq!(
        literal(1, "action.amount == 9007199254740993"),
        Literal::Float(9_007_199_254_740_992.0)
    );
    assert_eq!(literal(1, "action.amount == 18446744073709551616"), Literal::Float(2f64.powi(64)));
    assert_eq!(
        literal(1, "action.amount == 340282366920938463463374607431768211456"),
        Literal::Float(2f64.powi(128))
    );
    assert_eq!(literal(1, "action.amount_cents == 5"), Literal::Float(5.0));
    for version in [1, 2] {
        // A length is an integer in both versions.
        assert_eq!(literal(version, "action.tags length_less_than 5"), Literal::Integer(5));
        assert_eq!(literal(version, "action.tags length_less_than -5.0"), Literal::Integer(-5));
        assert_eq!(
            literal(version, "action.due > '1970-01-01T00:00:01Z'"),
            Literal::Timestamp(1_000_000)
        );
        let nan =
            "{subject: {domain: action, field: amount}, operator: equals, value: {literal: .nan}}";
        if version == 1 {
            assert!(matches!(literal(1, nan), Literal::Float(value) if value.is_nan()));
        }
    }
}

/// A policy with a bit of everything.
const EVERYTHING: &str = r#"version: 2
evaluation: {combine: first_match, default: require_approval, missing: no_match, inputs: unchecked}
define:
  lists: {leads: [lead, supervisor]}
  conditions:
    break_glass: {all: [actor.on_call == true, snapshot.incident exists]}
    nobody: {not: {condition: break_glass}}
rules:
  - id: large_ai_refund
    description: Agents may not move much money alone
    scope: {action: [refund, payout, refund], actor: ai_agent}
    when:
      all:
        - subject: {domain: action, field: amount}
          operator: greater_than
          value: {literal: 1000}
        - not: actor.role in @leads
        - {condition: nobody}
    effect: require_approval
    message: Refunds over 1000 need a finance manager.
    required_actions: [{type: human_approval, role: finance_manager, n: [1, 1.5, true]}]
    mode: enforce
    tags: [money]
  - id: 5
    scope: {global: true}
    effect: block
    mode: shadow
  - id: patterns
    scope: {action: refund}
    when:
      any:
        - actor.role matches 'a+'
        - actor.role matches 'b+'
        - not: actor.role matches 'a+'
        - action.url in_domain ['example.com', 'a.b']
        - action.ip in_network [private, '10.0.0.0/8']
        - action.file within_path ['/srv', '/home']
        - action.labels['k"1'] == "x"
        - every action.tags == vip
        - some action.codes in [1, 2.0]
        - action.amount == 0.5
        - actor.since <= snapshot.now + 1w
        - actor.level == snapshot.used_cents - 5
        - actor.level == snapshot.used_cents + snapshot.limit_cents
        - action.due == "2030-01-01T00:00:00Z"
        - action.express == false
        - action.customer.home.country missing
        - action.tags length_less_than 3
    effect: allow
"#;

#[test]
fn everything_is_in_the_checked_policy() {
    let checked = sound(EVERYTHING);
    let policy = &checked.policy;
    assert_eq!(policy.settings.default, Effect::RequireApproval);
    let first = &policy.rules[0];
    assert_eq!(first.scope.actions.as_deref().unwrap(), ["refund", "payout"]);
    assert_eq!(first.scope.actors.as_deref().unwrap(), ["ai_agent"]);
    assert_eq!(
        first.required_actions,
        [r#"{"n":[1,1.5,true],"role":"finance_manager","type":"human_approval"}"#]
    );
    assert_eq!((first.place.line, first.place.column), (9, 5));
    let Some(Condition::All(parts)) = &first.condition else { panic!("{:?}", first.condition) };
    let Condition::Not(inner) = &parts[2] else { panic!("{parts:?}") };
    let Condition::All(inner) = &**inner else { panic!("{inner:?}") };
    let Condition::Atom(atom) = &inner[1] else { panic!("{inner:?}") };
    assert_eq!((atom.operator, atom.operand.clone()), (Operator::Exists, Operand::None));
    assert_eq!((atom.place.line, atom.place.column), (6, 48));
    assert_eq!(policy.rules[1].id, "5");
    assert_eq!(checked.patterns.keys().collect::<Vec<_>>(), ["a+", "b+"]);
    let names: Vec<_> = policy.schema.actions.iter().map(|action| action.name.as_str()).collect();
    assert_eq!(names, ["payout", "refund", "s3:PutObject"]);
    let refund = policy.schema.action("refund").unwrap();
    assert!(refund.fields.is_sorted_by(|left, right| left.name < right.name));
    let tags = refund.fields.iter().find(|field| field.name == "tags").unwrap();
    let FieldType::List(list) = &tags.ty else { panic!("{tags:?}") };
    assert_eq!((list.unique, list.max_length), (true, Some(8)));
}

fn hash(checked: &Checked) -> String {
    let mut text = String::new();
    for byte in policy_hash(&checked.policy) {
        write!(text, "{byte:02x}").unwrap();
    }
    text
}

#[test]
fn the_canonical_form_and_the_hash_stay_as_they_are() {
    let checked = sound(EVERYTHING);
    let expected = std::fs::read_to_string(folder().join("canonical.json")).unwrap_or_default();
    if std::env::var_os("UPDATE").is_some() {
        let text = format!("{}\n", canonical_form(&checked.policy));
        std::fs::write(folder().join("canonical.json"), text).unwrap();
    } else {
        assert_eq!(canonical_form(&checked.policy), expected.trim_end());
    }
    let form: serde_json::Value = serde_json::from_str(&canonical_form(&checked.policy)).unwrap();
    assert_eq!(form["canonical"], 1);
    assert_eq!(hash(&checked), "4d10f2c047c2c31aa3d7346a0762ab510188c2410b72441ab69cf64091c8f682");
    let minimal = "version: 1\nrules: []";
    let (minimal, ..) = run(&Documents {
        schema: Some(
            "version: 1\nactions:\nactor: {fields: }\nsnapshot: {fields: {n: {type: number, min: 1, max: 2.5}}}",
        ),
        policy: minimal,
        ..Documents::default()
    });
    let minimal = minimal.unwrap();
    assert_eq!(
        canonical_form(&minimal.policy),
        r#"{"canonical":1,"evaluation":{"combine":"first_match","default":"allow","inputs":"unchecked","missing":"no_match"},"language":1,"rules":[],"schema":{"actions":[],"actor":[],"common":[],"snapshot":[{"name":"n","type":{"kind":"number","max":{"f64":"4004000000000000"},"min":{"f64":"3ff0000000000000"}}}]}}"#
    );
    assert_eq!(hash(&minimal), "b10354cc935e9911b27c8b5c58c003e79eca85cbfcc11cd95373ffb21c7e3d8a");
}

#[test]
fn what_decides_nothing_does_not_change_the_hash() {
    let policy = |rule: &str| {
        format!(
            "version: 2\ndefine: {{lists: {{l: [a, b]}}, conditions: {{c: actor.role == x}}}}\n\
             rules:\n  - {rule}"
        )
    };
    let of = |rule: &str| hash(&sound(&policy(rule)));
    let base = of("{id: r, scope: {global: true}, effect: block, when: actor.level == 1000}");
    for same in [
        "{effect: block, when: 'actor.level==1000.0', id: 'r', scope: {global: true}} # comment",
        "{id: r, scope: {global: true}, effect: block, when: {subject: {field: level, domain: actor}, value: {literal: 1e3}, operator: equals}, mode: enforce}",
        "{id: r, scope: {global: true}, effect: block, when: actor.level == 1000, description: d, tags: [t]}",
        "{id: r, scope: {global: true}, effect: block, when: actor.level == 1000, tags: [], required_actions: []}",
    ] {
        assert_eq!(of(same), base, "{same}");
    }
    for other in [
        "{id: s, scope: {global: true}, effect: block, when: actor.level == 1000}",
        "{id: r, scope: {actor: human}, effect: block, when: actor.level == 1000}",
        "{id: r, scope: {action: refund}, effect: block, when: actor.level == 1000}",
        "{id: r, scope: {global: true}, effect: allow, when: actor.level == 1000}",
        "{id: r, scope: {global: true}, effect: block, when: actor.level == 1001}",
        "{id: r, scope: {global: true}, effect: block, when: actor.level != 1000}",
        "{id: r, scope: {global: true}, effect: block, when: snapshot.limit == 1000}",
        "{id: r, scope: {global: true}, effect: block, when: {not: actor.level == 1000}}",
        "{id: r, scope: {global: true}, effect: block, when: {all: [actor.level == 1000]}}",
        "{id: r, scope: {global: true}, effect: block, when: {any: [actor.level == 1000]}}",
        "{id: r, scope: {global: true}, effect: block}",
        "{id: r, scope: {global: true}, effect: block, when: actor.level == 1000, mode: shadow}",
        "{id: r, scope: {global: true}, effect: block, when: actor.level == 1000, message: m}",
        "{id: r, scope: {global: true}, effect: block, when: actor.level == 1000, required_actions: [{a: b}]}",
    ] {
        assert_ne!(of(other), base, "{other}");
    }
    let rule = |scope: &str, when: &str| {
        of(&format!("{{id: r, scope: {scope}, effect: block, when: {when}}}"))
    };
    let global = "{global: true}";
    assert_eq!(rule(global, "{condition: c}"), rule(global, "actor.role == x"));
    assert_eq!(rule(global, "actor.role in @l"), rule(global, "'actor.role in [a, b]'"));
    assert_ne!(rule(global, "'actor.role in [b, a]'"), rule(global, "'actor.role in [a, b]'"));
    assert_eq!(
        rule("{action: [refund, payout, refund]}", "actor.role == x"),
        rule("{action: [refund, payout]}", "actor.role == x")
    );
    assert_eq!(
        rule("{action: [refund]}", "actor.role == x"),
        rule("{action: refund}", "actor.role == x")
    );
}

/// The codes that a policy gets, each once.
fn codes(schema: Option<&str>, policy: &str) -> Vec<&'static str> {
    let (_, diagnostics, _) = run(&Documents { schema, policy, ..Documents::default() });
    let codes: BTreeSet<_> =
        diagnostics.iter().map(|diagnostic| diagnostic.code.as_str()).collect();
    codes.into_iter().collect()
}

fn one_rule(when: &str) -> String {
    format!(
        "version: 2\nrules:\n  - {{id: a, scope: {{global: true}}, effect: block, when: {when}}}"
    )
}

#[test]
fn limits_hold_and_one_less_is_fine() {
    let nested =
        |levels: usize| format!("{}actor.role == x{}", "{not: ".repeat(levels), "}".repeat(levels));
    assert_eq!(codes(None, &one_rule(&nested(32))), [""; 0]);
    assert_eq!(codes(None, &one_rule(&nested(33))), ["condition_too_deep"]);
    let defined = |outer: usize, inner: usize| {
        let outer = format!("{}{{condition: c}}{}", "{not: ".repeat(outer), "}".repeat(outer));
        format!(
            "version: 2\ndefine: {{conditions: {{d: {{condition: c}}, c: {}}}}}\nrules:\n  \
             - {{id: a, scope: {{global: true}}, effect: block, when: {outer}}}\n  \
             - {{id: b, scope: {{global: true}}, effect: block, when: {{condition: d}}}}",
            nested(inner)
        )
    };
    assert_eq!(codes(None, &defined(16, 16)), [""; 0]);
    assert_eq!(codes(None, &defined(17, 16)), ["condition_too_deep"]);

    let literals = |count: usize| {
        let list: Vec<String> = (0..count).map(|n| n.to_string()).collect();
        one_rule(&format!("'actor.level in [{}]'", list.join(",")))
    };
    assert_eq!(codes(None, &literals(65_536)), [""; 0]);
    assert_eq!(codes(None, &literals(65_537)), ["too_many_literals"]);

    let text = |bytes: usize| one_rule(&format!("actor.role == {}", "x".repeat(bytes)));
    assert_eq!(codes(None, &text(65_536)), [""; 0]);
    assert_eq!(codes(None, &text(65_537)), ["literal_too_long"]);
    let pattern = |bytes: usize| one_rule(&format!("actor.role matches {}", "x".repeat(bytes)));
    assert_eq!(codes(None, &pattern(1_024)), [""; 0]);
    assert_eq!(codes(None, &pattern(1_025)), ["pattern_too_large"]);

    let schema = |fields: usize| {
        let fields: Vec<String> = (0..fields).map(|n| format!("f{n}: string")).collect();
        format!("version: 1\nactions: {{}}\nsnapshot: {{fields: {{{}}}}}", fields.join(", "))
    };
    assert_eq!(codes(Some(&schema(4_096)), "version: 2\nrules: []"), ["no_rules"]);
    assert_eq!(
        codes(Some(&schema(4_097)), "version: 2\nrules: []"),
        ["no_rules", "too_many_fields"]
    );
    let objects = |depth: usize| {
        let field =
            format!("{}string{}", "{type: object, fields: {x: ".repeat(depth), "}}".repeat(depth));
        format!("version: 1\nactions: {{}}\nsnapshot: {{fields: {{o: {field}}}}}")
    };
    assert_eq!(codes(Some(&objects(16)), "version: 2\nrules: []"), ["no_rules"]);
    assert_eq!(codes(Some(&objects(17)), "version: 2\nrules: []"), ["bad_constraint", "no_rules"]);

    let rules = |count: usize| {
        let mut text = "version: 2\nrules:\n".to_owned();
        for n in 0..count {
            writeln!(text, "  - {{id: r{n}, scope: {{global: true}}, effect: block}}").unwrap();
        }
        text
    };
    assert_eq!(codes(None, &rules(100_000)), [""; 0]);
    assert_eq!(codes(None, &rules(100_001)), ["too_many_rules"]);

    let name = |bytes: usize| {
        let id = "x".repeat(bytes);
        format!("version: 2\nrules:\n  - {{id: {id}, scope: {{global: true}}, effect: block}}")
    };
    assert_eq!(codes(None, &name(1_024)), [""; 0]);
    assert_eq!(codes(None, &name(1_025)), ["bad_name"]);
}

#[test]
fn definitions_that_would_explode_are_refused_before_they_do() {
    let mut policy = "version: 2\ndefine:\n  conditions:\n    c0: actor.role == x\n".to_owned();
    for n in 1..=25 {
        let before = n - 1;
        writeln!(policy, "    c{n}: {{all: [{{condition: c{before}}}, {{condition: c{before}}}]}}")
            .unwrap();
    }
    let with = |used: usize| {
        format!(
            "{policy}rules:\n  - {{id: a, scope: {{global: true}}, effect: block, when: \
             {{condition: c{used}}}}}\n  - {{id: b, scope: {{global: true}}, effect: block, when: \
             actor.rol == x}}"
        )
    };
    assert_eq!(codes(None, &with(25)), ["condition_too_large", "undeclared_field"]);
    assert_eq!(codes(None, &with(2)), ["undeclared_field"]);
    // A list of long literals, in many places.
    let long = "x".repeat(60_000);
    let mut policy = format!("version: 2\ndefine: {{lists: {{l: [{long}]}}}}\nrules:\n");
    for n in 0..5_000 {
        writeln!(
            policy,
            "  - {{id: r{n}, scope: {{global: true}}, effect: block, when: actor.role in @l}}"
        )
        .unwrap();
    }
    assert_eq!(codes(None, &policy), ["condition_too_large"]);
}

#[test]
fn long_chains_and_circles_of_definitions_do_not_overflow_the_stack() {
    let chain = |last: &str| {
        let mut policy = "version: 2\ndefine:\n  conditions:\n".to_owned();
        for n in 0..50_000 {
            writeln!(policy, "    c{n}: {{condition: c{}}}", n + 1).unwrap();
        }
        writeln!(policy, "    c50000: {last}").unwrap();
        policy
            + "rules:\n  - {id: a, scope: {global: true}, effect: block, when: {condition: c0}}\n"
    };
    assert_eq!(codes(None, &chain("actor.role == x")), [""; 0]);
    assert_eq!(codes(None, &chain("{condition: c0}")), ["circular_definition"]);
}

/// The codes that a governance document gets, each once, over a policy.
fn governance_codes(policy: &str, governance: &str) -> Vec<&'static str> {
    let documents = Documents { policy, governance: Some(governance), ..Documents::default() };
    let (_, diagnostics, _) = run(&documents);
    let codes: BTreeSet<_> =
        diagnostics.iter().map(|diagnostic| diagnostic.code.as_str()).collect();
    codes.into_iter().collect()
}

fn many_rules(count: usize) -> String {
    let mut policy = "version: 2\nrules:\n".to_owned();
    for n in 0..count {
        writeln!(policy, "  - {{id: r{n}, scope: {{global: true}}, effect: block, tags: [t{n}]}}")
            .unwrap();
    }
    policy
}

fn many_governance_rules(count: usize, filter: impl Fn(usize) -> String, must: &str) -> String {
    let mut text = "version: 2\ngovernance:\n  rules:\n".to_owned();
    for n in 0..count {
        let filter = filter(n);
        writeln!(text, "    - {{id: g{n}, select: {{where: {filter}}}, must: {must}, error: E}}")
            .unwrap();
    }
    text
}

#[test]
fn limits_on_governance_hold_and_one_less_is_fine() {
    let policy = many_rules(1);
    let rules = |count| many_governance_rules(count, |_| "{id: r0}".to_owned(), "{exists: true}");
    assert_eq!(governance_codes(&policy, &rules(10_000)), [""; 0]);
    assert_eq!(governance_codes(&policy, &rules(10_001)), ["governance_too_large"]);
    let error = |bytes: usize| {
        let text = "x".repeat(bytes);
        format!(
            "version: 2\ngovernance: {{rules: [{{id: g, select: {{where: {{}}}}, must: {{exists: \
             true}}, error: {text}}}]}}"
        )
    };
    assert_eq!(governance_codes(&policy, &error(4_096)), [""; 0]);
    assert_eq!(governance_codes(&policy, &error(4_097)), ["governance_too_large"]);
    let named = |bytes: usize| {
        let id = "x".repeat(bytes);
        many_governance_rules(1, |_| format!("{{id: {id}}}"), "{exists: false}")
    };
    assert_eq!(governance_codes(&policy, &named(1_024)), [""; 0]);
    assert_eq!(governance_codes(&policy, &named(1_025)), ["bad_name"]);
}

#[test]
fn hostile_governance_is_refused_in_time() {
    let policy = many_rules(20_000);
    // Found by what they name: a few looks each.
    let by_tag = many_governance_rules(10_000, |n| format!("{{tags: [t{n}]}}"), "{min_count: 1}");
    assert_eq!(governance_codes(&policy, &by_tag), [""; 0]);
    // More rules than there may be are not looked at.
    let rules = many_governance_rules(100_000, |_| "{id: r0}".to_owned(), "{min_count: 1}");
    assert_eq!(governance_codes(&policy, &rules), ["governance_too_large"]);
    // Every rule for every rule.
    let every = many_governance_rules(10_000, |_| "{}".to_owned(), "{min_count: 1}");
    assert_eq!(governance_codes(&policy, &every), ["governance_too_large"]);
}

#[test]
fn of_many_violations_some_are_listed_and_all_are_counted() {
    let governance = many_governance_rules(400, |_| "{effect: allow}".to_owned(), "{exists: true}");
    let policy = many_rules(1);
    let (_, diagnostics, _) =
        run(&Documents { policy: &policy, governance: Some(&governance), ..Documents::default() });
    // Three actions each.
    assert_eq!(diagnostics.len(), 1_001);
    assert_eq!(diagnostics[0].message, "governance is broken 200 more times than is listed");
}

#[test]
fn many_errors_are_reported_in_time() {
    let mut policy = "version: 2\nrules:\n".to_owned();
    for n in 0..5_000 {
        writeln!(
            policy,
            "  - {{id: r{n}, scope: {{action: nope{n}}}, effect: block, when: {{all: [actor.x{n} \
             == y, {{condition: z{n}}}]}}}}"
        )
        .unwrap();
    }
    let (_, diagnostics, _) = run(&Documents { policy: &policy, ..Documents::default() });
    assert_eq!(diagnostics.len(), 15_000);
}

#[test]
fn words_that_no_enum_has_are_reported_in_time() {
    let words = |prefix: &str, count: usize| {
        let words: Vec<String> = (0..count).map(|n| format!("{prefix}{n:05}")).collect();
        words.join(", ")
    };
    let (right, wrong) = (words("abcdefg", 4_000), words("gfedcba", 5_000));
    let schema = format!(
        "version: 1\nactor: {{fields: {{type: {{type: string, enum: [{right}]}}}}}}\n\
         actions: {{pay: {{fields: {{to: {{type: string, enum: [{right}]}}}}}}}}\n"
    );
    let run_rule = |before: &str, scope: &str, count: usize, when: &str| {
        let mut policy = format!("version: 2\n{before}rules:\n");
        for n in 0..count {
            writeln!(policy, "  - {{id: r{n}, scope: {{{scope}}}, effect: block, when: {when}}}")
                .unwrap();
        }
        run(&Documents { schema: Some(&schema), policy: &policy, ..Documents::default() }).1
    };
    let diagnostics = run_rule("", "action: pay", 1, &format!("\"action.to in [{wrong}]\""));
    assert_eq!(diagnostics.len(), 5_000);
    assert!(diagnostics[0].help.is_some());
    assert_eq!(diagnostics[4_999].help, None);
    let scope = format!("actor: [{wrong}]");
    assert_eq!(run_rule("", &scope, 1, "{all: []}").len(), 5_001);
    // What is wrong in a definition is said once, and looked into for every rule.
    let before = "define: {conditions: {c: {all: [action.to == x]}}}\n";
    let diagnostics = run_rule(before, "action: pay", 5_000, "{condition: c}");
    assert_eq!(diagnostics.len(), 1, "{}", diagnostics.len());
}

/// The codes of what lints say of a policy, with how often each is said.
fn counts_with_lints(policy: &str) -> std::collections::BTreeMap<&'static str, usize> {
    let schema = "version: 1\nactions: {pay: {fields: {to: string}}}\n";
    let documents = Documents { schema: Some(schema), policy, ..Documents::default() };
    let mut counts = std::collections::BTreeMap::new();
    for found in run_with_lints(&documents).0 {
        assert_eq!(found.severity, Severity::Warning, "{found:?}");
        *counts.entry(found.code.as_str()).or_default() += 1;
    }
    counts
}

fn rule_with_one_part(n: usize) -> String {
    format!(
        "  - {{id: r{n}, scope: {{action: pay}}, effect: allow, when: {{all: [action.to == \
         a{n}]}}}}\n"
    )
}

#[test]
fn many_silences_are_read_in_time_and_those_beyond_the_limit_are_told() {
    let silence = "  # actra: allow single_part -- x\n";
    let rule = rule_with_one_part(0);
    let policy = |before: &str| format!("version: 2\nrules:\n{before}{rule}");
    assert_eq!(counts_with_lints(&policy(&silence.repeat(10_000))), [].into());
    let counts = counts_with_lints(&policy(&silence.repeat(20_000)));
    assert_eq!(counts, [("bad_silence", 1)].into());
    let before = silence.repeat(2_000) + &"  #\n".repeat(200_000);
    assert_eq!(counts_with_lints(&policy(&before)), [].into());
    // Behind the rule, each is about it again.
    let behind = policy("") + &"    # actra: allow single_part -- x\n".repeat(10_000);
    assert_eq!(counts_with_lints(&behind), [].into());
    // All on one line, and all of one comment.
    let line = format!("  {}\n", "# actra: allow single_part -- x ".repeat(20_000));
    assert!(counts_with_lints(&policy(&line))["bad_silence"] == 1);
    let names = format!("  # actra: allow {} -- x\n", "single_part, ".repeat(100_000));
    let rules: String = (1..5_000).map(rule_with_one_part).collect();
    let counts = counts_with_lints(&(policy(&names) + &rules));
    assert_eq!(counts, [("bad_silence", 1), ("single_part", 4_999)].into());
    let names = format!("  # actra: allow {} -- x\n", "single_prat, ".repeat(100_000));
    let counts = counts_with_lints(&policy(&names));
    let expected = [("bad_silence", 1), ("silenced_unknown_code", 10_000), ("single_part", 1)];
    assert_eq!(counts, expected.into());
}

#[test]
fn silences_of_many_rules_are_applied_in_time() {
    let mut policy = "version: 2\nrules:\n".to_owned();
    for n in 0..20_000 {
        if n % 2 == 0 {
            policy.push_str("  # actra: allow single_part -- x\n");
        }
        policy.push_str(&rule_with_one_part(n));
    }
    assert_eq!(counts_with_lints(&policy), [("single_part", 10_000)].into());
}

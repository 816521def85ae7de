//! The reference evaluator against policies built by hand, without a document between.

use actra_compiler::model::{
    Action, Addend, Atom, CheckedPolicy, Condition, Domain, Effect, Field, FieldRef, FieldType,
    InputMode, LanguageVersion, ListType, Literal, MissingMode, Mode, Operand, Operator, Place,
    Quantifier, Rule, ScalarKind, ScalarType, Schema, Scope, Settings, Sign,
};
use actra_testkit::Value;
use actra_testkit::json;
use actra_testkit::reference::{AtomOutcome, Event, Flaw, Options, evaluate, evaluate_observed};

fn field(name: &str, ty: FieldType) -> Field {
    Field { name: name.to_owned(), ty, required: false, description: None }
}

fn scalar(name: &str, kind: ScalarKind) -> Field {
    field(name, FieldType::Scalar(ScalarType::plain(kind)))
}

fn place(name: &str) -> FieldRef {
    FieldRef { domain: Domain::Action, path: vec![name.to_owned()], key: None }
}

fn atom(subject: &str, operator: Operator, operand: Operand) -> Condition {
    Condition::Atom(Box::new(Atom {
        quantifier: None,
        subject: place(subject),
        operator,
        operand,
        place: Place::default(),
    }))
}

fn quantified(
    quantifier: Quantifier,
    subject: &str,
    operator: Operator,
    operand: Operand,
) -> Condition {
    let Condition::Atom(mut atom) = atom(subject, operator, operand) else { unreachable!() };
    atom.quantifier = Some(quantifier);
    Condition::Atom(atom)
}

fn rule(id: &str, effect: Effect, condition: Condition) -> Rule {
    Rule {
        id: id.to_owned(),
        scope: Scope::default(),
        condition: Some(condition),
        effect,
        message: None,
        required_actions: Vec::new(),
        mode: Mode::Enforce,
        tags: Vec::new(),
        description: None,
        place: Place::default(),
    }
}

/// One action `do` with a field of each kind, and one block rule.
fn policy(condition: Condition) -> CheckedPolicy {
    let strings =
        ListType { items: ScalarType::plain(ScalarKind::String), max_length: None, unique: false };
    let mut settings = Settings::defaults(LanguageVersion::V2);
    settings.default = Effect::Allow;
    settings.inputs = InputMode::Unchecked;
    CheckedPolicy {
        version: LanguageVersion::V2,
        settings,
        schema: Schema {
            actions: vec![Action {
                name: "do".to_owned(),
                description: None,
                fields: vec![
                    scalar("at", ScalarKind::Timestamp),
                    scalar("i", ScalarKind::Integer),
                    field("l", FieldType::List(strings)),
                    scalar("n", ScalarKind::Number),
                    scalar("s", ScalarKind::String),
                ],
            }],
            ..Schema::default()
        },
        rules: vec![rule("rule", Effect::Block, condition)],
    }
}

/// What the one atom of a policy comes to for an action's fields, and what was wrong with them.
fn outcome(condition: Condition, fields: &str) -> (AtomOutcome, Option<Flaw>, Option<Flaw>) {
    let mut policy = policy(condition);
    // Rules without an action scope read common fields.
    let fields_of_action = std::mem::take(&mut policy.schema.actions[0].fields);
    policy.schema.common = fields_of_action;
    let context = json::parse(&format!("{{\"action\": {{\"type\": \"do\", {fields}}}}}")).unwrap();
    let mut seen = Vec::new();
    let mut observe = |event: Event<'_>| {
        if let Event::Atom { outcome, left, right, .. } = event {
            seen.push((outcome, left, right));
        }
    };
    evaluate_observed(&policy, &context, Options::default(), &mut observe).unwrap();
    assert_eq!(seen.len(), 1);
    seen[0]
}

fn text(value: &str) -> Operand {
    Operand::Literal(Literal::String(value.to_owned()))
}

#[test]
fn which_side_is_unfit() {
    use AtomOutcome::UnknownByMissing as Missing;
    let with_literal = || atom("s", Operator::Equals, text("a"));
    assert_eq!(outcome(with_literal(), r#""s": 5"#), (Missing, Some(Flaw::Unfit), None));
    let with_field = || atom("s", Operator::Equals, Operand::Field(place("n")));
    assert_eq!(
        outcome(with_field(), r#""s": "a", "n": 5"#),
        (Missing, Some(Flaw::Unfit), Some(Flaw::Unfit))
    );
    assert_eq!(outcome(with_field(), r#""s": "a", "n": [5]"#), (Missing, None, Some(Flaw::Unfit)));
    assert_eq!(outcome(with_field(), r#""s": ["a"], "n": 5"#), (Missing, Some(Flaw::Unfit), None));
    assert_eq!(outcome(with_field(), r#""s": "a""#), (Missing, None, Some(Flaw::Missing)));
    let ordered = || atom("n", Operator::LessThan, Operand::Field(place("i")));
    assert_eq!(outcome(ordered(), r#""n": "a", "i": 5"#), (Missing, Some(Flaw::Unfit), None));
    assert_eq!(
        outcome(ordered(), r#""n": true, "i": null"#),
        (Missing, Some(Flaw::Unfit), Some(Flaw::Missing))
    );
}

#[test]
fn contains_goes_by_the_kind_that_is_found() {
    use AtomOutcome::{False, True, UnknownByMissing as Missing};
    let contains = || atom("l", Operator::Contains, text("a"));
    assert_eq!(outcome(contains(), r#""l": ["a"]"#).0, True);
    assert_eq!(outcome(contains(), r#""l": []"#).0, False);
    assert_eq!(outcome(contains(), r#""l": "cab""#).0, True);
    assert_eq!(outcome(contains(), r#""l": [1]"#), (Missing, Some(Flaw::Unfit), None));
    let any_of =
        || atom("s", Operator::Contains, Operand::Literals(vec![Literal::String("a".into())]));
    assert_eq!(outcome(any_of(), r#""s": "cab""#).0, True);
    assert_eq!(outcome(any_of(), r#""s": ["a"]"#), (Missing, Some(Flaw::Unfit), None));
}

#[test]
fn an_empty_list_fits_every_kind() {
    use AtomOutcome::{False, True, UnknownByMissing as Missing};
    let inside = || atom("n", Operator::In, Operand::Field(place("l")));
    assert_eq!(outcome(inside(), r#""n": 5, "l": []"#).0, False);
    assert_eq!(
        outcome(inside(), r#""n": 5, "l": ["a"]"#),
        (Missing, Some(Flaw::Unfit), Some(Flaw::Unfit))
    );
    let outside = atom("n", Operator::NotIn, Operand::Field(place("l")));
    assert_eq!(outcome(outside, r#""n": 5, "l": []"#).0, True);
    let every = || quantified(Quantifier::Every, "l", Operator::StartsWith, text("a"));
    assert_eq!(outcome(every(), r#""l": []"#).0, True);
    assert_eq!(outcome(every(), r#""l": [1]"#), (Missing, Some(Flaw::Unfit), None));
    assert_eq!(outcome(every(), r#""l": "a""#), (Missing, Some(Flaw::Unfit), None));
}

#[test]
fn malformed_items_leave_a_quantified_atom_open_only_where_others_do_not_settle_it() {
    use AtomOutcome::{False, True, UnknownByMalformed as Malformed};
    let domain = || Operand::Literals(vec![Literal::String("a.com".into())]);
    let every = || quantified(Quantifier::Every, "l", Operator::InDomain, domain());
    let some = || quantified(Quantifier::Some, "l", Operator::InDomain, domain());
    let bad = Some(Flaw::Malformed);
    assert_eq!(outcome(every(), r#""l": ["a.com", "a b"]"#), (Malformed, bad, None));
    assert_eq!(outcome(every(), r#""l": ["b.com", "a b"]"#), (False, bad, None));
    assert_eq!(outcome(some(), r#""l": ["a.com", "a b"]"#), (True, bad, None));
    assert_eq!(outcome(some(), r#""l": ["b.com", "a b"]"#), (Malformed, bad, None));
}

#[test]
fn malformed_counts_beside_missing() {
    use AtomOutcome::UnknownByMalformed as Malformed;
    let within = || atom("s", Operator::WithinPath, Operand::Field(place("l")));
    assert_eq!(
        outcome(within(), r#""s": "../x""#),
        (Malformed, Some(Flaw::Malformed), Some(Flaw::Missing))
    );
    assert_eq!(
        outcome(within(), r#""l": ["/a", "b"]"#),
        (Malformed, Some(Flaw::Missing), Some(Flaw::Malformed))
    );
    assert_eq!(
        outcome(within(), r#""s": "/a", "l": ["/a", "b"]"#),
        (Malformed, None, Some(Flaw::Malformed))
    );
}

#[test]
fn sums_take_integers_and_nothing_near_them() {
    use AtomOutcome::{False, True, UnknownByMissing as Missing};
    let sum = |addend| Operand::Sum { field: place("i"), sign: Sign::Plus, addend };
    let above = |addend| atom("n", Operator::GreaterThan, sum(addend));
    let max = i64::MAX;
    assert_eq!(
        outcome(above(Addend::Integer(max)), &format!("\"n\": 1.9e19, \"i\": {max}")).0,
        True
    );
    assert_eq!(outcome(above(Addend::Integer(1)), r#""n": 6.0, "i": 5"#).0, False);
    assert_eq!(outcome(above(Addend::Integer(1)), r#""n": 6.5, "i": 5.0"#).0, True);
    assert_eq!(
        outcome(above(Addend::Integer(1)), r#""n": 6.5, "i": 5.5"#),
        (Missing, None, Some(Flaw::Unfit))
    );
    assert_eq!(
        outcome(above(Addend::Integer(1)), r#""n": 6.5, "i": 1e300"#),
        (Missing, None, Some(Flaw::Unfit))
    );
    assert_eq!(
        outcome(above(Addend::Field(place("l"))), r#""n": 6.5, "i": 5"#),
        (Missing, None, Some(Flaw::Missing))
    );
    let later = || {
        let addend = Addend::Duration(i64::MAX);
        atom(
            "at",
            Operator::LessThan,
            Operand::Sum { field: place("at"), sign: Sign::Plus, addend },
        )
    };
    assert_eq!(outcome(later(), r#""at": "9999-12-31T00:00:00Z""#).0, True);
    assert_eq!(outcome(later(), r#""at": 5"#), (Missing, None, Some(Flaw::Unfit)));
}

#[test]
fn missing_lists_every_flawed_field_of_an_unknown_condition() {
    let condition = Condition::Any(vec![
        atom("s", Operator::Equals, text("a")),
        atom("n", Operator::Equals, Operand::Field(place("i"))),
        atom("l", Operator::Exists, Operand::None),
    ]);
    let mut policy = policy(condition);
    policy.rules[0].scope.actions = Some(vec!["do".to_owned()]);
    policy.rules[0].scope.actors = Some(vec!["bot".to_owned()]);
    let context = json::parse(r#"{"action": {"type": "do", "n": 1}}"#).unwrap();
    let decision = evaluate(&policy, &context, Options::default()).unwrap();
    assert_eq!(decision.effect, Effect::Block);
    assert_eq!(decision.missing, ["action.i", "action.s", "actor.type"]);

    policy.settings.missing = MissingMode::NoMatch;
    let decision = evaluate(&policy, &context, Options::default()).unwrap();
    assert_eq!((decision.effect, decision.matched_rule), (Effect::Allow, None));
}

#[test]
fn version_1_compares_doubles_as_ieee_says() {
    let run = |operator, literal: f64, value: Value| {
        let mut policy = policy(atom("n", operator, Operand::Literal(Literal::Float(literal))));
        policy.version = LanguageVersion::V1;
        policy.rules[0].scope.actions = Some(vec!["do".to_owned()]);
        let fields = Value::object([("type", Value::string("do")), ("n", value)]);
        let context = Value::object([("action", fields)]);
        evaluate(&policy, &context, Options::default()).unwrap().effect == Effect::Block
    };
    assert!(run(Operator::NotEquals, f64::NAN, Value::Float(f64::NAN)));
    assert!(!run(Operator::Equals, f64::NAN, Value::Float(f64::NAN)));
    assert!(!run(Operator::LessThanOrEqual, 1.0, Value::Float(f64::NAN)));
    assert!(run(Operator::Equals, 9_007_199_254_740_992.0, Value::Int(9_007_199_254_740_993)));
    assert!(run(Operator::Equals, 0.0, Value::Float(-0.0)));
    assert!(run(Operator::Equals, f64::INFINITY, Value::Float(f64::INFINITY)));
}

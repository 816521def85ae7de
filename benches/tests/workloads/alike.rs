use actra::{Effect, InputCode, Policy, UnknownFields};
use actra_benches::{guard, roles};

/// Effect and place of the rule in the policy, or code and field.
type Answer = Result<(Effect, Option<u32>), (InputCode, String)>;

fn by_frame(policy: &Policy, frame: &mut actra::Frame<'_, '_>) -> Answer {
    match Policy::decide(frame) {
        Ok(outcome) => {
            let rule = outcome.rule.and_then(|rule| policy.program().rule(rule));
            Ok((outcome.effect, rule.map(|rule| rule.position)))
        }
        Err(error) => Err((error.code, frame.field_name(&error).unwrap().to_string())),
    }
}

#[test]
fn the_guard_by_hand_decides_as_the_policy_does() {
    let policy = guard::policy().unwrap();
    let slots = guard::Slots::of(&policy).unwrap();
    let mut evaluator = policy.evaluator(UnknownFields::Ignore);
    let mut texts = guard::texts(1024, 20_260_101);
    texts.extend(guard::faulty_texts(20_000, 2));
    let inputs = guard::contexts(&texts).unwrap();
    let mut frame = policy.frame();
    let mut errors = 0;
    for (text, input) in texts.iter().zip(&inputs) {
        let expected = guard::decide(input)
            .map(|decided| (decided.effect, decided.rule.map(u32::from)))
            .map_err(|(code, field)| (code, field.to_owned()));
        errors += u32::from(expected.is_err());
        slots.fill(&mut frame, input);
        assert_eq!(by_frame(&policy, &mut frame), expected, "{text}");
        let by_text = evaluator.with_json(text.as_bytes(), |outcome, _| outcome.effect);
        assert_eq!(
            by_text.map_err(|error| error.code),
            expected.map(|(effect, _)| effect).map_err(|(code, _)| code),
            "{text}"
        );
    }
    assert!((5000..19_000).contains(&errors), "{errors} inputs are at fault");
}

#[test]
fn half_of_the_guard_inputs_match_a_rule_and_every_rule_matches_some() {
    let texts = guard::texts(1024, 20_260_101);
    let inputs = guard::contexts(&texts).unwrap();
    let mut matches = [0; 12];
    for input in &inputs {
        if let Some(rule) = guard::decide(input).unwrap().rule {
            matches[rule as usize] += 1;
        }
    }
    assert_eq!(matches.iter().sum::<usize>(), 512);
    assert!(!matches.contains(&0), "{matches:?}");
}

#[test]
fn roles_by_hand_decide_as_the_policies_do() {
    for size in roles::SIZES {
        let rules = roles::rules(size, 1);
        let policy = roles::policy(&rules).unwrap();
        let slots = roles::Slots::of(&policy).unwrap();
        let mut frame = policy.frame();
        let (index, scan) = (roles::Index::new(&rules), roles::Scan::new(&rules));
        let mut inputs = roles::inputs(&rules, 60, 2);
        let low = roles::Input { amount: Some(100), ..inputs[0] };
        inputs.push(low);
        for (number, rule) in rules.iter().enumerate().take(200) {
            let amount = Some(rule.over + number as i64 % 2);
            inputs.push(roles::Input { kind: Some("spend"), amount, role: Some(&rule.role) });
        }
        inputs.push(roles::Input { amount: Some(-1), ..low });
        inputs.push(roles::Input { amount: None, ..low });
        inputs.push(roles::Input { kind: Some("save"), ..low });
        inputs.push(roles::Input { kind: None, ..low });
        inputs.push(roles::Input { role: None, ..low });
        let long = "r".repeat(65);
        inputs.push(roles::Input { role: Some(&long), ..low });
        for input in &inputs {
            let expected = index.decide(input);
            assert_eq!(scan.decide(input), expected, "{size} {input:?}");
            slots.fill(&mut frame, input);
            let expected = expected.map_err(|(code, field)| (code, field.to_owned()));
            assert_eq!(by_frame(&policy, &mut frame), expected, "{size} {input:?}");
        }
    }
}

#[test]
fn both_forms_of_the_roles_are_one_policy() {
    let rules = roles::rules(10, 1);
    let short = Policy::from_strings(roles::SCHEMA, &roles::short_policy_text(&rules), None);
    assert_eq!(roles::policy(&rules).unwrap().policy_hash(), short.unwrap().policy_hash());
}

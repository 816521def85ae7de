use actra::{Effect, InputCode, Policy};
use actra_benches::{arguments, tenants, thresholds};
use allocation_counter::measure;

type Decided = Result<(Effect, Option<u32>), InputCode>;

fn by_frame(policy: &Policy, frame: &mut actra::Frame<'_, '_>) -> Decided {
    let mut outcome = None;
    let counted = measure(|| outcome = Some(Policy::decide(frame)));
    assert_eq!(counted.count_total, 0, "an evaluation allocates");
    let outcome = outcome.unwrap().map_err(|error| error.code)?;
    let rule = outcome.rule.and_then(|rule| policy.program().rule(rule));
    Ok((outcome.effect, rule.map(|rule| rule.position)))
}

#[test]
fn tenants_by_hand_are_decided_as_the_policy_does() {
    let rules = tenants::rules(1);
    let policy = tenants::policy(&rules).unwrap();
    let slots = tenants::Slots::of(&policy).unwrap();
    let index = tenants::Index::new(&rules);
    let mut inputs = tenants::inputs(5000, 2);
    inputs.push(tenants::Input { action: "operation_200".to_owned(), ..inputs[0].clone() });
    inputs.push(tenants::Input { amount: -1, ..inputs[0].clone() });
    inputs.push(tenants::Input { tenant: "é".repeat(65), ..inputs[0].clone() });
    let mut frame = policy.frame();
    let mut blocked = 0;
    for input in &inputs {
        let expected = index.decide(input);
        slots.fill(&mut frame, input);
        assert_eq!(by_frame(&policy, &mut frame), expected, "{input:?}");
        blocked += u32::from(expected.is_ok_and(|(effect, _)| effect == Effect::Block));
    }
    assert!((1000..4000).contains(&blocked), "{blocked}");
}

#[test]
fn thresholds_by_hand_decide_as_the_policy_does() {
    let rules = thresholds::rules(1);
    let policy = thresholds::policy(&rules).unwrap();
    let slots = thresholds::Slots::of(&policy).unwrap();
    let bands = thresholds::Bands::new(&rules);
    let mut inputs = thresholds::inputs(5000, 2);
    inputs.extend([-0.25, f64::NAN, f64::INFINITY, 0.0, -0.0, 1e300]);
    let mut frame = policy.frame();
    let mut blocked = 0;
    for risk in inputs {
        let expected = thresholds::scan(&rules, risk);
        assert_eq!(bands.decide(risk), expected, "{risk}");
        slots.fill(&mut frame, risk);
        assert_eq!(by_frame(&policy, &mut frame), expected, "{risk}");
        blocked += u32::from(expected.is_ok_and(|(effect, _)| effect == Effect::Block));
    }
    assert!((1000..4000).contains(&blocked), "{blocked}");
}

#[test]
fn arguments_by_hand_are_decided_as_the_policy_does_and_every_rule_decides_some() {
    let policy = arguments::policy().unwrap();
    let slots = arguments::Slots::of(&policy).unwrap();
    let by_hand = arguments::ByHand::new().unwrap();
    let mut inputs = arguments::inputs(5000, 2);
    for path in ["/workspace/../etc", "workspace", "/workspace", "/workspacex"] {
        inputs.push(arguments::Input { path: path.to_owned(), ..inputs[0].clone() });
    }
    inputs.push(arguments::Input { command: "x".repeat(4097), ..inputs[0].clone() });
    let mut frame = policy.frame();
    let mut deciding = [0; 10];
    for input in &inputs {
        let expected = by_hand.decide(input);
        slots.fill(&mut frame, input);
        assert_eq!(by_frame(&policy, &mut frame), expected, "{input:?}");
        if let Ok((_, rule)) = expected {
            deciding[rule.map_or(9, |rule| rule as usize)] += 1;
        }
    }
    assert!(!deciding.contains(&0), "{deciding:?}");
}

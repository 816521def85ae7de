use actra::{Policy, UnknownFields};
use actra_benches::{guard, roles};
use allocation_counter::measure;

#[test]
fn an_evaluation_of_the_guard_allocates_nothing() {
    let policy = guard::policy().unwrap();
    let slots = guard::Slots::of(&policy).unwrap();
    let mut texts = guard::texts(1024, 1);
    texts.extend(guard::faulty_texts(1024, 2));
    let inputs = guard::contexts(&texts).unwrap();
    let mut frame = policy.frame();
    let counted = measure(|| {
        for input in &inputs {
            slots.fill(&mut frame, input);
            let _ = Policy::decide(&mut frame);
        }
    });
    assert_eq!(counted.count_total, 0);
}

#[test]
fn an_evaluation_of_json_allocates_nothing_after_the_first() {
    let policy = guard::policy().unwrap();
    let mut evaluator = policy.evaluator(UnknownFields::Ignore);
    let texts = guard::texts(256, 1);
    let mut evaluate_all = || {
        for text in &texts {
            evaluator.with_json(text.as_bytes(), |outcome, _| outcome).unwrap();
        }
    };
    evaluate_all();
    assert_eq!(measure(evaluate_all).count_total, 0);
}

#[test]
fn an_evaluation_of_roles_allocates_nothing() {
    for size in roles::SIZES {
        let rules = roles::rules(size, 1);
        let policy = roles::policy(&rules).unwrap();
        let slots = roles::Slots::of(&policy).unwrap();
        let inputs = roles::inputs(&rules, 60, 2);
        let mut frame = policy.frame();
        let counted = measure(|| {
            for input in &inputs {
                slots.fill(&mut frame, input);
                let _ = Policy::decide(&mut frame);
            }
        });
        assert_eq!(counted.count_total, 0, "roles-{size}");
    }
}

#[test]
fn the_counter_counts() {
    let counted = measure(|| drop(std::hint::black_box(Vec::<u8>::with_capacity(1))));
    assert_eq!(counted.count_total, 1);
}

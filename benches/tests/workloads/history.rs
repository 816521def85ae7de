use actra_benches::guard;
use actra_benches::history::{History, decide};

#[test]
fn the_history_by_hand_decides_as_the_policy_does_and_half_of_it_matches_a_rule() {
    const ROWS: usize = 100_000;
    let policy = guard::policy().unwrap();
    let history = History::new(ROWS, guard::SEED);
    let columns = history.columns(&policy).unwrap();
    let outcomes = policy.decide_columns(ROWS, &columns).unwrap();
    assert_eq!(outcomes.one_by_one(), 0);
    let by_hand = decide(&history);
    assert_eq!(by_hand.errors, []);
    assert_eq!(outcomes.effects(), by_hand.effects);
    let mut matches = [0_usize; 12];
    for (row, place) in by_hand.rules.iter().enumerate() {
        let rule = outcomes.rule(row).and_then(|rule| policy.program().rule(rule));
        assert_eq!(rule.map_or(u32::MAX, |rule| rule.position), *place, "row {row}");
        if let Some(count) = matches.get_mut(*place as usize) {
            *count += 1;
        }
    }
    let matching: usize = matches.iter().sum();
    assert!(matching.abs_diff(ROWS / 2) < ROWS / 50, "{matching} rows match a rule");
    assert!(matches.iter().all(|count| *count > 100), "{matches:?}");
}

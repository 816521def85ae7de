use super::*;
use proptest::prelude::*;
use std::time::Instant;

fn kind(pattern: &str) -> PatternErrorKind {
    compile(pattern).expect_err(pattern).kind
}

#[test]
fn the_whole_string_must_match() {
    for (pattern, matching, others) in [
        ("a|b", &["a", "b"][..], &["", "ab", "xa", "bx"][..]),
        ("a.*", &["a", "abc"], &["ba", "a\n"]),
        ("", &[""], &["a"]),
        ("^a$|b", &["a", "b"], &["a\n", "ab"]),
        ("(?x)a # |x", &["a"], &["x", ""]),
        ("(?i)straße", &["straße", "StraßE", "straẞe"], &["strasse"]),
        (r"\d", &["1", "٣"], &["a"]),
        (r"(?-u:\d)", &["1"], &["٣"]),
        (r"(?-u:\b)a(?-u:\b)", &["a"], &["aa"]),
        (r".", &["é", "漢", "😀"], &["", "\n", "éé"]),
        (r"(?m)^a$\n^b$", &["a\nb"], &["a", "ab"]),
        (r"[a&&b]", &[], &["", "a", "b"]),
        (r"\Aa\z", &["a"], &["aa"]),
        (r"x*?", &["", "xxx"], &["xy"]),
    ] {
        let dfa = compile(pattern).expect(pattern);
        for text in matching {
            assert!(dfa.matches(text.as_bytes()), "{pattern} {text:?}");
        }
        for text in others {
            assert!(!dfa.matches(text.as_bytes()), "{pattern} {text:?}");
        }
    }
}

#[test]
fn equal_languages_have_equal_tables() {
    for (one, other) in [
        ("a|b", "[ab]"),
        ("(?:ab)*ab", "(?:ab)+"),
        ("a{2,4}", "aa(?:a|aa)?"),
        (".*x.*|y", "y|.*x.*"),
        ("[a&&b]", "c^d"),
    ] {
        assert_eq!(compile(one), compile(other), "{one} {other}");
    }
}

#[test]
fn the_smallest_automata_have_the_states_they_need() {
    let states = |pattern| compile(pattern).expect(pattern).states();
    assert_eq!(states("[a&&b]"), 1);
    assert_eq!(states("(?s-u:[\\x00-\\x7f])*"), 2);
    assert_eq!(states("a{100}"), 102);
    assert_eq!(states("(?:a|b)*a(?:a|b){3}"), 17);
}

#[test]
fn faults_are_told_with_their_place() {
    let error = compile("ab(c").unwrap_err();
    assert_eq!((error.kind, error.range), (PatternErrorKind::Syntax, Some((2, 3))));
    assert_eq!(error.to_string(), "unclosed group");
    let error = compile(r"a\p{Klingon}").unwrap_err();
    assert_eq!((error.kind, error.range), (PatternErrorKind::Syntax, Some((1, 12))));
    assert_eq!(kind(r"(?=a)"), PatternErrorKind::Syntax);
    assert_eq!(kind(r"(a)\1"), PatternErrorKind::Syntax);
    assert_eq!(kind(r"(?-u:\xff)"), PatternErrorKind::Syntax);
    let error = compile(r"\bword\b").unwrap_err();
    assert_eq!(error.kind, PatternErrorKind::Unsupported);
    assert!(error.help.unwrap().contains(r"(?-u:\b)"));
    assert_eq!(kind(&"a".repeat(MAX_PATTERN_BYTES + 1)), PatternErrorKind::TooLarge);
    assert!(compile(&"a".repeat(MAX_PATTERN_BYTES)).is_ok());
}

#[test]
fn patterns_of_daily_life_fit() {
    for pattern in [
        ".{0,400}",
        "(?s).{1,500}",
        "[^/]{1,255}",
        r"(?i).*(?:password|secret|api[_-]?key|token).*",
        r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*",
        r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,255}\.[A-Za-z]{2,24}",
        r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
        r"\w+(?:-\w+)*",
        r"(?:\d{1,3}\.){3}\d{1,3}",
        r"arn:aws:iam::\d{12}:role/[\w+=,.@/-]+",
        r"(?i)\s*(?:drop|truncate|alter)\s+table(?-u:\b).*",
        r"/api/v[1-9][0-9]*/(?:users|orders)/[^/]+(?:/.*)?",
        "(?s).*(?:rm -rf|mkfs|dd if=).*",
    ] {
        compile(pattern).expect(pattern);
    }
}

/// Patterns made to take long. None may: the time is bounded by sizes, and the bound asserted here
/// is loose only for slow machines.
#[test]
fn hostile_patterns_end_soon() {
    let long = |part: &str| part.repeat(MAX_PATTERN_BYTES / part.len());
    for pattern in [
        r"(\w{100}){100}".to_owned(),
        r"((a{100}){100}){100}".to_owned(),
        r"(((((a{9}){9}){9}){9}){9}){9}".to_owned(),
        r"(a|b)*a(a|b){10}".to_owned(),
        r"(a|b)*a(a|b){13}".to_owned(),
        r"(a|b)*a(a|b){40}".to_owned(),
        r"(.*a.{0,30}b.*|.*c.{0,40}d.*){3}".to_owned(),
        r"(\w*\d\w*){10}".to_owned(),
        r"(\w+|\pL+|\d+|\s+)*x(\w|\d){4}".to_owned(),
        r"[ab]{20000}".to_owned(),
        r"a{30000}".to_owned(),
        r"a{99999}".to_owned(),
        r"((a|b)*a(a|b){12}(|(||||)(|a|||||)){40})*".to_owned(),
        r"(a|b)*a(a|b){14}".to_owned(),
        r"(ax|bx|cx)*(ax|ay)(ax|bx|cx){12}".to_owned(),
        r"(a*)*(a*)*(a*)*(a*)*(a*)*b{1000}".to_owned(),
        r"(a?){500}a{500}".to_owned(),
        r"(x*){1000}".to_owned(),
        r"(\w?){60}".to_owned(),
        r"(a?b?c?d?e?f?g?h?){60}".to_owned(),
        r"(.?){400}".to_owned(),
        r"(){4294967295}".to_owned(),
        r"((){1000}){1000}((){1000}){1000}".to_owned(),
        r"(^|$|(?-u:\b)|(?-u:\B)|(?m:^)|(?m:$)|a){900}".to_owned(),
        r"(?i)(\w{3}\PL){5}".to_owned(),
        long(r"\w"),
        long(r"(?i)\pL"),
        long(r"\PL?"),
        long(r"[^a]*"),
        long(r".*a"),
        long(r"a.*|"),
        long(r"(a|"),
        long(r"("),
        ["(?:".repeat(200), "a".to_owned(), ")?".repeat(200)].concat(),
        long(r"[[:word:]--\d]"),
        long(r"[\w&&\PN]?"),
        long(r"(?:a|b|ab)*c?"),
        ["(?:a*b|", &"a.*b|".repeat(190), ")*"].concat(),
    ] {
        let start = Instant::now();
        let outcome = compile(&pattern);
        let elapsed = start.elapsed();
        assert!(elapsed.as_secs() < 2, "{pattern} took {elapsed:?}");
        if let Err(error) = outcome {
            assert!(error.kind != PatternErrorKind::Unsupported, "{pattern}: {error}");
        }
    }
}

fn patterns() -> impl Strategy<Value = String> {
    let atom = prop::sample::select(vec![
        "a",
        "b",
        "é",
        ".",
        "\\n",
        "[ab]",
        "[^a]",
        "[a-é]",
        "\\d",
        "(?-u:\\w)",
        "(?s:.)",
        "(?i:A)",
        "^",
        "$",
        "(?m:^)",
        "(?m:$)",
        "(?-u:\\b)",
        "(?-u:\\B)",
        "\\A",
        "\\z",
        "(?R:$)",
        "",
    ])
    .prop_map(str::to_owned);
    atom.prop_recursive(4, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(|parts| parts.concat()),
            prop::collection::vec(inner.clone(), 1..4)
                .prop_map(|parts| format!("(?:{})", parts.join("|"))),
            (inner, prop::sample::select(vec!["*", "+", "?", "*?", "{2}", "{0,2}", "{1,}"]))
                .prop_map(|(part, times)| format!("(?:{part}){times}")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn automata_match_as_the_regex_crate_does(
        pattern in patterns(),
        top in prop::option::of(patterns()),
        texts in prop::collection::vec("[abAéx1\\n\\r_]{0,5}", 24),
    ) {
        let pattern = top.into_iter().fold(pattern, |left, right| format!("{left}|{right}"));
        let regex = regex::Regex::new(&format!(r"\A(?:{pattern})\z")).unwrap();
        let dfa = compile(&pattern).unwrap();
        for text in &texts {
            prop_assert_eq!(dfa.matches(text.as_bytes()), regex.is_match(text), "{:?}", text);
        }
    }

    #[test]
    fn any_pattern_is_compiled_or_refused(pattern in "(\\PC|[a(){}|*?\\[\\]\\\\0-9]){0,12}") {
        let accepted = regex_syntax::parse(&pattern).is_ok();
        match compile(&pattern) {
            Ok(_) => prop_assert!(accepted),
            Err(error) => prop_assert!(!accepted || error.kind != PatternErrorKind::Syntax),
        }
    }
}

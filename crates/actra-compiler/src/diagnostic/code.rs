//! The table of codes.

use super::{Explanation, Severity};
use std::fmt;

macro_rules! codes {
    ($($variant:ident = $name:literal, $severity:ident, $meaning:literal;)+) => {
        /// Code of a diagnostic. Codes are stable: people search for them and silence them by
        /// name. None of them is also the code of an input error.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $(#[doc = $meaning] $variant,)+
        }

        impl Code {
            /// Every code, in the table's order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The code as printed: `undeclared_field`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// The code of that name.
            pub fn parse(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)+ _ => None }
            }

            /// What it means, in one sentence.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning,)+ }
            }

            /// What it means at length. A code without its file does not compile.
            pub const fn explanation(self) -> Explanation {
                match self {
                    $(Self::$variant => Explanation::new(include_str!(concat!(
                        "explanations/", $name, ".md"
                    ))),)+
                }
            }

            /// How much it matters where nothing else is said.
            pub const fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity,)+ }
            }
        }
    };
}

codes! {
    // Files and documents as a whole.
    MissingFile = "missing_file", Error, "A file that a policy directory must have is not there.";
    UnreadableFile = "unreadable_file", Error, "A file cannot be read, or is not UTF-8.";
    DocumentTooLarge = "document_too_large", Error, "A document is over the limit in bytes or nodes.";
    PolicyTooLarge = "policy_too_large", Error, "The policy as a whole compiles to more than a program can hold.";

    // YAML.
    YamlSyntax = "yaml_syntax", Error, "The document is not YAML.";
    EmptyDocument = "empty_document", Error, "The document says nothing.";
    SeveralDocuments = "several_documents", Error, "The file holds more than one YAML document.";
    DocumentsDisagree = "documents_disagree", Error, "Two YAML readers read the document differently, so people might, too.";
    RepeatedKey = "repeated_key", Error, "A mapping has the same key twice.";
    ComplexKey = "complex_key", Error, "The key of a mapping is not a scalar.";
    ForeignTag = "foreign_tag", Error, "A tag is not one of YAML's own.";
    MergeKey = "merge_key", Error, "Merge keys (`<<`) are not part of YAML 1.2 and are not merged.";
    BadAlias = "bad_alias", Error, "An alias names no anchor before it, or an anchor that it stands inside of.";
    TooManyAliases = "too_many_aliases", Error, "The aliases of a document expand to more than the limit.";
    NestingTooDeep = "nesting_too_deep", Error, "The YAML document is nested deeper than the limit.";
    BadCharacter = "bad_character", Error, "The document holds a character that YAML text may not hold.";

    // Shape: keys and values of every kind of document.
    UnknownKey = "unknown_key", Error, "A mapping has a key that means nothing there.";
    MissingKey = "missing_key", Error, "A mapping lacks a key that it must have.";
    WrongShape = "wrong_shape", Error, "A value is of another kind than its place takes: a scalar where a list belongs, and the like.";
    NullValue = "null_value", Error, "A key has nothing after it.";
    EmptyList = "empty_list", Error, "A list has no items where it must have some.";
    ConflictingKeys = "conflicting_keys", Error, "Two keys exclude each other.";
    BadName = "bad_name", Error, "A name is empty, too long, or holds characters that names may not hold.";

    // Versions.
    UnknownVersion = "unknown_version", Error, "The document's `version:` is not one that this compiler reads.";
    VersionMismatch = "version_mismatch", Error, "Documents of one policy are of different versions.";
    NeedsVersion2 = "needs_version_2", Error, "What is written needs `version: 2`.";
    Version1Ignored = "version_1_ignored", Error, "Version 1 used to ignore what is written without a word.";

    // Schema.
    UnknownType = "unknown_type", Error, "A field's type is not one of the language's.";
    BadConstraint = "bad_constraint", Error, "A constraint does not fit its field's type or its other constraints.";
    BadDefault = "bad_default", Error, "A default does not fit its field, or stands where none may.";
    RepeatedField = "repeated_field", Error, "A field is declared twice.";
    TooManyFields = "too_many_fields", Error, "The schema declares more fields than the limit.";

    // Rules.
    RepeatedRuleId = "repeated_rule_id", Error, "Two rules have the same id.";
    UnknownEffect = "unknown_effect", Error, "An effect is not one of the language's.";
    TooManyRules = "too_many_rules", Error, "The policy has more rules than the limit.";
    ScopeConflict = "scope_conflict", Error, "The parts of a scope exclude each other.";
    UndeclaredAction = "undeclared_action", Error, "An action is not in the schema.";
    UndeclaredDomain = "undeclared_domain", Error, "A domain is none of `action`, `actor` and `snapshot`.";
    UndeclaredField = "undeclared_field", Error, "A field is not in the schema, or not where the rule may read it.";

    // Definitions.
    UnknownDefinition = "unknown_definition", Error, "A name is not in the policy's `define:` section.";
    CircularDefinition = "circular_definition", Error, "A definition refers to itself, directly or through others.";

    // Conditions and atoms.
    EmptyCondition = "empty_condition", Error, "An `all` or `any` has no parts, or a condition is written as nothing.";
    ConditionTooDeep = "condition_too_deep", Error, "A condition is nested deeper than the limit.";
    ConditionTooLarge = "condition_too_large", Error, "A condition with its definitions expanded is over the limit.";
    BadAtom = "bad_atom", Error, "The short form of an atom is not well-formed.";
    UnknownOperator = "unknown_operator", Error, "An operator is not one of the language's.";
    BadOperand = "bad_operand", Error, "An operator does not take what stands on its right side.";
    KindMismatch = "kind_mismatch", Error, "The two sides of an atom are of kinds that do not go together, or not of the operator's.";
    QuantifierMisuse = "quantifier_misuse", Error, "`every` or `some` stands where it cannot.";
    SumMisuse = "sum_misuse", Error, "A sum stands where it cannot, or adds what does not add up.";

    // Literals.
    BadLiteral = "bad_literal", Error, "A literal is no value that the field can have.";
    LiteralNotInEnum = "literal_not_in_enum", Error, "A literal is not one of the values that the field's `enum` admits.";
    LiteralOutOfRange = "literal_out_of_range", Error, "A numeric literal is outside what its place can hold.";
    BadTimestamp = "bad_timestamp", Error, "A literal is no timestamp in the language's form.";
    BadDuration = "bad_duration", Error, "A literal is no duration in the language's form.";
    BadDomain = "bad_domain", Error, "A literal is no domain name.";
    BadNetwork = "bad_network", Error, "A literal is no network in CIDR form, nor `private`.";
    BadPath = "bad_path", Error, "A literal is no absolute path, or leads upwards.";
    BadPattern = "bad_pattern", Error, "A pattern is not in the regular expression syntax.";
    PatternTooLarge = "pattern_too_large", Error, "A pattern or its automaton is over the limit.";
    LiteralTooLong = "literal_too_long", Error, "A string literal is over the limit.";
    TooManyLiterals = "too_many_literals", Error, "A list has more literals than the limit.";

    // Governance.
    GovernanceViolated = "governance_violated", Error, "The policy breaks a rule of the governance document.";
    GovernanceUndecided = "governance_undecided", Error, "A promise could neither be proved nor refuted within the limits.";
    GovernanceNotSupported = "governance_not_supported", Error, "A governance document of version 1 has a promise about behaviour (`never`, `always`), which only version 2 has.";
    RepeatedGovernanceId = "repeated_governance_id", Error, "Two governance rules have the same id.";
    GovernanceAsksNothing = "governance_asks_nothing", Error, "What a governance rule asks for holds of every policy.";
    GovernanceTooLarge = "governance_too_large", Error, "The governance document, or holding it against the policy, is over a limit.";

    // Tests.
    RepeatedTest = "repeated_test", Error, "Two tests, cases or values of a test document are the same, or have the same name.";
    UnknownFixture = "unknown_fixture", Error, "A name is not among the test document's fixtures.";
    UnknownRule = "unknown_rule", Error, "A test expects a rule that the policy does not have.";
    BadExpectation = "bad_expectation", Error, "No decision and no input error can ever meet what a test expects.";
    BadInputPath = "bad_input_path", Error, "A key of `matrix` or `set` is no path into an input.";
    TooManyTests = "too_many_tests", Error, "A test document has more tests, comes to more runs, or uses more of its fixtures than the limit.";

    // Warnings.
    RequiresApprovalSpelling = "requires_approval_spelling", Warning, "`requires_approval` is written where `require_approval` is meant.";
    IgnoredField = "ignored_field", Warning, "A test's input has a field that the schema does not name, so nothing reads it.";
    NoRules = "no_rules", Warning, "The policy has no rules, so the default decides everything.";
    NoGovernanceRules = "no_governance_rules", Warning, "The governance document has no rules, so it asks for nothing.";
    GovernanceNamesNothing = "governance_names_nothing", Warning, "A name in the governance document stands for nothing in the schema, so it selects nothing.";
    GovernanceCanBeEvaded = "governance_can_be_evaded", Warning, "A governance rule of version 1 can be broken without its noticing.";

    // Warnings: decisions that may allow too much.
    RestsOnMissingField = "rests_on_missing_field", Warning, "Leaving a field out of an input evades a rule, or makes it allow.";
    ImplicitDefault = "implicit_default", Warning, "A version 1 policy does not say what its default is, which is `allow`.";
    EmptyListPasses = "empty_list_passes", Warning, "A test of a list's items lets an empty list pass.";
    DomainAsText = "domain_as_text", Warning, "A host or URL is compared as text, so that other hosts match, too.";
    PathAsText = "path_as_text", Warning, "A path is compared as text, so that other directories match, too.";
    NetworkAsText = "network_as_text", Warning, "An IP address is compared as text.";
    UnicodeClass = "unicode_class", Warning, "A class in a pattern is Unicode's, and matches more than ASCII.";
    DotStopsAtLineBreak = "dot_stops_at_line_break", Warning, "A `.` in a pattern matches no line break, so that one in the text evades the rule.";
    IdleRequiredActions = "idle_required_actions", Warning, "Required actions stand where nobody waits for them: on `allow`.";

    // Warnings: rules and tests that do less than it seems.
    UnreachableRule = "unreachable_rule", Warning, "A rule never decides, because another one always decides before it.";
    DuplicateRule = "duplicate_rule", Warning, "A rule repeats another one.";
    UnreachedAction = "unreached_action", Warning, "No rule is about an action, so the default decides everything about it.";
    NeverTrue = "never_true", Warning, "A test is true of no value that the field can have, or two tests contradict each other.";
    AlwaysTrue = "always_true", Warning, "A test is true of every value that the field can have, or of two tests one always is.";
    ExactEquality = "exact_equality", Warning, "Instants or fractions are compared for being exactly equal.";
    RedundantAnchor = "redundant_anchor", Warning, "A pattern has an anchor at its end, where the whole string has to match anyway.";
    PlainPattern = "plain_pattern", Warning, "A pattern says what a plain operator says better.";

    // Warnings: what can be left out.
    SinglePart = "single_part", Warning, "An `all` or `any` has one part.";
    DuplicateLiteral = "duplicate_literal", Warning, "A list holds the same value twice.";
    DuplicateCondition = "duplicate_condition", Warning, "An `all` or `any` has the same part twice.";
    UnusedDefinition = "unused_definition", Warning, "Nothing uses a definition.";
    UnusedField = "unused_field", Warning, "No rule reads a field, and nothing is checked of it.";

    // Warnings of `actra analyze`: what is proved of rules.
    RuleNeverFires = "rule_never_fires", Warning, "No input lets a rule fire.";
    ShadowedRule = "shadowed_rule", Warning, "A rule never decides, because others together always decide before it.";
    RedundantRule = "redundant_rule", Warning, "Without a rule every input would get the same effect.";
    RuleAlwaysFires = "rule_always_fires", Warning, "A rule has a condition that every input in its scope meets.";
    AnalysisUndecided = "analysis_undecided", Warning, "A question about a rule or an action could not be decided within the limits.";

    // Warnings: silences.
    BadSilence = "bad_silence", Warning, "A comment that silences a warning is not well-formed.";
    SilenceWithoutReason = "silence_without_reason", Warning, "A comment that silences a warning does not say why.";
    SilencedUnknownCode = "silenced_unknown_code", Warning, "A comment silences a code that there is not.";
    SilencedError = "silenced_error", Warning, "A comment silences an error, which cannot be silenced.";
    UnusedSilence = "unused_silence", Warning, "A comment silences a warning that is not there.";
}

/// The groups of the table, each with its first code: a group goes on until the next one begins.
const GROUPS: &[(Code, &str)] = &[
    (Code::MissingFile, "Files and documents as a whole"),
    (Code::YamlSyntax, "YAML"),
    (Code::UnknownKey, "Keys and values of every document"),
    (Code::UnknownVersion, "Versions"),
    (Code::UnknownType, "Schema"),
    (Code::RepeatedRuleId, "Rules"),
    (Code::UnknownDefinition, "Definitions"),
    (Code::EmptyCondition, "Conditions and atoms"),
    (Code::BadLiteral, "Literals"),
    (Code::GovernanceViolated, "Governance"),
    (Code::RequiresApprovalSpelling, "Warnings"),
    (Code::RestsOnMissingField, "Warnings: decisions that may allow too much"),
    (Code::UnreachableRule, "Warnings: rules and tests that do less than it seems"),
    (Code::SinglePart, "Warnings: what can be left out"),
    (Code::RuleNeverFires, "Warnings of `actra analyze`"),
    (Code::BadSilence, "Warnings: silences"),
];

impl Code {
    /// The group of the table that it stands in: `Literals`.
    pub fn group(self) -> &'static str {
        let before = GROUPS.iter().take_while(|(first, _)| *first <= self);
        before.last().map_or("", |(_, group)| group)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn codes_are_snake_case_distinct_and_read_back() {
        let mut seen = BTreeSet::new();
        for code in Code::ALL.iter().copied() {
            let name = code.as_str();
            assert!(seen.insert(name), "`{name}` stands twice");
            assert!(
                name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'),
                "`{name}` is not snake case"
            );
            assert_eq!(Code::parse(name), Some(code));
            assert_eq!(code.to_string(), name);
        }
        assert_eq!(Code::parse("no_such_code"), None);
    }

    #[test]
    fn meanings_are_one_sentence_on_one_line() {
        for code in Code::ALL.iter().copied() {
            let meaning = code.meaning();
            assert!(meaning.ends_with('.') && !meaning.contains('\n'), "{code}: {meaning}");
        }
    }

    #[test]
    fn groups_stand_in_the_order_of_the_table() {
        assert!(GROUPS.is_sorted_by(|one, other| one.0 < other.0));
        assert_eq!(Code::ALL.first().copied(), GROUPS.first().map(|(first, _)| *first));
        assert_eq!(Code::BadPath.group(), "Literals");
    }

    #[test]
    fn no_code_is_also_the_code_of_an_input_error() {
        let input_errors = [
            "wrong_type",
            "not_finite",
            "out_of_range",
            "missing_required",
            "not_in_enum",
            "below_min",
            "above_max",
            "too_long",
            "not_unique",
            "not_utf8",
            "unknown_action",
            "unknown_field",
            "duplicate_key",
            "too_deep",
            "too_large",
            "malformed",
        ];
        for name in input_errors {
            assert_eq!(Code::parse(name), None, "`{name}` is the code of an input error");
        }
    }
}

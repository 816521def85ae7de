//! Compares decisions with those of the `actra` 0.7.8 package, for which version 1 of the language
//! stands.
//!
//! Three questions are put to both, over documents and inputs that a seed reproduces:
//!
//! 1. Documents in the package's own language compile in both, and every input is decided alike:
//!    the effect and the rule. Where the package raises an exception for an input, so do we, or
//!    the fault stands where the language page ignores it.
//! 2. Documents that are a little off: whatever compiles in both is decided alike, so nothing that
//!    the package silently ignored means something new here.
//! 3. Governance documents about the first: the same governance rules are broken, or (for those
//!    that are a little off) the document is refused here.

mod governance;
mod inputs;
mod mutate;
mod ours;
mod package;

use actra::Policy;
use actra_testkit::Value;
use actra_testkit::generate::{Documents, Rng, version_1_package_subset};
use package::{Answer, Package, Verdict};
use std::time::Instant;

/// Changed copies of each policy.
const MUTANTS: usize = 4;

/// Differences after which there is no point in going on.
const MAX_DIFFERENCES: usize = 5;

/// What to compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Options {
    cases: usize,
    inputs: usize,
    seed: u64,
}

impl Options {
    /// Reads the words after `compat`.
    pub(crate) fn parse(words: &[&str]) -> Result<Self, String> {
        let mut options = Self { cases: 300, inputs: 20, seed: 1 };
        for pair in words.chunks(2) {
            let &[name, text] = pair else {
                return Err(format!("`{}` wants a number", pair.concat()));
            };
            let number: u64 = text.parse().map_err(|_| format!("`{text}` is no number"))?;
            match name {
                "--cases" => options.cases = number as usize,
                "--inputs" => options.inputs = number as usize,
                "--seed" => options.seed = number,
                _ => return Err(format!("`{name}` is no option of `compat`")),
            }
        }
        if options.cases == 0 || options.inputs == 0 {
            return Err("nothing to compare: `--cases` and `--inputs` are at least 1".to_owned());
        }
        Ok(options)
    }
}

/// What was compared.
#[derive(Debug, Default)]
struct Tally {
    decisions: usize,
    fired: usize,
    exceptions: usize,
    mutants: usize,
    in_both: usize,
    only_here: usize,
    only_there: usize,
    governance: governance::Tally,
}

/// Compares, and reports.
pub(crate) fn run(options: &Options) -> Result<(), String> {
    let mut package = Package::start()?;
    let started = Instant::now();
    let mut tally = Tally::default();
    let mut differences = Vec::new();
    for case in 0..options.cases {
        let seed = options.seed.wrapping_add(case as u64);
        compare_case(&mut package, seed, options.inputs, &mut tally, &mut differences)?;
        if differences.len() >= MAX_DIFFERENCES {
            break;
        }
    }
    println!(
        "compared with actra 0.7.8: {} policies, {} decisions ({} by a rule), {} inputs that it \
         refuses",
        options.cases, tally.decisions, tally.fired, tally.exceptions,
    );
    println!(
        "and {} changed policies: {} compile in both, {} only there, {} only here",
        tally.mutants, tally.in_both, tally.only_there, tally.only_here,
    );
    let held = &tally.governance;
    println!(
        "and {} governance documents ({} broken), {} changed ones: {} are read by both",
        held.documents, held.broken, held.changed, held.in_both,
    );
    println!("seed {}, {:.1} s", options.seed, started.elapsed().as_secs_f64());
    if !differences.is_empty() {
        return Err(format!("{}\n{} differences", differences.join("\n"), differences.len()));
    }
    // A comparison of nothing must not pass for one.
    let is_telling = tally.fired > 0 && tally.exceptions > 0 && tally.in_both > 0;
    let is_governed = held.broken > 0 && held.broken < held.documents && held.in_both > 0;
    if options.cases >= 100 && !(is_telling && is_governed) {
        return Err("the comparison did not meet decisions, exceptions, mutants and governance, \
                    kept and broken"
            .to_owned());
    }
    Ok(())
}

fn compare_case(
    package: &mut Package,
    seed: u64,
    count: usize,
    tally: &mut Tally,
    differences: &mut Vec<String>,
) -> Result<(), String> {
    let (documents, checked) = version_1_package_subset(seed);
    let inputs = inputs::inputs(seed, &checked, count);
    let question = Question { seed, documents: &documents, inputs: &inputs };

    match (question.ask(package)?, question.compile()) {
        (Verdict::Answers(answers), Ok(policy)) => {
            let expects_error = |input: &Value| inputs::is_error(&checked, input);
            differences.extend(question.compare(&policy, &answers, expects_error, tally));
        }
        (Verdict::Refused(error), _) => {
            differences.push(question.report(&format!("the package does not compile it: {error}")));
        }
        (_, Err(error)) => {
            differences
                .push(question.report(&format!("this project does not compile it:\n{error}")));
        }
    }
    let policy = (&documents, &checked);
    governance::compare(package, seed, policy, &mut tally.governance, differences)?;
    let mut rng = Rng::new(seed ^ 0x2000_0002);
    for _ in 0..MUTANTS {
        let documents = mutate::mutant(&mut rng, &documents);
        let question = Question { documents: &documents, ..question };
        compare_mutant(package, &question, tally, differences)?;
    }
    Ok(())
}

fn compare_mutant(
    package: &mut Package,
    question: &Question<'_>,
    tally: &mut Tally,
    differences: &mut Vec<String>,
) -> Result<(), String> {
    tally.mutants += 1;
    match (question.ask(package)?, question.compile()) {
        (Verdict::Answers(answers), Ok(policy)) => {
            tally.in_both += 1;
            // What the change declares is not known here, so an exception binds nothing.
            differences.extend(question.compare(&policy, &answers, |_| false, tally));
        }
        (Verdict::Answers(_), Err(_)) => tally.only_there += 1,
        (Verdict::Refused(_), Ok(_)) => tally.only_here += 1,
        (Verdict::Refused(_), Err(_)) => {}
    }
    Ok(())
}

/// Documents and inputs, and how to get at them again.
#[derive(Clone, Copy)]
struct Question<'q> {
    seed: u64,
    documents: &'q Documents,
    inputs: &'q [Value],
}

impl Question<'_> {
    fn ask(&self, package: &mut Package) -> Result<Verdict, String> {
        package.ask(&self.documents.schema, &self.documents.policy, None, self.inputs)
    }

    fn compile(&self) -> Result<Policy, actra::CompileError> {
        Policy::from_strings(&self.documents.schema, &self.documents.policy, None)
    }

    /// The first difference, if there is one.
    fn compare(
        &self,
        policy: &Policy,
        answers: &[Answer],
        expects_error: impl Fn(&Value) -> bool,
        tally: &mut Tally,
    ) -> Option<String> {
        if answers.len() != self.inputs.len() {
            return Some(self.report("the package did not answer every input"));
        }
        self.inputs.iter().zip(answers).find_map(|(input, answer)| {
            match answer {
                Answer::Decision(_, rule) => {
                    tally.decisions += 1;
                    tally.fired += usize::from(rule.is_some());
                }
                Answer::Raised(_) => tally.exceptions += 1,
            }
            let ours = ours::ask(policy, input);
            let is_right = |ours: &ours::Ours| match answer {
                Answer::Decision(..) => ours.is(answer),
                Answer::Raised(_) => {
                    !expects_error(input) || matches!(ours, ours::Ours::InputError(..))
                }
            };
            if ours.iter().all(|(_, ours)| is_right(ours)) {
                return None;
            }
            let input = input.to_yaml_text();
            let what = format!("input:   {input}\npackage: {answer:?}\nours:    {ours:?}");
            Some(self.report(&what))
        })
    }

    fn report(&self, what: &str) -> String {
        let Documents { schema, policy } = self.documents;
        format!(
            "--- a difference; again with: cargo run -p xtask -- compat --cases 1 --inputs {} \
             --seed {}\n{schema}---\n{policy}---\n{what}\n",
            self.inputs.len(),
            self.seed,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_have_defaults_and_refuse_what_they_do_not_know() {
        let usual = Options { cases: 300, inputs: 20, seed: 1 };
        assert_eq!(Options::parse(&[]), Ok(usual));
        assert_eq!(Options::parse(&["--seed", "7"]), Ok(Options { seed: 7, ..usual }));
        for words in [&["--seed"][..], &["--seed", "x"], &["--depth", "1"], &["--cases", "0"]] {
            assert!(Options::parse(words).is_err(), "{words:?}");
        }
    }

    #[test]
    fn a_seed_gives_the_same_question_again() {
        let questions = [(), ()].map(|()| {
            let (documents, checked) = version_1_package_subset(9);
            let mutant = mutate::mutant(&mut Rng::new(9), &documents);
            let inputs = inputs::inputs(9, &checked, 5);
            format!("{documents:?} {mutant:?} {inputs:?}")
        });
        assert_eq!(questions[0], questions[1]);
    }

    #[test]
    fn every_door_takes_what_version_1_decides() {
        let schema = "version: 1\nactions: {refund: {fields: {amount: number}}}\n\
                      actor: {fields: {}}\nsnapshot: {fields: {}}\n";
        let policy = "version: 1\nrules: [{id: big, scope: {action: refund}, when: {subject: \
                      {domain: action, field: amount}, operator: greater_than, value: {literal: \
                      1000}}, effect: block}]\n";
        let policy = Policy::from_strings(schema, policy, None).unwrap();
        let amount = Value::BigInt("9".repeat(40));
        let action = Value::object([("type", Value::string("refund")), ("amount", amount)]);
        let answers = ours::ask(&policy, &Value::object([("action", action)]));
        let block = Answer::Decision("block".to_owned(), Some("big".to_owned()));
        assert_eq!(answers.len(), 3);
        assert!(answers.iter().all(|(_, ours)| ours.is(&block)), "{answers:?}");
    }
}
